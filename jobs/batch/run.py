"""Does a batch: each film and still that is not done yet, one after the other, whatever becomes of the others.

Stills and films are done in a process of their own where the caller wants that, so that a decoder which crashes
costs the film that it crashed at, and nothing else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from jobs.batch.ledger import Ledger
from jobs.batch.plan import BatchPlan, Task
from jobs.batch.results import BatchError, BatchResult, WorkResult, expected_line
from jobs.progress.overall import Place
from jobs.progress.reporters import Progress
from jobs.settings.output_paths import STATE_NAME, record_path
from jobs.workdir.running import RunningNote
from jobs.workdir.segment_records import file_sha256
from pipeline.errors import OutputError
from pipeline.messages import first_few

Guard = Callable[[Callable[[], None]], str | None]
"""Calls what it is given, perhaps in another process; returns why that process died, None where it did not."""
Explain = Callable[[Exception], str]
"""What to say of an error that nobody expected."""


@dataclass(frozen=True, kw_only=True)
class BatchOptions:
    """How films of a batch are done."""

    workers: int | None = None
    scheduler: str | None = None
    check: Callable[[], None] = lambda: None
    """Called before each film and still, and before a film is published; raises BatchStoppedError to end the run."""


class BatchStoppedError(OutputError):
    """The batch must not go on."""


def run_batch(
    plan: BatchPlan,
    progress: Progress,
    *,
    options: BatchOptions,
    guard: Guard | None = None,
    explain: Explain = str,
) -> BatchResult:
    """Does what the plan says and returns what became of each; failures are results, too.

    Raises SettingsError where another run works in the output folder, OutputError where that cannot be written.
    """
    left = [task for task in plan.tasks if task.todo == "all"]
    refused = {task.work.output: task.why for task in plan.tasks if task.todo == "refused"}
    for why in refused.values():
        progress.note(why, warning=True)
    ledger = Ledger(plan.output)
    if left:
        with ledger.alone():
            ledger.begin(overwrite=plan.overwrite)
            _do_all(plan, left, ledger, progress, options=options, guard=guard, explain=explain)
            ledger.end()
    kept = {task.work.output for task in plan.tasks if task.todo == "nothing"}
    results = []
    for task in plan.tasks:
        entry, work = ledger.entries.get(task.work.output), task.work
        error = refused.get(work.output)
        if error is None and (entry is None or entry.state != "done") and work.output not in kept:
            error = entry.message if entry is not None and entry.message else "was not done"
        results.append(
            WorkResult(
                source=work.source,
                output=work.output,
                is_film=work.is_film,
                error=error,
                done_before=work.output in kept,
                details={} if entry is None else entry.details,
            )
        )
    return BatchResult(output=plan.output, results=tuple(results), others=plan.found.others)


def run_whole_batch(plan: BatchPlan, progress: Progress, *, options: BatchOptions) -> BatchResult:
    """The batch and its page of all reports, in this process. Raises as `run_batch`, and BatchError."""
    from jobs.batch.index_page import write_index

    result = run_batch(plan, progress, options=options)
    if plan.output.is_dir():
        write_index(plan.output, progress=progress)
    if result.failed:
        lines = first_few((one.error for one in result.failed), separator="; ", characters=400)
        raise BatchError(f"{len(result.failed)} of {len(result.results)} failed: {lines}", result)
    return result


def _do_all(
    plan: BatchPlan,
    left: Sequence[Task],
    ledger: Ledger,
    progress: Progress,
    *,
    options: BatchOptions,
    guard: Guard | None,
    explain: Explain,
) -> None:
    """Does every task; after a crash goes on with the next one."""
    runner = _TaskRunner(plan, ledger, progress, options=options, explain=explain)
    if guard is None:
        return runner.run(left)
    while left:
        death = guard(partial(runner.run, left))
        ledger.read()
        left = [task for task in left if task.work.output not in ledger.ended]
        if death is None or not left:
            return None
        ledger.note_failure(left[0].work, death)
        progress.note(f"{left[0].work.source}: failed: {death}", warning=True)
        left = left[1:]
    return None


class _BatchProgress:
    """Passes everything on, but says no note twice: each film would say how many workers there are."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.finish, self.close = progress.finish, progress.close
        self.running: RunningNote | None = None
        self._said: set[str] = set()

    def film(self, name: str, *, part: str = "run", place: Place | None = None) -> None:
        """Passes it on."""
        if self.running is not None:
            self.running.film(name, part=part, place=place)
        self._progress.film(name, part=part, place=place)

    def stage(self, name: str, done: int, total: int | None, unit: str = "frame") -> None:
        """Passes it on."""
        if self.running is not None:
            self.running.stage(name, done, total, unit)
        self._progress.stage(name, done, total, unit)

    def note(self, message: str, *, warning: bool = False) -> None:
        """Passes on what is new, and every warning."""
        if warning or message not in self._said:
            self._progress.note(message, warning=warning)
        self._said.add(message)


