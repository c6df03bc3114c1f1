"""Progress to a program that called us: a callback for stages, `logging` for the rest."""

import logging
from collections.abc import Callable

from jobs.progress.overall import Place

_LOGGER = logging.getLogger(__name__)


class CallbackProgress:
    """Calls back with stage, done and total; notes and warnings are log records."""

    def __init__(self, call: Callable[[str, int, int | None], None] | None = None) -> None:
        """Without `call` stages are not reported. It is called from any thread, from several at once too."""
        self._call = call

    def film(self, name: str, *, part: str = "run", place: Place | None = None) -> None:
        """Says nothing: the stages that are called back are of the film that was asked for."""

    def stage(self, name: str, done: int, total: int | None, unit: str = "frame") -> None:
        """Calls back."""
        if self._call is not None:
            self._call(name, done, total)

    def note(self, message: str, *, warning: bool = False) -> None:
        """A record of level INFO or WARNING."""
        _LOGGER.log(logging.WARNING if warning else logging.INFO, "%s", message)

    def finish(self, outcome: str, **details: object) -> None:
        """Says nothing: the caller gets a result or an error."""

    def close(self) -> None:
        """Nothing to close."""
