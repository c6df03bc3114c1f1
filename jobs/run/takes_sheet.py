"""A contact sheet of takes: of each shot its regions with letters, the automatic colours, and some other ones."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from jobs.review.small_pictures import Rgb, SmallPictures
from jobs.segments.task import make_predictor
from jobs.settings.job import Job
from jobs.settings.shots import Ranges
from jobs.workdir.film_plan import open_plan
from jobs.workdir.folder import WorkDir
from pipeline.atomic_files import publish
from pipeline.color.picture_file import encode_picture
from pipeline.colorize.network_view import NetworkView
from pipeline.colorize.segment_colors import SegmentColors, as_proxy_frames
from pipeline.errors import OutputError, SettingsError
from pipeline.guidance.hints.regions import Regions
from pipeline.guidance.hints.takes import MOST_TAKES, ShotTakes
from pipeline.guidance.lettered_picture import framed_masks, lettered_picture
from pipeline.guidance.shot_memory import sampled_frames
from pipeline.media import FilmInfo, Shot
from pipeline.plan.plan import Plan
from pipeline.progress import CountProgress
from pipeline.source.frame_reader import FrameReader

_LINES = 240
_CAPTION_LINES = 18
_GAP_PX = 4
_MOST_SHOTS = 50
_DARK, _LIGHT = 24, (220, 220, 220)


def write_takes(
    job: Job,
    *,
    work: WorkDir,
    path: Path,
    ranges: Ranges | None,
    count: int,
    overwrite: bool,
    progress: CountProgress,
) -> tuple[int, ...]:
    """Publishes the sheet of a planned film as a PNG or JPEG, `count` takes a shot; returns its shots.

    Of a film of many shots without `ranges`, the first ones. Raises SettingsError, OutputError, or as the network does.
    """
    _check(path, count=count, overwrite=overwrite)
    film, plan = open_plan(job, work=work)
    shots = _picked(plan, ranges)
    rows = []
    with FrameReader(film, timeline=plan.timeline) as reader:
        sheet = _Sheet(job, film, plan, reader)
        for done, shot in enumerate(shots):
            progress(done, len(shots))
            rows.append(sheet.row(shot, count))
    progress(len(shots), len(shots))
    width = max(row.shape[1] for row in rows)
    grid = np.vstack(
        [
            cv2.copyMakeBorder(
                row, 0, _GAP_PX, 0, width - row.shape[1], cv2.BORDER_CONSTANT, value=(_DARK,) * 3
            )
            for row in rows
        ]
    )
    with publish(path) as partial:
        partial.write_bytes(encode_picture(np.asarray(grid, np.uint8), path.suffix))
    return tuple(shot.index for shot in shots)


def _check(path: Path, *, count: int, overwrite: bool) -> None:
    if path.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise OutputError(f"cannot write {path}: a sheet is a PNG or a JPEG; {path.stem}.png would work")
    if path.exists() and not overwrite:
        raise OutputError(f"cannot write {path}: it exists; another name or --overwrite would work")
    if not 1 <= count <= MOST_TAKES:
        raise SettingsError(f"takes: found {count}; 1 to {MOST_TAKES} would work")


def _picked(plan: Plan, ranges: Ranges | None) -> Sequence[Shot]:
    if ranges is None:
        return plan.shots[:_MOST_SHOTS]
    numbers = ranges.pick(len(plan.shots))
    if not numbers:
        raise SettingsError(f"--shots: the film has {len(plan.shots)} shots, 0 to {len(plan.shots) - 1}")
    if len(numbers) > _MOST_SHOTS:
        raise SettingsError(
            f"--shots: found {len(numbers)} shots; {_MOST_SHOTS} or less on a sheet would work"
        )
    return [plan.shots[number] for number in numbers]


class _Sheet:
    """Makes the rows of the sheet."""

    def __init__(self, job: Job, film: FilmInfo, plan: Plan, reader: FrameReader) -> None:
        self._film, self._reader = film, reader
        self._view = NetworkView(film, plan=plan, short_side=job.color.short_side)
        self._network = make_predictor(job)
        self._pictures = SmallPictures(film, lines=_LINES)
        self._seed = (job.guidance.seed if job.guidance else None) or 0

    def row(self, shot: Shot, count: int) -> Rgb:
        """Regions, automatic colours and takes of the shot's middle frame, side by side."""
        numbers = sampled_frames(shot)
        sights = [self._network.see(self._small(shot, number)[0]) for number in numbers]
        regions = Regions.of(sights)
        takes = ShotTakes.of(sights, self._network.bins, regions)
        middle = numbers[len(numbers) // 2]
        lightness, luma = self._small(shot, middle)
        sight = self._network.see(lightness)
        layout = self._view.layout_of(shot.index)
        abs_ = [sight.ab]
        abs_ += [
            self._network.colors(takes.apply(sight, take, seed=self._seed), sight)
            for take in range(1, count + 1)
        ]
        framed = np.stack([layout.framed(ab) for ab in abs_])
        (frame,) = self._reader.read(middle, middle + 1)
        colors = SegmentColors(luma=np.repeat(luma[np.newaxis], len(framed), axis=0), ab=framed)
        pairs = [self._pictures.pair(frame, proxy) for proxy in as_proxy_frames(colors, film=self._film)]
        grey = np.ascontiguousarray(pairs[0][0][..., 0])
        captions = [
            f"shot {shot.index}, frame {middle}: regions",
            "automatic",
            *(f"take {take}" for take in range(1, count + 1)),
        ]
        pictures = [
            lettered_picture(grey, framed_masks(sight, regions, layout, self._film.orientation)),
            *(color for _, color in pairs),
        ]
        return np.hstack(list(_with_captions(pictures, captions)))

    def _small(self, shot: Shot, number: int) -> tuple[np.ndarray, np.ndarray]:
        (view,) = self._view.part(self._reader, shot.index, number, number + 1)
        return view.lightness, view.luma


def _with_captions(pictures: Sequence[Rgb], captions: Sequence[str]) -> Iterator[Rgb]:
    for picture, caption in zip(pictures, captions, strict=True):
        strip = np.full((_CAPTION_LINES, picture.shape[1], 3), _DARK, np.uint8)
        cv2.putText(strip, caption, (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.4, _LIGHT, 1, cv2.LINE_AA)
        gap = np.full((picture.shape[0] + _CAPTION_LINES, _GAP_PX, 3), _DARK, np.uint8)
        yield np.hstack([np.vstack([picture, strip]), gap])
