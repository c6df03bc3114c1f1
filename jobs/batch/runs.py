"""The runs of `colorize` and `run` that are under way, or were stopped, in a folder: found by what they left there."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from jobs.batch.ledger import LEDGER_NAME, Ledger
from jobs.progress.rates import clock
from jobs.progress.reporters import one_line
from jobs.settings.output_paths import STATE_NAME, record_path, work_folder
from jobs.workdir.locks import LOCK_NAME, holder
from jobs.workdir.running import RunState, is_held, read_state
from jobs.workdir.work_files import JOB, LOCK, is_work_folder
from pipeline.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run, or what is left of one."""

    output: Path
    """The film, or the output folder of a batch."""
    folder: Path
    """Where it keeps its state."""
    is_running: bool
    state: RunState | None
    """What it said last; None where it has said nothing, or ended."""
    is_finished: bool
    """Whether the film is there, with its report, or a batch came to its end."""
    counts: str = ""
    """Of a batch: what became of its films and stills."""

    @property
    def lock(self) -> Path:
        """Held while it runs."""
        return self.folder / (LOCK_NAME if self.folder.name == STATE_NAME else LOCK)

    @property
    def word(self) -> str:
        """`running`, `stopped` or `finished`."""
        return "running" if self.is_running else "finished" if self.is_finished else "stopped"

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        state = self.state
        return {
            "output": str(self.output),
            "state": self.word,
            "percent": None if state is None else state.percent,
            "seconds_left": state.seconds_left if state is not None and self.is_running else None,
            "phase": state.phase if state is not None and self.is_running else None,
            "film": None if state is None else state.film,
            "number": None if state is None else state.number,
            "count": None if state is None else state.count,
            "process": state.process if state is not None and self.is_running else None,
            "host": state.host if state is not None and self.is_running else None,
        }

    def as_line(self) -> str:
        """For people."""
        parts = [self.word]
        state = self.state
        if state is not None:
            parts[0] = f"{self.word}{'' if self.is_running else ' at'} {state.percent:.0f} %"
            if self.is_running and state.seconds_left is not None:
                parts.append(f"{clock(state.seconds_left)} left")
            if state.count > 1 and state.number:
                parts.append(f"film {state.number} of {state.count}: {state.film}")
            if self.is_running:
                parts += [state.phase, f"process {state.process} on {state.host}"]
        elif self.is_running:
            parts.append(" on ".join(holder(self.lock)))
        if self.counts:
            parts.append(self.counts)
        if self.word == "stopped":
            parts.append("the same command goes on")
        return one_line(f"{self.output}: {', '.join(parts)}")


def find_runs(path: Path, *, work: Path | None = None) -> list[Run]:
    """The run that writes the file or folder `path`, or of a folder every run that works right in it.

    `work` is the folder for work folders that the run was given. Raises SettingsError where there is none.
    """
    if path.is_dir():
        found = [*_batch(path), *_in_folder(path)]
        if is_work_folder(path):
            found = [_of_work(path)]
    else:
        folder = work_folder(path, work=work)
        run = run_in(folder)
        found = [] if run is None else [run]
        if not found and path.exists() and record_path(path).exists():
            found = [Run(output=path, folder=folder, is_running=False, state=None, is_finished=True)]
    if not found:
        raise SettingsError(
            f"{path}: no queue, no job file, and no run works on it now or was stopped there; "
            "the output of a run, its folder, or a queue folder would work"
        )
    return found


def run_in(folder: Path) -> Run | None:
    """The run in a work folder; None where it is none."""
    return _of_work(folder) if is_work_folder(folder) else None


def _batch(folder: Path) -> Iterator[Run]:
    if (folder / STATE_NAME / LEDGER_NAME).is_file():
        ledger = Ledger(folder)
        states = Counter(entry.state for entry in ledger.entries.values())
        counts = ", ".join(f"{states[state]} {state}" for state in ("done", "failed") if states[state])
        yield Run(
            output=folder,
            folder=folder / STATE_NAME,
            is_running=is_held(folder / STATE_NAME / LOCK_NAME),
            state=read_state(folder / STATE_NAME),
            is_finished=ledger.is_over,
            counts=counts,
        )


def _in_folder(folder: Path) -> Iterator[Run]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name != STATE_NAME and is_work_folder(path):
            yield _of_work(path)


def _of_work(folder: Path) -> Run:
    output = _output_of(folder)
    return Run(
        output=output,
        folder=folder,
        is_running=is_held(folder / LOCK),
        state=read_state(folder),
        is_finished=output.exists() and record_path(output).exists(),
    )


def _output_of(folder: Path) -> Path:
    """What the job of a work folder writes, by its settings; by the folder's name where they cannot be read."""
    try:
        values = yaml.safe_load((folder / JOB).read_text(encoding="utf-8"))
        return Path(values["output"])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
        name = folder.name.removeprefix(".").removesuffix(".kinochrome")
        return folder.with_name(name)
