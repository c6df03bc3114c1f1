"""What is to be done of each film and still of a batch: nothing, for it is done; all of it; or why it cannot be."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from jobs.batch.inputs import Found, Work, find_works, others_line
from jobs.batch.ledger import Entry, Ledger, stamp_of
from jobs.progress.overall import Place
from jobs.settings.guidance import choose_still_guidance
from jobs.settings.job import Job
from jobs.settings.output_paths import file_identity
from jobs.workdir.job_fingerprint import settings_fingerprint
from pipeline.errors import SettingsError

MakeJob = Callable[[Mapping[str, object]], Job]
"""Makes a job of these keys, `input` and `output` among them, and of whatever else the command says."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One work, and what is to be done."""

    work: Work
    todo: Literal["nothing", "all", "refused"]
    why: str = ""
    """Why it is refused."""
    is_own: bool = False
    """Whether an output that is there is the batch's own, and may be replaced."""


@dataclass(frozen=True, kw_only=True)
class BatchPlan:
    """Everything that a command will do."""

    template: Job
    """The settings, of a job whose input is a folder."""
    make: MakeJob
    output: Path
    fingerprint: str
    """Of the settings."""
    found: Found
    tasks: tuple[Task, ...]
    began: float
    """By the monotonic clock."""

    @property
    def overwrite(self) -> bool:
        """Whether outputs that are there may be replaced."""
        return self.template.overwrite

    def lines(self) -> list[str]:
        """What a person would want to know before the start."""
        tasks = self.tasks
        films = sum(task.work.is_film for task in tasks)
        counts = [
            f"{count:,} {what}{'s' if count > 1 else ''}"
            for count, what in ((films, "film"), (len(tasks) - films, "still"))
            if count
        ]
        done = sum(task.todo == "nothing" for task in tasks)
        lines = [f"{' and '.join(counts)} found{f', {done:,} of them done before' if done else ''}"]
        if self.found.others:
            lines.append(f"left alone, neither film nor still: {others_line(self.found.others)}")
        return lines + list(self.found.hints)

    def job_of(self, task: Task) -> Job:
        """The job of one film. Raises SettingsError."""
        work = task.work
        keys: dict[str, object] = {"input": str(work.source), "output": str(work.output)}
        if self.template.work is not None:  # films of one name in two folders work apart
            keys["work"] = str(self.template.work / work.output.parent.relative_to(self.output))
        if task.is_own:
            keys["overwrite"] = True
        return self.make(keys)

    def place_of(self, task: Task) -> Place:
        """Where the task stands among all, by the bytes of their sources."""
        films = [one for one in self.tasks if one.work.is_film]
        share, total = 0, 0
        starts: dict[Path, int] = {}
        kept = sum(one.work.bytes for one in self.tasks if one.todo != "all")
        for one in self.tasks:
            if one.todo == "all":
                starts[one.work.output] = kept + share
                share += one.work.bytes
            total += one.work.bytes
        begin, total = starts[task.work.output], max(total, 1)
        number = 1 + next((n for n, one in enumerate(films) if one is task), 0)
        return Place(
            number=number,
            count=len(films),
            start=begin / total,
            end=(begin + task.work.bytes) / total,
            first=kept / total,
            began=self.began,
        )


def plan_batch(sources: Sequence[Path], output: Path, make: MakeJob) -> BatchPlan:
    """Looks at every source and at what the output folder holds; nothing is written and no film is opened.

    `output` is a folder, which need not exist. Raises SettingsError for settings that do not work or are of a single
    film, and as `find_works`.
    """
    folder = sources[0] if sources[0].is_dir() else sources[0].parent
    template = make({"input": str(folder), "output": str(output)})
    _refuse_settings_of_one_film(template)
    output = template.output
    ledger = Ledger(output)
    found = find_works(
        [source.absolute() for source in sources], output, suffix=template.suffix, made=ledger.entries
    )
    if any(not work.is_film for work in found.works):
        choose_still_guidance(template)  # its faults come before the start
    fingerprint = settings_fingerprint(template)
    turn = ledger.next_turn(overwrite=template.overwrite)
    tasks = tuple(
        _task(work, ledger.entries.get(work.output), template=template, fingerprint=fingerprint, turn=turn)
        for work in found.works
    )
    return BatchPlan(
        template=template,
        make=make,
        output=output,
        fingerprint=fingerprint,
        found=found,
        tasks=tasks,
        began=time.monotonic(),
    )


def _task(work: Work, entry: Entry | None, *, template: Job, fingerprint: str, turn: int) -> Task:
    try:
        seen = tuple(file_identity(work.output))
    except OSError:
        return Task(work=work, todo="all")
    # a still has no moment between complete and published: one that was begun is the batch's own
    is_still_begun = not work.is_film and entry is not None and entry.state == "begun"
    if entry is None or (entry.identity != seen and not is_still_begun):
        if template.overwrite:
            return Task(work=work, todo="all")
        why = f"{work.output} exists, and this command did not make it; --overwrite replaces it"
        return Task(work=work, todo="refused", why=why)
    if is_still_begun and entry.identity != seen:
        return Task(work=work, todo="all", is_own=True)
    same = (entry.fingerprint, entry.stamp) == (fingerprint, stamp_of(work.source))
    if same and (not template.overwrite or entry.turn == turn):
        return Task(work=work, todo="nothing")
    if template.overwrite:
        return Task(work=work, todo="all", is_own=True)
    changed = "with other settings" if entry.fingerprint != fingerprint else "of a source that changed since"
    return Task(
        work=work,
        todo="refused",
        why=f"{work.output} exists, made {changed}; --overwrite makes it again",
    )


def _refuse_settings_of_one_film(template: Job) -> None:
    for key in ("from_proxy", "sound", "start_number", "rate"):
        if getattr(template, key) is not None:
            raise SettingsError(f"{key}: is of one film; a command of its own for that film would work")
