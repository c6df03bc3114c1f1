import av
import numpy as np
import pytest

from pipeline.source.luma_planes import describe_pixels, luma_plane
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
