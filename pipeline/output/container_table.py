"""The kinds of output file: what each can hold, as far as FFmpeg does not say it, or says it wrongly.

Of sound that a container does not hold as it is coded: archives' containers get plain PCM, which has every sample that
the old codec's decoder gives; MP4 and WebM, which are for watching, get AAC and Opus. Matroska holds what Windows had a
number for (A_MS/ACM), which FFmpeg's list leaves out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from pipeline.errors import OutputError
from pipeline.media import StreamInfo
from pipeline.target import Target


@dataclass(frozen=True, kw_only=True)
class Container:
    """A kind of output file."""

    muxer: str
    """FFmpeg's name."""
    text: str | None
    """What text subtitles that it cannot hold are converted to."""
    attachments: bool = False
    """Fonts and other files."""
    covers: frozenset[str] = frozenset()
    """Codecs of a cover picture, which otherwise is an attachment."""
    chapters: bool = True
    timecode: bool = False
    """Timecode tracks."""
    pose: bool = True
    """How a player turns and mirrors the picture, and which edges it hides."""
    pictures: frozenset[str] | None = None
    """Codecs of the picture, which then is the only one and comes first; None for those that FFmpeg lists."""
    rates: tuple[Fraction, ...] = ()
    """Frames per second, one of which every frame has to keep, from 0 on; empty for any times."""
    sound: str | None = None
    """What all sound becomes, from the picture's start to its end, at 48 kHz; None where packets are copied."""
    old_sound: str | None = None
    """What sound becomes that it cannot hold as it is coded: `pcm`, or the name of an encoder; None: it is lost."""
    refuses: frozenset[str] = frozenset()
    """Codecs that FFmpeg lists for this muxer, but that the muxer refuses."""
    tags: frozenset[str] | None = None
    """Names of the global tags that it can hold; None for any."""
    tag_prefix: str | None = None
    """What goes before the names of all other global tags; None where they become lines of the comment."""


_MOV_TAGS = frozenset({"title", "artist", "album", "date", "comment", "genre", "copyright"})
_MP4_TAGS = _MOV_TAGS | {
    "album_artist",
    "composer",
    "grouping",
    "lyrics",
    "description",
    "synopsis",
    "show",
    "keywords",
}
_MXF_TAGS = frozenset({"company_name", "product_name", "timecode", "reel_name", "material_package_name"})
_MXF_RATES = tuple(
    rate
    for whole in (24, 25, 30, 48, 50, 60, 100, 120)
    for rate in ((Fraction(whole),) if whole % 25 == 0 else (Fraction(whole), Fraction(whole * 1000, 1001)))
)
_MP4_ONLY = frozenset({"opus", "flac", "truehd", "vp8", "vp9", "av1"})
_IPCM = frozenset(f"pcm_{kind}{end}" for kind in ("s16", "s24", "s32", "f32", "f64") for end in ("le", "be"))
"""PCM that MP4 has room for since ISO/IEC 23003-5, of which QuickTime and many players know nothing."""
_PICTURES = frozenset({"mjpeg", "png"})

ACM = frozenset(
    {
        *("adpcm_ms", "adpcm_ima_wav", "adpcm_yamaha", "adpcm_g726", "adpcm_g722", "gsm_ms", "truespeech"),
        *("wmav1", "wmav2", "wmapro", "wmalossless", "wmavoice", "pcm_alaw", "pcm_mulaw"),
    }
)
"""Codecs that FFmpeg copies into Matroska by their number in Windows, and reads there again."""
_PCM: Mapping[str, str] = MappingProxyType(
    {"u8": "pcm_u8", "s16": "pcm_s16le", "s32": "pcm_s32le", "flt": "pcm_f32le", "dbl": "pcm_f64le"}
)
"""The encoder that keeps every sample of FFmpeg's sample formats."""
_AT_MOST_24_BITS = ("pcm_dvd", "pcm_bluray", "s302m")
_BITS_OF_A_CHANNEL = 96_000
"""Bits per second of AAC and Opus: no difference that people hear."""
_MOST_CHANNELS = 8

_MP4 = Container(
    muxer="mp4",
    text="mov_text",
    covers=_PICTURES,
    timecode=True,
    old_sound="aac",
    refuses=_IPCM,
    tags=_MP4_TAGS,
)
CONTAINERS: Mapping[str, Container] = MappingProxyType(
    {
        ".mkv": Container(
            muxer="matroska",
            text="subrip",
            attachments=True,
            old_sound="pcm",
        ),
        ".mp4": _MP4,
        ".m4v": _MP4,
        ".mov": Container(
            muxer="mov",
            text="mov_text",
            timecode=True,
            old_sound="pcm",
            refuses=_MP4_ONLY,
            tags=_MOV_TAGS,
        ),
        ".webm": Container(muxer="webm", text="webvtt", old_sound="libopus"),
        ".mxf": Container(
            muxer="mxf",
            text=None,
            chapters=False,
            timecode=True,
            pictures=frozenset({"dnxhd", "prores", "ffv1", "jpeg2000"}),
            rates=_MXF_RATES,
            sound="pcm_s24le",
            pose=False,
            tags=_MXF_TAGS,
            tag_prefix="comment_",
        ),
    }
)
"""By the suffix of the file."""

STILLS = Container(
    muxer="image2",
    text=None,
    chapters=False,
    timecode=True,
    pose=False,
    pictures=frozenset({"ffv1"}),
    tags=frozenset(),
)
"""Numbered stills, whose pictures are without loss until they are written."""


def container_of(output: Target) -> Container:
    """The container that the suffix of `output` names; OutputError, naming all, for another one.

    Raises SettingsError for numbered stills whose pattern is badly spelled.
    """
    if output.is_numbered:
        _ = output.pattern
        return STILLS
    suffix = output.path.suffix
    found = CONTAINERS.get(suffix.lower())
    if found is None and output.is_of_stills:
        raise OutputError(
            f"cannot write {output}: a film becomes a film ({', '.join(CONTAINERS)}) or numbered stills, as in "
            f"{output.path.stem}-%06d.png"
        )
    if found is None:
        raise OutputError(f"cannot write {output}: {suffix!r} is none of {', '.join(CONTAINERS)}")
    return found


def sound_encoder(container: Container, stream: StreamInfo) -> str | None:
    """FFmpeg's encoder of what the sound becomes; None where the container has no place for it in any form."""
    kind = stream.sample_format.removesuffix("p")
    if container.old_sound is None or kind not in _PCM:
        return None
    if container.old_sound != "pcm":
        return container.old_sound if 0 < stream.channels <= _MOST_CHANNELS else None
    is_24 = stream.codec in _AT_MOST_24_BITS or "24" in stream.codec
    return "pcm_s24le" if kind == "s32" and is_24 else _PCM[kind]


def sound_change(encoder: str) -> str:
    """In words what happens to the sound."""
    if is_lossless(encoder):
        return f"becomes {encoder}, sample for sample"
    name = {"aac": "AAC", "libopus": "Opus"}[encoder]
    return f"becomes {name}, {_BITS_OF_A_CHANNEL // 1000} kbit/s for each channel"


def is_lossless(encoder: str) -> bool:
    """Whether every sample is there again."""
    return encoder.startswith("pcm_")


def bit_rate(encoder: str, stream: StreamInfo) -> int | None:
    """Bits per second; None for PCM."""
    return None if is_lossless(encoder) else _BITS_OF_A_CHANNEL * stream.channels
