"""What a person does to a job in a spool: find it, cancel it, give it another try."""

import contextlib
from difflib import get_close_matches
from pathlib import Path

from jobs.queue.claim import CANCEL, drop_notes
from jobs.queue.entry import Entry
from jobs.queue.folder import Spool, SpoolError
from jobs.queue.job_file import read_order
from jobs.spool.submit import refuse_same_outputs
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
    told = f"; near: {', '.join(near[:_NEAR])}" if near else ""
    raise SettingsError(f"no job {name} in {spool.path}{told}; `kinochrome status {spool.path}` lists them")


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
        told = "failed and cancelled jobs can be tried again"
        raise SettingsError(f"job {entry.id} is in {entry.state}/; {told}")
    with spool.alone():
        try:
            order = read_order(spool.file(entry))
        except OSError as error:
            raise SpoolError(f"cannot read {spool.file(entry)}: {error.strerror}") from error
        if order.fault:
            told = "put the corrected file into the drop folder, or submit a job file"
            raise SettingsError(f"job {entry.id} could not become a job ({order.fault}); {told}")
        refuse_same_outputs(spool, [(f"job {entry.id}", Path(order.output))])
        drop_notes(spool, entry.id, done=False)
        moved = spool.move(entry, "queue", attempts=0)
    if moved is None:
        raise SettingsError(f"job {entry.id} was moved meanwhile; see `kinochrome status {spool.path}`")
    return moved
