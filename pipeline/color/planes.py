"""Turns pictures; resizes luma planes, and chroma planes by way of one chroma sample for each luma sample."""

from typing import Any, TypeVar, cast

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.color.chroma_siting import chroma_size, luma_at_chroma, place_field_at_luma
from pipeline.color.colorimetry import Floats, resolve_color
from pipeline.media import FilmInfo, Orientation, PixelFormat, Plane

Rgb = npt.NDArray[np.uint8]
_Picture = TypeVar("_Picture", bound=npt.NDArray[Any])


def resize_plane(plane: Plane, size: tuple[int, int]) -> Plane:
    """A plane at (width, height); a single missing column or line is repeated, not interpolated."""
    right, down = size[0] - plane.shape[1], size[1] - plane.shape[0]
    if 0 <= right <= 1 and 0 <= down <= 1:
        return cast(Plane, cv2.copyMakeBorder(plane, 0, down, 0, right, cv2.BORDER_REPLICATE))
    return cast(Plane, cv2.resize(plane, size, interpolation=cv2.INTER_AREA))


def resampled_chroma(
    plane: Floats, *, film: FilmInfo, size: tuple[int, int], pixel_format: PixelFormat, interlaced: bool
) -> Floats:
    """Chroma of the film's subsampling at the picture's, by way of one sample for each of luma; fields stay apart."""
    if not interlaced:
        full = _spread(plane, film=film, height=film.height)
        return _thinned(
            cast(Floats, resize_plane(cast(Plane, full), size)), film=film, pixel_format=pixel_format
        )
    shape = chroma_size(size[1], size[0], chroma=pixel_format.chroma)
    woven = np.empty(shape, np.float32)
    for parity in (0, 1):
        height = len(range(parity, film.height, 2))
        field = _spread(np.ascontiguousarray(plane[parity::2]), film=film, height=height, field=parity)
        field = cast(Floats, resize_plane(cast(Plane, field), (size[0], height)))
        lines = woven[parity::2]
        lines[:] = _thinned(field, film=film, pixel_format=pixel_format, field=parity)[: len(lines)]
    return woven


def _spread(plane: Floats, *, film: FilmInfo, height: int, field: int | None = None) -> Floats:
    """One sample of chroma for every sample of luma, interpolated between the places where the film has them."""
    chroma = film.pixel_format.chroma
    if chroma == "rgb":
        return plane
    site = resolve_color(film).chroma_site
    return place_field_at_luma(plane, shape=(height, film.width), site=site, chroma=chroma, field=field)


def _thinned(plane: Floats, *, film: FilmInfo, pixel_format: PixelFormat, field: int | None = None) -> Floats:
    site = resolve_color(film).chroma_site
    thin = luma_at_chroma(cast(Plane, plane), chroma=pixel_format.chroma, site=site, field=field)
    return cast(Floats, thin)


def upright(picture: _Picture, orientation: Orientation) -> _Picture:
    """A picture (H, W, …) as a player shows it, to the nearest right angle; contiguous."""
    turned = np.rot90(picture, k=-orientation.quarter_turns)
    return cast(_Picture, np.ascontiguousarray(turned[:, ::-1] if orientation.is_mirrored else turned))
