"""Does a film on many machines: a Dask cluster whose workers share the work folder.

Each worker gets one task at a time, some segments, addressed to it alone: so it is clear whose segments are left when
it dies. What is done is what the folder's records say; the scheduler is only asked who is there. A worker that
comes later is examined as the first ones were, and then gets its share.
"""

import contextlib
import logging
import time
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from jobs.progress.log_forwarding import replay
from jobs.segments.lanes import Report
from jobs.segments.task import SegmentTask, job_as_json
from jobs.settings.job import Job
from jobs.settings.output_paths import segment_folder
from jobs.workdir.film_spec import FilmSpec
from jobs.workdir.folder import WorkDir
from jobs.workdir.status import survey
from jobs.workers import dask_worker
from jobs.workers.dask_client import Link, Member
from jobs.workers.dask_members import Crew, questioning
from jobs.workers.task_queue import TaskQueue
from pipeline.errors import DeviceError, OutputError, SettingsError
from pipeline.media import Segment

if TYPE_CHECKING:
    from distributed import Future

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 1.0
_ANSWER_SECONDS = 30.0
_PATIENCE_SECONDS = 60.0
_SETTLE_SECONDS = 10.0
_PAUSE_SECONDS = 0.1
_SHARE_SECONDS = 90.0


def check_cluster(
    job: Job, *, work: WorkDir, scheduler: str, patience_seconds: float = _PATIENCE_SECONDS
) -> str:
    """Looks whether all workers that are there fit the job; returns how many and which they are, for the user.

    Raises SettingsError, a line for each worker that does not: it has no nanny, another version, other weights, or does
    not see film and work folder under our paths. Raises DeviceError where the scheduler or all workers are absent.
    """
    with Link(scheduler) as link, questioning(job, work.path) as question:
        crew = Crew(link, question)
        crew.gather(answer_seconds=_ANSWER_SECONDS, patience_seconds=patience_seconds)
        gpus = sum(member.gpus > 0 for member in crew.members.values())
        busy = f", {len(crew.pending)} at other work" if crew.pending else ""
        return f"workers: {len(crew.members)} at {scheduler} ({gpus} with a GPU{busy})"


def do_on_cluster(
    spec: FilmSpec,
    segments: Sequence[Segment],
    *,
    scheduler: str,
    report: Report,
    patience_seconds: float = _PATIENCE_SECONDS,
) -> None:
    """Colours and renders the segments that are not done yet, on the workers of a Dask scheduler.

    Raises what a worker raised, once the others have finished what they were at; DeviceError where the scheduler is
    lost, no worker is there for `patience_seconds`, or one segment cost three processes their life; and as
    `check_cluster`. What is finished is kept. When this returns or raises, KeyboardInterrupt included, no worker
    that can still be reached works on the film.
    """
    left = TaskQueue(spec, segments, report=report, cure="a smaller color.short_side")
    if not left:
        return
    work = spec.film.work
    with Link(scheduler) as link, questioning(spec.job, work.path) as question:
        crew = Crew(link, question)
        crew.gather(answer_seconds=_ANSWER_SECONDS, patience_seconds=patience_seconds)
        dispatcher = _Dispatcher(spec, left, link=link, crew=crew, report=report, patience=patience_seconds)
        try:
            dispatcher.run()
        finally:
            dispatcher.settle()
            work.remove_partials()
    _wait_for_records(spec, segments)


