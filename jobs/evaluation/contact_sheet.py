"""The contact sheet of an evaluation: grey, result and truth side by side, with their figures."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from jobs.evaluation.figures import PhotoFigures
from jobs.evaluation.photos import PhotoPictures
from models.networks.lab import Rgb
from pipeline.atomic_files import publish
from pipeline.color.picture_file import encode_picture

_TILE_PX = (208, 156)  # width, height
_GAP_PX = 4
_STRIP_GAP_PX = 24
_STRIPS_A_LINE = 2
_TITLE_PX, _LABEL_PX, _CAPTION_PX = 40, 20, 46  # heights of the rows of text
_TITLE_FONT_PX, _FONT_PX = 17, 12
_BACKGROUND = 32
_INK, _FAINT_INK = (235, 235, 235), (170, 170, 170)
_STRIP_WIDTH_PX = 3 * _TILE_PX[0] + 2 * _GAP_PX


class Strip(NamedTuple):
    """A photo on the sheet."""

    figures: PhotoFigures
    pictures: PhotoPictures


class Section(NamedTuple):
    """Photos under a title, in the order in which they are read: from left to right, then down."""

    title: str
    strips: Sequence[Strip]


def write_sheet(path: Path, sections: Sequence[Section]) -> None:
    """Publishes a PNG of the sections, one below the other; two strips of grey | result | truth a line.

    Below each strip its figures, then group and file name. Raises OutputError where it cannot be written.
    Needs the package `matplotlib` for its font.
    """
    rows = [row for section in sections for row in _section(section)]
    with publish(path) as partial:
        partial.write_bytes(encode_picture(_framed(np.vstack(rows)), ".png"))


def _section(section: Section) -> list[Rgb]:
    strips = [_strip(strip) for strip in section.strips]
    strips += [np.full_like(strips[0], _BACKGROUND)] * (-len(strips) % _STRIPS_A_LINE)
    lines = [_side_by_side(strips[at : at + _STRIPS_A_LINE]) for at in range(0, len(strips), _STRIPS_A_LINE)]
    title = _text_row(section.title, (lines[0].shape[1], _TITLE_PX), large=True)
    heads = _side_by_side([_head()] * min(_STRIPS_A_LINE, len(section.strips)))
    heads = np.pad(
        heads, ((0, 0), (0, lines[0].shape[1] - heads.shape[1]), (0, 0)), constant_values=_BACKGROUND
    )
    return [title, heads, *lines]


def _strip(strip: Strip) -> Rgb:
    gap = np.full((_TILE_PX[1], _GAP_PX, 3), _BACKGROUND, dtype=np.uint8)
    grey, result, truth = (_tile(picture) for picture in strip.pictures)
    one = strip.figures
    psnr = "equal" if one.psnr is None else f"{one.psnr:.1f} dB"
    figures = f"ab RMSE {one.ab_rmse:.1f} (grey {one.ab_rmse_grey:.1f})   PSNR {psnr}   SSIM {one.ssim:.3f}"
    figures += f"   CF {one.colorfulness:.0f} (truth {one.colorfulness_truth:.0f})"
    caption = _text_row(figures, (_STRIP_WIDTH_PX, _CAPTION_PX), below=f"{one.group}: {one.path.name}")
    return np.vstack([np.hstack([grey, gap, result, gap, truth]), caption])


def _head() -> Rgb:
    """What the three tiles below show."""
    gap = np.full((_LABEL_PX, _GAP_PX, 3), _BACKGROUND, dtype=np.uint8)
    grey, result, truth = (_text_row(name, (_TILE_PX[0], _LABEL_PX)) for name in ("grey", "result", "truth"))
    return np.hstack([grey, gap, result, gap, truth])


def _text_row(text: str, size: tuple[int, int], *, below: str = "", large: bool = False) -> Rgb:
    """A line of text, a second one below it where wanted, each cut to the width in its middle."""
    image = Image.new("RGB", size, (_BACKGROUND,) * 3)
    draw, font = ImageDraw.Draw(image), _font(_TITLE_FONT_PX if large else _FONT_PX)
    for number, line in enumerate(filter(None, (text, below))):
        shown = _shortened(line, width=size[0], font=font)
        draw.text((0, 3 + 18 * number), shown, font=font, fill=_FAINT_INK if number else _INK)
    return np.asarray(image, dtype=np.uint8)


@cache
def _font(height_px: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which comes with matplotlib: Pillow's own font has no letters but English ones."""
    import matplotlib  # training and evaluation only

    return ImageFont.truetype(f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf", height_px)


def _shortened(text: str, *, width: int, font: ImageFont.FreeTypeFont) -> str:
    printable = "".join(letter if letter.isprintable() else "?" for letter in text)
    shown, kept = printable, len(printable)
    while font.getlength(shown) > width and kept > 2:
        kept -= 1
        shown = f"{printable[: (kept + 1) // 2]}...{printable[-(kept // 2) :]}"
    return shown


def _tile(picture: Rgb) -> Rgb:
    """The whole picture, as large as fits, in the middle of a tile."""
    width, height = _TILE_PX
    scale = min(width / picture.shape[1], height / picture.shape[0])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    tile = np.full((height, width, 3), _BACKGROUND, dtype=np.uint8)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    tile[top : top + size[1], left : left + size[0]] = small
    return tile


def _side_by_side(parts: Sequence[Rgb]) -> Rgb:
    gap = np.full((parts[0].shape[0], _STRIP_GAP_PX, 3), _BACKGROUND, dtype=np.uint8)
    return np.hstack([parts[0], *(piece for part in parts[1:] for piece in (gap, part))])


def _framed(picture: Rgb) -> Rgb:
    edge = _STRIP_GAP_PX // 2
    return np.pad(picture, ((edge, edge), (edge, edge), (0, 0)), constant_values=_BACKGROUND)
