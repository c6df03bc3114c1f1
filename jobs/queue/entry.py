"""The name of a job file in a spool: all that changes about a job is in its folder and its name.

queue/ID.0.yaml              waits, never tried
running/ID.1.HOST-PID-abcd.yaml   its first attempt runs, claimed by that worker
done/ID.1.yaml, failed/ID.3.yaml, cancelled/ID.0.yaml

So each change is one rename, nothing is ever written over, and no two hosts can both believe in theirs.
"""

import re
import secrets
import time
from dataclasses import dataclass
from typing import Literal, get_args

from pipeline.errors import SettingsError

State = Literal["queue", "running", "done", "failed", "cancelled"]
STATES: tuple[State, ...] = get_args(State)
"""The states of a job, which are the names of the spool's folders."""

HIGHEST_PRIORITY = 99
NORMAL_PRIORITY = 50
NORMAL_ATTEMPTS = 3

_ID = r"[0-9]{2}-[0-9]{8}T[0-9]{9}-[A-Za-z0-9_-]*-[0-9a-f]{8}"
_NAME = re.compile(rf"(?P<id>{_ID})\.(?P<attempts>[0-9]{{1,6}})(?:\.(?P<claim>[A-Za-z0-9-]+))?\.yaml")
_LONGEST_TITLE = 32


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A job as its file's place and name tell it."""

    id: str
    state: State
    attempts: int = 0
    """Starts that count: up to and with the running one."""
    claim: str = ""
    """Who runs it, as `make_claim` gave it; empty in every other state."""

    def __post_init__(self) -> None:
        if (self.state == "running") != bool(self.claim):
            raise SettingsError(f"job {self.id}: a claim belongs to a running job, and to no other")

    @property
    def file_name(self) -> str:
        """Name inside the folder of the state."""
        return ".".join((self.id, str(self.attempts), *([self.claim] if self.claim else []), "yaml"))

    @property
    def priority(self) -> int:
        """0 to 99; the higher the sooner."""
        return HIGHEST_PRIORITY - int(self.id[:2])

    @property
    def key(self) -> str:
        """The last eight characters of the id, by which a person may name the job."""
        return self.id[-8:]

    @property
    def worker(self) -> str:
        """HOST-PID of the worker that runs the job."""
        return self.claim.rpartition("-")[0]


def parse_name(name: str, *, state: State) -> Entry | None:
    """The job that a file name tells of; None for a file that is no job's."""
    match = _NAME.fullmatch(name)
    if match is None or (state == "running") != bool(match["claim"]):
        return None
    return Entry(id=match["id"], state=state, attempts=int(match["attempts"]), claim=match["claim"] or "")


def make_id(title: str, *, priority: int = NORMAL_PRIORITY, key: str | None = None) -> str:
    """A new id; ids sort by priority (highest first), then by time of submission.

    `title` may be any text: what is safe in a file name is kept. `key` are 8 hexadecimal digits, random if not given.
    Raises SettingsError for a priority outside 0 to 99.
    """
    if not 0 <= priority <= HIGHEST_PRIORITY:
        raise SettingsError(
            f"priority: found {priority}; 0 to {HIGHEST_PRIORITY} would work, the higher the sooner"
        )
    now = time.time()
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now)) + f"{int(now * 1000) % 1000:03d}"
    safe = re.sub(r"[^A-Za-z0-9_]+", "-", title)[:_LONGEST_TITLE].strip("-")
    return f"{HIGHEST_PRIORITY - priority:02d}-{stamp}-{safe}-{key or secrets.token_hex(4)}"


def make_claim(*, host: str, pid: int) -> str:
    """A name for one attempt of one worker that no other attempt anywhere has."""
    safe = re.sub(r"[^A-Za-z0-9]+", "-", host)[:48].strip("-") or "localhost"
    return f"{safe}-{pid}-{secrets.token_hex(4)}"
