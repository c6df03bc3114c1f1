"""Which presets a job of a queue may name: a queue's worker may read files that its users may not.

A preset by path would be any file of the worker's host. So a job that was dropped, submitted or put into the
spool names a preset that comes with Kinochrome, or one of a single folder that the worker was given.
"""

import stat
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import SettingsError

_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class QueuePresets:
    """The presets of a queue beside those that come with Kinochrome: the files of one folder, or none."""

    folder: Path | None = None
    """Links on the way to it are followed, those in it are not. Who may write there may use the worker's rights."""

    def __post_init__(self) -> None:
        if self.folder is not None:
            if not self.folder.is_dir():
                raise SettingsError(f"--presets: no such folder: {self.folder}; make it first")
            object.__setattr__(self, "folder", self.folder.resolve())

    def find(self, name: str) -> Path | None:
        """The file of a preset, which is named by itself, without its suffix, or with the folder's own path.

        None where that is no plain file right in the folder: hidden, a link, in a folder below, elsewhere.
        """
        place, _, base = name.rpartition("/")
        if self.folder is None or not base or base.startswith("."):
            return None
        if "/" in name and place != str(self.folder):
            return None
        path = self.folder / (base if base.endswith(_SUFFIXES) else f"{base}.yaml")
        try:
            return path if stat.S_ISREG(path.lstat().st_mode) else None
        except (OSError, ValueError):  # not there; or a name that no file can have
            return None

    @property
    def names(self) -> tuple[str, ...]:
        """The names that `find` finds, without suffixes, sorted."""
        if self.folder is None:
            return ()
        files = (path.name for path in self.folder.iterdir() if path.name.endswith(_SUFFIXES))
        return tuple(sorted({name.rpartition(".")[0] for name in files if self.find(name) is not None}))


NO_PRESETS = QueuePresets()
"""None beside those that come with Kinochrome."""
