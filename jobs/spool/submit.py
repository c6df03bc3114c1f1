"""Jobs into a spool: checked, complete, and never two that write one file."""

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from jobs.queue.entry import NORMAL_ATTEMPTS, NORMAL_PRIORITY, Entry, make_id
from jobs.queue.folder import Spool
from jobs.queue.job_file import make_order, order_text, read_order
from jobs.settings.job import Job
from pipeline.errors import SettingsError


def submit(
    spool: Spool,
    wanted: Sequence[tuple[Path, Job]],
    *,
    priority: int = NORMAL_PRIORITY,
    attempts: int = NORMAL_ATTEMPTS,
) -> list[Entry]:
    """Puts jobs, each with the file it was made of, into the queue: all, or none of them.

    Raises SettingsError with a line for each job whose output another job writes, SpoolError.
    """
    ids = [make_id(job.output.stem, priority=priority) for _, job in wanted]
    orders = [make_order(job, source=source, attempts=attempts) for source, job in wanted]
    entries = [Entry(id=id, state="queue") for id in ids]
    with spool.alone():
        refuse_same_outputs(spool, ((str(source), job.output) for source, job in wanted))
        try:
            for entry, order, (_, job) in zip(entries, orders, wanted, strict=True):
                spool.add(entry, order_text(order, job))
        except BaseException:
            for entry in entries:
                with contextlib.suppress(OSError):
                    spool.file(entry).unlink(missing_ok=True)
            raise
    return entries


def refuse_same_outputs(spool: Spool, wanted: Iterable[tuple[str, Path]]) -> None:
    """Raises SettingsError where one of `wanted`, (name, output), is written by a waiting or running job, or twice."""
    writers = _writers(spool)
    faults = []
    for name, output in wanted:
        real = _real(output)
        if real in writers:
            told = f"{output} is written by {writers[real]} already; another name would work"
            faults.append(f"{name}: output: {told}")
        writers.setdefault(real, name)
    if faults:
        raise SettingsError.of_many(faults)


def _writers(spool: Spool) -> dict[str, str]:
    """Who writes what, by real path, among the jobs that wait or run."""
    found: dict[str, str] = {}
    for _ in range(2):  # a job that was on its way from one folder to the other is seen the second time
        for entry in spool.entries("queue", "running"):
            try:
                order = read_order(spool.file(entry))
            except (OSError, SettingsError):  # moved on, or no job of ours
                continue
            found.setdefault(_real(Path(order.output)), f"job {entry.id}")
    return found


def _real(path: Path) -> str:
    try:
        return str(path.resolve())
    except (OSError, RuntimeError):
        return str(path.absolute())
