"""Figures of clips: how near predicted colours come to the true ones, and how steady they are over time.

A clip gets its colours as a film does, segment by segment, and its pictures are rendered like a film's, only smaller.
It is decoded four times: for its plan, its colours without and with steadying, and its true colours. In memory are
the small colours of one segment, never the clip.
"""

import math
from collections.abc import Generator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import numpy as np

from jobs.evaluation.figures import ClipFigures, mean_of_known
from jobs.evaluation.pictures import Floats, Screen, finite_psnr, true_ab
from models.colorfulness import colorfulness
from models.metrics import ColorConsistency, ab_rmse, ssim
from models.networks.lab import Rgb
from pipeline.colorize.network_view import NetworkView
from pipeline.colorize.predict import Network
from pipeline.colorize.segment_colors import SegmentColors, as_proxy_frames, predict_colors
from pipeline.colorize.temporal import SteadySettings
from pipeline.fields import as_counted
from pipeline.media import FilmInfo, Frame
from pipeline.plan.plan import Plan, scan_film
from pipeline.plan.segments import SegmentSettings
from pipeline.plan.shots import ShotSettings
from pipeline.source.frame_reader import FrameReader
from pipeline.source.probe import probe

_STEADY = SteadySettings()
_SEGMENTS = SegmentSettings()


class _ColoredFrame(NamedTuple):
    """A frame with the colours predicted for it."""

    shot: int
    frame: Frame
    luma: Floats
    """(h, w), at the size of ab."""
    ab: Floats
    """(2, h, w), before steadying."""
    steadied: Floats


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
    network: Network,
    group: str = "all",
    steady: SteadySettings = _STEADY,
    segment_settings: SegmentSettings = _SEGMENTS,
) -> ClipFigures:
    """Predicts the colours of a clip and compares frames of the same shot with each other.

    Pairs of frames that straddle a cut do not count. Raises SourceError where it cannot be decoded, as for a film.
    """
    film = probe(path)
    plan = scan_film(film, shot_settings=ShotSettings(), segment_settings=segment_settings)
    film = as_counted(film, plan.fields)
    screen = Screen(film)
    before, after, grey, truth = (_ClipMeter() for _ in range(4))
    errors: list[_FrameErrors] = []
    shot = 0
    with closing(_color(film, plan, network=network, steady=steady)) as frames:
        for one in frames:
            if one.shot != shot:
                shot = one.shot
                for meter in (before, after, grey, truth):
                    meter.consistency.cut()
            ab = true_ab(screen.show(one.frame, None), one.ab.shape[1:])
            no_ab = np.zeros_like(ab)
            versions = np.stack([one.ab, one.steadied, no_ab, ab])
            colors = SegmentColors(luma=np.broadcast_to(one.luma, (4, *one.luma.shape)), ab=versions)
            result, steadied, without, true = (
                screen.show(one.frame, proxy) for proxy in as_proxy_frames(colors, film=film)
            )
            errors.append(
                _FrameErrors(
                    square=ab_rmse(one.ab, ab) ** 2,
                    square_grey=ab_rmse(no_ab, ab) ** 2,
                    psnr=finite_psnr(result, true),
                    ssim=ssim(result, true),
                    delta_cf=abs(before.push(result) - truth.push(true)),
                )
            )
            grey.push(without)
            after.push(steadied)
    return ClipFigures(
        path=path,
        group=group,
        frame_count=len(plan.timeline),
        shot_count=len(plan.shots),
        ab_rmse=math.sqrt(fmean(error.square for error in errors)),
        ab_rmse_grey=math.sqrt(fmean(error.square_grey for error in errors)),
        psnr=mean_of_known(error.psnr for error in errors),
        ssim=fmean(error.ssim for error in errors),
        delta_cf=fmean(error.delta_cf for error in errors),
        cdc=before.consistency.value(),
        cdc_steadied=after.consistency.value(),
        cdc_grey=grey.consistency.value(),
        cdc_truth=truth.consistency.value(),
        colorfulness=before.colorfulness(),
        colorfulness_steadied=after.colorfulness(),
        colorfulness_truth=truth.colorfulness(),
    )


def _color(
    film: FilmInfo, plan: Plan, *, network: Network, steady: SteadySettings
) -> Generator[_ColoredFrame, None, None]:
    """Every frame with the colours that a film gets, once without steadying and once with it."""
    settings = (replace(steady, strength=0), steady)
    views = [NetworkView(film, plan=plan, short_side=network.short_side) for _ in settings]
    with ExitStack() as stack:
        *readers, source = (
            stack.enter_context(FrameReader(film, timeline=plan.timeline)) for _ in range(len(settings) + 1)
        )
        for segment in plan.segments:
            before, after = (
                predict_colors(reader, segment, view=view, network=network, settings=how)
                for reader, view, how in zip(readers, views, settings, strict=True)
            )
            frames = source.read(segment.start, segment.end, chroma=True)
            for frame, luma, ab, steadied in zip(frames, before.luma, before.ab, after.ab, strict=True):
                yield _ColoredFrame(segment.shot, frame, luma, ab, steadied)
