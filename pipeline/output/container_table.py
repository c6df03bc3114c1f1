"""The kinds of output file: what each can hold, as far as FFmpeg does not say it, or says it wrongly."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from pipeline.errors import OutputError
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
    """Codecs of a cover picture."""
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
_PICTURES = frozenset({"mjpeg", "png"})

CONTAINERS: Mapping[str, Container] = MappingProxyType(
    {
        ".mkv": Container(
            muxer="matroska", text="subrip", attachments=True, covers=_PICTURES | {"bmp", "gif", "webp"}
        ),
        ".mp4": Container(muxer="mp4", text="mov_text", covers=_PICTURES, timecode=True, tags=_MP4_TAGS),
        ".m4v": Container(muxer="mp4", text="mov_text", covers=_PICTURES, timecode=True, tags=_MP4_TAGS),
        ".mov": Container(muxer="mov", text="mov_text", timecode=True, refuses=_MP4_ONLY, tags=_MOV_TAGS),
        ".webm": Container(muxer="webm", text="webvtt"),
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
