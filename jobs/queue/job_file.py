"""Writes and reads job files of a spool: a complete job, after a first line that the queue reads without the rest.

The first line is a YAML comment with JSON in it; so a job in a spool still is a job file that
`kinochrome run` takes.
"""

import getpass
import json
import socket
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from jobs.queue.entry import NORMAL_ATTEMPTS
from jobs.settings.job import Job
from jobs.settings.output_paths import work_folder
from jobs.version import VERSION
from pipeline.errors import SettingsError
from pipeline.regular_file import refuse_special_file

_MARK = "# kinochrome queue: "
_LONGEST_LINE = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Order:
    """Who submitted a job, and where its files go."""

    input: str
    output: str
    work_folder: str
    """Where the run works; see `workdir.work_folder`."""
    keeps_work: bool
    """Whether that folder stays when the film is done."""
    source: str
    """The job file or the dropped film that the job was made of."""
    stills: bool = False
    """Whether it is a still; those are begun again, not resumed."""
    attempts: int = NORMAL_ATTEMPTS
    """Starts after which the job is given up."""
    submitted: float = 0.0
    """Seconds since 1970 by the submitting host's clock; shown to people, never compared."""
    by: str = ""
    """USER@HOST."""
    version: str = ""
    """Of the Kinochrome that submitted."""
    fault: str = ""
    """Why this is no job that could run; such an order only ever lies in failed/."""


def make_order(job: Job, *, source: Path, attempts: int = NORMAL_ATTEMPTS) -> Order:
    """The order for a checked job. Raises SettingsError for a number of attempts outside 1 to 100."""
    if not 1 <= attempts <= 100:
        raise SettingsError(f"attempts: found {attempts}; 1 to 100 would work")
    return Order(
        input=str(job.input),
        output=str(job.output),
        work_folder=str(work_folder(job.output, work=job.work)),
        keeps_work=job.keep_work or job.work is not None,
        stills=job.source.kind == "still",
        source=str(source.absolute()),
        attempts=attempts,
        submitted=round(time.time(), 3),
        by=f"{_user()}@{socket.gethostname()}",
        version=VERSION,
    )


def faulty_order(source: Path, *, fault: str) -> Order:
    """The order for what could not become a job."""
    return Order(
        input=str(source.absolute()),
        output="",
        work_folder="",
        keeps_work=False,
        source=str(source.absolute()),
        submitted=round(time.time(), 3),
        by=f"{_user()}@{socket.gethostname()}",
        version=VERSION,
        fault=fault,
    )


def order_text(order: Order, job: str) -> str:
    """The text of a job file in a spool; `job` is that of the job file itself, empty where there is none."""
    return f"{_MARK}{json.dumps(asdict(order), sort_keys=True)}\n{job}"


def read_order(path: Path) -> Order:
    """The order in a job file of a spool.

    Raises FileNotFoundError, other OSErrors, and SettingsError where its first line is not one of ours.
    """
    refuse_special_file(path, SettingsError)
    with path.open("rb") as file:
        line = file.readline(_LONGEST_LINE).decode(errors="replace")
    try:
        values: Any = json.loads(line.removeprefix(_MARK) if line.startswith(_MARK) else "")
        known = {field.name for field in fields(Order)}
        order = Order(**{key: value for key, value in values.items() if key in known})
        if not all(isinstance(text, str) for text in (order.input, order.output, order.work_folder)):
            raise TypeError("a path is no text")
        if not isinstance(order.attempts, int):
            raise TypeError("attempts is no number")
    except (ValueError, TypeError, AttributeError) as error:
        message = f"its first line is not that of a submitted job ({error}); `kinochrome submit` makes one"
        raise SettingsError(f"{path}: {message}") from error
    return order


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "?"
