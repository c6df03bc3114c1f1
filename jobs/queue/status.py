"""The state of a spool, for people and for programs."""

import time
from dataclasses import dataclass
from pathlib import Path

from jobs.progress.rates import clock
from jobs.queue.claim import CANCEL, has_output
from jobs.queue.entry import STATES, Entry
from jobs.queue.folder import Spool
from jobs.queue.heartbeat import read_beat, read_sign
from jobs.queue.job_file import Order, read_order
from jobs.queue.job_log import last_line
from jobs.queue.recovery import beat_path
from jobs.settings.output_paths import STATE_NAME
from jobs.workdir.running import RunState, read_state
from pipeline.errors import SettingsError

_ORDER = ("running", "queue", "failed", "cancelled", "done")
_DONE_ROWS = 20
_LONGEST_INPUT = 40
_LONGEST_LINE = 100
_SILENT_SECONDS = 120.0
_SHORT_ID = 8
_PERCENT_OF_A_FILM = 99.0
"""Of a job whose film is there, and which has not ended."""
_LEAST_WIDTHS = {"STATE": 9, "DONE": 5, "LEFT": 7, "AGE": 6}
"""Of columns whose values change their length while somebody looks."""


@dataclass(frozen=True, kw_only=True)
class JobStatus:
    """What there is to say about one job."""

    entry: Entry
    order: Order | None
    """None where the job file is not one of ours."""
    line: str
    """The last line that it said, or what is wrong."""
    age_seconds: float
    """Since it was submitted, by this host's clock; at least 0."""
    silent_seconds: float | None
    """Since its worker's last sign, by this host's and the file server's clock: for people, not for decisions."""
    cancelling: bool
    log: Path
    run: RunState | None = None
    """How far it is, where it runs and its work folder can be seen."""
    has_output: bool = False
    """It runs and its film is there: its bag may still be to come."""

    @property
    def percent(self) -> float | None:
        """How far it is; None where that is not known."""
        if self.entry.state == "done":
            return 100.0
        if self.run is None:
            return _PERCENT_OF_A_FILM if self.has_output else None
        return self.run.percent

    @property
    def state(self) -> str:
        """The folder's name, or `cancelling`."""
        return "cancelling" if self.cancelling else self.entry.state

    def as_json(self) -> dict[str, object]:
        """Everything, for programs."""
        entry, order = self.entry, self.order
        return {
            "id": entry.id,
            "state": self.state,
            "priority": entry.priority,
            "attempts": entry.attempts,
            "attempts_allowed": order.attempts if order else None,
            "input": order.input if order else None,
            "output": order.output if order else None,
            "source": order.source if order else None,
            "by": order.by if order else None,
            "submitted": order.submitted if order else None,
            "age_seconds": round(self.age_seconds, 1),
            "worker": entry.worker or None,
            "silent_seconds": None if self.silent_seconds is None else round(self.silent_seconds, 1),
            "line": self.line,
            "percent": self.percent,
            "seconds_left": None if self.run is None else self.run.seconds_left,
            "log": str(self.log),
        }


def spool_status(spool: Spool) -> list[JobStatus]:
    """Every job: running, waiting in the order in which they are due, failed, cancelled, done.

    Raises SpoolError.
    """
    entries = {
        entry.id: entry for entry in spool.entries()
    }  # one that moved meanwhile is told where it came to
    found = [_status(spool, entry) for entry in entries.values()]
    return sorted(found, key=lambda status: (_ORDER.index(status.entry.state), status.entry.id))


def as_table(jobs: list[JobStatus], *, everything: bool = False, width: int | None = None) -> str:
    """A line for each job, and the counts; of those that are done the last ones only, unless `everything`.

    With `width`, as a terminal needs it: lines are cut to it, ids are their last eight characters, which `cancel` and
    `retry` take, and columns keep their places from look to look.
    """
    done = [job for job in jobs if job.entry.state == "done"]
    latest = sorted(done, key=lambda job: job.order.submitted if job.order else 0.0)
    shown = jobs if everything else [job for job in jobs if job not in latest[:-_DONE_ROWS]]
    rows = [["ID", "STATE", "PRIO", "DONE", "LEFT", "INPUT", "TRIES", "AGE", "WORKER", "LAST LINE"]]
    rows += [_row(job, short=width is not None) for job in shown]
    least = {} if width is None else _LEAST_WIDTHS
    widths = [max(least.get(cells[0], 0), *map(len, cells)) for cells in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip()[:width] for row in rows] if jobs else []
    counts = ", ".join(f"{sum(job.entry.state == state for job in jobs)} {state}" for state in STATES)
    left_out = len(jobs) - len(shown)
    more = f" ({left_out} that are done are not shown; --all does)" if left_out else ""
    return "\n".join((*lines, counts.replace("queue", "waiting") + more)) + "\n"


def _row(job: JobStatus, *, short: bool) -> list[str]:
    tries = f"{job.entry.attempts}/{job.order.attempts}" if job.order else str(job.entry.attempts)
    line = job.line
    if job.silent_seconds is not None and job.silent_seconds > _SILENT_SECONDS:
        line = f"no sign of life for {_span(job.silent_seconds)}; {line}"
    return [
        job.entry.id[-_SHORT_ID:] if short else job.entry.id,
        job.state,
        str(job.entry.priority),
        "-" if job.percent is None else f"{job.percent:.0f} %",
        "-" if job.run is None or job.run.seconds_left is None else clock(job.run.seconds_left),
        _printable(Path(job.order.input).name if job.order else "?", _LONGEST_INPUT),
        tries,
        _span(job.age_seconds),
        job.entry.worker or "-",
        _printable(line, _LONGEST_LINE),
    ]


def _status(spool: Spool, entry: Entry) -> JobStatus:
    log = spool.log_path(entry.id)
    order, fault, line, silent, run, has_film = None, "", "", None, None, False
    try:
        order = read_order(spool.file(entry))
    except SettingsError as error:
        fault = str(error)
    except OSError:  # it has moved on since
        pass
    now = time.time()
    if entry.state == "running":
        path = beat_path(spool, entry)
        beat = read_beat(read_sign(path))
        line = beat.line if beat else ""
        silent = _seconds_since_change(path, now)
        run = None if order is None else _run_of(order)
        has_film = order is not None and has_output(spool, entry, order)
    said = fault or (order.fault if order else "") or line
    if not said and (entry.attempts or entry.state == "failed"):
        said = last_line(log)
    return JobStatus(
        entry=entry,
        order=order,
        line=said,
        age_seconds=max(now - order.submitted, 0.0) if order else 0.0,
        silent_seconds=silent,
        cancelling=entry.state == "running" and spool.sidecar(entry.id, CANCEL).exists(),
        log=log,
        run=run,
        has_output=has_film,
    )


def _run_of(order: Order) -> RunState | None:
    """How far the run of a job is, by the note in its work folder, or in the output folder of a batch."""
    return read_state(Path(order.work_folder)) or read_state(Path(order.output) / STATE_NAME)


def _seconds_since_change(path: Path, now: float) -> float | None:
    try:
        return max(now - path.stat().st_mtime, 0.0)
    except OSError:
        return None


def _printable(text: str, longest: int) -> str:
    """The text on one line without anything that a terminal would obey."""
    safe = "".join(character if character.isprintable() else "?" for character in text)
    return safe if len(safe) <= longest else safe[: longest - 1] + "…"


def _span(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
