"""The contact sheet of an evaluation: grey, result and truth side by side."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from jobs.evaluation_photos import PhotoPictures
from jobs.evaluation_pictures import Rgb
from pipeline.publish import publish

_TILE_PX = (200, 150)  # width, height
_CAPTION_PX = 18
_GAP_PX = 4
_COLUMNS = 2
_BACKGROUND = 32
_INK = (230, 230, 230)


def write_sheet(path: Path, rows: Sequence[tuple[str, PhotoPictures]]) -> None:
    """Publishes a PNG of captioned grey | result | truth strips, two strips a line.

    Raises OutputError where it cannot be written.
    """
    strips = [_strip(caption, pictures) for caption, pictures in rows]
    blank = np.full_like(strips[0], _BACKGROUND)
    strips += [blank] * (-len(strips) % _COLUMNS)
    lines = [np.hstack(strips[start : start + _COLUMNS]) for start in range(0, len(strips), _COLUMNS)]
    encoded = cv2.imencode(".png", cv2.cvtColor(np.vstack(lines), cv2.COLOR_RGB2BGR))[1]
    with publish(path) as partial:
        partial.write_bytes(encoded.tobytes())


def _strip(caption: str, pictures: PhotoPictures) -> Rgb:
    tiles = np.hstack([_tile(picture) for picture in pictures])
    label = np.full((_CAPTION_PX, tiles.shape[1], 3), _BACKGROUND, dtype=np.uint8)
    cv2.putText(label, caption, (2, _CAPTION_PX - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.42, _INK, 1, cv2.LINE_AA)
    strip = np.vstack([tiles, label])
    return np.pad(strip, ((0, _GAP_PX), (0, 2 * _GAP_PX), (0, 0)), constant_values=_BACKGROUND)


def _tile(picture: Rgb) -> Rgb:
    """The whole picture, as large as fits, in the middle of a tile."""
    width, height = _TILE_PX
    scale = min(width / picture.shape[1], height / picture.shape[0])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    tile = np.full((height, width + _GAP_PX, 3), _BACKGROUND, dtype=np.uint8)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    tile[top : top + size[1], left : left + size[0]] = small
    return tile
