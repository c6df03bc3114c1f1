"""Takes Cb and Cr out of a decoded frame, for every pixel format that films come in.

Formats with chroma give it sample for sample as it is stored. For RGB and palette formats it is computed, with the
weights that `luma_planes.py` has for their luma.
"""

import re
from dataclasses import replace
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from pipeline.color.chroma_siting import chroma_size, place_field_at_luma
from pipeline.color.colorimetry import luma_coefficients
from pipeline.color.planes import resampled_chroma
from pipeline.media import CHROMA_SHIFTS, FilmInfo, PixelFormat, Plane
from pipeline.source.luma_planes import describe_pixels, luma_plane, red_green_blue, stored_samples

_KR, _KB = luma_coefficients("bt709")
_PLANAR = {
    "420": "yuv420p",
    "422": "yuv422p",
    "444": "yuv444p",
    "440": "yuv440p",
    "411": "yuv411p",
    "410": "yuv410p",
}


def chroma_planes(frame: av.VideoFrame) -> tuple[Plane, Plane] | None:
    """Cb and Cr of a frame at its own subsampling and depth, as contiguous copies; None for a grey format.

    For chroma 420 each is (ceil(H / 2), ceil(W / 2)), and so on; uint8 for 8 bits, uint16 (right-aligned) for 9 to 16.
    RGB gives planes (H, W) of full range. Raises ValueError as `describe_pixels` does.
    """
    pixels = describe_pixels(frame.format.name)
    if pixels.chroma == "gray":
        return None
    if pixels.chroma == "rgb":
        return _rgb_chroma(frame, depth=pixels.depth)
    if not _is_plain(frame.format):
        frame = frame.reformat(format=_plain_name(pixels))  # the same samples in three planes
    across, down = CHROMA_SHIFTS[pixels.chroma]
    height, width = -(-frame.height >> down), -(-frame.width >> across)
    cb, cr = (
        np.ascontiguousarray(stored_samples(frame, index, depth=pixels.depth)[:height, :width])
        for index in (1, 2)
    )
    return cb, cr


def chroma_planes_of(frame: av.VideoFrame, film: FilmInfo) -> tuple[Plane, Plane] | None:
    """Cb and Cr of a frame of `film`, resampled to the film's subsampling where a frame has another one.

    Shapes and types as of `chroma_planes`; None where film and frame are grey. A grey frame of a film with colour gets
    planes without colour.
    """
    own, of_film = describe_pixels(frame.format.name), film.pixel_format
    if own.chroma == of_film.chroma:
        return chroma_planes(frame)
    height, width, depth = frame.height, frame.width, of_film.depth
    planes = chroma_planes(frame)
    if planes is None:
        grey = np.full(chroma_size(height, width, chroma=of_film.chroma), 1 << depth - 1)
        return _stored(grey, depth), _stored(grey, depth)
    other = replace(film, pixel_format=own)
    cb, cr = (
        resampled_chroma(
            plane.astype(np.float32),
            film=other,
            size=(width, height),
            pixel_format=of_film,
            interlaced=frame.interlaced_frame,
        )
        for plane in planes
    )
    return _stored(np.rint(cb), depth), _stored(np.rint(cr), depth)


def spread_chroma(picture: av.VideoFrame, *, site: str, field: int | None = None) -> av.VideoFrame:
    """Converts a picture to planar 4:4:4 of its own depth, its luma untouched, its chroma interpolated linearly.

    `site` is the chroma site in the names of ITU-T H.273. A picture that is one field of a frame has `field` 0 for the
    even lines or 1 for the odd ones. Grey, RGB and 4:4:4 pictures are returned as they are.
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
    """FFmpeg's planar format of this depth and subsampling."""
    deep = "" if pixels.depth == 8 else f"{pixels.depth}le"
    return f"{_PLANAR[pixels.chroma]}{deep}"


def _rgb_chroma(frame: av.VideoFrame, *, depth: int) -> tuple[Plane, Plane]:
    """Cb and Cr (H, W) of an RGB frame."""
    red, green, blue = (plane.astype(np.float32) for plane in red_green_blue(frame))
    luma = np.float32(_KR) * red + np.float32(1 - _KR - _KB) * green + np.float32(_KB) * blue
    return _rounded((blue - luma) / (2 - 2 * _KB), depth), _rounded((red - luma) / (2 - 2 * _KR), depth)


def _rounded(chroma: npt.NDArray[np.float32], depth: int) -> Plane:
    """Signed chroma of full range in code values to the nearest of 0 to 2**depth - 1, 0 being the centre."""
    return _stored(np.clip(chroma + np.float32((1 << (depth - 1)) + 0.5), 0, 2**depth - 1), depth)


def _stored(codes: npt.NDArray[Any], depth: int) -> Plane:
    """Code values as uint8 for 8 bits, else uint16."""
    plane: Plane = codes.astype(np.uint8) if depth == 8 else codes.astype(np.uint16)
    return plane
