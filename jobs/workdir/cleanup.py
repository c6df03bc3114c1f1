"""Removes what a dead run left: partial files, and the work folder of a film without a plan."""

import contextlib
from pathlib import Path

from jobs.supervise.heartbeat import Trace
from jobs.workdir.folder import WorkDir
from pipeline.errors import KinochromeError


def tidy_up(traces: list[Trace]) -> None:
    """Removes half-written files and temporary folders of a process that is gone."""
    from pipeline.partial_files import remove_partials, remove_temporary_folders

    for trace in traces:
        output = Path(trace.output)
        with contextlib.suppress(OSError, KinochromeError):
            for folder in (output, output.parent):
                if folder.is_dir():
                    remove_partials(folder, name=None if folder == output else output.name)
            if trace.work is not None and Path(trace.work).is_dir():
                WorkDir(Path(trace.work), output=output).clear_up(map(Path, trace.made))
    remove_temporary_folders()
