"""A contact sheet of a finished film: source and result side by side, at least one pair a shot."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

from pipeline.atomic_files import publish
from pipeline.color.picture_file import encode_picture
from pipeline.errors import SourceError
from pipeline.limits import MOST_PIXELS
from pipeline.media import FilmInfo, Shot
from pipeline.render.delivery import Delivery
from pipeline.source.open_media import open_media, set_up_decoder
from pipeline.timeline import Timeline

Rgb = npt.NDArray[np.uint8]
_MOST_PAIRS = 24
_FEWEST_PAIRS = 6
_PAIRS_PER_ROW = 2
_LINES = 180
_CAPTION_LINES = 18
_GAP = 6


def write_sheet(
    path: Path,
    *,
    film: FilmInfo,
    timeline: Timeline,
    shots: tuple[Shot, ...],
    result: Path,
    delivery: Delivery | None = None,
) -> None:
    """Write a PNG with pairs (source, result) from the middle of every shot, in the order of the film.

    A film of few shots gets several pairs a shot, one of very many shots every n-th. Raises SourceError when
    a frame of either film cannot be read.
    """
    numbers = _pick_frames(shots)
    cells = []
    for number in numbers:
        seconds = int(timeline.pts[number]) * film.time_base
        before = _picture_at(film.path, seconds, film.video_index, aspect=film.sample_aspect)
        shown_seconds = seconds if delivery is None else delivery.seconds_of(number)
        after = _picture_at(result, shown_seconds, None, aspect=film.sample_aspect)
        shot = next(shot.index for shot in shots if shot.start <= number < shot.end)
        cells.append(_pair(before, after, f"shot {shot}, frame {number}, {float(seconds):.2f} s"))
    with publish(path) as partial:
        partial.write_bytes(encode_picture(_grid(cells), ".png"))


def _pick_frames(shots: tuple[Shot, ...]) -> list[int]:
    chosen = shots[:: -(-len(shots) // _MOST_PAIRS)]
    a_shot = max(1, -(-_FEWEST_PAIRS // len(chosen)))
    parts = [(shot, (part + 0.5) / a_shot) for shot in chosen for part in range(a_shot)]
    return sorted({shot.start + int((shot.end - shot.start) * share) for shot, share in parts})


def _picture_at(path: Path, seconds: Fraction, stream_index: int | None, *, aspect: Fraction) -> Rgb:
    """The frame shown at a time, as RGB of `_LINES` lines in its displayed aspect."""
    with open_media(path) as container:
        stream = container.streams[stream_index] if stream_index is not None else container.streams.video[0]
        set_up_decoder(stream.codec_context, most_pixels=MOST_PIXELS)
        start = int(seconds / Fraction(stream.time_base or 1))
        container.seek(start, stream=stream)
        found = None
        for frame in container.decode(stream):
            if not isinstance(frame, av.VideoFrame) or frame.pts is None:
                continue
            found = frame
            if frame.pts >= start:  # Matroska's tick may put it a little later
                break
        if found is None:
            raise SourceError(f"{path}: no frame at {float(seconds):.3f} s can be read for the contact sheet")
        rgb = found.to_ndarray(format="rgb24")
    width = max(1, round(_LINES * rgb.shape[1] * float(aspect) / rgb.shape[0]))
    return cv2.resize(rgb, (width, _LINES), interpolation=cv2.INTER_AREA).astype(np.uint8)


def _pair(before: Rgb, after: Rgb, caption: str) -> Rgb:
    if after.shape != before.shape:  # a side-by-side preview is twice as wide
        after = cv2.resize(after, before.shape[1::-1], interpolation=cv2.INTER_AREA).astype(np.uint8)
    both = np.hstack([before, after])
    strip = np.full((_CAPTION_LINES, both.shape[1], 3), 24, np.uint8)
    cv2.putText(strip, caption, (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (220, 220, 220), 1, cv2.LINE_AA)
    return np.vstack([both, strip])


def _grid(cells: list[Rgb]) -> Rgb:
    blank = np.full_like(cells[0], 24)
    cells = cells + [blank] * (-len(cells) % _PAIRS_PER_ROW)
    gap = np.full((cells[0].shape[0], _GAP, 3), 24, np.uint8)
    rows = []
    for first in range(0, len(cells), _PAIRS_PER_ROW):
        row = cells[first]
        for cell in cells[first + 1 : first + _PAIRS_PER_ROW]:
            row = np.hstack([row, gap, cell])
        rows.append(row)
    return np.vstack(rows)
