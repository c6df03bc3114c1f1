"""What a supervised process tells its supervisor: that it lives, how it ended, what there would be to tidy up.

It stands in memory that both share, so it can be read when the process has crashed.
"""

import json
import logging
import mmap
import os
import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_log = logging.getLogger(__name__)
_LAYOUT = struct.Struct("=Q?iI")  # beats, whether it has ended, exit code, bytes of the traces
_BYTES = 1 << 16
BEAT_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class Trace:
    """Something that the process would take away itself if it came to its end."""

    output: str
    """A file that it makes; what is half-written of it goes."""
    work: str | None = None
    """The work folder for it, which goes where nothing is worth going on with."""
    made: tuple[str, ...] = ()
    """Folders that it made for the work folder, and that go with it."""


class Pulse:
    """Written by the process, read by its supervisor."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _BYTES)
        self._traces: list[Trace] = []
        self._guard = threading.Lock()
        self._beats = 0
        self._write(ended=False, code=0)

    @property
    def beats(self) -> int:
        """Grows while any Python runs in the process."""
        beats: int = _LAYOUT.unpack_from(self._memory)[0]
        return beats

    @property
    def exit_code(self) -> int | None:
        """What the process was about to end with; None where it was not that far."""
        _, ended, code, _ = _LAYOUT.unpack_from(self._memory)
        return code if ended else None

    def traces(self) -> list[Trace]:
        """What it left, if it came to no end."""
        size = _LAYOUT.unpack_from(self._memory)[3]
        told = json.loads(self._memory[_LAYOUT.size : _LAYOUT.size + size] or b"[]")
        return [Trace(**{**entry, "made": tuple(entry["made"])}) for entry in told]

    def start(self) -> None:
        """Beats from now on, until the process ends."""
        threading.Thread(target=self._beat, name="pulse", daemon=True).start()

    def end(self, code: int) -> None:
        """The last word: all that is left to do is to end."""
        self._write(ended=True, code=code)

    def leave(self, trace: Trace) -> None:
        """Adds a trace; for a process there are a few of them at most."""
        with self._guard:
            self._traces.append(trace)
            text = json.dumps([asdict(entry) for entry in self._traces]).encode()
            if len(text) > _BYTES - _LAYOUT.size:
                _log.debug("no room to note %s", trace)
                return
            self._memory[_LAYOUT.size : _LAYOUT.size + len(text)] = text
            self._size = len(text)
        self._write(ended=False, code=0)

    _size = 0

    def _write(self, *, ended: bool, code: int) -> None:
        _LAYOUT.pack_into(self._memory, 0, self._beats, ended, code, self._size)

    def _beat(self) -> None:
        packer = struct.Struct("=Q")
        while True:
            self._beats += 1
            packer.pack_into(self._memory, 0, self._beats)
            time.sleep(BEAT_SECONDS)


_pulse: tuple[int, Pulse] | None = None


def begin(pulse: Pulse) -> None:
    """Makes it the pulse of this process, and starts it."""
    global _pulse
    _pulse = os.getpid(), pulse
    pulse.start()


def leave_trace(output: Path | None, *, work: Path | None = None, made: Sequence[Path] = ()) -> None:
    """Tells the supervisor what to tidy up should this process come to no end; without either, nothing."""
    if output is not None and _pulse is not None and _pulse[0] == os.getpid():
        _pulse[1].leave(
            Trace(
                output=str(output.absolute()),
                work=None if work is None else str(work.absolute()),
                made=tuple(str(folder.absolute()) for folder in made),
            )
        )
