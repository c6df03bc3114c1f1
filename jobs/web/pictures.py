"""Asks a process of its own for pictures: a film that crashes or hangs a decoder takes only that process with it.

The process keeps the network and the last films open. It answers one question at a time; whoever waits too long for
his turn is told so, and a question that takes too long ends the process, which begins anew with the next one.
"""

import contextlib
import multiprocessing
import os
import threading
from collections.abc import Mapping
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from jobs.web.contract.errors import BusyError, TimeoutError
from pipeline.errors import KinochromeError, SourceError

_TURN_SECONDS = 15.0
_ANSWER_SECONDS = 25.0
_START_SECONDS = 60.0
"""For the first answer of a process, which loads the network."""


class Pictures:
    """The process and the way to it; may be used from several threads."""

    def __init__(
        self, *, turn_seconds: float = _TURN_SECONDS, answer_seconds: float = _ANSWER_SECONDS
    ) -> None:
        self._turn_seconds, self._answer_seconds = turn_seconds, answer_seconds
        self._turn = threading.Lock()
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None

    def ask(self, question: str, **arguments: Any) -> Any:
        """The answer of `jobs.run.live_pictures`; its errors are raised here.

        Raises BusyError where others are asked for too long, TimeoutError where there is no answer in time,
        SourceError where the process crashed.
        """
        if not self._turn.acquire(timeout=self._turn_seconds):
            raise BusyError("another picture is being made; try again in a moment")
        try:
            return self._answer(question, arguments)
        finally:
            self._turn.release()

    def close(self) -> None:
        """Ends the process."""
        with self._turn:
            self._end()

    def _answer(self, question: str, arguments: Mapping[str, Any]) -> Any:
        pipe = self._started()
        try:
            pipe.send((question, dict(arguments)))
            if not pipe.poll(self._answer_seconds):
                self._end()
                raise TimeoutError(
                    "the picture took too long and was given up; a smaller film or picture would work"
                )
            is_answer, value = pipe.recv()
        except (EOFError, OSError) as error:
            code = self._end()
            raise SourceError(
                f"a decoder crashed over this file (exit code {code}); convert it with another program"
            ) from error
        if not is_answer:
            raise value
        return value

    def _started(self) -> Connection:
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
        if not self._pipe.poll(_START_SECONDS):
            self._end()
            raise TimeoutError("the process that makes pictures did not start; try again")
        with contextlib.suppress(EOFError):
            self._pipe.recv()
        return self._pipe

    def _end(self) -> int | None:
        process, self._process = self._process, None
        pipe, self._pipe = self._pipe, None
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
