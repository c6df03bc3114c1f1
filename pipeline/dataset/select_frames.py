"""Decides which frames of a film and which stills go into a training set, and gives the reason for the others.

A film is read twice: once for its shots, once in colour. A shot is cut into `per_shot` parts of equal length. From
each part the sharpest frame is kept, among the frames that break no rule of `pipeline.dataset.quality` and are no
near-duplicate of the frame kept before in that shot. So a long shot is represented from end to end, and a still one
once. Only a few pictures are in memory, whatever the film's length.
"""

from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import av
import cv2

from pipeline.dataset.dedup import (
    HASH_THUMB_PX,
    Difference,
    Thumb,
    difference,
    difference_hash,
    is_near_duplicate,
    thumb,
)
from pipeline.dataset.photos import read_photo
from pipeline.dataset.quality import FAULTS, SHARPNESS_PX, Scores, find_fault, measure, shrink
from pipeline.dataset.rgb_frames import ColorConverter, Rgb, color_frames
from pipeline.dataset.settings import DatasetSettings, FrameSettings
from pipeline.errors import SourceError
from pipeline.media import FilmInfo, Shot
from pipeline.plan.borders import BorderFinder
from pipeline.plan.shots import ShotFinder, ShotSettings, small_luma
from pipeline.progress import CountProgress
from pipeline.source.frame_reader import FrameReader

NEAR_DUPLICATE, LIMIT = "near-duplicate", "limit"
RULES = (*FAULTS, NEAR_DUPLICATE, LIMIT)
"""Reasons to leave a picture out, in the order in which they are applied."""


class Judged(NamedTuple):
    """One picture and what became of it."""

    pts: int
    shot: int
    small: Rgb
    """256 samples on the longer side at most."""
    scores: Scores
    rule: str | None
    """The rule of `RULES` that left it out; None where it is kept."""
    told: str
    """Why, for people."""
    dhash: int = 0
    tiny: bytes = b""
    """Thumb of 8x8 samples."""
    width: int = 0
    height: int = 0
    encoded: bytes = b""
    """The file's bytes where it is kept; with it come the four above."""


class _Scan(NamedTuple):
    """What the first reading found."""

    pts: "array[int]"
    shots: tuple[Shot, ...]
    is_damaged: bool


class _Candidate(NamedTuple):
    """A frame that may be kept: the decoder's picture, not yet converted."""

    picture: av.VideoFrame
    judged: Judged
    thumb: Thumb
    away: Difference | None
    """From the frame kept before in this shot."""


def judge_film(
    film: FilmInfo, *, settings: DatasetSettings, progress: CountProgress = lambda done, total: None
) -> Iterator[Judged]:
    """Every frame of a film, each with its verdict; a shot's kept ones in the order of time.

    Reports frames to `progress`; each counts twice, for the film is read twice. Raises SourceError
    where the film cannot be read, is HDR, or does not decode twice alike.
    """
    converter = ColorConverter(film)
    claimed = _claimed_frames(film)
    scan = _scan(film, settings.shots, lambda done: progress(done, None if claimed is None else 2 * claimed))
    places = iter(_places(scan, settings.frames.per_shot))
    last: _Candidate | None = None
    best: _Candidate | None = None
    here: tuple[int, int] | None = None
    done = len(scan.pts)
    for picture in color_frames(film, threads=not scan.is_damaged):
        shot, part, pts = next(places, (None, 0, 0))
        if shot is None or picture.pts != pts:
            raise SourceError(f"{film.path}: frame at pts {picture.pts} does not decode twice alike; skipped")
        if here != (shot.index, part):
            if best is not None:
                last = best
                yield _kept(best, converter, scan.shots[best.judged.shot], settings.frames)
            if here is not None and here[0] != shot.index:
                last = None
            best, here = None, (shot.index, part)
        candidate = _look_at(picture, converter, shot, last, settings)
        if candidate.judged.rule is not None:
            yield candidate.judged
        elif best is None or candidate.judged.scores.sharpness > best.judged.scores.sharpness:
            if best is not None:
                yield _spare(best)
            best = candidate
        else:
            yield _spare(candidate)
        done += 1
        progress(done, 2 * len(scan.pts))
    if next(places, None) is not None:
        raise SourceError(f"{film.path}: has fewer frames when it is decoded again; skipped")
    if best is not None:
        yield _kept(best, converter, scan.shots[best.judged.shot], settings.frames)


