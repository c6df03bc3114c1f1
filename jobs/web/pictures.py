"""Asks a process of its own for pictures: a film that crashes or hangs a decoder takes only that process with it.

The process keeps the network and the last films open. It answers one question at a time; whoever waits too long for
his turn is told so, and a question that takes too long ends the process, which begins anew with the next one.
"""

import contextlib
import multiprocessing
import os
import threading
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from jobs.web.contract.errors import BusyError, TimeoutError
from pipeline.errors import KinochromeError, SourceError

_TURN_SECONDS = 12.0
"""For the question before this one."""
_ANSWER_SECONDS = 25.0
"""For everything, waiting for one's turn and for the start of the process included."""


class Pictures:
    """The process and the way to it; may be used from several threads."""

    def __init__(
        self, *, turn_seconds: float = _TURN_SECONDS, answer_seconds: float = _ANSWER_SECONDS
    ) -> None:
        self._turn_seconds, self._answer_seconds = turn_seconds, answer_seconds
        self._turn = threading.Lock()
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._is_ready = False

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

    def close(self) -> None:
        """Ends the process."""
        with self._turn:
            self._end()

    def _answer(self, question: str, arguments: Mapping[str, Any], until: float) -> Any:
        pipe = self._start()
        try:
            if not self._is_ready:
                if not pipe.poll(max(until - time.monotonic(), 0)):
                    raise BusyError("the colours are being made ready; try again in a moment")
                pipe.recv()
                self._is_ready = True
            pipe.send((question, dict(arguments)))
            if not pipe.poll(max(until - time.monotonic(), 0)):
                self._end()
                raise TimeoutError(
                    "the picture took too long and was given up; a smaller film or picture would work"
                )
            is_answer, value = pipe.recv()
        except (EOFError, ConnectionError) as error:
            code = self._end()
            raise SourceError(
                f"a decoder crashed over this file (exit code {code}); convert it with another program"
            ) from error
        if not is_answer:
            raise value
        return value

    def _start(self) -> Connection:
        """The way to the process, which is begun where none runs."""
        if self._pipe is not None and self._process is not None and self._process.is_alive():
            return self._pipe
        self._end()
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, os.getpid()), name="pictures", daemon=True
        )
        self._process.start()
        theirs.close()
        return self._pipe

    def _end(self) -> int | None:
        process, self._process = self._process, None
        pipe, self._pipe = self._pipe, None
        self._is_ready = False
        if pipe is not None:
            pipe.close()
        if process is None:
            return None
        process.join(0.5)
        if process.is_alive():
            process.kill()
            process.join()
        code = process.exitcode
        process.close()
        return code


def _serve(pipe: Connection, parent: int) -> None:
    """The life of the process: it ends with its parent, or when the pipe does."""
    from jobs.run.live_pictures import LivePictures
    from jobs.supervise.heap import HeapWatch, share_heaps
    from jobs.supervise.signals import die_with
    from models.errors import ModelError

    die_with(parent)
    share_heaps()
    pictures, heap = LivePictures(), HeapWatch()
    pictures.warm_up()
    pipe.send("ready")
    with contextlib.suppress(EOFError, KeyboardInterrupt, OSError):
        while True:
            question, arguments = pipe.recv()
            try:
                answer: tuple[bool, Any] = (True, pictures.answer(question, arguments))
            except (KinochromeError, ModelError) as error:
                answer = (False, _plain(error))
            except MemoryError:
                answer = (False, SourceError("there is not enough memory for this picture"))
            except Exception as error:
                answer = (False, RuntimeError(f"{type(error).__name__}: {error}"))
            pipe.send(answer)
            heap.look()
    pictures.close()


def _plain(error: Exception) -> Exception:
    """An error as it can be sent: without what only its own process can hold."""
    kind = type(error)
    lines = error.lines if isinstance(error, KinochromeError) else (str(error),)
    return kind.of_many(lines) if issubclass(kind, KinochromeError) else kind(str(error))
