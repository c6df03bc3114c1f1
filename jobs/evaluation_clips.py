"""Figures of clips: how steady predicted colours are over time, before and after steadying.

A clip is decoded twice, once for its cuts and once for its colours. In memory are the frames of one segment
and its overlap, 256 px on the short side, never the clip.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import av
import cv2
import numpy as np
import numpy.typing as npt

from jobs.evaluation_pictures import (
    SHOWN_SHORT_PX,
    Floats,
    Predict,
    finite_psnr,
    take_apart,
    with_short_side,
)
from jobs.evaluation_report import ClipFigures, mean_of_known
from models.lab import Rgb, put_together
from models.metrics import ColorConsistency, ab_rmse, colorfulness, ssim
from pipeline.errors import SourceError
from pipeline.media import Segment, Shot
from pipeline.regularfile import refuse_special_file
from pipeline.segments import SegmentSettings, make_segments
from pipeline.shots import ShotFinder, ShotSettings, small_luma

Steady = Callable[[npt.NDArray[np.uint8], Floats], Floats]
"""Luma (N, H, W) of a segment, 0..255, 112 px on the short side, and its ab (N, 2, h, w) to steadied ab."""

_BATCH = 8
_FLOW_SHORT_PX = 112
_UNTAGGED_SD_LINES = 576


class _Colored(NamedTuple):
    """A frame with the colours predicted for it."""

    rgb: Rgb
    luma: npt.NDArray[np.uint8]
    ab: Floats


class _ClipMeter:
    """CDC and mean colourfulness of one version of a clip."""

    def __init__(self) -> None:
        self.consistency = ColorConsistency()
        self._sum = 0.0
        self._count = 0

    def push(self, rgb: Rgb) -> float:
        """Takes the next frame; returns its colourfulness."""
        self.consistency.push(rgb)
        figure = colorfulness(rgb)
        self._sum += figure
        self._count += 1
        return figure

    def colorfulness(self) -> float:
        return self._sum / max(self._count, 1)


class _FrameErrors(NamedTuple):
    """How far a frame's colours are from the true ones."""

    square: float
    square_grey: float
    psnr: float | None
    ssim: float
    delta_cf: float


def measure_clip(
    path: Path,
    *,
    predict: Predict,
    group: str = "all",
    steady: Steady | None = None,
    segment_settings: SegmentSettings | None = None,
) -> ClipFigures:
    """Predicts the colours of a clip and compares frames of the same shot with each other.

    Pairs of frames that straddle a cut do not count. Raises SourceError where it cannot be decoded.
    """
    shots = find_clip_shots(path)
    segments = make_segments(shots, segment_settings or SegmentSettings())
    before, after, grey, truth = (_ClipMeter() for _ in range(4))
    errors: list[_FrameErrors] = []
    shot = 0
    for segment, frame, steadied in _steadied(_colored(path, predict), segments, steady, path):
        if segment.shot != shot:
            shot = segment.shot
            for meter in (before, after, grey, truth):
                meter.consistency.cut()
        picture = take_apart(frame.rgb)
        true_ab = picture.ab_at(frame.ab.shape[1:])
        result, true = (put_together(picture.lightness, ab) for ab in (frame.ab, true_ab))
        no_ab = np.zeros_like(true_ab)
        errors.append(
            _FrameErrors(
                square=ab_rmse(frame.ab, true_ab) ** 2,
                square_grey=ab_rmse(no_ab, true_ab) ** 2,
                psnr=finite_psnr(result, true),
                ssim=ssim(result, true),
                delta_cf=abs(before.push(result) - truth.push(true)),
            )
        )
        grey.push(put_together(picture.lightness, no_ab))
        if steadied is not None:
            after.push(put_together(picture.lightness, steadied))
    return ClipFigures(
        path=path,
        group=group,
        frame_count=shots[-1].end,
        shot_count=len(shots),
        ab_rmse=math.sqrt(fmean(error.square for error in errors)),
        ab_rmse_grey=math.sqrt(fmean(error.square_grey for error in errors)),
        psnr=mean_of_known(error.psnr for error in errors),
        ssim=fmean(error.ssim for error in errors),
        delta_cf=fmean(error.delta_cf for error in errors),
        cdc=before.consistency.value(),
        cdc_steadied=None if steady is None else after.consistency.value(),
        cdc_grey=grey.consistency.value(),
        cdc_truth=truth.consistency.value(),
        colorfulness=before.colorfulness(),
        colorfulness_steadied=None if steady is None else after.colorfulness(),
        colorfulness_truth=truth.colorfulness(),
    )


