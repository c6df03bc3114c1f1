"""Extracts Cb and Cr from a decoded frame, sample for sample.

`luma_planes.py` extracts the luma. Formats with chroma give it as it is stored. RGB and palette formats have it
computed, with the same weights as their luma.
"""

import re
from dataclasses import replace
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from pipeline.color.chroma_siting import chroma_size, place_field_at_luma
from pipeline.color.planes import resampled_chroma
from pipeline.media import CHROMA_SHIFTS, FilmInfo, PixelFormat, Plane
from pipeline.source.luma_planes import describe_pixels, luma_plane, red_green_blue, stored_samples

_KR, _KB = 0.2126, 0.0722
_PLANAR = {
    "420": "yuv420p",
    "422": "yuv422p",
    "444": "yuv444p",
    "440": "yuv440p",
    "411": "yuv411p",
    "410": "yuv410p",
}


def chroma_planes(frame: av.VideoFrame) -> tuple[Plane, Plane] | None:
    """Cb and Cr at the frame's own size and depth, as contiguous copies; None where it has no colour.

    Planes have ceil(W / 2) columns for chroma 420, and so on; uint8 for 8 bits, else uint16, right-aligned. RGB gives
    planes of the full size and range. Raises ValueError as `describe_pixels`.
    """
    pixels = describe_pixels(frame.format.name)
    if pixels.chroma == "gray":
        return None
    if pixels.chroma == "rgb":
        return _of_rgb(frame, depth=pixels.depth)
    if not _is_plain(frame.format):
        frame = frame.reformat(
            format=_plain_name(pixels)
        )  # same samples, each component in a plane of its own
    across, down = CHROMA_SHIFTS[pixels.chroma]
    height, width = -(-frame.height >> down), -(-frame.width >> across)
    cb, cr = (
        np.ascontiguousarray(stored_samples(frame, index, depth=pixels.depth)[:height, :width])
        for index in (1, 2)
    )
    return cb, cr


def chroma_planes_of(frame: av.VideoFrame, film: FilmInfo) -> tuple[Plane, Plane] | None:
    """Cb and Cr of a frame of `film` at the film's subsampling, which a frame in mid-film need not have.

    A grey frame of a film with colour gets planes without colour.
    """
    found, wanted = describe_pixels(frame.format.name), film.pixel_format
    if found.chroma == wanted.chroma:
        return chroma_planes(frame)
    height, width, depth = frame.height, frame.width, wanted.depth
    planes = chroma_planes(frame)
    if planes is None:
        grey = np.full(chroma_size(height, width, chroma=wanted.chroma), 1 << depth - 1)
        return _stored(grey, depth), _stored(grey, depth)
    other = replace(film, pixel_format=found)
    cb, cr = (
        resampled_chroma(
            plane.astype(np.float32),
            film=other,
            size=(width, height),
            pixel_format=wanted,
            interlaced=frame.interlaced_frame,
        )
        for plane in planes
    )
    return _stored(np.rint(cb), depth), _stored(np.rint(cr), depth)


def spread_chroma(picture: av.VideoFrame, *, site: str, field: int | None = None) -> av.VideoFrame:
    """The picture, or field of one, as planar 4:4:4 of its depth, its chroma interpolated where `site` says it lies.

    As it is where every sample of luma has chroma already, or none has.
    """
    pixels = describe_pixels(picture.format.name)
    planes = chroma_planes(picture)
    if planes is None or pixels.chroma in ("444", "rgb"):
        return picture
    luma, depth = luma_plane(picture), pixels.depth
    made = av.VideoFrame(picture.width, picture.height, "yuv444p" if depth == 8 else f"yuv444p{depth}le")
    shape = (picture.height, picture.width)
    placed = [
        place_field_at_luma(
            plane.astype(np.float32), shape=shape, site=site, chroma=pixels.chroma, field=field
        )
        for plane in planes
    ]
    for plane, samples in zip(made.planes, (luma, *placed), strict=True):
        rows = np.zeros((plane.height, plane.line_size // luma.itemsize), luma.dtype)
        rows[:, : plane.width] = samples if samples is luma else np.rint(samples)
        plane.update(rows.tobytes())
    return made


def _is_plain(pixels: av.VideoFormat) -> bool:
    """Whether each component fills a plane of its own, right-aligned."""
    return re.match(r"yuv(a|j)?4\d\dp", pixels.name) is not None and "msb" not in pixels.name


def _plain_name(pixels: PixelFormat) -> str:
    deep = "" if pixels.depth == 8 else f"{pixels.depth}le"
    return f"{_PLANAR[pixels.chroma]}{deep}"


def _of_rgb(frame: av.VideoFrame, *, depth: int) -> tuple[Plane, Plane]:
    red, green, blue = (plane.astype(np.float32) for plane in red_green_blue(frame))
    luma = np.float32(_KR) * red + np.float32(1 - _KR - _KB) * green + np.float32(_KB) * blue
    return _rounded((blue - luma) / (2 - 2 * _KB), depth), _rounded((red - luma) / (2 - 2 * _KR), depth)


def _rounded(chroma: npt.NDArray[np.float32], depth: int) -> Plane:
    """Signed full-range chroma to the nearest integers around the centre."""
    return _stored(np.clip(chroma + np.float32((1 << (depth - 1)) + 0.5), 0, 2**depth - 1), depth)


def _stored(codes: npt.NDArray[Any], depth: int) -> Plane:
    plane: Plane = codes.astype(np.uint8) if depth == 8 else codes.astype(np.uint16)
    return plane
