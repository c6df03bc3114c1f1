"""Puts the finished film together: the coloured picture in place of the source's, and every other stream of the source.

The segments are joined on the fly and go through a pipe into FFmpeg, which copies the other streams out of the source.
The file that it writes is read again, and published only if every frame is there at its time and every copied stream
is the source's.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import av
import av.error
import xxhash
from av.video.stream import VideoStream

from pipeline.atomic_files import publish
from pipeline.errors import OutputError
from pipeline.matroska.carry_over import carry_over
from pipeline.media import ColorDescription, Crop, FilmInfo, StreamInfo
from pipeline.output.clean_aperture import STAND_IN, CleanAperturePipe, coded_crop, needs_stand_in
from pipeline.output.constant_rate import check_times
from pipeline.output.containers import ContainerPlan, check_container, keeps_crop
from pipeline.output.copy_proof import Copies, CopyError, check_copies
from pipeline.output.ffmpeg_process import run_ffmpeg
from pipeline.output.film_tags import film_tags, nameless_stream_tags, stamp_umid
from pipeline.output.join import CodedVideo, coded_video, first_times, joined_packets
from pipeline.output.matroska_header import carry_plan
from pipeline.output.mux_command import file_start, mux_command, seconds_text
from pipeline.output.subtitle_texts import read_texts
from pipeline.partial_files import temporary_folder
from pipeline.progress import StageProgress
from pipeline.read_monitor import reading
from pipeline.render.packet_sink import (
    IntermediateFormat,
    PacketSink,
    intermediate_format,
    open_segment,
    time_offset,
)
from pipeline.source.open_media import open_media, read_packets
from pipeline.target import target_of
from pipeline.timeline import Timeline


class _IncompleteError(Exception):
    """The written file lacks a stream or a frame, or has one at another time."""


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
    changes: tuple[str, ...] = (),
    before_publish: Callable[[Path, MuxReport], None] = lambda partial, report: None,
    progress: StageProgress = lambda stage, done, total: None,
) -> MuxReport:
    """Writes the film to `output`, in the container of its suffix, whole or not at all.

    `segments`, in the order of the film, hold exactly the frames of the timeline. `color` are the colour tags that the
    container states; `tags` are global tags, which are added to the source's. `changes` are lines about the picture for
    the report. `faststart` puts the index of MP4 and MOV at the front. `before_publish` is called with the whole,
    verified file and the report, before the file is renamed. `progress` counts the frames that are written (stage
    `mux`), then reports the comparison of copied streams (stage `copies`).

    Raises OutputError as `check_container` and `joined_packets` do, and where the file cannot be written, or does not
    hold every frame at its time and the streams of the source.
    """
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(open_segment(segments[0]))
        coded = coded_video(first)
        target = target_of(output)
        plan = check_container(film, target, video_codec=coded.codec, allow_loss=allow_loss)
        plan = read_texts(film, plan)
        check_times(film, target, timeline=timeline)
        texts, moved = film_tags(film, container=plan.container, notices=tags)
        moved += nameless_stream_tags(film, container=plan.container)
        partial = stack.enter_context(publish(output))
        covers = _save_covers(film, plan, stack.enter_context(temporary_folder()))
        crop = coded_crop(film, coded) if keeps_crop(plan.container, coded.codec) else None
        # MOV keeps the decoding times of B-frames, which NUT leaves to the reader to guess
        pipe_format = "mov" if coded.reorder_depth or crop else intermediate_format(coded.codec)
        pts, dts = first_times(timeline, delay=coded.reorder_depth)
        offset = time_offset(pipe_format, time_base=film.time_base, pts=pts, dts=dts)
        start = file_start(film, plan, timeline)
        carried = carry_plan(film, plan)
        command = mux_command(
            film,
            plan,
            partial,
            coded=coded,
            pipe={"f": pipe_format, "itsoffset": seconds_text(offset * film.time_base - start)},
            covers=covers,
            color=color,
            tags=texts,
            faststart=faststart,
            timeline=timeline,
            header_padding_bytes=carried.plan.padding_bytes if carried.plan else 0,
        )
        is_mxf = plan.container.muxer == "mxf"
        identity = xxhash.xxh3_128(repr(sorted(texts.items())).encode(errors="surrogateescape"))

        def write(pipe: IO[bytes]) -> None:
            with _open_sink(
                pipe,
                container_format=pipe_format,
                time_base=film.time_base,
                template=first.streams.video[0],
                coded=coded,
                crop=crop,
            ) as sink:
                packets = joined_packets(segments, timeline=timeline, time_base=film.time_base)
                for number, packet in enumerate(packets):
                    progress("mux", number, len(timeline))
                    if is_mxf:
                        identity.update(bytes(packet))
                    sink.write(packet)

        run_ffmpeg(command, write, output=output, partial=partial, stall_seconds=film.limits.stall_seconds)
        progress("mux", len(timeline), len(timeline))
        progress("copies", 0, 1)
        if is_mxf:
            stamp_umid(partial, identity=identity.digest())
        if carried.plan is not None:
            carry_over(partial, carried.plan)
        try:
            _verify(partial, film, plan, timeline, start=start)
            copies = check_copies(film, plan, partial, timeline=timeline, start=start)
        except (av.error.FFmpegError, _IncompleteError, CopyError) as error:
            raise OutputError(f"cannot write {output}: what was written is not whole: {error}") from error
        progress("copies", 1, 1)
        moved += _start_changes(plan, start)
        if film.crop is not None and crop is None and keeps_crop(plan.container, coded.codec):
            moved += (f"the edges that players hide, {film.crop}, are shown: the picture has another size",)
        report = MuxReport(
            kept=tuple(
                s.note for s in plan.streams if s.how != "video" and s.note not in plan.converted + plan.lost
            ),
            converted=changes + _conversions(plan, copies) + moved + carried.dropped + film.notes,
            lost=plan.lost + copies.changes,
        )
        before_publish(partial, report)
    return report


def _open_sink(
    pipe: IO[bytes],
    *,
    container_format: IntermediateFormat,
    time_base: Fraction,
    template: VideoStream,
    coded: CodedVideo,
    crop: Crop | None,
) -> PacketSink:
    """The sink for the picture's packets, of the kind of `template`; FFmpeg learns `crop` from the pipe's header."""
    if crop is None:
        return PacketSink(pipe, container_format=container_format, time_base=time_base, source=template)
    file: Any = CleanAperturePipe(pipe, crop=crop, coded=coded)
    source = STAND_IN if needs_stand_in(coded.codec) else template
    sink = PacketSink(file, container_format=container_format, time_base=time_base, source=source)
    if source == STAND_IN:
        context = sink.stream.codec_context
        context.width, context.height = coded.width, coded.height
        context.pix_fmt, context.sample_aspect_ratio = "rgb24", coded.sample_aspect
    return sink


def _conversions(plan: ContainerPlan, copies: Copies) -> tuple[str, ...]:
    """The lines about converted streams, with the MD5 of sound that became PCM."""
    sums = {plan.streams[index].note: f"; MD5 of the samples {md5}" for index, md5 in copies.sums.items()}
    return tuple(line + sums.get(line, "") for line in plan.converted)


def _start_changes(plan: ContainerPlan, start: Fraction) -> tuple[str, ...]:
    """A line where the file begins at another time than the film; `start` is as `file_start` gives it."""
    if not start:
        return ()
    if plan.rate:
        return (f"the film begins at 0, not at {seconds_text(start)} s: its container knows no other start",)
    return (f"the clock of MPEG starts anew in it: all times are {seconds_text(-start)} s later",)


def _save_covers(film: FilmInfo, plan: ContainerPlan, folder: Path) -> list[tuple[Path, StreamInfo]]:
    """The covers that become attached files: Matroska has no stream for them."""
    saved: list[tuple[Path, StreamInfo]] = []
    for stream, treated in zip(film.streams, plan.streams, strict=True):
        if treated.how != "attach":
            continue
        with (
            reading(film.path, film.limits),
            open_media(film.path) as container,
        ):
            packets = read_packets(container, container.streams[stream.index])
            data = next((bytes(packet) for packet in packets if packet.size), b"")
        path = folder / f"cover{len(saved) or ''}.{'jpg' if stream.codec == 'mjpeg' else stream.codec}"
        path.write_bytes(data)
        saved.append((path, stream))
    return saved


def _verify(
    partial: Path, film: FilmInfo, plan: ContainerPlan, timeline: Timeline, *, start: Fraction
) -> None:
    """_IncompleteError unless the file holds every frame of the timeline at its time, and every stream.

    `start` is the time of the film at which the file begins.
    """
    treated = [t.how for t in plan.streams]
    with open_media(partial) as container:
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
        pts = sorted(p.pts for p in read_packets(container, stream) if p.size and p.pts is not None)
    if len(pts) != len(timeline):
        raise _IncompleteError(f"{len(pts)} frames arrived, the film has {len(timeline)}")
    for time, wanted_time in zip(pts, timeline.pts.tolist(), strict=True):
        wanted_seconds = wanted_time * film.time_base - start
        if abs(time * unit - wanted_seconds) > unit:
            raise _IncompleteError(
                f"a frame arrived at {seconds_text(time * unit)} s, expected {seconds_text(wanted_seconds)} s"
            )
