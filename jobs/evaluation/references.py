"""How near a shot's colours come to the true ones when stills of it are given in colour, by distance from the stills.

Every shot of a clip in colour is made grey, gets its own first frame, or first and last, as reference stills, and is
coloured as a film is: what is measured is what a job with `references:` makes.
"""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from itertools import count
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import NamedTuple

import cv2
import numpy as np

from jobs.evaluation.pictures import Screen, capped_psnr
from jobs.evaluation.reference_figures import FrameError, ReferenceReport, ShotReferences, as_distances
from models.metrics import ColorConsistency
from models.networks.lab import Rgb
from pipeline.colorize.network_view import NetworkView
from pipeline.colorize.predict import Predictor
from pipeline.colorize.segment_colors import SegmentColors, as_proxy_frames, predict_colors
from pipeline.colorize.temporal import SteadySettings
from pipeline.errors import SettingsError
from pipeline.fields import as_counted
from pipeline.guidance.guided_shot import GuidedShot
from pipeline.guidance.reference_file import read_colors
from pipeline.guidance.shot_guidance import PictureFile, ShotGuidance, ShotReference
from pipeline.media import Shot
from pipeline.plan.plan import Plan, scan_film
from pipeline.plan.segments import SegmentSettings, make_segments
from pipeline.plan.shots import ShotSettings
from pipeline.progress import StageProgress
from pipeline.source.frame_reader import FrameReader
from pipeline.source.probe import probe

REFERENCES = ("first", "first-last", "foreign")
"""Which stills a shot gets: its own first frame; its first and its last; the first frame of the shot that was measured
before it, which shows another scene."""

_STEADY = SteadySettings()
LEAST_FRAMES = 3
"""Of a shot that is measured: one between its first and its last."""


class _Shown(NamedTuple):
    """A frame of a shot as pictures."""

    number: int
    truth: Rgb
    """In its own colours."""
    with_stills: Rgb
    standing: Rgb
    """As with stills, but every frame has the mean of its segment's colours: nothing of them flickers."""
    automatic: Rgb
    grey: Rgb


def measure_references(
    clips: Sequence[Path],
    *,
    reference: str,
    predictor: Predictor,
    most_frames: int | None = None,
    progress: StageProgress,
) -> ReferenceReport:
    """Measures every shot of these clips, of each its first `most_frames` frames; None takes all.

    Raises SourceError where one cannot be decoded, SettingsError where there is no shot to measure.
    """
    found: list[ShotReferences] = []
    skipped = 0
    with TemporaryDirectory(prefix="kinochrome-references-") as folder:
        stills = _Stills(Path(folder), reference)
        for done, path in enumerate(clips, start=1):
            clip = _Clip(path, predictor=predictor, most_frames=most_frames)
            for number, shot in enumerate(clip.shots):
                given = stills.of_shot(clip, shot)
                if given:
                    found.append(clip.measure(number, shot, given))
                elif given is None:
                    skipped += 1
            progress("clips", done, len(clips))
    if not found:
        raise SettingsError(
            f"--reference {reference}: no shot has {LEAST_FRAMES} frames or more and a still in colour; clips in "
            "colour would work"
        )
    return ReferenceReport(
        reference=reference, shots=tuple(found), skipped=skipped, network=predictor.identity()
    )


