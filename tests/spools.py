"""Spools with jobs in them, for tests of the queue."""

from pathlib import Path

from jobs.queue.control import submit
from jobs.queue.entry import NORMAL_ATTEMPTS, NORMAL_PRIORITY, Entry
from jobs.queue.folder import Spool
from jobs.settings.job_file import make_job


def add_job(
    spool: Spool,
    name: str = "film",
    *,
    priority: int = NORMAL_PRIORITY,
    attempts: int = NORMAL_ATTEMPTS,
    output: Path | None = None,
) -> Entry:
    """Submits a job whose input, beside the spool, exists and is no film; its output is NAME-out.mkv there."""
    folder = spool.path.parent
    source = folder / f"{name}.mkv"
    source.write_bytes(b"not opened")
    job = make_job({"input": str(source), "output": str(output or folder / f"{name}-out.mkv")})
    (entry,) = submit(spool, [(source, job)], priority=priority, attempts=attempts)
    return entry


def states(spool: Spool) -> dict[str, str]:
    """The state of every job, by the name that it was added under."""
    return {entry.id.split("-", 2)[2][: -len("-out-12345678")]: entry.state for entry in spool.entries()}
