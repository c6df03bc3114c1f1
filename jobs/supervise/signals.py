"""Turns SIGINT and SIGTERM into KeyboardInterrupt, and remembers one that a library swallowed.

`signals_deferred` holds both back while processes are started and ended; `die_with` ends a process with its parent.
"""

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

INTERRUPTED = 130
"""Exit code of an interrupted run."""
INTERRUPTED_LINE = "interrupted; the same command goes on from here"
INTERRUPTING = (signal.SIGINT, signal.SIGTERM)
"""Signals that ask for a clean end."""
_ECHO_SECONDS = 0.5
_AGAIN_SECONDS = 0.1
"""After which an interruption that Python dropped is raised again."""

_PR_SET_PDEATHSIG = 1
_ORPHANED = 1


class Interruption:
    """Whether the user asked for an end.

    KeyboardInterrupt is raised wherever Python happens to be, in a library's C code too, which may turn it into an
    error of its own: what goes wrong after an interruption counts as the interruption. Python drops what is raised
    in a destructor or a callback: then it is raised again a moment later.
    """

    def __init__(self) -> None:
        self.is_wanted = False
        self._last = float("-inf")
        self._tell_dropped = sys.unraisablehook
        self._again: threading.Timer | None = None

    def __call__(self, number: int, frame: object) -> None:
        """The handler of the signals."""
        now = time.monotonic()
        is_echo, self._last = now - self._last < _ECHO_SECONDS, now
        self.is_wanted = True
        if not is_echo:
            raise KeyboardInterrupt

    def raise_again(self, dropped: Any) -> None:
        """To be called with what Python dropped (`sys.unraisablehook`); another hook is told of all else."""
        if not issubclass(dropped.exc_type, KeyboardInterrupt) or not self.is_wanted:
            self._tell_dropped(dropped)
            return
        self._last = float("-inf")
        self.settle()
        self._again = threading.Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), signal.SIGINT))
        self._again.daemon = True
        self._again.start()

    def settle(self) -> None:
        """Nothing is raised again any more."""
        if self._again is not None:
            self._again.cancel()


@contextlib.contextmanager
def interruptible() -> Iterator[Interruption]:
    """For the length of the block SIGTERM and SIGINT raise KeyboardInterrupt; a second one that follows at once is
    the echo of the first, from a terminal or a queue that tells the whole group, and is passed over."""
    interruption = Interruption()
    try:
        before = {number: signal.signal(number, interruption) for number in INTERRUPTING}
    except ValueError:  # not in the main thread: whoever called us handles signals
        yield interruption
        return
    hook, sys.unraisablehook = sys.unraisablehook, interruption.raise_again
    try:
        yield interruption
    finally:
        sys.unraisablehook = hook
        interruption.settle()
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def end_with(code: int) -> None:
    """From now on SIGINT and SIGTERM end this process at once, with the code that it is about to end with."""
    if threading.current_thread() is threading.main_thread():
        for number in INTERRUPTING:
            signal.signal(number, lambda *_: os._exit(code))


def interrupt_this_process() -> None:
    """Ends the process as SIGTERM does, where it handles that signal as a command does; else does nothing."""
    if isinstance(signal.getsignal(signal.SIGTERM), Interruption):
        os.kill(os.getpid(), signal.SIGTERM)


@contextlib.contextmanager
def signals_deferred() -> Iterator[None]:
    """Holds SIGINT and SIGTERM back until the block ends. Processes that the block starts never get them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTING)  # which a new process inherits
    try:
        with _put_off():
            yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def prctl(option: int, value: int) -> None:
    """The system call of that name, where there is one."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def die_with(parent: int) -> None:
    """Lets the kernel kill this process at once when its parent, which has this number, dies."""
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died just now
        os._exit(_ORPHANED)


@contextlib.contextmanager
def _put_off() -> Iterator[None]:
    """The mask is of one thread: where another takes the signal, its handler still runs in this one."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []

    def keep(number: int, frame: FrameType | None) -> None:
        caught.append(number)

    before = {number: signal.signal(number, keep) for number in INTERRUPTING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        for late in dict.fromkeys(caught):
            signal.raise_signal(late)
