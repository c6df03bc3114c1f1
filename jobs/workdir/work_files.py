"""The files of a work folder: how it is recognised as ours, and how it is removed so that a kill does no harm."""

import contextlib
import errno
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from jobs.settings.output_paths import OUTPUT_NAME, SEGMENTS_NAME, fingerprint_in
from jobs.workdir.locks import is_lock
from pipeline.errors import OutputError
from pipeline.partial_files import all_partials, partial_path, partials_of

LOCK = "job.lock"
JOB = "job.yaml"
PLAN = "plan.json"
EVENTS = "events.jsonl"
PROGRESS, CANCEL = "progress.json", "cancel"
_STAGE_LOCKS = ("plan.lock", "mux.lock")
_TRIES, _TRY_SECONDS = 3, 0.05


def is_work_folder(folder: Path) -> bool:
    """Whether Kinochrome made a folder to work in, or for a dataset's records; False for a link to one."""
    return not folder.is_symlink() and is_lock(folder / LOCK)


def refuse_link(folder: Path) -> None:
    """Raises OutputError for a work folder that is a link."""
    if folder.is_symlink():
        message = "is a link, and what is in a work folder gets removed; remove the link, or name a folder with --work"
        raise OutputError(f"the work folder {folder} {message}")


def refuse_others(folder: Path) -> None:
    """Raises OutputError for a folder with files that is not ours, OSError if it is no folder."""
    for _ in range(_TRIES):  # others may be making it, or removing it
        is_ours = is_lock(folder / LOCK)
        own = {LOCK, *(path.name for path in all_partials(folder))}
        strange = sorted({path.name for path in folder.iterdir()} - own)
        if is_ours or not strange:
            return
        time.sleep(_TRY_SECONDS)
    message = (
        f"holds {strange[0]} and was not made by Kinochrome; move it, or name another folder with --work"
    )
    raise OutputError(f"the work folder would be {folder}, which {message}")


def restore_output_record(folder: Path, *, output: Path | None, is_alone: bool) -> None:
    """Restores output.json after a kill at the end of `remove_work`, when nothing but its partial was left.

    If it is not of `output` as it is now, it is removed by a run, which is alone in the folder.
    """
    for note in partials_of(folder):
        with contextlib.suppress(OSError):
            if output is not None and fingerprint_in(note, output) is not None:
                note.rename(folder / OUTPUT_NAME)
            elif is_alone:
                note.unlink()


def remove_work(folder: Path, *, made: Sequence[Path]) -> None:
    """Removes a job's files, and the folders of `made` that are empty then; other people's files stay.

    After a kill at any point the next run recognises its film and continues here, because output.json is removed last,
    in one step. The lock is removed late, so that nobody gets a half-removed folder. Raises OSError.
    """
    segments = folder / SEGMENTS_NAME
    if segments.is_dir() and not segments.is_symlink():
        _remove_tree(segments)
    for path in (
        *all_partials(folder),
        *(folder / name for name in (PLAN, JOB, EVENTS, PROGRESS, CANCEL, *_STAGE_LOCKS)),
    ):
        path.unlink(missing_ok=True)
    note = partial_path(folder)
    others = [path for path in partials_of(folder) if path != note]
    with contextlib.suppress(FileNotFoundError):
        (folder / OUTPUT_NAME).rename(note)
    (folder / LOCK).unlink(missing_ok=True)
    _remove_folder(folder)
    for path in (*others, note):
        path.unlink(missing_ok=True)
    for path in reversed(made):
        if path != folder:
            _remove_folder(path)


def _remove_tree(folder: Path) -> None:
    """Removes a folder; what is gone already is no error."""

    def judge(function: object, path: str, raised: tuple[object, BaseException, object]) -> None:
        if not isinstance(raised[1], FileNotFoundError):
            raise raised[1]

    shutil.rmtree(folder, onerror=judge)


def _remove_folder(folder: Path) -> None:
    """Removes a folder if it is empty; else somebody keeps files in it."""
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT}:
            raise
