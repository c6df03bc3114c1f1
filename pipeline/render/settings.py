"""The settings of the encoder: codec, options, chroma subsampling, bit depth, size and threads."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, cast, get_args

import av
from av.codec.codec import UnknownCodecError

from pipeline.errors import SettingsError
from pipeline.media import Chroma, PixelFormat
from pipeline.render.encoder_options import ENCODERS, option_faults
from pipeline.render.option_values import nearest_name
from pipeline.render.packet_sink import intermediate_format

OutputChroma = Literal["source", "420", "422", "444"]
OutputDepth = Literal["source", 8, 10, 12, 16]

LOSSLESS_CODECS = frozenset({"ffv1", "ffvhuff", "huffyuv", "utvideo", "rawvideo"})
"""Codecs, in FFmpeg's names, that give every sample back."""
_PLANAR = re.compile(r"yuv(420|422|444|440|411|410)p(?:(9|10|12|14|16)le)?")


@dataclass(frozen=True, kw_only=True)
class EncodeSettings:
    """How the finished pictures are coded. Raises SettingsError, naming the key, for a value that cannot work."""

    codec: str
    """FFmpeg's name of the encoder, e.g. `ffv1`, `libx264`, `prores_ks`; one of `encoder_options.ENCODERS`."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Options of the encoder, of those that `encoder_options` lists for it; anything else is an error. In a job,
    a `preset` of x264 replaces what the settings below it say of how hard it searches."""
    chroma: OutputChroma = "source"
    """Chroma subsampling; `source` is the film's own, 4:4:4 where the film is grey or RGB."""
    depth: OutputDepth = "source"
    """Bits of a sample; `source` is the film's own."""
    max_lines: int | None = None
    """Luma lines, at least 16; pictures with more are made smaller. None: no limit."""
    side_by_side: bool = False
    """Whether the source's picture stands to the left of the result, in one picture."""
    threads: int = 2
    """Threads of the encoder, 1 to 64. Part of the settings, not of the machine: x264's bytes depend on it. A film has
    several encoders at work, and x264's threads wait for each other: more encoders are faster than more threads."""

    def __post_init__(self) -> None:
        options = {name: str(text) for name, text in self.options.items()}
        object.__setattr__(self, "options", MappingProxyType(options))
        _check_codec(self.codec)
        faults: dict[tuple[str, ...], str] = {
            ("options", name): fault for name, fault in option_faults(self.codec, options)
        }
        if faults:
            raise SettingsError.of_keys(faults)
        for name, value, choices in (
            ("chroma", self.chroma, get_args(OutputChroma)),
            ("depth", self.depth, get_args(OutputDepth)),
        ):
            if value not in choices:
                raise SettingsError(f"{name}: {value!r} is none of {', '.join(map(str, choices))}")
        if self.max_lines is not None and self.max_lines < 16:
            raise SettingsError(f"max_lines: {self.max_lines} lines are too few; 16 or more work")
        if not 1 <= self.threads <= 64:
            raise SettingsError(f"threads: {self.threads} is not in 1 to 64")

    @property
    def segment_suffix(self) -> str:
        """The suffix of the intermediate file: `.nut`, or `.mov` where NUT has no name for the codec."""
        return "." + intermediate_format(codec_of(self.codec))


def codec_of(encoder: str) -> str:
    """FFmpeg's name of the codec of an encoder: `h264` for `libx264`. Raises UnknownCodecError."""
    return av.codec.Codec(encoder, "w").canonical_name


def coded_formats(codec: str) -> tuple[PixelFormat, ...]:
    """The planar Y'CbCr formats that an encoder takes, sorted by subsampling and depth."""
    found = []
    for video_format in av.codec.Codec(codec, "w").video_formats or ():
        match = _PLANAR.fullmatch(video_format.name)
        if match:
            chroma = cast(Chroma, match[1])
            found.append(PixelFormat(name=video_format.name, depth=int(match[2] or 8), chroma=chroma))
    return tuple(sorted(found, key=lambda f: (f.chroma, f.depth)))


def _check_codec(codec: str) -> None:
    """Raises SettingsError for an encoder that is not in `ENCODERS`, or that this build of FFmpeg lacks."""
    if codec not in ENCODERS:
        hint = nearest_name(codec, ENCODERS)
        raise SettingsError(f"codec: found {codec[:60]!r}; {', '.join(ENCODERS)} would work{hint}")
    try:
        av.codec.Codec(codec, "w")
    except UnknownCodecError as error:
        raise SettingsError(f"codec: {codec!r} is not in this build of FFmpeg; ffv1 would work") from error
    if not coded_formats(codec):
        raise SettingsError(f"codec: {codec!r} does not code planar Y'CbCr pictures; ffv1 would work")