def judge_still(path: Path, *, settings: DatasetSettings) -> Judged:
    """The verdict on one photograph: a film of one frame. Raises SourceError where it cannot be read."""
    rgb = read_photo(path, max_lines=settings.frames.max_lines)
    small = shrink(rgb, longest_px=SHARPNESS_PX)
    scores = measure(small)
    fault = find_fault(scores, settings.quality)
    if fault is not None:
        return Judged(pts=0, shot=0, small=small, scores=scores, rule=fault, told=_reason(fault, scores))
    judged = Judged(pts=0, shot=0, small=small, scores=scores, rule=None, told="still")
    return _stored(judged, rgb, settings.frames)


def _scan(film: FilmInfo, settings: ShotSettings, tell: Callable[[int], None]) -> _Scan:
    finder, borders, pts = ShotFinder(settings), BorderFinder(), array("q")
    with FrameReader(film) as reader:
        for frame in reader.frames():
            small = small_luma(frame.luma, depth=film.pixel_format.depth)
            finder.push(small)
            borders.push(small)
            pts.append(frame.pts)
            tell(len(pts))
        return _Scan(pts, borders.finish(finder.finish()), bool(reader.faults))


def _places(scan: _Scan, per_shot: int) -> Iterator[tuple[Shot, int, int]]:
    """Shot, part of the shot, and pts of every frame."""
    for shot in scan.shots:
        for number in range(shot.start, shot.end):
            yield shot, (number - shot.start) * per_shot // (shot.end - shot.start), scan.pts[number]


def _look_at(
    picture: av.VideoFrame,
    converter: ColorConverter,
    shot: Shot,
    last: _Candidate | None,
    settings: DatasetSettings,
) -> _Candidate:
    small = converter.to_rgb(picture, longest_px=SHARPNESS_PX, area=shot.picture)
    scores, compared = measure(small), thumb(small)
    away = None if last is None else difference(compared, last.thumb)
    rule: str | None = find_fault(scores, settings.quality)
    told = "" if rule is None else _reason(rule, scores)
    if rule is None and away is not None and is_near_duplicate(away, settings.dedup):
        rule, told = NEAR_DUPLICATE, str(away)
    assert picture.pts is not None
    judged = Judged(pts=picture.pts, shot=shot.index, small=small, scores=scores, rule=rule, told=told)
    return _Candidate(picture, judged, compared, away)


def _spare(candidate: _Candidate) -> Judged:
    return candidate.judged._replace(rule=LIMIT, told="another one is sharper")


def _kept(candidate: _Candidate, converter: ColorConverter, shot: Shot, settings: FrameSettings) -> Judged:
    rgb = converter.to_rgb(candidate.picture, max_lines=settings.max_lines, area=shot.picture)
    away = candidate.away
    told = "first of its shot" if away is None else f"differs: {away}"
    return _stored(candidate.judged._replace(told=told), rgb, settings)


def _stored(judged: Judged, rgb: Rgb, settings: FrameSettings) -> Judged:
    quality = cv2.IMWRITE_JPEG_QUALITY if settings.format == "jpeg" else cv2.IMWRITE_WEBP_QUALITY
    options = [int(quality), settings.quality]
    if settings.format == "jpeg":  # colour is what is to be learnt
        options += [int(cv2.IMWRITE_JPEG_SAMPLING_FACTOR), int(cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)]
    encoded = cv2.imencode(settings.suffix, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)[1]
    return judged._replace(
        dhash=difference_hash(rgb),
        tiny=thumb(rgb, side_px=HASH_THUMB_PX).tobytes(),
        height=rgb.shape[0],
        width=rgb.shape[1],
        encoded=encoded.tobytes(),
    )


def _reason(fault: str, scores: Scores) -> str:
    shown = {
        "black": f"brightest L* {scores.brightest:.1f}",
        "white": f"darkest L* {scores.darkest:.1f}",
        "grey": f"chroma {scores.chroma:.1f}",
        "blurred": f"sharpness {scores.sharpness:.3f}",
    }
    return shown.get(fault, f"one hue, {scores.hue_degrees:.0f} degrees, spread {scores.tint_spread:.1f}")


def _claimed_frames(film: FilmInfo) -> int | None:
    """How many frames the header claims, for a progress bar only."""
    seconds, rate = film.duration_seconds_from_header, film.rate_from_header
    return None if seconds is None or rate is None else max(1, round(seconds * rate))
