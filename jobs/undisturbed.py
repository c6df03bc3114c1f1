"""Moments in which Ctrl-C and SIGTERM have to wait: while processes are started and ended."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """What arrives meanwhile comes when the block ends. Processes that the block starts never hear of either."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # which a new process inherits
    try:
        with _put_off():
            yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _put_off() -> Iterator[None]:
    """The mask is of one thread: where another takes the signal, its handler still runs in this one."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []

    def keep(number: int, frame: FrameType | None) -> None:
        caught.append(number)

    before = {number: signal.signal(number, keep) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        for late in dict.fromkeys(caught):
            signal.raise_signal(late)
