"""Finds, cancels and retries jobs of a spool, and submits new ones, of which no two write the same file."""

import contextlib
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from jobs.queue.claim import CANCEL, drop_notes
from jobs.queue.entry import NORMAL_ATTEMPTS, NORMAL_PRIORITY, Entry, make_id
from jobs.queue.folder import Spool, SpoolError
from jobs.queue.job_file import make_order, order_text, read_order
from jobs.settings.job import Job
from pipeline.errors import SettingsError

_NEAR = 3
_TRIES = 20


def find_job(spool: Spool, name: str) -> Entry:
    """The job of this id, or whose id ends in these eight characters.

    Raises SettingsError, with what comes near, where there is none; SpoolError.
    """
    entries = spool.entries()
    found = [entry for entry in entries if name in (entry.id, entry.key)]
    if not found:  # it may have been between two folders
        entries = spool.entries()
        found = [entry for entry in entries if name in (entry.id, entry.key)]
    if len({entry.id for entry in found}) > 1:
        raise SettingsError(
            f"{name} is not one job: {' and '.join(entry.id for entry in found)}; give the whole id"
        )
    if found:
        return found[-1]
    ids = [entry.id for entry in entries]
    near = [id for id in ids if name and name.lower() in id.lower()][:_NEAR]
    near += [id for id in get_close_matches(name, ids, n=_NEAR, cutoff=0.5) if id not in near]
    message = f"; near: {', '.join(near[:_NEAR])}" if near else ""
    raise SettingsError(
        f"no job {name} in {spool.path}{message}; `kinochrome status {spool.path}` lists them"
    )


def cancel_job(spool: Spool, name: str) -> Entry:
    """Takes a waiting job out of the queue, or asks the worker of a running one to stop it; returns what it was.

    Raises SettingsError for a job that is unknown or has ended, SpoolError.
    """
    for _ in range(_TRIES):  # the job may be on its way meanwhile
        entry = find_job(spool, name)
        if entry.state == "queue":
            if spool.move(entry, "cancelled") is not None:
                drop_notes(spool, entry.id, done=False)
                return entry
        elif entry.state == "running":
            flag = spool.sidecar(entry.id, CANCEL)
            try:
                flag.touch()
            except OSError as error:
                raise SpoolError(f"cannot write {flag}: {error.strerror}") from error
            if spool.holds(entry):
                return entry
        else:
            with contextlib.suppress(OSError):
                spool.sidecar(entry.id, CANCEL).unlink(missing_ok=True)
            raise SettingsError(f"job {entry.id} has ended: it is in {entry.state}/")
    raise SettingsError(f"job {name} changes hands all the time; try again")


def retry_job(spool: Spool, name: str) -> Entry:
    """Puts a failed or cancelled job back into the queue, its attempts counted from 0.

    Raises SettingsError for a job that is unknown, waits, runs or is done, that never could have become one, or
    whose output another job writes now; SpoolError.
    """
    entry = find_job(spool, name)
    if entry.state not in ("failed", "cancelled"):
        message = "failed and cancelled jobs can be tried again"
        raise SettingsError(f"job {entry.id} is in {entry.state}/; {message}")
    with spool.alone():
        try:
            order = read_order(spool.file(entry))
        except OSError as error:
            raise SpoolError(f"cannot read {spool.file(entry)}: {error.strerror}") from error
        if order.fault:
            message = "put the corrected file into the drop folder, or submit a job file"
            raise SettingsError(f"job {entry.id} could not become a job ({order.fault}); {message}")
        refuse_same_outputs(spool, [(f"job {entry.id}", Path(order.output))])
        drop_notes(spool, entry.id, done=False)
        moved = spool.move(entry, "queue", attempts=0)
    if moved is None:
        raise SettingsError(f"job {entry.id} was moved meanwhile; see `kinochrome status {spool.path}`")
    return moved


def submit(
    spool: Spool,
    jobs: Sequence[tuple[Path, Job]],
    *,
    priority: int = NORMAL_PRIORITY,
    attempts: int = NORMAL_ATTEMPTS,
    texts: Sequence[str] | None = None,
) -> list[Entry]:
    """Puts jobs, each with the file it was made of, into the queue: all, or none of them.

    `texts` are job files with whole paths that say the same in fewer words, where the caller has them: guidance with
    many marks belongs into a file of its own, which the job file names. Raises SettingsError with a line for each job
    whose output another job writes, SpoolError.
    """
    ids = [make_id(job.output.stem, priority=priority) for _, job in jobs]
    orders = [make_order(job, source=source, attempts=attempts) for source, job in jobs]
    texts = [job.to_yaml() for _, job in jobs] if texts is None else texts
    entries = [Entry(id=id, state="queue") for id in ids]
    with spool.alone():
        refuse_same_outputs(spool, ((str(source), job.output) for source, job in jobs))
        try:
            for entry, order, text in zip(entries, orders, texts, strict=True):
                spool.add(entry, order_text(order, text))
        except BaseException:
            for entry in entries:
                with contextlib.suppress(OSError):
                    spool.file(entry).unlink(missing_ok=True)
            raise
    return entries


def refuse_same_outputs(spool: Spool, outputs: Iterable[tuple[str, Path]]) -> None:
    """Raises SettingsError where one of `outputs`, (name, output), is written by a waiting or running job, or twice."""
    writers = _writers(spool)
    faults = []
    for name, output in outputs:
        real = _real(output)
        if real in writers:
            message = f"{output} is written by {writers[real]} already; another name would work"
            faults.append(f"{name}: output: {message}")
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