def find_clip_shots(path: Path) -> Sequence[Shot]:
    """The shots of a clip, found as the film path finds them. Raises SourceError as `read_clip`."""
    finder = ShotFinder(ShotSettings())
    for rgb in read_clip(path, short_px=SHOWN_SHORT_PX):
        grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.uint8)
        finder.push(small_luma(grey, depth=8))
    return finder.finish()


def read_clip(path: Path, *, short_px: int) -> Iterator[Rgb]:
    """Every frame as 8-bit sRGB, upright, `short_px` on the short side.

    Without a tag the matrix is BT.601 up to 576 lines, else BT.709. Raises SourceError where the clip cannot
    be decoded or has no frame.
    """
    refuse_special_file(path)
    count = 0
    try:
        with av.open(str(path), metadata_errors="replace") as container:
            stream = container.streams.best("video")
            if stream is None:
                raise SourceError(f"cannot evaluate {path}: it has no picture")
            stream.codec_context.thread_type = "AUTO"
            for frame in container.decode(stream):
                if isinstance(frame, av.VideoFrame):
                    count += 1
                    yield _upright(frame, short_px)
    except av.FFmpegError as error:
        raise SourceError(f"cannot evaluate {path}: {error}") from error
    if count == 0:
        raise SourceError(f"cannot evaluate {path}: it has no frame that can be decoded")


def _upright(frame: av.VideoFrame, short_px: int) -> Rgb:
    untagged = frame.colorspace in {2, 3}
    matrix = "itu601" if frame.height <= _UNTAGGED_SD_LINES else "itu709"
    picture: Rgb = np.asarray(
        frame.to_ndarray(format="rgb24", src_colorspace=matrix if untagged else None), dtype=np.uint8
    )
    small = with_short_side(picture, short_px)
    return np.ascontiguousarray(np.rot90(small, k=round(frame.rotation / 90)))


def _colored(path: Path, predict: Predict) -> Iterator[_Colored]:
    frames = read_clip(path, short_px=SHOWN_SHORT_PX)
    while batch := list(islice(frames, _BATCH)):
        levels = np.stack([take_apart(rgb).grey_level() for rgb in batch])
        for rgb, level, ab in zip(batch, levels, predict(levels), strict=True):
            luma = with_short_side(level, _FLOW_SHORT_PX) * 255
            yield _Colored(rgb, luma.round().astype(np.uint8), ab)


def _steadied(
    frames: Iterator[_Colored], segments: Sequence[Segment], steady: Steady | None, path: Path
) -> Iterator[tuple[Segment, _Colored, Floats | None]]:
    """Every frame once, with its segment and its steadied ab (None without `steady`)."""
    window: deque[_Colored] = deque()
    first = 0  # number of the frame at the left end of the window
    for segment in segments:
        while first < segment.lead_start and window:
            window.popleft()
            first += 1
        while first + len(window) < segment.lead_end:
            frame = next(frames, None)
            if frame is None:
                raise SourceError(f"cannot evaluate {path}: it has fewer frames when it is read again")
            window.append(frame)
        after: Sequence[Floats | None] = [None] * len(window)
        if steady is not None:
            lumas, abs_ = np.stack([frame.luma for frame in window]), np.stack([frame.ab for frame in window])
            after = list(steady(lumas, abs_))
        for number in segment.frames():
            yield segment, window[number - first], after[number - first]
