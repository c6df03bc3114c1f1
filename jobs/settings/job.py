"""A checked, frozen job: what is to be coloured, how, and where the result goes.

A default has one home: sections are the stages' own settings.
"""

import dataclasses
import functools
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    PrivateAttr,
    WithJsonSchema,
    field_serializer,
    field_validator,
    model_validator,
)

from jobs.settings.job_stills import rate_text
from jobs.settings.layers import Layer, Lines, Loc, Origin
from jobs.settings.shots import ShotOverride, ShotRange
from jobs.settings.validate import STRICT
from pipeline.colorize.settings import ColorSettings
from pipeline.colorize.temporal import SteadySettings
from pipeline.errors import SettingsError
from pipeline.fields import Interlaced
from pipeline.guidance.settings import Guidance
from pipeline.limits import Limits
from pipeline.output.container_table import CONTAINERS
from pipeline.plan.damage import DamagePolicy
from pipeline.plan.segments import BATCH_FRAMES, SegmentSettings
from pipeline.render.settings import LOSSLESS_CODECS, EncodeSettings
from pipeline.target import Target, target_of

Rate = Annotated[
    str | None,
    BeforeValidator(rate_text),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}, {"type": "null"}]}),
]
"""Frames per second, kept as an exact fraction."""


class Job(BaseModel):
    """One film to colour."""

    model_config = STRICT

    input: Path
    """The film, or numbered stills such as `frames/%06d.dpx`; a still, or a folder of films and stills, works too.
    Relative to this file."""
    output: Path
    """The file to write, or numbered stills such as `out/%06d.tif`, relative to this file; a folder, or a name
    without suffix, is completed."""
    rate: Rate = None
    """Frames per second of numbered stills, which have no times: 24, 23.976, 16, 24000/1001, …"""
    sound: Path | None = None
    """The file that holds the sound of numbered stills. Relative to this file."""
    start_number: Annotated[int, Field(ge=0, le=2_000_000_000)] | None = None
    """Number of the first still that is written; without it the source's first number, or 1."""
    delivery_rate: Rate = None
    """Frames per second of the film that is written, above the source's own: frames are repeated, never blended.
    Without it every frame keeps its time."""
    preset: str = "access"
    """access, archival, mezzanine, studio, preview, sequence, or the path of a YAML file with any of the keys below."""
    weights: str = "default"
    """`default`, or the path of a .safetensors file."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:N; auto takes CUDA where there is one."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Arithmetic of the network; auto is bf16 where the device computes it natively."""
    batch: Annotated[int, Field(ge=1, le=256)] = BATCH_FRAMES
    """Frames that the network colours at once, 1 to 256."""
    segment_frames: int = SegmentSettings.segment_frames
    """Frames of the longest segment, the unit of work and of resuming."""
    overlap_frames: int = SegmentSettings.overlap_frames
    """Frames of lead-in and lead-out where a shot is cut into segments."""
    color: ColorSettings = ColorSettings()
    """How colour is predicted."""
    steady: SteadySettings = SteadySettings()
    """How colour is steadied over time."""
    tinted: Literal["recolour", "keep"] = "recolour"
    """What becomes of shots that have one tint: coloured like grey ones, or kept as they are. Colour shots are kept."""
    cards: Literal["grey", "tint"] = "grey"
    """What becomes of title cards, credits, leaders and blank frames: left neutral, or coloured like any other shot."""
    damage: DamagePolicy = "stop"
    """What becomes of a damaged film: nothing (`stop`), or it is coloured as far as it decodes (`keep-going`)."""
    limits: Limits = Limits()
    """What reading the film may cost; one that asks for more is refused."""
    interlaced: Interlaced = "keep"
    """What becomes of an interlaced film: keep its fields, deinterlace it (frames and times stay), or refuse it."""
    encode: EncodeSettings
    """How the pictures are coded; the preset says, and keys given here win."""
    suffix: str = ".mkv"
    """Suffix of the output where `output` names none; presets bring their own."""
    faststart: bool = False
    """Whether the index of an MP4 or MOV stands at the front, so that it plays while it loads."""
    allow_loss: bool = False
    """Whether streams that the output's container cannot hold may be left out; the run lists them."""
    overwrite: bool = False
    """Whether an existing output may be replaced."""
    shots: dict[ShotRange, ShotOverride] = {}
    """What single shots get instead, by their numbers from 0: `"3-7,12": {saturation: 0.8}`; later entries win."""
    guidance: Guidance | None = None
    """Colours that are given: strokes, stills, words, a take, a look; here, or the path of a YAML or JSON file."""
    cache: Path | None = None
    """Folder that keeps predicted colours of any film, found again by the pictures. Relative to this file."""
    cache_gb: Annotated[float, Field(ge=0.001, le=1e6)] = 20.0
    """Most gigabytes in the folder `cache`; what was used longest ago goes first."""
    from_proxy: Path | None = None
    """Folder of colour proxies to render from, without the network. Relative to this file."""
    work: Path | None = None
    """Folder for the work folders of jobs, which are then kept. Without it: beside the output, until done."""
    keep_work: bool = False
    """Whether the work folder stays when the film is done."""
    report: bool = True
    """Whether a film is put on record in `<output>.report.json`."""
    report_page: bool = True
    """Whether the record gets a page with pictures of every shot, `<output>.report.html`."""
    prove: bool = True
    """Whether the finished film is decoded once more, to prove its luma for the record."""
    operator: str | None = None
    """Who answers for the film, for the record; without it the name of the account."""
    bag: bool = False
    """Whether film, record and page are also put into a BagIt bag, the folder `<output>.bag`."""

    _lines: Lines = PrivateAttr(default=Lines())

    @field_validator("device")
    @classmethod
    def _check_device(cls, value: str) -> str:
        if not re.fullmatch(r"auto|cpu|cuda(:[0-9]{1,2})?", value):
            raise SettingsError(f"device {value!r}: auto, cpu, cuda or cuda:N would work")
        return value

    @field_validator("suffix")
    @classmethod
    def _check_suffix(cls, value: str) -> str:
        if value not in CONTAINERS:
            raise SettingsError(f"suffix {value!r}: {', '.join(CONTAINERS)} would work")
        return value

    @field_validator("segment_frames")
    @classmethod
    def _check_segment_frames(cls, value: int) -> int:
        return SegmentSettings(segment_frames=value, overlap_frames=0).segment_frames

    @field_validator("overlap_frames")
    @classmethod
    def _check_overlap_frames(cls, value: int) -> int:
        longest = max(
            SegmentSettings.segment_frames, BATCH_FRAMES * value
        )  # whether it fits the job's own segments is seen below
        return SegmentSettings(segment_frames=longest, overlap_frames=value).overlap_frames

    @model_validator(mode="after")
    def _check_segments(self) -> "Job":
        _ = self.segments
        return self

    @model_validator(mode="after")
    def _check_delivery_rate(self) -> "Job":
        if self.delivery_rate is None:
            return self
        if self.target.is_numbered or self.is_of_stills:
            raise SettingsError(
                "delivery_rate: found stills, which have no times; a film file as output works"
            )
        if self.encode.codec in LOSSLESS_CODECS:
            raise SettingsError(
                f"delivery_rate: found codec {self.encode.codec}, and a master keeps the times of its source; "
                "preset access, mezzanine or studio would work"
            )
        return self

    @model_validator(mode="after")
    def _check_bag(self) -> "Job":
        if self.bag and not self.report:
            raise SettingsError("bag: true needs the report that goes into the bag; report: true would work")
        return self

    @field_serializer("encode")
    def _dump_encode(self, value: EncodeSettings) -> dict[str, Any]:
        dumped = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return dumped | {"options": dict(value.options)}

    @functools.cached_property
    def source(self) -> Target:
        """What `input` is, as the file system had it when it was first asked for."""
        return target_of(self.input)

    @functools.cached_property
    def target(self) -> Target:
        """What `output` is, in the same way."""
        return target_of(self.output)

    @property
    def is_of_stills(self) -> bool:
        """Whether the input is a still or a folder, and so not one film."""
        return self.source.is_of_stills

    @property
    def segments(self) -> SegmentSettings:
        """How shots are cut into segments."""
        return SegmentSettings(segment_frames=self.segment_frames, overlap_frames=self.overlap_frames)

    @property
    def weights_path(self) -> Path | None:
        """The weights file; None for the one that comes with Kinochrome."""
        return None if self.weights == "default" else Path(self.weights)

    def origin(self, loc: Loc) -> Origin:
        """Where the settings of this job say what stands at `loc`, for errors that are found later."""
        return Layer({}, self._lines.origins).origin(loc)

    def to_yaml(self) -> str:
        """The resolved job as a job file: every key, absolute paths."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
