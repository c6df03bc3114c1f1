"""The work on one segment: first its colour, then its picture. Each is published, then recorded."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from jobs.ledger import commit, count_attempt, file_sha256, find_record, fingerprint
from jobs.version import VERSION
from jobs.workdir import WorkDir
from pipeline.color import ab_to_chroma, lightness, luma_coefficients, luma_to_unit, resolve_color
from pipeline.decode import FrameReader
from pipeline.encode import EncodeSettings, FrameWriter
from pipeline.errors import DeviceError
from pipeline.media import FilmInfo, Frame, PictureArea, Segment
from pipeline.plan import Plan
from pipeline.predict import NetSize, Predictor, net_frame, shrink
from pipeline.prefetch import ahead
from pipeline.proxy import ProxyFrame, read_proxy, write_proxy
from pipeline.render import OutputPicture, render
from pipeline.steady import SteadySettings, steady

CODE_FORMAT = 1
"""Raised when a stage's result changes for the same inputs: work of an older format is done again."""
_DECODE_AHEAD_FRAMES = 16
_STEADY_LINES = 112


@dataclass(frozen=True, kw_only=True)
class Film:
    """What every segment of a job shares."""

    info: FilmInfo
    plan: Plan
    work: WorkDir


class Colorist:
    """Gives segments their colour: luma in, a chroma proxy out."""

    def __init__(self, film: Film, *, predictor: Predictor, steady_settings: SteadySettings) -> None:
        self._film, self._predictor, self._steady = film, predictor, steady_settings

    def fingerprint(self, segment: Segment) -> str:
        """Of everything that the proxy depends on."""
        return fingerprint(
            {
                "product": "color",
                "format": CODE_FORMAT,
                "version": VERSION,
                "source": self._film.plan.source.xxh3_128,
                "segment": asdict(segment),
                "picture": asdict(self._picture(segment)),
                "color": asdict(resolve_color(self._film.info)),
                "predict": self._predictor.identity(),
                "steady": asdict(self._steady),
            }
        )

    def color(self, reader: FrameReader, segment: Segment, *, on_frame: Callable[[], None]) -> Path:
        """Publish the segment's proxy, unless it is there already; returns its path."""
        folder = self._film.work.segment_dir(segment.index)
        wanted = self.fingerprint(segment)
        done = find_record(folder, "color", wanted=wanted)
        if done:
            for _ in segment.frames():
                on_frame()
            return folder / done.file
        started, attempts = time.monotonic(), count_attempt(folder)
        path = folder / "proxy.mkv"
        try:
            pts, frames = self._frames(reader, segment, on_frame=on_frame)
        except DeviceError as error:
            place = f"shot {segment.shot}, frames from {segment.lead_start}"
            raise DeviceError(f"colouring {self._film.info.path}, {place}: {error}") from error
        write_proxy(path, zip(pts, frames, strict=True), film=self._film.info)
        seconds = time.monotonic() - started
        commit(folder, "color", path=path, fingerprint=wanted, pts=pts, seconds=seconds, attempts=attempts)
        self._film.work.log("published", product="color", index=segment.index, frames=len(pts))
        return path

    def _frames(
        self, reader: FrameReader, segment: Segment, *, on_frame: Callable[[], None]
    ) -> tuple[list[int], Iterator[ProxyFrame]]:
        info, color = self._film.info, resolve_color(self._film.info)
        layout = net_frame(info, self._picture(segment), short_side=self._predictor.short_side)
        guides: list[npt.NDArray[np.uint8]] = []
        lumas: list[npt.NDArray[np.float32]] = []

        def small(frame: Frame) -> npt.NDArray[np.float32]:
            small_luma = shrink(frame.luma, layout.whole)
            net = luma_to_unit(small_luma, depth=info.pixel_format.depth, range=info.color.range)
            guides.append(_guide(net))
            lumas.append(shrink(net, NetSize(*layout.whole.output)))
            return lightness(layout.picture(net))

        frames = reader.read(segment.lead_start, segment.lead_end)
        with closing(ahead(map(small, frames), depth=_DECODE_AHEAD_FRAMES)) as pictures:
            predicted = []
            for ab in self._predictor.predict(pictures):
                predicted.append(layout.framed(ab))
                if segment.start <= segment.lead_start + len(predicted) - 1 < segment.end:
                    on_frame()
        steadied = steady(np.stack(guides), np.stack(predicted), settings=self._steady)
        kept = slice(segment.start - segment.lead_start, segment.end - segment.lead_start)
        luma = np.stack(lumas[kept])
        kr, kb = luma_coefficients(color.matrix)
        cb, cr = ab_to_chroma(luma, steadied[kept], kr=kr, kb=kb, primaries=color.primaries)
        pts = [int(self._film.plan.timeline.pts[number]) for number in segment.frames()]
        return pts, (ProxyFrame(luma=y, cb=b, cr=r) for y, b, r in zip(luma, cb, cr, strict=True))

    def _picture(self, segment: Segment) -> PictureArea:
        return self._film.plan.shots[segment.shot].picture


