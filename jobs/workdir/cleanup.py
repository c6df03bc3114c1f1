"""What a run leaves behind is taken away: partial files, and the work folder of a film without a plan."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from jobs.supervise import heartbeat as pulses
from jobs.workdir.folder import WorkDir
from pipeline.errors import KinochromeError


def clear_up(path: Path, *, output: Path, made: Sequence[Path]) -> None:
    """Does for a run that died, and made these folders, what it does itself when it fails; raises KinochromeError."""
    if path.is_dir():
        work = WorkDir(path, output=output)
        work._lock, work._made = work._acquire(), list(made)
        work.remove_partials()
        work._leave(failed=True)


def tidy_up(traces: list[pulses.Trace]) -> None:
    """Takes away what a process that is gone left half-written, temporary folders included."""
    from pipeline.partial_files import remove_partials, remove_temporary_folders

    for trace in traces:
        output = Path(trace.output)
        with contextlib.suppress(OSError, KinochromeError):
            for folder in (output, output.parent):
                if folder.is_dir():
                    remove_partials(folder, name=None if folder == output else output.name)
            if trace.work is not None:
                clear_up(Path(trace.work), output=output, made=[Path(folder) for folder in trace.made])
    remove_temporary_folders()
