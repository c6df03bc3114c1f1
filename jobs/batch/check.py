"""Says of a batch what a run would do of each film and still, and about how long it would take."""

from dataclasses import dataclass, field
from pathlib import Path

from jobs.batch.plan import BatchPlan, Task
from jobs.estimate.measure import check_job
from jobs.estimate.price import Estimate, duration
from jobs.progress.reporters import Progress, one_line
from jobs.run.stills import check_still
from jobs.segments.spec import check_output
from jobs.workdir.film_spec import probe_source
from models.errors import ModelError
from pipeline.errors import KinochromeError
from pipeline.media import FilmInfo


@dataclass(frozen=True, kw_only=True)
class CheckedBatch:
    """What a run would do."""

    plan: BatchPlan
    faults: dict[Path, str]
    """Why it would not make an output, by source."""
    films: dict[Path, FilmInfo] = field(default_factory=dict)
    """Those that it would colour."""
    measured: Estimate | None = None
    """The price of the longest of them."""

    def as_table(self) -> str:
        """A line for each film and fault, then the counts and about how long it will take."""
        rows = []
        for task in self.plan.tasks:
            fault, work = self.faults.get(task.work.source), task.work
            if fault is not None:
                rows.append(("fails", work.source.name, fault))
            elif work.is_film:
                info = self.films.get(work.source)
                rows.append(
                    ("done", work.source.name, "")
                    if info is None
                    else ("run", work.source.name, _film_line(info))
                )
        width = max((len(row[1]) for row in rows), default=0)
        lines = [
            f"{one_line(state):<6} {one_line(name):<{width}}  {one_line(what)}".rstrip()
            for state, name, what in rows
        ]
        lines += self.plan.lines()
        if self.seconds is not None and self.measured is not None:
            name = self.measured.film.path.name
            lines.append(f"about {duration(self.seconds)} for the films, as measured on {one_line(name)}")
        return "\n".join(lines) + "\n"

    @property
    def seconds(self) -> float | None:
        """For all films, by frames and size, from the pace of the one that was measured; None if that is not known."""
        one = self.measured
        if one is None or one.seconds is None or not _weight(one.film):
            return None
        return one.seconds * sum(map(_weight, self.films.values())) / _weight(one.film)

    def as_json(self) -> dict[str, object]:
        """For a program."""
        return {
            "output": str(self.plan.output),
            "to_do": [str(task.work.source) for task in self.plan.tasks if self._is_to_do(task)],
            "done": sum(task.todo == "nothing" for task in self.plan.tasks),
            "faults": {str(path): fault for path, fault in self.faults.items()},
            "others": [str(path) for path in self.plan.found.others],
            "seconds": None if self.seconds is None else round(self.seconds, 1),
        }

    def _is_to_do(self, task: Task) -> bool:
        return task.todo == "all" and task.work.source not in self.faults


def check_batch(plan: BatchPlan, progress: Progress, *, workers: int | None = None) -> CheckedBatch:
    """Opens every film and still that a run would colour; measures the longest film for some seconds.

    Nothing is written but temporary files. Raises as `check_job`.
    """
    faults = {task.work.source: task.why for task in plan.tasks if task.todo == "refused"}
    films: dict[Path, FilmInfo] = {}
    jobs = {}
    todo = [task for task in plan.tasks if task.todo == "all"]
    for number, task in enumerate(todo):
        progress.stage("look", number, len(todo), "file")
        source = task.work.source
        try:
            if task.work.is_film:
                jobs[source] = plan.job_of(task)
                films[source] = probe_source(jobs[source])
                check_output(jobs[source], films[source])
            else:
                check_still(plan.job_of(task))
        except (KinochromeError, ModelError) as error:
            lines = error.lines if isinstance(error, KinochromeError) else (str(error),)
            faults[source] = "; ".join(lines)
            films.pop(source, None)
    progress.stage("look", len(todo), len(todo), "file")
    longest = max(films, key=lambda path: _weight(films[path]), default=None)
    measured = None if longest is None else check_job(jobs[longest], workers=workers)
    return CheckedBatch(plan=plan, faults=faults, films=films, measured=measured)


def _weight(film: FilmInfo) -> float:
    """Pixels of all frames, by the header."""
    seconds, rate = film.duration_seconds_from_header, film.rate_from_header
    return 0.0 if seconds is None or rate is None else float(seconds * rate) * film.width * film.height


def _film_line(film: FilmInfo) -> str:
    seconds = film.duration_seconds_from_header
    length = "" if seconds is None else f", {duration(float(seconds))}"
    return f"{film.width}x{film.height} {film.video.codec}{length}"
