"""A batch for the command line: each film and still in a process of its own, a table at the end."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.cli.bug_report import describe_bug
from jobs.progress.reporters import Details, Progress, one_line
from jobs.supervise.heartbeat import is_supervised
from jobs.supervise.isolation import isolate
from jobs.supervise.signals import INTERRUPTED
from jobs.workdir.cleanup import tidy_up
from models.errors import ModelError
from pipeline.errors import KinochromeError, OutputError

if TYPE_CHECKING:
    from jobs.batch.plan import MakeJob

_FAULT = 1


def colorize_batch(
    sources: Sequence[Path],
    output: Path,
    make: "MakeJob",
    progress: Progress,
    *,
    workers: int | None,
    scheduler: str | None,
    check: Callable[[], None] | None,
    shows_table: bool,
) -> Details:
    """Does every film and still that is not done yet; BatchError, after the table, where one failed.

    `check` is called before each and may raise to end the run.
    """
    from jobs.batch.index_page import write_index
    from jobs.batch.plan import plan_batch
    from jobs.batch.results import BatchError
    from jobs.batch.run import BatchOptions, BatchStoppedError, run_batch
    from jobs.batch.table import as_table, count_line

    plan = plan_batch(sources, output, make)
    for line in plan.lines():
        progress.note(line)

    def still_ours() -> None:
        try:
            if check is not None:
                check()
        except KinochromeError as error:
            raise BatchStoppedError(str(error)) from error

    options = BatchOptions(workers=workers, scheduler=scheduler, check=still_ours)
    guard = _Guard(progress) if is_supervised() else None
    result = run_batch(plan, progress, options=options, guard=guard, explain=describe_bug)
    index = write_index(plan.output, progress=progress) if plan.output.is_dir() else None
    progress.close()
    if shows_table:
        sys.stdout.write(as_table(result, index=index))
        sys.stdout.flush()
    if result.failed:
        message = f"{count_line(result)}; the same command tries again what failed"
        raise BatchError(message, result)
    return {**result.as_json(), "index": index}


class _Guard:
    """Does part of a batch in a forked process; what that died of is a line, not the end of this one."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def __call__(self, call: Callable[[], None]) -> str | None:
        """Why the process died; None where it came to its end. Raises KeyboardInterrupt, and OutputError where the
        batch cannot go on."""
        said: list[str] = []
        me = os.getpid()
        code = isolate(
            lambda: self._perform(call), tell=lambda code, line: said.append(line), tidy_up=tidy_up
        )
        if os.getpid() != me:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            os._exit(code)
        if code == INTERRUPTED:
            raise KeyboardInterrupt
        if said:
            return one_line(said[-1])
        if code:
            raise OutputError("the batch ends here; what is done is kept, and the same command goes on")
        return None

    def _perform(self, call: Callable[[], None]) -> int:
        try:
            call()
        except KeyboardInterrupt:
            return INTERRUPTED
        except (KinochromeError, ModelError) as error:
            lines = error.lines if isinstance(error, KinochromeError) else (str(error),)
            for line in lines:
                self._progress.note(line, warning=True)
            return _FAULT
        except Exception as error:
            self._progress.note(describe_bug(error), warning=True)
            return _FAULT
        finally:
            self._progress.close()
        return 0
