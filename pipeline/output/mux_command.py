"""FFmpeg's command line for the finished film: which streams, how each is treated, and what is said of them."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg
import imageio_ffmpeg

from pipeline.media import ColorDescription, FilmInfo, StreamInfo
from pipeline.output.container_table import bit_rate
from pipeline.output.containers import ContainerPlan
from pipeline.output.film_tags import video_tags
from pipeline.output.join import CodedVideo
from pipeline.source.open_media import READ_ONLY_THIS_FILE
from pipeline.timeline import Timeline

_INTERLEAVE_MICROSECONDS = 3_000_000
"""How long FFmpeg waits for a packet of a stream that has few: the others stay in its memory meanwhile."""
_OF_THE_PIPE = dict.fromkeys(("comment", "major_brand", "minor_version", "compatible_brands"), "")
"""Tags that the stream in the pipe has on its own account; an empty one is left out."""
_FINE_TICKS = 48_000
"""Ticks in a second that place a stream in MP4 and MOV to less than a sample of its sound."""
_WRAPPING = frozenset({"mpegts", "mpeg", "mpegtsraw"})
"""Containers whose clock has 33 bits."""
_SOUND_RATE = 48_000
"""Samples per second of sound that is made to measure."""


def mux_command(
    film: FilmInfo,
    plan: ContainerPlan,
    partial: Path,
    *,
    coded: CodedVideo,
    pipe: Mapping[str, str],
    covers: Sequence[tuple[Path, StreamInfo]],
    color: ColorDescription,
    tags: Mapping[str, str],
    faststart: bool,
    timeline: Timeline,
    header_padding_bytes: int,
) -> list[str]:
    """The command: streams in the source's order, each with its own flags; covers at the end.

    `pipe` holds the options of the stream that comes through standard input. A container with one rate gets the
    picture first, and sound that is as long as the picture.
    """
    start = file_start(film, plan, timeline)
    later = {"itsoffset": seconds_text(-start)} if start and not plan.rate else {}
    picture, source = (
        ffmpeg.input("pipe:0", **pipe, **_turned(film)),
        ffmpeg.input(f"file:{others_path(film)}", **READ_ONLY_THIS_FILE, **later, **_codings(plan)),
    )
    maps: list[Any] = []
    options: dict[str, Any] = {
        "map_chapters": 1 if film.chapters else -1,
        "copyinkf": None,
        "bitexact": None,
        "strict": "experimental",
    }
    options |= {"f": plan.container.muxer, "max_interleave_delta": _INTERLEAVE_MICROSECONDS}
    repeated = [("metadata", f"{key}={value}") for key, value in {**_OF_THE_PIPE, **tags}.items()]
    treatments = list(zip(film.streams, plan.streams, strict=True))
    if plan.rate:
        treatments.sort(key=lambda pair: pair[1].how != "video")
    for stream, treated in treatments:
        number = len(maps)
        if treated.how == "video":
            maps.append(picture["v:0"])
            options |= _picture_options(film, coded, color, number)
            options |= {f"r:{number}": str(plan.rate)} if plan.rate else {}
            own = {"handler_name": "", "vendor_id": "", "name": ""} | video_tags(
                film, container=plan.container
            )
            repeated += [(f"metadata:s:{number}", f"{key}={value}") for key, value in own.items()]
        elif treated.how in ("copy", "convert"):
            maps.append(source[str(index_in_file(film, stream))])
            if film.notes:  # FFmpeg would copy the bytes that are not UTF-8
                repeated += [(f"metadata:s:{number}", f"{k}={v}") for k, v in stream.tags if not v.isascii()]
            if (title := stream.tag("title")) and film.container.startswith(
                "mov"
            ):  # which FFmpeg calls `name`
                repeated += [(f"metadata:s:{number}", f"title={title}"), (f"metadata:s:{number}", "name=")]
            coded_sound = stream.kind == "audio" and treated.encoder is not None and not plan.rate
            if coded_sound and (bits := bit_rate(treated.encoder or "", stream)) is not None:
                options[f"b:{number}"] = bits
            if stream.kind == "audio" and plan.rate:
                options[f"filter:{number}"] = to_measure(film, timeline, plan.rate)
        else:
            continue
        options[f"c:{number}"] = treated.encoder or "copy"
        options[f"disposition:{number}"] = "+".join(stream.disposition) or "0"
    attached = enumerate(covers, start=len(maps))
    if len(maps) == 1 and film.chapters:
        maps.append(
            source["9999?"]
        )  # no such stream, but its chapters: ffmpeg-python leaves out unused inputs
    for number, (path, stream) in attached:
        mimetype = stream.tag("mimetype") or f"image/{path.suffix[1:].replace('jpg', 'jpeg')}"
        repeated += [("attach", f"file:{path}"), (f"metadata:s:{number}", f"mimetype={mimetype}")]
        repeated.append((f"metadata:s:{number}", f"filename={stream.tag('filename') or path.name}"))
    if plan.container.muxer == "matroska":  # else sound that begins before 0 moves the whole film on
        options["avoid_negative_ts"] = "disabled"
    if film.notes:
        repeated += [
            (f"metadata:c:{number}", f"title={chapter.title}") for number, chapter in enumerate(film.chapters)
        ]
    if header_padding_bytes:
        options["metadata_header_padding"] = header_padding_bytes
    if plan.container.muxer in ("mp4", "mov"):
        ticks = film.time_base.denominator
        options |= {"video_track_timescale": ticks, "movie_timescale": ticks * -(-_FINE_TICKS // ticks)}
        options |= {"movflags": "+faststart"} if faststart else {}
    target = f"file:{partial}"
    job = ffmpeg.output(*maps, target, **options).global_args("-copyts", "-nostdin", "-v", "error")
    command: list[str] = ffmpeg.compile(job, cmd=imageio_ffmpeg.get_ffmpeg_exe(), overwrite_output=True)
    # ffmpeg-python gives an option once; these come more than once
    at = command.index(target)
    return [*command[:at], *(word for name, value in repeated for word in (f"-{name}", value)), *command[at:]]


def file_start(film: FilmInfo, plan: ContainerPlan, timeline: Timeline) -> Fraction:
    """The time of the film, in seconds, at which the file has 0: its first picture's where the container has one rate.

    MPEG's clock of 33 bits starts anew after 26.5 hours. A film that it does so in begins below 0 for FFmpeg, which MP4
    and Matroska hold only in part: there it is the earliest time of all streams.
    """
    first = film.time_base * int(timeline.pts[0])
    if plan.rate:
        return first
    if first >= 0 or film.container not in _WRAPPING:
        return Fraction(0)
    treated = zip(film.streams, plan.streams, strict=True)
    others = [s.start_pts * s.time_base for s, t in treated if t.how != "lost" and s.start_pts is not None]
    return min(first, *others)


def others_path(film: FilmInfo) -> Path:
    """The file that streams come from that are not the picture."""
    return film.path if film.sequence is None or film.sequence.sound is None else film.sequence.sound


def _codings(plan: ContainerPlan) -> dict[str, str]:
    """FFmpeg's option for subtitles that are not UTF-8."""
    codings = ((stream.index, stream.text_coding) for stream in plan.streams)
    return {
        f"sub_charenc:{index}": coding.upper().replace("LATIN-1", "LATIN1")
        for index, coding in codings
        if coding
    }


