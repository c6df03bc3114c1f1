from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

from pipeline.source.chroma_planes import chroma_planes
from pipeline.source.luma_planes import describe_pixels, luma_plane, red_green_blue
from tests.media import fill_frame, picture


@pytest.mark.parametrize(
    "pixel_format",
    [
        "p010le",
        "p010be",
        "p210le",
        "p412le",
        "p016le",
        "nv24",
        "nv42",
        "yuv420p10be",
        "gray12be",
        "rgba",
        "gbrp12be",
    ],
)
def test_formats_that_a_decoder_may_hand_out(pixel_format: str) -> None:
    luma = picture(3, size=(33, 21), depth=describe_pixels(pixel_format).depth)
    np.testing.assert_array_equal(luma_plane(fill_frame(luma, pixel_format)), luma)


@pytest.mark.parametrize(
    ("pixel_format", "via"),
    [
        *((name, "gray") for name in ("ya8",)),
        *((name, "gray16le") for name in ("ya16le", "ya16be")),
        *((name, "yuv444p") for name in ("ayuv", "vuya", "vuyx", "uyva", "vyu444", "yvyu422")),
        *((name, "yuv444p10le") for name in ("y210le", "yuv444p10msble", "yuv444p10be")),
        *((name, "yuv444p12le") for name in ("y212le", "xv36le", "xv36be")),
        *((name, "yuv444p16le") for name in ("y216le", "xv48le", "ayuv64le")),
        *((name, "gbrp") for name in ("argb", "abgr", "0bgr", "bgra", "gbrap")),
        *((name, "gbrp10le") for name in ("x2rgb10le", "x2bgr10le", "gbrp10msble")),
        *((name, "gbrp16le") for name in ("bgr48be", "rgba64le", "bgra64be")),
    ],
)
def test_formats_that_ffmpeg_converts_to(pixel_format: str, via: str) -> None:
    luma = picture(3, size=(34, 22), depth=describe_pixels(via).depth, full_range=via.startswith("gbr"))
    frame = fill_frame(luma, via).reformat(format=pixel_format)
    assert frame.format.name == pixel_format
    np.testing.assert_array_equal(luma_plane(frame), luma)


def test_color_pixels_get_bt709_luma() -> None:
    frame = av.VideoFrame.from_ndarray(np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8), "rgb24")
    np.testing.assert_array_equal(luma_plane(frame), [[54, 182, 18]])


def test_palette_and_one_bit_pictures() -> None:
    index = np.arange(48, dtype=np.uint8).reshape(4, 12)
    palette = np.repeat(255 - np.arange(256, dtype=np.uint8)[:, None], 4, axis=1)
    frame = av.VideoFrame.from_ndarray((index, palette), "pal8")  # type: ignore[arg-type]
    np.testing.assert_array_equal(luma_plane(frame), 255 - index)
    for name, ink in (("monow", 255), ("monob", 0)):
        bits = av.VideoFrame(8, 1, name)
        bits.planes[0].update(bytes([0b10010001]).ljust(bits.planes[0].buffer_size, b"\0"))
        lit = np.array([[1, 0, 0, 1, 0, 0, 0, 1]], bool)
        np.testing.assert_array_equal(luma_plane(bits), np.where(lit, 255 - ink, ink))


def test_unreadable_formats_are_named() -> None:
    for name in ("grayf32le", "bayer_rggb8", "xyz12le", "rgb96le", "cuda"):
        with pytest.raises(ValueError, match=name):
            describe_pixels(name)


_FEW_BITS = {
    **{f"rgb{bits}{end}": bits for bits in ("555", "565", "444") for end in ("le", "be")},
    **{f"bgr{bits}{end}": bits for bits in ("555", "565", "444") for end in ("le", "be")},
    "rgb8": "332",
    "bgr8": "233",
    "rgb4_byte": "121",
    "bgr4_byte": "121",
}
"""Formats with few bits, and how many each component has, from the highest on."""


def _few_bits(name: str, rgb: npt.NDArray[Any]) -> av.VideoFrame:
    """A line of pixels whose components are all bits or none, or the codes of grey."""
    high, middle, low = (int(bits) for bits in _FEW_BITS[name])
    red, green, blue = (rgb[:, :, part].astype(np.uint32) for part in range(3))
    first, last = (red, blue) if name.startswith("rgb") else (blue, red)
    codes = (first & 2**high - 1) << middle + low | (green & 2**middle - 1) << low | last & 2**low - 1
    frame = av.VideoFrame(rgb.shape[1], rgb.shape[0], name)
    frame.make_writable()
    plane: Any = frame.planes[0]
    stored = np.dtype("u1" if high + middle + low <= 8 else ">u2" if name.endswith("be") else "<u2")
    rows = np.frombuffer(plane, stored).reshape(rgb.shape[0], -1)
    rows[:, : rgb.shape[1]] = codes
    return frame


@pytest.mark.parametrize("pixel_format", _FEW_BITS)
def test_few_bits_are_spread_over_the_whole_range(pixel_format: str) -> None:
    """swscale's own conversion makes 248 of a white of 5 bits."""
    full = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]]] * 3, np.uint8)
    frame = _few_bits(pixel_format, full)
    np.testing.assert_array_equal(np.dstack(red_green_blue(frame)), full)
    np.testing.assert_array_equal(luma_plane(frame)[0], [0, 255, 54, 182, 18])
    planes = chroma_planes(frame)
    assert planes is not None
    cb, cr = planes
    np.testing.assert_array_equal((cb[0][:2], cr[0][:2]), [[128, 128], [128, 128]])


def test_every_grey_of_five_bits_is_as_near_as_eight_bits_come() -> None:
    frame = _few_bits("rgb555le", np.repeat(np.arange(32)[None, :, None], 3, axis=2))
    np.testing.assert_array_equal(luma_plane(frame)[0], np.rint(np.arange(32) * 255 / 31))
