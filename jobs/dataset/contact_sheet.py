"""The contact sheet of a set: what was kept, then what was left out, each with the reason written on it."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from jobs.dataset.manifest import DUPLICATE
from jobs.dataset.records import DroppedPicture
from jobs.dataset.selection import Entry, Picture, Selection
from pipeline.atomic_files import publish
from pipeline.dataset.select_frames import RULES

Bgr = npt.NDArray[np.uint8]
_COLUMNS = 8
_TILE_PX = (184, 112)  # width, height
_CAPTION_PX = 28
_HEAD_PX = 26
_MOST_KEPT = 96
_MOST_OF_A_RULE = 8
_GROUND = 24
_INK, _RED = (220, 220, 220), (90, 110, 255)


_Item = TypeVar("_Item")


class _Tile(NamedTuple):
    picture: Bgr
    lines: tuple[str, str]
    """Which picture it is, and why it is here."""
    ink: tuple[int, int, int]


def write_sheet(path: Path, *, out: Path, entries: Sequence[Entry], selection: Selection) -> None:
    """Publishes a JPEG with up to 96 kept pictures and 8 of each rule that left some out, evenly chosen.

    Raises OutputError where it cannot be written.
    """
    shown = _evenly(selection.pictures, _MOST_KEPT)
    kept = [tile for picture in shown if (tile := _kept_tile(out, picture)) is not None]
    left = [tile for rule in RULES for tile in _dropped_tiles(entries, rule)]
    left += _duplicate_tiles(out, selection)
    total = sum(entry.record.pictures for entry in entries)
    parts = [_head(f"kept: {len(selection.pictures)} of {total}"), *_rows(kept)]
    parts += [_head(f"left out: {total - len(selection.pictures)}"), *_rows(left)]
    encoded = cv2.imencode(".jpg", np.vstack(parts), [int(cv2.IMWRITE_JPEG_QUALITY), 88])[1]
    with publish(path) as partial:
        partial.write_bytes(encoded.tobytes())


def _kept_tile(out: Path, picture: Picture) -> _Tile | None:
    bgr = cv2.imread(str(out / picture.kept.file), cv2.IMREAD_COLOR)
    if bgr is None:
        return None
    return _Tile(
        bgr.astype(np.uint8),
        (_name(picture.film, picture.kept.shot, picture.is_still), picture.kept.why),
        _INK,
    )


def _dropped_tiles(entries: Sequence[Entry], rule: str) -> list[_Tile]:
    found = [(entry, drop) for entry in entries for drop in entry.record.dropped if drop.rule == rule]
    return [_dropped_tile(entry, drop) for entry, drop in _evenly(found, _MOST_OF_A_RULE)]


def _dropped_tile(entry: Entry, drop: DroppedPicture) -> _Tile:
    data = np.frombuffer(base64.b64decode(drop.jpeg), np.uint8)
    bgr = cv2.imdecode(data, cv2.IMREAD_COLOR)
    picture = np.zeros((8, 8, 3), np.uint8) if bgr is None else bgr.astype(np.uint8)
    film = Path(entry.record.sources[drop.source].path).name
    return _Tile(
        picture, (_name(film, drop.shot, entry.record.kind == "stills"), f"{drop.rule}: {drop.why}"), _RED
    )


def _duplicate_tiles(out: Path, selection: Selection) -> list[_Tile]:
    tiles = []
    for picture, first in _evenly(selection.duplicates, _MOST_OF_A_RULE):
        tile = _kept_tile(out, picture)
        if tile is not None:
            of = f"{DUPLICATE} of {_name(first.film, first.kept.shot, first.is_still)}"
            tiles.append(tile._replace(lines=(tile.lines[0], of), ink=_RED))
    return tiles


def _name(film: str, shot: int, is_still: bool) -> str:
    return film if is_still else f"{Path(film).stem[:20]} shot {shot}"


def _head(text: str) -> Bgr:
    strip = np.full((_HEAD_PX, _COLUMNS * _TILE_PX[0], 3), _GROUND, np.uint8)
    cv2.putText(strip, text, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (255, 255, 255), 1, cv2.LINE_AA)
    return strip


def _rows(tiles: Sequence[_Tile]) -> list[Bgr]:
    drawn = [_draw(tile) for tile in tiles]
    if not drawn:
        return []
    drawn += [np.full_like(drawn[0], _GROUND)] * (-len(drawn) % _COLUMNS)
    return [np.hstack(drawn[first : first + _COLUMNS]) for first in range(0, len(drawn), _COLUMNS)]


def _draw(tile: _Tile) -> Bgr:
    """The whole picture, as large as fits, with its two lines below."""
    width, height = _TILE_PX
    drawn = np.full((height + _CAPTION_PX, width, 3), _GROUND, np.uint8)
    scale = min((width - 4) / tile.picture.shape[1], (height - 4) / tile.picture.shape[0])
    size = (max(1, round(tile.picture.shape[1] * scale)), max(1, round(tile.picture.shape[0] * scale)))
    small = cv2.resize(tile.picture, size, interpolation=cv2.INTER_AREA)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    drawn[top : top + size[1], left : left + size[0]] = small
    for number, line in enumerate(tile.lines):
        plain = line.encode("ascii", "replace").decode("ascii")  # OpenCV's fonts have no other letters
        place = (2, height + 11 + 12 * number)
        cv2.putText(drawn, plain[:38], place, cv2.FONT_HERSHEY_SIMPLEX, 0.31, tile.ink, 1, cv2.LINE_AA)
    return drawn


def _evenly(items: Sequence[_Item], most: int) -> list[_Item]:
    """At most so many of them, from the first on, at even distances."""
    count = min(most, len(items))
    return [items[number * len(items) // count] for number in range(count)]
