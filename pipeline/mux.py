"""The finished film: the coloured picture in place of the source's, and all else that the source carried.

The segments are joined on the fly and go through a pipe into FFmpeg, which copies the other streams out of
the source. What it wrote is read again, and published only if every frame is there at its time.
"""

import contextlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import av
import av.error
import ffmpeg
import imageio_ffmpeg

from pipeline.containers import ContainerPlan, check_container
from pipeline.errors import OutputError
from pipeline.film_tags import film_tags, video_tags
from pipeline.intermediate import PacketSink, intermediate_format, open_segment, taken_off
from pipeline.join import CodedVideo, coded_video, first_times, joined_packets
from pipeline.media import ColorDescription, FilmInfo, StreamInfo, Timeline
from pipeline.publish import publish
from pipeline.remux import run_ffmpeg

_INTERLEAVE_MICROSECONDS = 3_000_000
"""How long FFmpeg waits for a packet of a stream that has few: the others stay in its memory meanwhile."""
_OF_THE_PIPE = dict.fromkeys(("comment", "major_brand", "minor_version", "compatible_brands"), "")
"""Tags that the stream in the pipe has on its own account; an empty one is left out."""
_FINE_TICKS = 48_000
"""Ticks in a second that place a stream in MP4 and MOV to less than a sample of its sound."""


class _IncompleteError(Exception):
    """What was written is not what it should be."""


@dataclass(frozen=True, kw_only=True)
class MuxReport:
    """What became of the source's streams and tags; one line each."""

    kept: tuple[str, ...]
    converted: tuple[str, ...]
    lost: tuple[str, ...]


def mux(
    film: FilmInfo,
    segments: Sequence[Path],
    output: Path,
    *,
    timeline: Timeline,
    color: ColorDescription,
    tags: Mapping[str, str],
    allow_loss: bool = False,
    faststart: bool = False,
    before_publish: Callable[[Path, MuxReport], None] = lambda partial, report: None,
) -> MuxReport:
    """Writes the film at `output`, in the container of its suffix, whole or not at all.

    `segments`, in the order of the film, hold exactly the frames of the timeline. `color` is what the
    container says of the picture; `tags` are written as global tags and take none of the source's away.
    `faststart` puts the index of MP4 and MOV at the front. `before_publish` is told of the whole, verified file
    and of what became of the streams before it is renamed. Raises OutputError as `check_container` and
    `joined_packets` do, and where the file cannot be written or does not hold every frame at its time.
    """
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(open_segment(segments[0]))
        coded = coded_video(first)
        plan = check_container(film, output, video_codec=coded.codec, allow_loss=allow_loss)
        texts, moved = film_tags(film, container=plan.container, notices=tags)
        partial = stack.enter_context(publish(output))
        covers = _save_covers(film, plan, Path(stack.enter_context(tempfile.TemporaryDirectory())))
        # MOV keeps the decoding times of B-frames, which NUT leaves to the reader to guess
        pipe_format = "mov" if coded.reorder_depth else intermediate_format(coded.codec)
        pts, dts = first_times(timeline, delay=coded.reorder_depth)
        off = taken_off(pipe_format, time_base=film.time_base, pts=pts, dts=dts)
        pipe = {"f": pipe_format, "itsoffset": _seconds(off * film.time_base), **_turned(film)}
        command = _command(
            film,
            plan,
            partial,
            coded=coded,
            pipe=pipe,
            covers=covers,
            color=color,
            tags=texts,
            faststart=faststart,
        )

        def write(pipe: IO[bytes]) -> None:
            source = first.streams.video[0]
            with PacketSink(
                pipe, container_format=pipe_format, time_base=film.time_base, source=source
            ) as sink:
                for packet in joined_packets(segments, timeline=timeline, time_base=film.time_base):
                    sink.write(packet)

        run_ffmpeg(command, write, output=output, partial=partial)
        try:
            _verify(partial, film, plan, timeline)
        except (av.error.FFmpegError, _IncompleteError) as error:
            raise OutputError(f"cannot write {output}: what was written is not whole: {error}") from error
        kept = tuple(
            s.note for s in plan.streams if s.how != "video" and s.note not in plan.converted + plan.lost
        )
        report = MuxReport(kept=kept, converted=plan.converted + moved, lost=plan.lost)
        before_publish(partial, report)
    return report


