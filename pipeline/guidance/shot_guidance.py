"""What colours are given for one shot: guidance with frames as numbers and colours as ab."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.guidance.hints.marks import PlacedMark
from pipeline.guidance.looks.paling import Lab


@dataclass(frozen=True, kw_only=True)
class PictureFile:
    """A picture that guides, with the hash of its bytes."""

    path: Path
    sha256: str


@dataclass(frozen=True, kw_only=True)
class ShotOverlay:
    """A painted frame."""

    frame: int
    picture: PictureFile


@dataclass(frozen=True, kw_only=True)
class ShotReference:
    """A still in colour."""

    picture: PictureFile
    frame: int | None
    """The frame that it shows; None where it has to be found."""
    weight: float


@dataclass(frozen=True, kw_only=True)
class ShotGuidance:
    """All that is given for a shot. Frames are numbers in the film, from 0."""

    marks: tuple[tuple[int, PlacedMark], ...] = ()
    """Each with its frame, in the order of the job file."""
    overlays: tuple[ShotOverlay, ...] = ()
    references: tuple[ShotReference, ...] = ()
    words: Mapping[str, Lab]
    regions: Mapping[str, Lab]
    kind: str = "photo"
    """`photo`, or `sketch` for line drawings."""
    take: int = 0
    seed: int = 0
    look: str | None = None
    look_file: PictureFile | None = None
    """Where the look is a file."""
    look_strength: float = 1.0

    def identity(self) -> dict[str, object]:
        """All that colours depend on: files by their bytes, not by their names."""
        values = asdict(self)
        for part in (*values["overlays"], *values["references"]):
            part["picture"] = part["picture"]["sha256"]
        if self.look_file is not None:
            values["look"] = self.look_file.sha256
        del values["look_file"]
        return values

    @property
    def files(self) -> tuple[PictureFile, ...]:
        """Every picture and look that is a file."""
        look = () if self.look_file is None else (self.look_file,)
        return (*(part.picture for part in self.overlays), *(part.picture for part in self.references), *look)
