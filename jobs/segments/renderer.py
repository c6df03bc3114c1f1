"""The second stage of a segment: `Renderer` publishes its coded pictures, then records them."""

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from jobs.segments.stages import Proxy
from jobs.workdir.film_spec import FilmSpec
from jobs.workdir.segment_records import Inputs, commit, count_attempt, file_sha256, find_product
from jobs.workdir.status import SegmentStatus
from pipeline.colorize.chroma_proxy import read_proxy
from pipeline.colorize.segment_colors import DECODE_AHEAD_FRAMES
from pipeline.media import Segment
from pipeline.prefetch import ahead
from pipeline.render.frame_writer import FrameWriter
from pipeline.render.output_picture import as_coded
from pipeline.render.render import render
from pipeline.source.frame_reader import FrameReader


class Renderer:
    """Renders a segment's proxy and the film's luma into coded pictures."""

    def __init__(self, spec: FilmSpec) -> None:
        self._spec, self._film = spec, spec.film

    def inputs(self, segment: Segment, *, proxy_sha256: str) -> Inputs:
        """Everything on which the coded pictures depend."""
        return self._spec.video(segment, proxy_sha256=proxy_sha256)

    def render(
        self, reader: FrameReader, status: SegmentStatus, *, proxy: Proxy, on_frame: Callable[[], None]
    ) -> Path:
        """Publishes the segment's coded video, unless it exists; returns its path.

        `status` was read under the segment's lock, which is still held.
        """
        segment, color = status.segment, proxy.sha256
        folder = self._film.work.segment_dir(segment.index)
        path = folder / f"video{self._spec.job.encode.segment_suffix}"
        while True:
            expected = self.inputs(segment, proxy_sha256=color)
            done = find_product(folder, "video", records=status.records, expected=expected).record
            if done:
                for _ in segment.frames():
                    on_frame()
                return folder / done.file
            started, attempts = time.monotonic(), count_attempt(folder)
            pts = self._write(path, reader, segment, proxy=proxy.path, on_frame=on_frame)
            seen, color = color, file_sha256(proxy.path)
            if color == seen:  # else a host that does not see our locks has replaced it
                break
        commit(
            folder,
            "video",
            path=path,
            inputs=expected,
            pts=pts,
            seconds=time.monotonic() - started,
            attempts=attempts,
            keys=self._spec.shots[segment.shot].keys,
        )
        self._film.work.log("published", product="video", index=segment.index, frames=len(pts))
        return path

    def _write(
        self, path: Path, reader: FrameReader, segment: Segment, *, proxy: Path, on_frame: Callable[[], None]
    ) -> list[int]:
        info, output, delivery = self._film.info, self._spec.picture, self._spec.delivery
        treatment = self._spec.shots[segment.shot].treatment
        source = reader.read(segment.start, segment.end, chroma=treatment.source == "original")
        pts = []
        with (
            closing(ahead(source, depth=DECODE_AHEAD_FRAMES)) as frames,
            closing(read_proxy(proxy, film=info, frame_count=segment.end - segment.start)) as colors,
            FrameWriter(
                path,
                film=as_coded(info if delivery is None else delivery.film, output),
                settings=self._spec.job.encode,
                width=output.width,
                height=output.height,
                color=output.color,
            ) as writer,
        ):
            rendered = render(frames, proxy=colors, film=info, output=output, treatment=treatment)
            for number, frame in zip(segment.frames(), rendered, strict=True):
                times = [frame.pts] if delivery is None else delivery.pts_of(number)
                writer.write(frame, times=times)
                pts += times
                on_frame()
        return pts