class _Clip:
    """A clip in colour, coloured anew from its own luma."""

    def __init__(self, path: Path, *, predictor: Predictor, most_frames: int | None) -> None:
        film = probe(path)
        plan = scan_film(film, shot_settings=ShotSettings(), segment_settings=SegmentSettings())
        self.path, self._predictor = path, predictor
        self._film = as_counted(film, plan.fields)
        self._screen = Screen(self._film)
        self._plan, self.shots = _shortened(plan, most_frames)

    def picture(self, number: int) -> Rgb:
        """A frame in its own colours."""
        with FrameReader(self._film, timeline=self._plan.timeline) as reader:
            (frame,) = reader.read(number, number + 1, chroma=True)
            return self._screen.show(frame, None)

    def measure(self, number: int, shot: Shot, given: tuple[ShotReference, ...]) -> ShotReferences:
        """Compares every frame of a shot, coloured with these stills and without, with its own colours."""
        own = [still.frame for still in given if still.frame is not None]
        guided = GuidedShot(
            ShotGuidance(references=given, words={}, regions={}),
            shot,
            view=self._view(),
            network=self._predictor,
            settings=_STEADY,
        )
        meters = {name: ColorConsistency() for name in _Shown._fields[1:]}
        errors: list[FrameError] = []
        fits: list[float] = []
        with closing(self._shown(shot, guided, fits)) as frames:
            for frame in frames:
                for name, meter in meters.items():
                    meter.push(getattr(frame, name))
                distance = min(abs(frame.number - one) for one in own or [shot.start])
                if frame.number not in own:
                    errors.append(
                        FrameError(
                            distance=distance,
                            psnr=capped_psnr(frame.with_stills, frame.truth),
                            psnr_automatic=capped_psnr(frame.automatic, frame.truth),
                        )
                    )
        return ShotReferences(
            path=self.path,
            shot=number,
            frame_count=shot.end - shot.start,
            score=fmean(fits),
            psnr=fmean(one.psnr for one in errors),
            psnr_automatic=fmean(one.psnr_automatic for one in errors),
            cdc=meters["with_stills"].value(),
            cdc_standing=meters["standing"].value(),
            cdc_automatic=meters["automatic"].value(),
            cdc_grey=meters["grey"].value(),
            cdc_truth=meters["truth"].value(),
            distances=as_distances(errors),
        )

    def _shown(self, shot: Shot, guided: GuidedShot, fits: list[float]) -> Generator[_Shown, None, None]:
        """Every frame of a shot; `fits` gets for each of them how well the stills fit its segment."""
        film, timeline, view = self._film, self._plan.timeline, self._view()
        with FrameReader(film, timeline=timeline) as reader, FrameReader(film, timeline=timeline) as source:
            for segment in self._plan.segments:
                if segment.shot != shot.index:
                    continue
                with_stills = guided.colors(reader, segment)
                fits += [guided.fit or 0.0] * (segment.end - segment.start)
                automatic = predict_colors(
                    reader, segment, view=view, network=self._predictor, settings=_STEADY
                )
                luma, mean = automatic.luma, with_stills.ab.mean(axis=0, keepdims=True)
                standing = SegmentColors(luma=luma, ab=np.repeat(mean, len(luma), axis=0))
                grey = SegmentColors(luma=luma, ab=np.zeros_like(automatic.ab))
                shown = (with_stills, standing, automatic, grey)
                proxies = zip(*(as_proxy_frames(colors, film=film) for colors in shown), strict=True)
                frames = source.read(segment.start, segment.end, chroma=True)
                for number, frame, colors in zip(segment.frames(), frames, proxies, strict=True):
                    yield _Shown(
                        number,
                        self._screen.show(frame, None),
                        *(self._screen.show(frame, proxy) for proxy in colors),
                    )

    def _view(self) -> NetworkView:
        return NetworkView(self._film, plan=self._plan, short_side=self._predictor.short_side)


class _Stills:
    """Frames in colour as files, as a person would give them."""

    def __init__(self, folder: Path, reference: str) -> None:
        self._reference = reference
        self._names = (folder / f"{number}.png" for number in count())
        self._before: ShotReference | None = None

    def of_shot(self, clip: _Clip, shot: Shot) -> tuple[ShotReference, ...] | None:
        """The stills of a shot: none for the first of all shots, which has no foreign one; None where there cannot be
        any."""
        if shot.end - shot.start < LEAST_FRAMES:
            return None
        numbers = [shot.start, shot.end - 1] if self._reference == "first-last" else [shot.start]
        made = [self._still(clip, number) for number in numbers]
        stills = tuple(still for still in made if still is not None)
        if len(stills) < len(made):
            return None
        if self._reference != "foreign":
            return stills
        before, self._before = self._before, replace(stills[0], frame=None)
        return () if before is None else (before,)

    def _still(self, clip: _Clip, number: int) -> ShotReference | None:
        """A frame as a PNG; None where it has no colour."""
        path = next(self._names)
        cv2.imwrite(str(path), clip.picture(number)[..., ::-1])
        try:
            read_colors(path)
        except SettingsError:
            return None
        picture = PictureFile(path=path, sha256=sha256(path.read_bytes()).hexdigest())
        return ShotReference(picture=picture, frame=number, weight=1.0)


def _shortened(plan: Plan, most_frames: int | None) -> tuple[Plan, tuple[Shot, ...]]:
    """The plan with its shots cut in two where they are longer, and the shots that are to be measured."""
    shots: list[Shot] = []
    measured: list[Shot] = []
    for shot in plan.shots:
        end = shot.end if most_frames is None else min(shot.end, shot.start + most_frames)
        measured.append(replace(shot, index=len(shots), end=end))
        shots.append(measured[-1])
        if end < shot.end:
            shots.append(replace(shot, index=len(shots), start=end))
    segments = make_segments(shots, plan.segment_settings)
    return replace(plan, shots=tuple(shots), segments=segments), tuple(measured)