class Renderer:
    """Turns a segment's proxy and the film's luma into coded pictures."""

    def __init__(
        self, film: Film, *, encode: EncodeSettings, output: OutputPicture, saturation: float
    ) -> None:
        self._film, self._encode, self._output, self._saturation = film, encode, output, saturation

    def fingerprint(self, segment: Segment, proxy: Path) -> str:
        """Of everything that the coded pictures depend on; the proxy counts by its bytes."""
        return fingerprint(
            {
                "product": "video",
                "format": CODE_FORMAT,
                "version": VERSION,
                "source": self._film.plan.source.xxh3_128,
                "segment": [segment.start, segment.end],
                "proxy": file_sha256(proxy),
                "encode": vars(self._encode) | {"options": dict(self._encode.options)},
                "output": asdict(self._output),
                "saturation": self._saturation,
            }
        )

    def render(
        self, reader: FrameReader, segment: Segment, *, proxy: Path, on_frame: Callable[[], None]
    ) -> Path:
        """Publish the segment's coded video, unless it is there already; returns its path."""
        folder = self._film.work.segment_dir(segment.index)
        wanted = self.fingerprint(segment, proxy)
        done = find_record(folder, "video", wanted=wanted)
        if done:
            for _ in segment.frames():
                on_frame()
            return folder / done.file
        started, attempts = time.monotonic(), count_attempt(folder)
        path = folder / f"video{self._encode.segment_suffix}"
        pts = self._write(path, reader, segment, proxy=proxy, on_frame=on_frame)
        seconds = time.monotonic() - started
        commit(folder, "video", path=path, fingerprint=wanted, pts=pts, seconds=seconds, attempts=attempts)
        self._film.work.log("published", product="video", index=segment.index, frames=len(pts))
        return path

    def _write(
        self, path: Path, reader: FrameReader, segment: Segment, *, proxy: Path, on_frame: Callable[[], None]
    ) -> list[int]:
        info, output = self._film.info, self._output
        pts = []
        with (
            closing(ahead(reader.read(segment.start, segment.end), depth=_DECODE_AHEAD_FRAMES)) as frames,
            closing(read_proxy(proxy, film=info, frame_count=segment.end - segment.start)) as colors,
            FrameWriter(
                path,
                film=info,
                settings=self._encode,
                width=output.width,
                height=output.height,
                color=output.color,
            ) as writer,
        ):
            for frame in render(frames, proxy=colors, film=info, output=output, saturation=self._saturation):
                writer.write(frame)
                pts.append(frame.pts)
                on_frame()
        return pts


def _guide(net_luma: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """The small luma (h, w) uint8 that the optical flow looks at, from luma 0..1 at the network's size."""
    scale = min(1.0, _STEADY_LINES / min(net_luma.shape))
    small = cv2.resize(net_luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return (small * 255 + 0.5).astype(np.uint8)