def index_in_file(film: FilmInfo, stream: StreamInfo) -> int:
    """The index of a stream that is not the picture in the file that it comes from."""
    return stream.index if film.sequence is None else film.sequence.sound_streams[stream.index - 1]


def _picture_options(
    film: FilmInfo, coded: CodedVideo, color: ColorDescription, number: int
) -> dict[str, Any]:
    """What the container says of the picture: FFV1, for one, does not say it itself."""
    values = {
        "colorspace": color.matrix,
        "color_primaries": color.primaries,
        "color_trc": color.transfer,
        "chroma_sample_location": color.chroma_site,
        "field_order": film.field_order.replace("unknown", "unspecified"),
    }
    options: dict[str, Any] = {f"{k}:{number}": v for k, v in values.items() if v != "unspecified"}
    options[f"color_range:{number}"] = "tv" if color.range == "limited" else "pc"
    if film.rate_from_header is not None:  # else FFmpeg guesses one from the first few frames
        options[f"r:{number}"] = str(film.rate_from_header)
    if coded.sample_aspect != film.sample_aspect:  # an aspect that the codec's own headers do not tell
        aspect = film.sample_aspect * coded.width / coded.height
        options[f"aspect:{number}"] = f"{aspect.numerator}:{aspect.denominator}"
    return options


def _turned(film: FilmInfo) -> dict[str, str | None]:
    """FFmpeg counts counter-clockwise, and mirrors after turning."""
    found = film.orientation
    turn = {"display_rotation:v:0": f"{-found.degrees:.6g}"} if found.degrees else {}
    return turn | ({"display_hflip:v:0": None} if found.is_mirrored else {})


def to_measure(film: FilmInfo, timeline: Timeline, rate: Fraction) -> str:
    """Filters that give sound the picture's start and end: silence where there is none, a cut where there is more."""
    start = round(film.time_base * int(timeline.pts[0]) * _SOUND_RATE)
    samples = round(len(timeline) / rate * _SOUND_RATE)
    return (
        f"aresample={_SOUND_RATE}:async=1:first_pts={start},asetpts=N/SR/TB,"
        f"apad=whole_len={samples},atrim=end_sample={samples}"
    )


def seconds_text(time: Fraction) -> str:
    """Decimal, to the microsecond that FFmpeg counts in."""
    return f"{round(time * 1_000_000) / 1_000_000:.6f}"
