"""What can go wrong on the film side, by what the caller can do about it.

KinochromeError
├── SourceError    (ValueError)    the film or still cannot be read, or is not what it says
├── SettingsError  (ValueError)    a setting, a job file or a combination of both does not work
├── OutputError    (OSError)       the result cannot be written, or the container cannot hold it
└── DeviceError    (RuntimeError)  the compute device failed or is too small

Every message is one line that says what was being done, to which file, frame or key, what was found
and what would work. Errors of the model side have a tree of their own in `models.errors`.
"""

from collections.abc import Iterable, Mapping
from typing import Self


class KinochromeError(Exception):
    """Base of every error that a user can cause and cure."""

    _lines: tuple[str, ...] | None = None

    @classmethod
    def of_many(cls, lines: Iterable[str]) -> Self:
        """One error for several faults, each of which is told in a line of its own."""
        told = tuple(lines)
        error = cls("\n".join(told))
        error._lines = told
        return error

    @property
    def lines(self) -> tuple[str, ...]:
        """What to tell, a fault each; only names in them, whatever their bytes, can hold a line break."""
        return (str(self),) if self._lines is None else self._lines


class SourceError(KinochromeError, ValueError):
    """The film or still cannot be read, or is not what it says."""


class SettingsError(KinochromeError, ValueError):
    """A setting, a job file or a combination of both does not work."""

    keys: Mapping[tuple[str, ...], str] = {}
    """For faults inside the values of one section: the way to each from that section, and what is wrong there."""

    @classmethod
    def of_keys(cls, faults: Mapping[tuple[str, ...], str]) -> Self:
        """One error for several faults of a section, each with its key."""
        error = cls.of_many(f"{'.'.join(way)}: {text}" for way, text in faults.items())
        error.keys = dict(faults)
        return error


class OutputError(KinochromeError, OSError):
    """The result cannot be written, or the container cannot hold it."""


class DeviceError(KinochromeError, RuntimeError):
    """The compute device failed or is too small."""
