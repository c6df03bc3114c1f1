"""The source's own colour: out of frames sample for sample, and into the output's planes."""

from dataclasses import replace
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

from pipeline.color.colorimetry import resolve_color
from pipeline.media import CHROMA_SHIFTS, Chroma, PixelFormat, Plane
from pipeline.render.source_color import pass_chroma
from pipeline.source.chroma_planes import chroma_planes
from pipeline.source.luma_planes import describe_pixels, luma_plane
from tests.films import film_info

PLANAR = ["yuv420p", "yuv422p", "yuv444p", "yuv440p", "yuv411p", "yuv410p", "yuvj420p", "yuva420p"]
DEEP = ["yuv420p10le", "yuv422p12le", "yuv444p16le", "yuv420p10be", "yuv444p9le"]


@pytest.mark.parametrize("name", PLANAR + DEEP)
@pytest.mark.parametrize("size", [(64, 48), (61, 35)])
def test_planes_come_out_as_they_went_in(name: str, size: tuple[int, int]) -> None:
    frame, _, cb, cr = _frame(name, size)
    found = chroma_planes(frame)
    assert found is not None
    for plane, wanted in zip(found, (cb, cr), strict=True):
        np.testing.assert_array_equal(plane, wanted)
        assert plane.dtype == (np.uint8 if describe_pixels(name).depth == 8 else np.uint16)
        assert plane.flags["C_CONTIGUOUS"]


@pytest.mark.parametrize(
    ("packed", "planar"),
    [
        ("nv12", "yuv420p"),
        ("nv21", "yuv420p"),
        ("nv16", "yuv422p"),
        ("p010le", "yuv420p10le"),
        ("p210le", "yuv422p10le"),
        ("yuyv422", "yuv422p"),
        ("uyvy422", "yuv422p"),
        ("y210le", "yuv422p10le"),
    ],
)
def test_packed_formats_give_the_same_planes(packed: str, planar: str) -> None:
    frame, luma, cb, cr = _frame(planar, (64, 48))
    repacked = frame.reformat(format=packed)
    np.testing.assert_array_equal(luma_plane(repacked), luma)
    found = chroma_planes(repacked)
    assert found is not None
    np.testing.assert_array_equal(found[0], cb)
    np.testing.assert_array_equal(found[1], cr)


@pytest.mark.parametrize("name", ["gray", "gray10le", "gray16le", "monob", "ya8"])
def test_what_has_no_colour_gives_none(name: str) -> None:
    assert chroma_planes(av.VideoFrame(16, 8, name)) is None


def test_rgb_becomes_chroma_of_its_own_luma() -> None:
    """Red, green, blue, white by the formulas of BT.709; and grey has none, whatever its number."""
    rgb = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [77, 77, 77]]], np.uint8)
    frame = av.VideoFrame.from_ndarray(np.repeat(rgb, 2, axis=0), format="rgb24")
    found = chroma_planes(frame)
    assert found is not None
    assert found[0][0].tolist() == [99, 30, 255, 128, 128]
    assert found[1][0].tolist() == [255, 12, 116, 128, 128]


def test_a_palette_is_looked_up() -> None:
    """As GIF, old AVI and the greys of QuickTime have it: the numbers of pixels are no samples."""
    palette = np.full((256, 4), 255, np.uint8)  # alpha, red, green, blue
    palette[:5, 1:] = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [77, 77, 77]]
    frame = av.VideoFrame.from_ndarray((np.array([[0, 1, 2, 3, 4]] * 2, np.uint8), palette), "pal8")  # type: ignore[arg-type]
    found = chroma_planes(frame)
    assert found is not None
    assert found[0][0].tolist() == [99, 30, 255, 128, 128]
    assert found[1][0].tolist() == [255, 12, 116, 128, 128]


def test_same_format_hands_the_very_arrays_on() -> None:
    film = film_info(64, 48, chroma="422", depth=10)
    planes = _noise((48, 32), 10), _noise((48, 32), 10)
    assert _passed(planes, film, chroma="422", depth=10) is planes
    assert _passed(planes, film, chroma="422", depth=10, interlaced=True) is planes


