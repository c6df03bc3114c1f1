"""Opens the encoder of the finished pictures: its pixel format, size, options and colour tags."""

import functools
from fractions import Fraction

import av
import av.error
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext

from pipeline.errors import SettingsError
from pipeline.fields import order_of
from pipeline.media import CHROMA_SHIFTS, Chroma, ColorDescription, FilmInfo, PixelFormat
from pipeline.messages import first_few
from pipeline.render.scheduling import leave_real_time
from pipeline.render.settings import EncodeSettings, coded_formats
from pipeline.source.ffmpeg_log import WARNING, listening

LEFT_SITE_CODECS = frozenset({"prores", "dnxhd", "mpeg2video"})
"""Codecs (FFmpeg's names) whose chroma site is `left` by definition and cannot be tagged."""
_KEEP_ODD_SIZES = frozenset({"ffv1", "ffvhuff"})
_SMALL_PX = 64
"""FFV1 may refuse a number of slices for pictures with a side up to this."""
_LARGE = (1024, 1024)
"""Width and height for which FFV1 takes every valid number of slices."""
LIMITED_CODECS = frozenset({"prores", "dnxhd"})
"""Codecs (FFmpeg's names) whose pictures are of limited range by definition."""


def output_format(film: FilmInfo, settings: EncodeSettings) -> PixelFormat:
    """The encoder's pixel format with the chroma and depth of the settings. Raises SettingsError where it has none."""
    source = film.pixel_format
    own: Chroma = "444" if source.chroma in ("gray", "rgb") else source.chroma
    chroma = own if settings.chroma == "source" else settings.chroma
    depth = source.depth if settings.depth == "source" else settings.depth
    formats = coded_formats(settings.codec)
    for found in formats:
        if (found.chroma, found.depth) == (chroma, depth):
            return found
    works = ", ".join(f"{f.chroma} at {f.depth} bits" for f in formats)
    raise SettingsError(
        f"codec {settings.codec} cannot code chroma {chroma} at {depth} bits; it can: {works}"
    )


