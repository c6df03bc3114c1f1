"""Asks processes of their own for pictures: a film that crashes or hangs a decoder takes only its process with it.

One keeps the network and the last films open. It answers one question at a time; whoever waits too long for his turn is
told so, and a question that takes too long ends the process, which begins anew with the next one.
"""

import threading
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

from jobs.supervise.fork_server import Forked, ForkServer
from jobs.web.contract.errors import BusyError, TimeoutError
from jobs.web.picture_process import describe_file, make_pictures
from pipeline.errors import SourceError

_TURN_SECONDS = 12.0
"""For the question before this one."""
ANSWER_SECONDS = 25.0
"""For everything, waiting for one's turn and for the start of the process included."""
_PATIENCE_SECONDS = 120.0
"""After which a process that still works on one picture counts as hung."""


class Pictures:
    """The processes and the way to them; may be used from several threads."""

    def __init__(
        self,
        processes: ForkServer | None = None,
        *,
        turn_seconds: float = _TURN_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> None:
        """`processes` starts them, and is closed with this."""
        self._processes = processes or ForkServer()
        self._turn_seconds, self._answer_seconds = turn_seconds, answer_seconds
        self._patience_seconds = patience_seconds
        self._turn = threading.Lock()
        self._process: Forked | None = None
        self._is_ready = False
        self._late: tuple[Any, float] | None = None
        self._kept: tuple[Any, Any] | None = None

    def start(self) -> None:
        """Starts the process, which takes a moment to load the network; nobody needs to wait for it."""
        with self._turn:
            self._start()

    def ask(self, question: str, **arguments: Any) -> Any:
        """The answer of `jobs.run.live_pictures`; its errors are raised here.

        Raises BusyError where others are asked for too long or the process still starts, TimeoutError where there is no
        answer in time, SourceError where the process crashed.
        """
        until = time.monotonic() + self._answer_seconds
        if not self._turn.acquire(timeout=self._turn_seconds):
            raise BusyError("another picture is being made; try again in a moment")
        try:
            return self._answer(question, arguments, until)
        finally:
            self._turn.release()

    def describe(
        self, question: str, *, answer_seconds: float | None = ANSWER_SECONDS, **arguments: Any
    ) -> Any:
        """The answer of `jobs.run.describe_media`, by a process that ends with it.

        It does not wait for pictures that are being made. `answer_seconds` of None is as long as it takes. Raises
        SourceError for a file that is refused or that crashes a decoder, TimeoutError.
        """
        process = self._processes.start(describe_file, question, arguments)
        try:
            if not process.pipe.poll(answer_seconds):
                raise TimeoutError(
                    "reading this file took too long; try again, or convert it with another program"
                )
            is_answer, value = process.pipe.recv()
        except (EOFError, ConnectionError) as error:
            raise SourceError("a decoder crashed over this file; convert it with another program") from error
        finally:
            process.end()
        if not is_answer:
            raise value
        return value

    def close(self) -> None:
        """Ends the processes."""
        with self._turn:
            self._end()
            self._processes.close()

    def _answer(self, question: str, arguments: Mapping[str, Any], until: float) -> Any:
        asked = question, dict(arguments)
        pipe = self._start()
        try:
            self._take_late(pipe, until)
            if self._kept is not None and self._kept[0] == asked:
                is_answer, value = self._kept[1]
            else:
                pipe.send(asked)
                if not pipe.poll(max(until - time.monotonic(), 0)):
                    self._late = asked, time.monotonic()
                    raise BusyError("this picture takes long; ask again in a moment, and it may be there")
                is_answer, value = pipe.recv()
            self._kept = None
        except (EOFError, ConnectionError) as error:
            code = self._end()
            raise SourceError(
                f"a decoder crashed over this file (exit code {code}); convert it with another program"
            ) from error
        if not is_answer:
            raise value
        return value

    def _take_late(self, pipe: Connection, until: float) -> None:
        """Waits for the start of the process, and for a picture for which nobody waited any more; keeps that."""
        left = max(until - time.monotonic(), 0)
        if not self._is_ready:
            if not pipe.poll(left):
                raise BusyError("the colours are being made ready; try again in a moment")
            pipe.recv()
            self._is_ready = True
        if self._late is not None:
            asked, since = self._late
            if pipe.poll(max(until - time.monotonic(), 0)):
                self._kept, self._late = (asked, pipe.recv()), None
            elif time.monotonic() - since > self._patience_seconds:
                self._end()
                raise TimeoutError(
                    "a picture took too long and was given up; a smaller film or picture would work"
                )
            else:
                raise BusyError("another picture takes long; try again in a moment")

    def _start(self) -> Connection:
        """The way to the process, which is begun where none runs."""
        if self._process is None or not self._process.is_alive:
            self._end()
            self._process = self._processes.start(make_pictures)
        return self._process.pipe

    def _end(self) -> int | None:
        process, self._process = self._process, None
        self._is_ready, self._late, self._kept = False, None, None
        return None if process is None else process.end()
