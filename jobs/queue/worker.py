"""A worker: takes jobs from a spool one by one, runs each in a child process, and says what became of it.

Beside its own job it looks after the spool: jobs of workers that gave no sign of life go back, and a drop folder
is served.
"""

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import TypeVar

from jobs.progress.reporters import Progress
from jobs.queue.child import RUN, Child
from jobs.queue.claim import CANCEL, drop_notes, is_published, rerun_options
from jobs.queue.drop_folder import DropFolder
from jobs.queue.entry import Entry, State, make_claim
from jobs.queue.folder import Spool, SpoolError
from jobs.queue.heartbeat import HeartbeatWatch, HeartbeatWriter
from jobs.queue.job_file import Order, read_order
from jobs.queue.job_log import JobLog
from jobs.queue.recovery import beat_path, move_on, return_dead, verdict
from jobs.queue.settings import WorkerSettings
from jobs.settings.queue_presets import NO_PRESETS, QueuePresets
from jobs.version import VERSION
from pipeline.errors import SettingsError

_Result = TypeVar("_Result")


@dataclass
class Tally:
    """What became of the jobs that this worker had."""

    ended: dict[str, int] = field(default_factory=dict)

    def count(self, outcome: str) -> None:
        """One more of them."""
        self.ended[outcome] = self.ended.get(outcome, 0) + 1


