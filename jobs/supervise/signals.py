"""SIGINT and SIGTERM as KeyboardInterrupt, and what became of one that a library kept to itself."""

import contextlib
import signal
import time
from collections.abc import Iterator

INTERRUPTED = 130
"""Exit code of an interrupted run."""
INTERRUPTED_LINE = "interrupted; the same command goes on from here"
INTERRUPTING = (signal.SIGINT, signal.SIGTERM)
"""Signals that ask for a clean end."""
_ECHO_SECONDS = 0.5


class Interruption:
    """Whether an end was asked for.

    KeyboardInterrupt is raised wherever Python happens to be, in a library's C code too, which may turn it into an
    error of its own: what goes wrong after an interruption counts as the interruption.
    """

    def __init__(self) -> None:
        self.is_wanted = False
        self._last = float("-inf")

    def __call__(self, number: int, frame: object) -> None:
        """The handler of the signals."""
        now = time.monotonic()
        is_echo, self._last = now - self._last < _ECHO_SECONDS, now
        self.is_wanted = True
        if not is_echo:
            raise KeyboardInterrupt


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
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