class _Dispatcher:
    """Hands out segments to a crew that comes and goes, and copes with deaths and errors."""

    def __init__(
        self, spec: FilmSpec, left: TaskQueue, *, link: Link, crew: Crew, report: Report, patience: float
    ) -> None:
        self._spec, self._left, self._link, self._crew = spec, left, link, crew
        self._report, self._patience = report, patience
        self._run = uuid.uuid4().hex
        self._job, self._folder = job_as_json(spec.job), str(spec.film.work.path.absolute())
        self._tasks: dict[str, tuple[tuple[Segment, ...], Future]] = {}
        self._unsure: set[int] = set()
        self._has_begun = False
        self._failure: BaseException | None = None

    def run(self) -> None:
        """Returns when all is done; else raises."""
        self._link.subscribe(dask_worker.TOPIC, self._hear)
        looked = seen = time.monotonic()
        while self._tasks or (self._left and self._failure is None):
            hands = self._hands if self._failure is None else []
            for member in hands:
                if member.address not in self._tasks:
                    self._give(member, len(hands))
            self._link.wait(self._pending, seconds=_LOOK_SECONDS)
            for address in [name for name, (_, future) in self._tasks.items() if future.done()]:
                self._collect(address)
            now = time.monotonic()
            if self._crew.pending or now - looked >= _LOOK_SECONDS:
                looked = now
                self._look()
            if self._crew.members or self._crew.pending:
                seen = now
            elif now - seen > self._patience:
                self._fail(self._crew.nobody(self._patience))
        if self._failure is not None:
            raise self._failure

    def settle(self) -> None:
        """Returns when nobody works for this run any more, and dead processes' partial files are removed."""
        self._link.cancel(self._pending)
        folders = [str(segment_folder(self._spec.film.work.path, index)) for index in sorted(self._unsure)]
        end = time.monotonic() + _SETTLE_SECONDS
        left = set(self._crew.members)
        while left and self._link.is_open and (seconds := end - time.monotonic()) > 0:
            arguments = (self._run, folders)
            answers = self._link.tell(dask_worker.settle, *arguments, workers=sorted(left), seconds=seconds)
            left -= {address for address, settled in answers.items() if settled}
            with contextlib.suppress(DeviceError):
                left &= self._link.members().keys()
            if left:
                time.sleep(_PAUSE_SECONDS)

    def _give(self, member: Member, crew: int) -> None:
        task = self._left.next_task(crew)
        if not task:
            return
        job = self._spec.job
        self._unsure.update(segment.index for segment in task)
        sent = SegmentTask(
            job=self._job,
            work=self._folder,
            segments=tuple(segment.index for segment in task),
            device="cuda" if job.device.startswith("cuda:") else None,
        )
        process = self._crew.processes[member.address]
        arguments = (sent, self._run, process, torch.get_num_threads(), _log.getEffectiveLevel())
        gpu = member.gpus >= 1 and self._wants_gpu
        self._has_begun = True
        self._tasks[member.address] = (
            task,
            self._link.give(dask_worker.work, *arguments, to=member, gpu=gpu),
        )

    @property
    def _pending(self) -> "list[Future]":
        return [*(future for _, future in self._tasks.values()), *self._crew.pending]

    @property
    def _hands(self) -> list[Member]:
        """Those of the crew who get work: where some have a GPU that the job may use, only they."""
        members = list(self._crew.members.values())
        with_gpu = [member for member in members if member.gpus >= 1] if self._wants_gpu else []
        return with_gpu or members

    @property
    def _wants_gpu(self) -> bool:
        return self._spec.job.from_proxy is None and self._spec.job.device != "cpu"

    def _hear(self, message: object) -> None:
        match message:
            case {"run": self._run, "stage": str(stage), "segment": int(segment), "done": int(done)}:
                self._report(stage, segment, done)
            case {"run": self._run, "level": int(level), "logger": str(name), "text": str(text)}:
                replay(name, level, text)

    def _collect(self, address: str) -> None:
        task, future = self._tasks.pop(address)
        frames = self._link.result(future)
        if frames is None or type(frames).__name__ == "KilledWorker":
            self._handle_death(address, task)
            return
        if isinstance(frames, BaseException):
            self._fail(frames)
            return
        for stage, segment, done in frames:
            self._report(stage, segment, done)
        rendered = {segment: done for stage, segment, done in frames if stage == "render"}
        left = [part for part in task if rendered.get(part.index) != part.end - part.start]
        self._unsure -= {part.index for part in task} - {part.index for part in left}
        if left and self._failure is None:  # it is about to close
            self._left.put_back(left)
            self._crew.drop(address)

    def _look(self) -> None:
        """Handles workers that are gone or new."""
        gone, faults = self._crew.update()
        if faults and not self._has_begun:
            self._fail(SettingsError.of_many(faults))
        for fault in faults if self._has_begun else ():
            _log.warning("%s; it gets no work", fault)
        for address in gone:
            if address in self._tasks:
                task, future = self._tasks.pop(address)
                self._link.cancel([future])
                self._handle_death(address, task)

    def _handle_death(self, address: str, task: Sequence[Segment]) -> None:
        """Requeues what a dead process left undone."""
        self._crew.drop(address)
        try:
            self._left.requeue_undone(task)
        except DeviceError as error:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        """Keeps the first error; nobody begins anything new."""
        if self._failure is None:
            self._failure = error
            self._link.tell(dask_worker.stop, self._run, workers=list(self._tasks), seconds=_LOOK_SECONDS)


def _wait_for_records(spec: FilmSpec, segments: Sequence[Segment]) -> None:
    """Returns when what workers of other hosts finished shows here too: shares keep what they read for a while."""
    end = time.monotonic() + _SHARE_SECONDS
    while left := [found for found in survey(spec, segments=segments, hashed=False) if not found.is_done]:
        if time.monotonic() > end:
            message = f"{len(left)} segments that workers have finished do not show in {spec.film.work.path}"
            raise OutputError(
                f"{message} after {_SHARE_SECONDS:.0f} s; a folder that is one for all hosts works"
            )
        time.sleep(_PAUSE_SECONDS)
