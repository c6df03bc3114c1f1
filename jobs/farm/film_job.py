"""One film as a render farm sees it: three commands, of which the middle one is cut into chunks of shots."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.errors import SettingsError

Farm = Literal["openjd", "slurm", "commands"]
FARMS: tuple[Farm, ...] = ("openjd", "slurm", "commands")
"""What a film can be exported for."""
Stage = Literal["plan", "shots", "mux"]
"""A verb of the command line; each needs the one before it to have ended well."""

CHUNK_FRAMES = 2400
"""Frames of a chunk unless somebody asks for a number of shots: loading the network must not weigh."""
MOST_CHUNKS = 1000
"""Chunks unless somebody asks for more: schedulers as they come take arrays of about a thousand."""


@dataclass(frozen=True, kw_only=True)
class FarmJob:
    """What every export is written from. Nothing in it is ever read by a shell."""

    title: str
    """One line for people, see `make_title`."""
    program: tuple[str, ...]
    """The words by which a node of the farm starts Kinochrome."""
    job_file: Path
    """Absolute."""
    work: Path | None = None
    """Folder for the work folders, absolute; None where the job file says, or beside the output."""
    overrides: tuple[str, ...] = ()
    """`key=value` for `--set`, paths absolute."""
    shots: int
    chunk: int
    """Shots that one task colours; the last one may get fewer."""
    gpus: int = 0
    """GPUs that a task of `shots` asks the farm for."""
    threads: int = 1
    """CPUs that a task keeps busy while it encodes."""
    timeout_seconds: int | None = None
    """Longest time of a task; None leaves it to the farm, where a farm can be left alone."""

    def __post_init__(self) -> None:
        if self.shots < 1 or self.chunk < 1:
            raise ValueError(f"{self.shots} shots in chunks of {self.chunk}")
        if not self.program:
            raise SettingsError("program: found nothing; a command such as kinochrome would work")

    def command(self, stage: Stage, *, shots: str | None = None) -> list[str]:
        """The words of a stage's command, over the range `shots` of shots."""
        work = [] if self.work is None else [f"--work={self.work}"]
        sets = [f"--set={override}" for override in self.overrides]
        ranges = [] if shots is None else [f"--range={shots}"]
        return [*self.program, stage, str(self.job_file), *work, *sets, *ranges]

    @property
    def chunk_count(self) -> int:
        """How many tasks colour the film's shots."""
        return -(-self.shots // self.chunk)

    def ranges(self) -> Iterator[str]:
        """The shots of each chunk, first and last, in order: `0-6`, `7-13`, …"""
        for first in range(0, self.shots, self.chunk):
            yield f"{first}-{min(first + self.chunk, self.shots) - 1}"


def default_chunk(*, shots: int, frames: int) -> int:
    """Shots of a chunk: as many as make `CHUNK_FRAMES` frames on average, and no more than MOST_CHUNKS chunks."""
    size = max(round(CHUNK_FRAMES * shots / max(frames, 1)), -(-shots // MOST_CHUNKS))
    return min(max(size, 1), shots)


def make_title(name: str) -> str:
    """A title of one printable line, at most 100 characters, of any file name."""
    line = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+", " ", name).strip()
    return f"Kinochrome {line[:80]}".strip()


def parse_program(text: str) -> tuple[str, ...]:
    """The words of a command as a shell would split them; a relative path becomes absolute.

    Raises SettingsError where a quote is left open or nothing is there.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise SettingsError(f"{text!r}: {error}; 'apptainer exec film.sif kinochrome' would work") from None
    if not words:
        raise SettingsError("found nothing; a command such as kinochrome would work")
    first = str(Path(words[0]).absolute()) if "/" in words[0] else words[0]
    return (first, *words[1:])
