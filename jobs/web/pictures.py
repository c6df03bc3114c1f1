"""Asks a process of its own for pictures: a film that crashes or hangs a decoder takes only that process with it.

The process keeps the network and the last films open. It answers one question at a time; whoever waits too long for
his turn is told so, and a question that takes too long ends the process, which begins anew with the next one.
"""

import contextlib
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from jobs.web.contract.errors import BusyError, TimeoutError
from pipeline.errors import KinochromeError, SourceError

_TURN_SECONDS = 12.0
"""For the question before this one."""
ANSWER_SECONDS = 25.0
"""For everything, waiting for one's turn and for the start of the process included."""
_PATIENCE_SECONDS = 120.0
"""After which a process that still works on one picture counts as hung."""

_MOST_HELD_BYTES = 8 << 20
"""Free memory that the process keeps: while it waits for the next question, others may need it more."""


class Pictures:
    """The process and the way to it; may be used from several threads."""

    def __init__(
        self,
        *,
        turn_seconds: float = _TURN_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> None:
        self._turn_seconds, self._answer_seconds = turn_seconds, answer_seconds
        self._patience_seconds = patience_seconds
        self._turn = threading.Lock()
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
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

    def close(self) -> None:
        """Ends the process."""
        with self._turn:
            self._end()

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
        self._is_ready, self._late, self._kept = False, None, None
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


def describe_apart(question: str, *, answer_seconds: float | None = ANSWER_SECONDS, **arguments: Any) -> Any:
    """The answer of `jobs.run.describe_media`, by a process of its own that ends with it.

    It does not wait for pictures that are being made. `answer_seconds` of None is as long as it takes. Raises
    SourceError for a file that is refused or that crashes a decoder, TimeoutError.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(
        target=_describe, args=(theirs, os.getpid(), question, arguments), name="describe", daemon=True
    )
    process.start()
    theirs.close()
    try:
        if not ours.poll(answer_seconds):
            raise TimeoutError(
                "reading this file took too long; try again, or convert it with another program"
            )
        is_answer, value = ours.recv()
    except (EOFError, ConnectionError) as error:
        raise SourceError("a decoder crashed over this file; convert it with another program") from error
    finally:
        ours.close()
        process.kill()
        process.join()
        process.close()
    if not is_answer:
        raise value
    return value


def _describe(pipe: Connection, parent: int, question: str, arguments: Mapping[str, Any]) -> None:
    """The life of a process that answers one question."""
    from jobs.run.describe_media import answer
    from jobs.supervise.signals import die_with

    die_with(parent)
    pipe.send(_answered(lambda: answer(question, arguments)))


def _serve(pipe: Connection, parent: int) -> None:
    """The life of the process: it ends with its parent, or when the pipe does."""
    from jobs.run.live_pictures import LivePictures
    from jobs.supervise.heap import HeapWatch, set_up_heaps
    from jobs.supervise.signals import die_with

    die_with(parent)
    set_up_heaps()
    pictures, heap = LivePictures(), HeapWatch(most_held_bytes=_MOST_HELD_BYTES)
    pictures.warm_up()
    pipe.send("ready")
    with contextlib.suppress(EOFError, KeyboardInterrupt, OSError):
        while True:
            question, arguments = pipe.recv()
            pipe.send(_answered(lambda: pictures.answer(question, arguments)))  # noqa: B023
            heap.look()
    pictures.close()


def _answered(make: Callable[[], Any]) -> tuple[bool, Any]:
    """Whether it is an answer, and the answer or the error."""
    from models.errors import ModelError

    try:
        return True, make()
    except (KinochromeError, ModelError) as error:
        return False, _plain(error)
    except MemoryError:
        return False, SourceError("there is not enough memory for this picture")
    except Exception as error:
        return False, RuntimeError(f"{type(error).__name__}: {error}")


def _plain(error: Exception) -> Exception:
    """An error as it can be sent: without what only its own process can hold."""
    kind = type(error)
    lines = error.lines if isinstance(error, KinochromeError) else (str(error),)
    return kind.of_many(lines) if issubclass(kind, KinochromeError) else kind(str(error))