def _command(
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
) -> list[str]:
    """FFmpeg's command line: streams in the source's order, each with its own flags; covers at the end."""
    picture, source = ffmpeg.input("pipe:0", **pipe), ffmpeg.input(f"file:{film.path}")
    maps: list[Any] = []
    options: dict[str, Any] = {
        "map_chapters": 1 if film.chapters else -1,
        "copyinkf": None,
        "bitexact": None,
        "strict": "experimental",
    }
    options |= {"f": plan.container.muxer, "max_interleave_delta": _INTERLEAVE_MICROSECONDS}
    repeated = [("metadata", f"{key}={value}") for key, value in {**_OF_THE_PIPE, **tags}.items()]
    for stream, treated in zip(film.streams, plan.streams, strict=True):
        number = len(maps)
        if treated.how == "video":
            maps.append(picture["v:0"])
            options |= _picture_options(film, coded, color, number)
            own = {"handler_name": "", "vendor_id": ""} | video_tags(film)
            repeated += [(f"metadata:s:{number}", f"{key}={value}") for key, value in own.items()]
        elif treated.how in ("copy", "convert"):
            maps.append(source[str(stream.index)])
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


def _turned(film: FilmInfo) -> dict[str, str]:
    """FFmpeg counts counter-clockwise."""
    return {"display_rotation:v:0": str(-film.rotation_degrees)} if film.rotation_degrees else {}


def _save_covers(film: FilmInfo, plan: ContainerPlan, folder: Path) -> list[tuple[Path, StreamInfo]]:
    """The covers that become attached files: Matroska has no stream for them."""
    saved: list[tuple[Path, StreamInfo]] = []
    for stream, treated in zip(film.streams, plan.streams, strict=True):
        if treated.how != "attach":
            continue
        with av.open(str(film.path)) as container:
            packets = container.demux(container.streams[stream.index])
            data = next((bytes(packet) for packet in packets if packet.size), b"")
        path = folder / f"cover{len(saved) or ''}.{_COVER_SUFFIXES.get(stream.codec, stream.codec)}"
        path.write_bytes(data)
        saved.append((path, stream))
    return saved


_COVER_SUFFIXES = {"mjpeg": "jpg"}


def _verify(partial: Path, film: FilmInfo, plan: ContainerPlan, timeline: Timeline) -> None:
    """_IncompleteError unless the file holds every frame of the timeline at its time, and every stream."""
    treated = [t.how for t in plan.streams]
    with av.open(str(partial)) as container:
        found = [s for s in container.streams if s.type in ("video", "audio", "subtitle", "attachment")]
        wanted = [
            s for s, how in zip(film.streams, treated, strict=True) if how != "lost" and s.kind != "data"
        ]
        if len(found) != len(wanted):
            raise _IncompleteError(f"{len(found)} streams arrived, expected {len(wanted)}")
        before = [s for s in wanted if s.index < film.video_index and s.kind == "video"]
        number = sum("attached_pic" not in s.disposition for s in before)
        pictures = [
            s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic
        ]
        stream = pictures[number]
        unit = Fraction(stream.time_base or 1)
        pts = sorted(p.pts for p in container.demux(stream) if p.size and p.pts is not None)
    if len(pts) != len(timeline):
        raise _IncompleteError(f"{len(pts)} frames arrived, the film has {len(timeline)}")
    for time, wanted_time in zip(pts, timeline.pts.tolist(), strict=True):
        if abs(time * unit - wanted_time * film.time_base) > unit:
            raise _IncompleteError(
                f"a frame arrived at {_seconds(time * unit)} s, "
                f"expected {_seconds(wanted_time * film.time_base)} s"
            )


def _seconds(time: Fraction) -> str:
    """Decimal, to the microsecond that FFmpeg counts in."""
    return f"{round(time * 1_000_000) / 1_000_000:.6f}"
