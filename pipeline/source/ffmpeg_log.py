"""Captures FFmpeg's log, for what FFmpeg reports nowhere else.

The level of the log is one setting of the whole process, so one thread listens at a time. A decoder whose own threads
log while it is being closed waits for ever if another thread listens: `unheard` is for closing one.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import av.logging

LogLine = tuple[int, str, str]
"""(level, name of FFmpeg's component, text)."""
INFO, WARNING, ERROR = av.logging.INFO, av.logging.WARNING, av.logging.ERROR


_one_at_a_time = threading.RLock()

# without a handler, what other threads log while one listens would go to the terminal
logging.getLogger("libav").addHandler(logging.NullHandler())
logging.getLogger("libav").propagate = False


@contextmanager
def listening(level: int, *, all_threads: bool = False) -> Iterator[list[LogLine]]:
    """Yields a list that collects what FFmpeg logs at `level` or more severe, in this thread or in all of them."""
    with _one_at_a_time:
        before, skip = av.logging.get_level(), av.logging.get_skip_repeated()
        av.logging.set_level(level)
        av.logging.set_skip_repeated(False)
        try:
            with av.logging.Capture(local=not all_threads) as log:
                yield log
        finally:
            av.logging.set_level(before)
            av.logging.set_skip_repeated(skip)


@contextmanager
def unheard() -> Iterator[None]:
    """For the length of the block no other thread listens."""
    with _one_at_a_time:
        yield


def errors_in(log: list[LogLine]) -> list[str]:
    """The texts of the errors among the lines, each once, without line breaks."""
    found = [(level, " ".join(text.split())) for level, _, text in log]
    return list(dict.fromkeys(text for level, text in found if level <= ERROR and text))
