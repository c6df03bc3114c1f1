"""The workers of a cluster that may work on a film; each is checked first: versions, files, weights."""

import logging
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.settings.job import Job
from jobs.settings.shot_choices import weights_of_shots
from jobs.workers import dask_worker
from jobs.workers.dask_client import Link, Member
from jobs.workers.dask_worker import Facts
from pipeline.atomic_files import publish
from pipeline.errors import DeviceError, SettingsError
from pipeline.partial_files import partial_path

if TYPE_CHECKING:
    from distributed import Future

_log = logging.getLogger(__name__)
_SMALL_BYTES = 4 * 10**9
_PAUSE_SECONDS = 0.2
_MUST_AGREE = ("kinochrome", "python", "distributed")


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a worker is asked, and our own answer."""

    probe: Path
    """A file in the work folder with a secret in it."""
    source: Path
    weights: tuple[str, ...]
    """As `dask_worker.look` takes them."""
    ours: Mapping[str, str]


@contextmanager
def questioning(job: Job, work: Path) -> Iterator[Question]:
    """The question to ask about a job; its probe file is there for the length of the block. Raises OutputError."""
    source = job.input.absolute()
    weights = (job.weights, *weights_of_shots(job)) if job.from_proxy is None else ()
    probe = partial_path(work / "probe")
    try:
        with publish(probe) as partial:
            partial.write_text(secrets.token_hex(), encoding="utf-8")
        ours = dask_worker.look(str(probe), str(source), weights)
        yield Question(probe=probe, source=source, weights=weights, ours=ours)
    finally:
        probe.unlink(missing_ok=True)


class Crew:
    """The workers that come and go, as far as they may work on the film."""

    def __init__(self, link: Link, question: Question) -> None:
        self._link, self._question = link, question
        self._asked: dict[str, tuple[Member, Future]] = {}
        self._refused: set[str] = set()
        self.members: dict[str, Member] = {}
        """Those that fit, by address."""
        self.processes: dict[str, str] = {}
        """The process that each of them is."""

    @property
    def pending(self) -> "list[Future]":
        """Answers that are still to come."""
        return [future for _, future in self._asked.values()]

    def update(self) -> tuple[list[str], list[str]]:
        """Looks who is there; returns the addresses of those of the crew that are gone, and why others do not fit."""
        present = self._link.members()
        gone = [address for address in self.members if address not in present]
        for address in gone:
            self.drop(address)
        for address in self._asked.keys() - present.keys():
            self._link.cancel([self._asked.pop(address)[1]])
        self._refused &= present.keys()
        for address in present.keys() - self.members.keys() - self._asked.keys() - self._refused:
            self._asked[address] = (present[address], self._ask(present[address]))
        answered = [address for address, (_, future) in self._asked.items() if future.done()]
        return gone, [fault for address in answered if (fault := self._hear(address))]

    def drop(self, address: str) -> None:
        """Forgets a worker; where one is there under its address, it is asked as a new one."""
        self.members.pop(address, None)
        self.processes.pop(address, None)

    def gather(self, *, answer_seconds: float, patience_seconds: float) -> None:
        """Returns when one worker fits and all others have answered, or had `answer_seconds` to do so.

        Where all are at other work for `patience_seconds`, it returns as well. Raises SettingsError, a line for
        each, where workers do not fit, and DeviceError where none is there after `patience_seconds`.
        """
        begun = time.monotonic()
        faults: list[str] = []
        while self.pending or not (self.members or faults):
            faults += self.update()[1]
            waited = time.monotonic() - begun
            if self.pending and waited > (answer_seconds if self.members or faults else patience_seconds):
                break
            if not (self.pending or self.members or faults) and waited > patience_seconds:
                raise self.nobody(patience_seconds)
            self._link.wait(self.pending, seconds=_PAUSE_SECONDS)
        if faults:
            raise SettingsError.of_many(faults)

    def nobody(self, seconds: float) -> DeviceError:
        """What to raise where there was no worker for that long."""
        address = self._link.address
        message = f"no worker of the scheduler at {address} within {seconds:.0f} s"
        return DeviceError(f"{message}; `dask worker {address} --nworkers 1 --nthreads 1` starts one")

    def _ask(self, member: Member) -> "Future":
        question = self._question
        arguments = (str(question.probe), str(question.source), question.weights)
        return self._link.give(dask_worker.look, *arguments, to=member)

    def _hear(self, address: str) -> str | None:
        """Adds a worker that fits to the crew; returns why another one does not."""
        member, future = self._asked.pop(address)
        answer = self._link.result(future)
        if answer is None:  # it has just died; where it comes again, it is asked again
            return None
        fault = _fault(member, self._question, answer)
        if fault is not None:
            self._refused.add(address)
            return f"worker {address} on {member.host}: {fault}"
        self.members[address] = member
        self.processes[address] = answer["process"]
        if 0 < member.memory_bytes < _SMALL_BYTES:
            message = "may use %.1f GB of memory, then its nanny kills it; `dask worker --memory-limit 0` has no limit"
            _log.warning(f"worker %s {message}", address, member.memory_bytes / 1e9)
        return None


def _fault(member: Member, question: Question, theirs: Facts | BaseException) -> str | None:
    """Why a worker must not work on the film; None where it may."""
    ours = question.ours
    if not member.has_nanny:
        return "it has no nanny, so nobody would start it again; leave out --no-nanny"
    if isinstance(theirs, BaseException):
        message = f"it cannot answer ({type(theirs).__name__}: {theirs})"
        return f"{message}; is kinochrome {ours['kinochrome']} installed there?"
    if theirs["probe"] != ours["probe"]:
        message = f"it does not see the work folder {question.probe.parent} as we do"
        return f"{message}; a folder that all hosts share under one path works, see --work"
    if theirs["writable"] != "yes":
        return f"it may not write into the work folder {question.probe.parent}"
    if theirs["source"] != ours["source"]:
        found = f"({theirs['source']}, here {ours['source']})"
        return f"it does not see the film {question.source} as we do {found}"
    for name in (*_MUST_AGREE, *(f"weights {weights}" for weights in question.weights)):
        if theirs.get(name) != ours.get(name):
            return f"{name} there is {theirs.get(name)}, here {ours.get(name)}; both must be the same"
    for name in dask_worker.LIBRARIES:
        if theirs[name] != ours[name]:
            message = "worker %s: %s there is %s, here %s; colours may differ from those made here"
            _log.warning(message, member.address, name, theirs[name], ours[name])
    return None