def test_shallower_is_the_nearest_and_never_wraps() -> None:
    film = film_info(64, 48, chroma="420", depth=10)
    planes = _noise((24, 32), 10), np.full((24, 32), 1023, np.uint16)
    made = _passed(planes, film, chroma="420", depth=8)
    assert np.abs(made[0].astype(float) - planes[0] / 4).max() <= 1
    assert (made[1] == 255).all()


def test_deeper_is_exact() -> None:
    film = film_info(64, 48, chroma="420", depth=8)
    planes = _noise((24, 32), 8), _noise((24, 32), 8)
    for made, plane in zip(_passed(planes, film, chroma="420", depth=16), planes, strict=True):
        np.testing.assert_array_equal(made, plane.astype(np.uint16) << 8)


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("own", ["420", "422", "444", "411"])
@pytest.mark.parametrize("other", ["420", "422", "444"])
def test_another_subsampling_keeps_the_place_of_colour(own: Chroma, other: Chroma, interlaced: bool) -> None:
    """A ramp of chroma is the same ramp afterwards, at each sample's own place."""
    film = film_info(64, 48, chroma=own, matrix="bt709")
    planes = _ramp(own, "left"), _ramp(own, "left")
    made = _passed(planes, film, chroma=other, depth=8, interlaced=interlaced)
    wanted = _ramp(other, "left")
    assert made[0].shape == wanted.shape
    inside = (slice(4, -4), slice(4, -4))
    assert np.abs(made[0][inside].astype(int) - wanted[inside]).max() <= 1


def test_a_film_without_colour_stays_without() -> None:
    for plane in _passed(None, film_info(63, 47), chroma="420", depth=10):
        assert plane.shape == (24, 32)
        assert (plane == 512).all()


def _passed(
    planes: tuple[Plane, Plane] | None, film: Any, *, chroma: Chroma, depth: int, interlaced: bool = False
) -> tuple[Plane, Plane]:
    pixels = PixelFormat(name="test", depth=depth, chroma=chroma)
    size = (film.width, film.height)
    color = replace(resolve_color(film), chroma_site="left")
    film = replace(film, color=replace(film.color, chroma_site="left"))
    return pass_chroma(planes, film=film, size=size, pixel_format=pixels, color=color, interlaced=interlaced)


def _ramp(chroma: Chroma, site: str) -> npt.NDArray[np.uint8]:
    """Chroma that rises by one number a sample of luma to the right, on a picture of 64x48."""
    across, down = CHROMA_SHIFTS[chroma]
    assert site == "left"
    row = 100 + np.arange(64 >> across) * (1 << across)
    return np.repeat(row[None], 48 >> down, axis=0).astype(np.uint8)


def _noise(shape: tuple[int, int], depth: int) -> Plane:
    samples = np.random.default_rng(depth).integers(0, 2**depth, shape)
    return samples.astype(np.uint8) if depth == 8 else samples.astype(np.uint16)


def _frame(name: str, size: tuple[int, int]) -> tuple[av.VideoFrame, Plane, Plane, Plane]:
    """A frame of noise, and its three planes."""
    frame = av.VideoFrame(*size, name)
    depth = frame.format.components[0].bits
    kind = np.dtype(np.uint8) if depth == 8 else np.dtype(">u2" if name.endswith("be") else "<u2")
    made: list[Plane] = []
    for index, plane in enumerate(frame.planes[:3]):
        samples = np.random.default_rng(index).integers(0, 2**depth, (plane.height, plane.width))
        rows = np.zeros((plane.height, plane.line_size // kind.itemsize), kind)
        rows[:, : plane.width] = samples
        plane.update(rows.tobytes())
        made.append(samples.astype(np.uint8) if depth == 8 else samples.astype(np.uint16))
    return frame, made[0], made[1], made[2]
