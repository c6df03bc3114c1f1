"""Signs of life: a file that a worker rewrites every few seconds, and how others tell that it stopped.

Nobody compares clocks. An observer asks only whether the file's content *changed* between two looks of its own, and
adds up, on its own monotonic clock, how long it has looked in vain. A look that comes late (the observer
slept, the share hung) counts for a quarter of the window at most, so that death takes several looks without a sign.
"""

import contextlib
import json
import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from jobs.workdir.running import write_in_place

logger = logging.getLogger(__name__)

_BYTES = 4096
_LINE_CHARACTERS = 160


@dataclass(frozen=True, kw_only=True)
class Beat:
    """What a sign of life says."""

    count: int
    """Which sign this is; every sign differs from the one before."""
    every_seconds: float
    """How often the worker means to give one."""
    line: str = ""
    """The last line that the job said."""


class HeartbeatWriter:
    """Rewrites `path` every `every_seconds` from a thread, from the beginning of the `with` block to its end.

    The file is rewritten in place, always in the same length, so that it beats on a full disk too. The first beat
    raises OSError where it cannot be written; a later one is tried again. The file is removed at the end.
    """

    def __init__(self, path: Path, *, every_seconds: float, line: Callable[[], str] = str) -> None:
        self._path = path
        self._every = every_seconds
        self._line = line
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._count = 0

    def __enter__(self) -> Self:
        try:
            self._write()
        except OSError:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
            raise
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _beat(self) -> None:
        while not self._over.wait(self._every):
            try:
                self._write()
            except OSError as error:
                logger.debug("no heartbeat: %s", error)

    def _write(self) -> None:
        self._count += 1
        line = self._line()[:_LINE_CHARACTERS]
        beat = Beat(count=self._count, every_seconds=self._every, line=line)
        write_in_place(self._path, json.dumps(asdict(beat)), least_bytes=_BYTES)


def read_sign(path: Path) -> bytes:
    """The content of a heartbeat file, for comparing; empty where there is none."""
    try:
        return path.read_bytes()[:_BYTES]
    except OSError:
        return b""


def read_beat(sign: bytes) -> Beat | None:
    """What a sign says; None for one that is torn or empty."""
    try:
        beat = Beat(**json.loads(sign))
    except (ValueError, TypeError):
        return None
    sound = isinstance(beat.every_seconds, int | float) and isinstance(beat.line, str)
    return beat if sound else None


class HeartbeatWatch:
    """How long each of several workers has given no sign, as seen by this observer."""

    def __init__(self, *, dead_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """A worker that beats slowly is given four of its beats, even where `dead_seconds` is less."""
        self._dead = dead_seconds
        self._clock = clock
        self._looks: dict[str, tuple[bytes, float, float]] = {}  # sign, looked at, silent for

    def is_dead(self, name: str, look: Callable[[], bytes]) -> bool:
        """Looks at a worker's sign; True once it has not changed over the window."""
        before = self._clock()
        sign = look()
        after = self._clock()
        last = self._looks.get(name)
        if last is None or last[0] != sign:
            self._looks[name] = (sign, after, 0.0)
            return False
        beat = read_beat(sign)
        window = max(self._dead, 4 * beat.every_seconds if beat else 0.0)
        silent = last[2] + min(max(before - last[1], 0.0), window / 4)
        self._looks[name] = (sign, after, silent)
        return silent >= window

    def forget_others(self, names: Iterable[str]) -> None:
        """Keeps what is known of these workers only."""
        kept = set(names)
        self._looks = {name: look for name, look in self._looks.items() if name in kept}
