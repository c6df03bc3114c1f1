"""Frames of one luma and one colour, given to what makes pictures of shots, and the pictures decoded again."""

from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np

from jobs.review.small_pictures import Rgb
from pipeline.colorize.chroma_proxy import ProxyFrame
from pipeline.media import FilmInfo, Frame, Shot

ONE_SHOT = (Shot(index=0, start=0, end=9),)


class PictureMaker(Protocol):
    """Takes the frames that it wants, in order."""

    def wants(self, number: int) -> bool: ...
    def push(self, number: int, frame: Frame, *, proxy: ProxyFrame) -> None: ...


def push_shots(
    maker: PictureMaker,
    film: FilmInfo,
    shots: Sequence[Shot],
    *,
    luma: int = 100,
    left_luma: int | None = None,
    cr: float = 0.0,
) -> None:
    """Pushes the frames of all shots, of luma 0 to 255 (its left half `left_luma`) and of Cr -0.5 to 0.5."""
    plane = np.full((film.height, film.width), luma, np.uint8)
    if left_luma is not None:
        plane[:, : film.width // 2] = left_luma
    small = np.zeros((12, 16), np.float32)
    proxy = ProxyFrame(luma=small + np.float32(0.5), cb=small, cr=small + np.float32(cr))
    for number in range(shots[-1].end):
        if maker.wants(number):
            maker.push(number, Frame(pts=number, luma=plane), proxy=proxy)


def decode(data: bytes) -> Rgb:
    """A coded picture as (H, W, 3), blue first."""
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture.astype(np.uint8)
