"""The record of a finished film, `OUT.report.json`: what was made of what, by what, and how it can be proved again.

A frozen format: members are added under a higher `format`, never renamed. PREMIS 3 terms stand under `premis`.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from jobs.review.shot_figures import ShotFigures
from jobs.settings.output_paths import KIND
from pipeline.atomic_files import read_json
from pipeline.colorize.grade import ColorSource
from pipeline.errors import SettingsError
from pipeline.media import ShotKind
from pipeline.plan.damage import Damage
from pipeline.verify.fixity import ContentHash
from pipeline.verify.luma_proof import LumaProof

FORMAT: Literal[3] = 3
READABLE = (1, 2, FORMAT)
"""Format 1 tells nothing of damage and of the colour that shots had already; 2 neither of unevenness and drift nor of
the length that the source claims."""
DIGITAL_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC's term for a picture of which a part was made by a trained model."""
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]
"""Wall time."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
NOTICE = "The colours of this film are predicted by a machine, not recorded."


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)


class FileRecord(_Model):
    """A film file."""

    name: str
    """File name without its folder; bytes that are not Unicode appear as `\\xff`."""
    path: str
    """Where it was; the output's is where it was published."""
    content: ContentHash
    xxh3_128: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None
    """Of the source: the hash that the plan goes by."""


class PictureRecord(_Model):
    """The picture that was written."""

    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    pixel_format: str
    """FFmpeg's name, e.g. `yuv422p10le`."""
    codec: str
    """FFmpeg's name of the encoder."""
    matrix: str
    primaries: str
    transfer: str
    range: str
    side_by_side: bool


class WeightsRecord(_Model):
    """The weights that predicted the colours."""

    name: str
    sha256: Sha256
    licence: str
    architecture: str


class TreatmentRecord(_Model):
    """What became of a shot's colour."""

    source: ColorSource
    """`predicted`, or rendered from a proxy that was given; `grey`; `original`: the source's own; `recoloured`: the
    source's own, changed by a look."""
    saturation: float
    """Factor on the chroma."""
    hue_degrees: float
    """Turn of the chroma."""
    weights: WeightsRecord | None = None
    """What predicted it, where that is not what predicted the film."""
    keys: list[str] = []
    """Keys of the job file that asked for it for this shot alone, e.g. `shots.3-7.saturation`."""


class PictureFileRecord(_Model):
    """A picture that guided the colours of a shot."""

    file: str
    sha256: Sha256
    frame: int | None
    """Number in the film, from 0; None where it was looked for."""


class GuidanceRecord(_Model):
    """The colours that were given for a shot."""

    marks: list[str]
    """A line for each stroke, point, box or eraser."""
    overlays: list[PictureFileRecord]
    references: list[PictureFileRecord]
    fit: float | None
    """How surely the shot's frames were found in the references, 0 to 1; None without any."""
    needs_reference: bool
    """Whether the references fit the shot so badly that it should get another one."""
    words: dict[str, tuple[float, float]]
    """Things by name, with a and b."""
    regions: dict[str, tuple[float, float]]
    """Regions by letter, with a and b."""
    take: Count
    """0: the automatic colours."""
    seed: Count
    look: str | None
    """Name or file."""
    look_strength: float


class ShotRecord(_Model):
    """A shot: frames `[start, end)`."""

    index: Count
    start: Count
    end: Count
    start_pts: int
    """In units of `time_base`."""
    start_seconds: float
    """For people; `start_pts` is exact."""
    start_timecode: str
    """HH:MM:SS:FF from the film's own start timecode; HH:MM:SS.mmm where its rate varies or is not known."""
    kind: ShotKind | None = None
    """What colour the source has: none, one tint, or colours of its own; and whether it is a card. None in reports of
    format 1."""
    figures: ShotFigures
    treatment: TreatmentRecord | None = None
    """None in the reports of versions that treated all shots alike."""
    guidance: GuidanceRecord | None = None
    """None where the colours are the network's alone."""


class ProductRecord(_Model):
    """One product of a segment and how it came about."""

    sha256: Sha256
    bytes: Count
    seconds: Seconds
    attempts: Count
    """Starts of the segment up to and with the one that made this."""
    host: str
    device: str
    """Of the network; empty where none was asked."""
    is_from_cache: bool = False
    """Whether it was found by its content, predicted before for this film or another."""


