"""Passes the log records of the three packages on: to the terminal, to a file, to the process that started this one."""

import contextlib
import logging
from collections.abc import Callable, Iterator

import jobs
import models
import pipeline

LOGGERS = (pipeline.__name__, models.__name__, jobs.__name__)
"""Those of our packages, which lie below `kinochrome` where it was installed from a wheel."""

OnRecord = Callable[[str, int, str], None]
"""Called with (name of the logger, level, text) of a record. From any thread."""


class _Forwarder(logging.Handler):
    def __init__(self, send: OnRecord, level: int) -> None:
        super().__init__(level)
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        self._send(record.name, record.levelno, self.format(record))


def start_forwarding(send: OnRecord, *, level: int) -> logging.Handler:
    """Passes all records of `level` and above to `send`, until `stop_forwarding` is called with what this returns."""
    handler = _Forwarder(send, level)
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        if level < logger.getEffectiveLevel():
            logger.setLevel(level)
    return handler


def stop_forwarding(handler: logging.Handler) -> None:
    """Removes the handler. The levels of the loggers stay: another one may still need them."""
    for name in LOGGERS:
        logging.getLogger(name).removeHandler(handler)


@contextlib.contextmanager
def forwarding(send: OnRecord, *, level: int) -> Iterator[None]:
    """Passes records on for the length of the block, then puts the levels of the loggers back."""
    before = {name: logging.getLogger(name).level for name in LOGGERS}
    handler = start_forwarding(send, level=level)
    try:
        yield
    finally:
        stop_forwarding(handler)
        for name, old in before.items():
            logging.getLogger(name).setLevel(old)


def replay(name: str, level: int, text: str) -> None:
    """Logs a record that another process sent."""
    logging.getLogger(name).log(level, "%s", text)