def coded_size(film: FilmInfo, settings: EncodeSettings, *, width: int, height: int) -> tuple[int, int]:
    """(width, height) at which such pictures are coded: rounded up where the codec needs whole chroma samples."""
    if settings.codec in _KEEP_ODD_SIZES:
        return width, height
    right, down = CHROMA_SHIFTS[output_format(film, settings).chroma]
    columns, lines = 1 << right, 1 << (down + (_is_interlaced(film) and settings.codec == "libx264"))
    return -(-width // columns) * columns, -(-height // lines) * lines


def notices(film: FilmInfo, settings: EncodeSettings, *, width: int, height: int) -> tuple[str, ...]:
    """One line for each thing that the encoder does otherwise than asked, for pictures of `width` x `height`."""
    found = []
    size, coded = f"{width}x{height}", coded_size(film, settings, width=width, height=height)
    if coded != (width, height):
        wider = f"{coded[0]}x{coded[1]}"
        found.append(
            f"{settings.codec} cannot code {size} pictures: their last column or line is repeated to {wider}"
        )
    if _needs_other_slices(
        settings.codec, settings.options.get("slices"), coded, output_format(film, settings)
    ):
        found.append(f"ffv1 cannot cut {size} pictures into {settings.options['slices']} slices: it chooses")
    return tuple(found)


def check_encoder(
    film: FilmInfo, settings: EncodeSettings, *, width: int, height: int, color: ColorDescription
) -> PixelFormat:
    """Opens the encoder for pictures of `width` x `height`, closes it again and returns its pixel format.

    Raises SettingsError where the encoder refuses. Call it before anything is decoded: it listens to FFmpeg's log,
    meanwhile a decoder that logs from a thread of its own cannot be closed (see `ffmpeg_log`).
    """
    pixel_format = output_format(film, settings)
    size = coded_size(film, settings, width=width, height=height)
    context = av.codec.CodecContext.create(settings.codec, "w")
    assert isinstance(context, VideoCodecContext)
    with listening(WARNING) as log:  # of unknown `x264-params` FFmpeg only warns
        open_encoder(context, film=film, settings=settings, size=size, pixel_format=pixel_format, color=color)
    ignored = [text.strip() for _, name, text in log if name == settings.codec and "Error parsing" in text]
    if ignored:
        raise SettingsError(
            f"options: {settings.codec}: {first_few(ignored, separator='; ', characters=200)}"
        )
    return pixel_format


def open_encoder(
    context: VideoCodecContext,
    *,
    film: FilmInfo,
    settings: EncodeSettings,
    size: tuple[int, int],
    pixel_format: PixelFormat,
    color: ColorDescription,
) -> None:
    """Sets up the codec context for pictures of (width, height) `size` and opens it.

    Raises SettingsError where the encoder refuses an option, or does not know one.
    """
    context.width, context.height = size
    context.pix_fmt = pixel_format.name
    context.time_base = film.time_base
    # only rate control looks at it: the times are the frames' own
    context.framerate = film.rate_from_header or Fraction(25)
    context.sample_aspect_ratio = film.sample_aspect
    context.thread_count = settings.threads
    context.flags |= Flags.bitexact | Flags.closed_gop
    if _is_interlaced(film):
        context.flags |= Flags.interlaced_dct | Flags.interlaced_me
    context.options = {**_context_tags(color, film), **settings.options}
    if settings.codec == "libx264" and order_of(film) == "bottom":
        # it only learns the order from the first frame, when the order of its fields' counts (POC) is settled
        parameters = context.options.get("x264-params")
        context.options = {**context.options, "x264-params": f"{parameters}:bff=1" if parameters else "bff=1"}
    if _needs_other_slices(settings.codec, settings.options.get("slices"), size, pixel_format):
        context.options = {name: value for name, value in context.options.items() if name != "slices"}
    try:
        context.open()
    except (av.error.FFmpegError, ValueError) as error:
        raise SettingsError(f"codec {settings.codec} refuses its options: {ffmpeg_message(error)}") from error
    finally:
        if settings.codec == "libsvtav1":
            leave_real_time()
    unknown = sorted(context.options)
    if unknown:
        raise SettingsError(f"options: {settings.codec} has no option {first_few(map(repr, unknown))}")


@functools.cache
def _needs_other_slices(
    codec: str, slices: str | None, size: tuple[int, int], pixel_format: PixelFormat
) -> bool:
    """Whether FFV1 refuses this number of slices only for this size: tiny, or no multiple of a chroma sample's."""
    right, down = CHROMA_SHIFTS[pixel_format.chroma]
    is_whole = size[0] % (1 << right) == 0 and size[1] % (1 << down) == 0
    if codec != "ffv1" or slices is None or (is_whole and min(size) > _SMALL_PX):
        return False
    return not _takes_slices(slices, size, pixel_format) and _takes_slices(slices, _LARGE, pixel_format)


def _takes_slices(slices: str, size: tuple[int, int], pixel_format: PixelFormat) -> bool:
    """Whether FFV1 opens for pictures of (width, height) `size` with so many slices."""
    context = av.codec.CodecContext.create("ffv1", "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height = size
    context.pix_fmt, context.time_base = pixel_format.name, Fraction(1, 25)
    context.options = {"slices": slices}
    try:
        context.open()
    except (av.error.FFmpegError, ValueError):
        return False
    return True


def _is_interlaced(film: FilmInfo) -> bool:
    return order_of(film) != "progressive"


def _context_tags(color: ColorDescription, film: FilmInfo) -> dict[str, str]:
    """The colour tags as options of the encoder; `unspecified` is its default."""
    tags = {
        "colorspace": color.matrix,
        "color_primaries": color.primaries,
        "color_trc": color.transfer,
        "chroma_sample_location": color.chroma_site,
    }
    tags = {name: value for name, value in tags.items() if value != "unspecified"}
    tags["color_range"] = "tv" if color.range == "limited" else "pc"
    if _is_interlaced(film):
        tags["field_order"] = film.field_order
    return tags


def ffmpeg_message(error: Exception) -> str:
    """FFmpeg's own message for an error that PyAV raised."""
    log = getattr(error, "log", None)
    return str(log[2]).strip() if log else str(getattr(error, "strerror", None) or error)
