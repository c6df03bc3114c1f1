"""The work on one segment: first its colour, then its picture. Each is published, then recorded."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from jobs.inputs import color_inputs, video_inputs
from jobs.ledger import Inputs, commit, count_attempt, file_sha256, find_record
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

    def __init__(
        self,
        film: Film,
        *,
        predictor: Predictor,
        steady_settings: SteadySettings,
        predict: Mapping[str, object] | None = None,
    ) -> None:
        """`predict` is what the proxies depend on beside film and steadying; else all that the predictor says."""
        self._film, self._predictor, self._steady = film, predictor, steady_settings
        self._predict = predictor.identity() if predict is None else predict

    def inputs(self, segment: Segment) -> Inputs:
        """Everything that the proxy depends on."""
        return color_inputs(
            self._film.info, plan=self._film.plan, segment=segment, predict=self._predict, steady=self._steady
        )

    def color(self, reader: FrameReader, segment: Segment, *, on_frame: Callable[[], None]) -> Path:
        """Publish the segment's proxy, unless it is there already; returns its path."""
        folder = self._film.work.segment_dir(segment.index)
        wanted = self.inputs(segment)
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
        device = f"{self._predictor.device.type} {self._predictor.precision}"
        commit(
            folder,
            "color",
            path=path,
            inputs=wanted,
            pts=pts,
            seconds=seconds,
            attempts=attempts,
            device=device,
        )
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

    def inputs(self, segment: Segment, *, proxy_sha256: str) -> Inputs:
        """Everything that the coded pictures depend on."""
        return video_inputs(
            plan=self._film.plan,
            segment=segment,
            proxy_sha256=proxy_sha256,
            encode=self._encode,
            output=self._output,
            saturation=self._saturation,
        )

    def render(
        self, reader: FrameReader, segment: Segment, *, proxy: Path, on_frame: Callable[[], None]
    ) -> Path:
        """Publish the segment's coded video, unless it is there already; returns its path."""
        folder = self._film.work.segment_dir(segment.index)
        path = folder / f"video{self._encode.segment_suffix}"
        while True:
            color = file_sha256(proxy)
            wanted = self.inputs(segment, proxy_sha256=color)
            done = find_record(folder, "video", wanted=wanted)
            if done:
                for _ in segment.frames():
                    on_frame()
                return folder / done.file
            started, attempts = time.monotonic(), count_attempt(folder)
            pts = self._write(path, reader, segment, proxy=proxy, on_frame=on_frame)
            if (
                file_sha256(proxy) == color
            ):  # else a host that knows nothing of our locks has put another there
                break
        seconds = time.monotonic() - started
        commit(folder, "video", path=path, inputs=wanted, pts=pts, seconds=seconds, attempts=attempts)
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