class _TaskRunner:
    """Does tasks one after the other, with one network for all stills."""

    def __init__(
        self, plan: BatchPlan, ledger: Ledger, progress: Progress, *, options: BatchOptions, explain: Explain
    ) -> None:
        self._plan, self._ledger, self._progress = plan, ledger, _BatchProgress(progress)
        self._options, self._explain = options, explain

    def run(self, tasks: Sequence[Task]) -> None:
        """Does them; others can see how far they are, and end them."""
        with RunningNote(self._plan.output / STATE_NAME, film="") as running:
            self._progress.running = running
            self._do(tasks)

    def _do(self, tasks: Sequence[Task]) -> None:
        stills = [task for task in tasks if not task.work.is_film]
        if stills:
            self._do_stills(stills)
        for task in tasks:
            if task.work.is_film:
                self._try(task, self._film)

    def _do_stills(self, tasks: Sequence[Task]) -> None:
        """All stills under one head, which counts them."""
        first, last = self._plan.place_of(tasks[0]), self._plan.place_of(tasks[-1])
        place = Place(
            number=0, count=first.count, start=first.start, end=last.end, first=first.first, began=first.began
        )
        name = f"{len(tasks)} still{'s' if len(tasks) > 1 else ''}"
        self._progress.film(name, part="stills", place=place)
        self._progress.stage("network", 0, 1)
        from jobs.run.stills import StillColorist  # takes a while: it loads torch

        colorist = StillColorist(self._plan.template)
        self._progress.stage("network", 1, 1)

        def color(task: Task) -> dict[str, Any]:
            notes = colorist.color(
                task.work.source,
                task.work.output,
                overwrite=task.is_own or self._plan.overwrite,
            )
            for line in notes:
                self._progress.note(f"{task.work.output.name}: {line}")
            return {"notes": list(notes), "sha256": file_sha256(task.work.output)}

        for done, task in enumerate(tasks):
            self._progress.stage("stills", done, len(tasks), "still")
            self._try(task, color)
        self._progress.stage("stills", len(tasks), len(tasks), "still")

    def _film(self, task: Task) -> dict[str, Any]:
        work = task.work
        self._progress.film(work.source.name, place=self._plan.place_of(task))
        from jobs.records.film_record import read_record
        from jobs.records.premis import luma_line
        from jobs.run.finish import run_film

        job = self._plan.job_of(task)

        def before_publish(whole: Path) -> None:
            self._options.check()
            self._ledger.note_result(work, whole, fingerprint=self._plan.fingerprint)

        made = run_film(
            job,
            self._progress,
            before_publish=before_publish,
            workers=self._options.workers,
            scheduler=self._options.scheduler,
        ).as_json()
        details = {key: value for key, value in made.items() if key in ("frames", "shots", "seconds", "lost")}
        if job.report:
            details["luma"] = luma_line(read_record(record_path(job.output)).luma)
        return details

    def _try(self, task: Task, act: Callable[[Task], dict[str, Any]]) -> None:
        """Does one task and puts what became of it into the ledger."""
        work = task.work
        self._options.check()
        self._ledger.note_start(work)
        try:
            details = act(task)
        except BatchStoppedError:
            raise
        except Exception as error:
            message = expected_line(error) or self._explain(error)
            self._ledger.note_failure(work, message)
            line = message if str(work.source) in message else f"{work.source}: {message}"
            self._progress.note(line, warning=True)
        else:
            self._ledger.note_done(work, fingerprint=self._plan.fingerprint, details=details)