class SegmentRecord(_Model):
    """The unit of work: frames `[start, end)` of a shot."""

    index: Count
    shot: Count
    start: Count
    end: Count
    color: ProductRecord | None
    """The chroma proxy; None where it was given."""
    video: ProductRecord | None
    """The coded pictures."""


class MachineRecord(_Model):
    """Where and with what the film was finished."""

    host: str
    operator: str
    device: str
    """Of the network, e.g. `cpu bf16`, all that there were; `none` where colours came from proxies."""
    platform: str
    python: str
    tools: dict[str, str]
    """Versions of Kinochrome and of the libraries that make the pictures."""


class FilmRecord(_Model):
    """Everything that is on record of one finished film."""

    kind: Literal["kinochrome report"] = KIND
    format: Literal[1, 2, 3] = FORMAT
    notice: str = NOTICE
    digital_source_type: str = DIGITAL_SOURCE_TYPE
    source: FileRecord
    output: FileRecord
    picture_stream: Count
    """Index of the coloured picture among the output's streams."""
    picture: PictureRecord
    luma: LumaProof
    time_base: Annotated[str, Field(pattern=r"^[0-9]+/[0-9]+$|^[0-9]+$")]
    """Of the source's picture, as a fraction of a second."""
    frames: Count
    source_seconds: Seconds | None = None
    """Length of the source by its header, sound included; None where it does not say, and before format 3."""
    pts_runs: str
    """Times of all frames in units of `time_base`: `first:step:frames` of each stretch of even steps."""
    shots: list[ShotRecord]
    segments: list[SegmentRecord]
    weights: WeightsRecord | None
    """None where the colours came from proxies."""
    settings: dict[str, Any]
    """The resolved job, every key."""
    machine: MachineRecord
    started: str
    """ISO 8601, UTC: of the run that finished the film."""
    ended: str
    runs: Count
    """How many times the job was started, with this one."""
    seconds: Seconds
    """Wall time of this run, up to the record."""
    estimated_seconds: Seconds | None = None
    """What the run expected to take, measured on a sample at its beginning; None where it was too short for that."""
    damage: list[Damage] = []
    """Every damaged place of the source, by time, in units of `time_base`."""
    warnings: list[str]
    notes: list[str]
    kept: list[str]
    """What came along as it is; one line each."""
    converted: list[str]
    """What the container holds in another form."""
    lost: list[str]
    """What the container cannot hold, left out with leave."""
    premis: dict[str, Any] = {}
    """Objects, events and agents in the terms of PREMIS 3."""

    @model_validator(mode="after")
    def _check_frames(self) -> Self:
        picture = next((s for s in self.output.content.streams if s.index == self.picture_stream), None)
        if picture is None or picture.frames is None or len(picture.frames) != 16 * self.frames:
            raise ValueError(f"stream {self.picture_stream} of the output has no hash for each frame")
        spans = [(shot.start, shot.end) for shot in self.shots]
        for start, end in (*spans, *((segment.start, segment.end) for segment in self.segments)):
            if not start < end <= self.frames:
                raise ValueError(f"frames {start} to {end} are no part of {self.frames}")
        return self


def read_record(path: Path) -> FilmRecord:
    """The record in a file. Raises SettingsError, one line, where there is none that this version can read."""
    try:
        values = read_json(path)
    except FileNotFoundError as error:
        raise SettingsError(f"no report: {path}; it is written beside every film (report: true)") from error
    except OSError as error:
        raise SettingsError(f"cannot read the report {path}: {error.strerror}") from error
    if not isinstance(values, dict) or values.get("kind") != KIND:
        raise SettingsError(
            f"{path} is not a report of Kinochrome's; another file of that name is in the way"
        )
    if values.get("format") not in READABLE:
        raise SettingsError(
            f"{path}: a report of format {values.get('format')!r}; this version reads format 1, 2 and {FORMAT}: "
            "the version that wrote it, or a newer one, would work"
        )
    try:
        return FilmRecord.model_validate(values)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise SettingsError(f"{path}: damaged report: {place}: {fault['msg']}") from error
