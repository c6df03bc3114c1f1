"""The folder where films, work folders or a queue will lie: its room, and what several workers need of a share."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from jobs.doctor.finding import Finding

_ROOM_BYTES = 10_000_000_000
_SECONDS = 60.0
_OTHER_FOLDER = "a folder that exists and may be written would work: kinochrome doctor FOLDER"
_TRY = (
    "import fcntl, sys\n"
    "try: fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
    "except BlockingIOError: sys.exit(9)\n"
)
"""What another process does with a lock: 9 says that it is held."""


def look_at_disk(folder: Path) -> Finding:
    """Whether `folder` and the temporary folder can be written, and how much room they have."""
    places = {folder.absolute(): "", Path(tempfile.gettempdir()): "for temporary files "}
    told, scarce = [], []
    for place, use in places.items():
        try:
            with tempfile.TemporaryFile(dir=place, prefix=".kinochrome-doctor-") as file:
                file.write(b"\0" * 4096)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            fault = f"cannot write to {place}: {error.strerror}"
            return Finding(subject="disk", told=fault, state="missing", advice=_OTHER_FOLDER)
        free = shutil.disk_usage(place).free
        told.append(f"{free / 1e9:,.0f} GB free {use}in {place}")
        if free < _ROOM_BYTES:
            scarce.append(place)
    if scarce:
        advice = "`kinochrome check` says how much a film takes; --work DIR puts work folders elsewhere"
        return Finding(subject="disk", told="; ".join(told), state="note", advice=advice)
    return Finding(subject="disk", told="; ".join(told))


def look_at_locks(folder: Path) -> Finding:
    """Whether another process sees a lock, and whether a file that is moved replaces another one at once."""
    place = folder.absolute()
    if not place.is_dir():
        return Finding(
            subject="locks", told=f"no such folder: {place}", state="missing", advice=_OTHER_FOLDER
        )
    with tempfile.TemporaryDirectory(dir=place, prefix=".kinochrome-doctor-") as name:
        lock = Path(name) / "lock"
        with lock.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                return _unsafe(f"{place} has no locks ({error.strerror})")
            code = subprocess.run(
                [sys.executable, "-c", _TRY, lock], check=False, timeout=_SECONDS
            ).returncode
        if code != 9:
            return _unsafe(f"another process does not see a lock in {place}")
        for content in ("old", "new"):
            (Path(name) / f"{content}.partial").write_text(content)
            (Path(name) / f"{content}.partial").replace(Path(name) / "file")
        if (Path(name) / "file").read_text() != "new":
            return _unsafe(f"a file that is moved in {place} does not replace the old one")
    return Finding(
        subject="locks", told=f"work in {place}, as do moves; on a share, run this on a second host, too"
    )


def _unsafe(told: str) -> Finding:
    advice = (
        "one worker at a time is safe there; for several, another disk or NFS 4 (--work DIR, --spool DIR)"
    )
    return Finding(subject="locks", told=told, state="note", advice=advice)