class Worker:
    """Serves one spool; `stop` may be set from a signal handler or another thread."""

    def __init__(
        self,
        spool: Spool,
        *,
        settings: WorkerSettings,
        progress: Progress,
        drop: DropFolder | None = None,
        run: Sequence[str] = RUN,
        workers: int | None = None,
        presets: QueuePresets = NO_PRESETS,
    ) -> None:
        """`run` is the command that runs a job: the job file and options of `kinochrome run` come after it.

        `workers` is handed on to every run of a film, the folder of `presets` to every run.
        """
        self.stop = threading.Event()
        self._spool = spool
        self._settings = settings
        self._progress = progress
        self._drop = drop
        self._command = run
        self._of_all = [] if presets.folder is None else ["--presets", str(presets.folder)]
        self._of_films = [] if workers is None else ["--workers", str(workers)]
        self._watch = HeartbeatWatch(dead_seconds=settings.dead_seconds)
        self._waiting = False
        self._tally = Tally()

    def serve(self) -> Tally:
        """Works until there is nothing to do (`once`, `drain`) or `stop` is set; else for ever.

        Raises SpoolError with `once` only; else waits for the spool with growing pauses.
        """
        pause = first = min(1.0, self._settings.longest_pause_seconds)
        with contextlib.suppress(SpoolError):
            self._spool.tidy()
        while not self.stop.is_set():
            try:
                pending = self._look_around()
                mine = self._spool.claim(make_claim(host=socket.gethostname(), pid=os.getpid()))
                self._reached()
                pause = first
                if mine is not None:
                    self._do(mine)
                elif not pending and self._is_over():
                    break
            except SpoolError as error:
                if self._settings.once:
                    raise
                self._missed(error)
                self.stop.wait(pause)
                pause = min(2 * pause, self._settings.longest_pause_seconds)
                continue
            if mine is None:
                self.stop.wait(self._settings.poll_seconds)
            elif self._settings.once:
                break
        return self._tally

    def _is_over(self) -> bool:
        if self._settings.once:
            self._progress.note("no job waits")
        return self._settings.once or (self._settings.drain and not self._spool.entries("queue", "running"))

    def _look_around(self) -> bool:
        """Returns dead workers' jobs and takes in what was dropped; whether more may come of either."""
        for entry, state in return_dead(self._spool, self._watch):
            self._progress.note(
                f"{entry.id}: {entry.worker} gave no sign of life; now in {state}/", warning=True
            )
        return self._drop is not None and self._drop.look(self._spool, self._progress)

    def _do(self, mine: Entry) -> None:
        log = JobLog(self._spool.log_path(mine.id))
        started = time.monotonic()
        try:
            order = read_order(self._spool.file(mine))
        except FileNotFoundError:
            return self._settle(mine, None, log, "was taken away")
        except SettingsError as error:
            return self._settle(mine, "failed", log, str(error))
        except OSError as error:
            raise SpoolError(f"cannot read {self._spool.file(mine)}: {error.strerror}") from error
        log.say(
            f"=== attempt {mine.attempts} of {order.attempts}: {mine.worker}, {_now()}, kinochrome {VERSION}"
        )
        if order.version != VERSION:
            log.say(f"kinochrome: warning: submitted by kinochrome {order.version}; this is {VERSION}")
        self._progress.note(f"{mine.id}: started, attempt {mine.attempts} of {order.attempts}: {order.input}")
        if is_published(self._spool, mine, order):
            return self._settle(mine, "done", log, "was finished by the attempt before")
        with self._heartbeat(mine, log):
            state, message = self._run(mine, order, log)
            seconds = time.monotonic() - started
            return self._settle(mine, state, log, f"{message}, {seconds:.1f} s")

    @contextlib.contextmanager
    def _heartbeat(self, mine: Entry, log: JobLog) -> Iterator[None]:
        """Beats for the length of the block; where no heartbeat can be written, the job goes back instead."""
        writer = HeartbeatWriter(
            beat_path(self._spool, mine),
            every_seconds=self._settings.beat_seconds,
            line=lambda: log.last_line,
        )
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(writer)
            except OSError as error:
                self._spool.move(mine, "queue", attempts=mine.attempts - 1)
                message = f"cannot write into the spool {self._spool.path}: {error.strerror}"
                raise SpoolError(message) from error
            yield

    def _run(self, mine: Entry, order: Order, log: JobLog) -> tuple[State | None, str]:
        """Where the job goes after this attempt (None: it is not ours any more), and why."""
        options = rerun_options(self._spool, mine) if order.stills else self._of_films
        command = [*self._command, str(self._spool.file(mine)), *self._of_all, *options]
        with Child(command, log=log) as child:
            while True:
                code = child.wait(self._settings.beat_seconds, unless=self.stop)
                if code is not None:
                    return verdict(code, attempt=mine.attempts, attempts=order.attempts)
                if self.stop.is_set():
                    code = child.stop(grace_seconds=self._settings.grace_seconds)
                    return ("done", "done") if code == 0 else ("queue", "the worker was stopped")
                try:
                    if not self._spool.holds(mine):
                        code = child.stop(grace_seconds=0)
                        return ("done", "done") if code == 0 else (None, "was taken away")
                    if self._spool.sidecar(mine.id, CANCEL).exists():
                        code = child.stop(grace_seconds=self._settings.grace_seconds)
                        return ("done", "done") if code == 0 else ("cancelled", "cancelled")
                    self._look_around()
                    self._reached()
                except SpoolError as error:
                    self._missed(error)

    def _settle(self, mine: Entry, state: State | None, log: JobLog, message: str) -> None:
        """Moves the job on, however long the spool is away; says what became of it."""
        attempts = mine.attempts - 1 if state == "queue" and self.stop.is_set() else mine.attempts
        moved = self._insist(lambda: move_on(self._spool, mine, state, attempts=attempts))
        if moved is None:
            return self._let_go(mine, state, log, message)
        log.say(f"=== {message}; now in {moved.state}/")
        log.flush()
        if moved.state != "queue":
            drop_notes(self._spool, mine.id, done=moved.state == "done")
        outcome = "back in the queue" if moved.state == "queue" else moved.state
        self._tally.count(outcome)
        if outcome in ("done", "cancelled"):
            return self._progress.note(f"{mine.id}: {message}")
        self._progress.note(f"{mine.id}: {moved.state}: {message}", warning=True)
        if outcome == "failed":
            self._progress.note(f"{mine.id}: see {log.path}")
        return None

    def _let_go(self, mine: Entry, state: State | None, log: JobLog, message: str) -> None:
        """The job was given away while this worker gave no sign of life, or cancelled: no fault of anything."""
        ended = self._insist(lambda: self._spool.entries("done"))
        if state == "done" or any(entry.id == mine.id for entry in ended):
            self._tally.count("done")
            self._progress.note(f"{mine.id}: done{'' if state == 'done' else ' by another worker'}")
            return
        log.say(
            f"=== {message}; attempt {mine.attempts} ends, for another worker has the job, or it was cancelled"
        )
        log.flush()
        self._tally.count("let go")
        self._progress.note(f"{mine.id}: let go: another worker has it now, or it was cancelled")

    def _insist(self, act: Callable[[], _Result]) -> _Result:
        pause = min(1.0, self._settings.longest_pause_seconds)
        while True:
            try:
                return act()
            except SpoolError as error:
                if self._settings.once or self.stop.is_set():
                    raise
                self._missed(error)
                self.stop.wait(pause)
                pause = min(2 * pause, self._settings.longest_pause_seconds)

    def _missed(self, error: SpoolError) -> None:
        if not self._waiting:
            self._progress.note(f"{error}; waiting for it", warning=True)
        self._waiting = True

    def _reached(self) -> None:
        if self._waiting:
            self._progress.note(f"the spool {self._spool.path} is back")
        self._waiting = False


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S %z")


@contextlib.contextmanager
def stopping(worker: Worker) -> Iterator[None]:
    """For the length of the block, SIGTERM and Ctrl-C stop the worker, which gives its job back first."""

    def stop(number: int, frame: FrameType | None) -> None:
        worker.stop.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
