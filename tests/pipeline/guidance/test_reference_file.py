"""Colours of a still, as a viewer shows them, whatever its format and size."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import pyvips

from pipeline.errors import SettingsError
from pipeline.guidance.reference_file import LONGEST_PX, read_colors

COLORS = np.array([[[200, 40, 30], [30, 160, 60]], [[20, 40, 190], [220, 200, 60]]], np.uint8)


def picture(rows: int = 48, columns: int = 64) -> npt.NDArray[np.uint8]:
    return np.kron(COLORS, np.ones((rows // 2, columns // 2, 1), np.uint8)).astype(np.uint8)


def write(path: Path, pixels: npt.NDArray[np.generic], mode: str = "srgb") -> Path:
    pyvips.Image.new_from_array(pixels).copy(interpretation=mode).write_to_file(str(path))
    return path


def test_png_and_tiff_give_their_own_pixels(tmp_path: Path) -> None:
    pixels = picture()
    assert np.array_equal(read_colors(write(tmp_path / "a.png", pixels)), pixels)
    deep = write(tmp_path / "a.tif", pixels.astype(np.uint16) * 257, "rgb16")
    assert np.array_equal(read_colors(deep), pixels)
    jpeg = read_colors(write(tmp_path / "a.jpg", pixels))
    assert np.abs(jpeg.astype(int) - pixels).mean() < 4


def test_transparent_parts_lie_on_white(tmp_path: Path) -> None:
    alpha = np.full((48, 64, 1), 255, np.uint8)
    alpha[:24] = 0
    read = read_colors(write(tmp_path / "a.png", np.dstack([picture(), alpha])))
    assert (read[:24] == 255).all()
    assert np.array_equal(read[24:], picture()[24:])


def test_a_large_still_is_shrunk(tmp_path: Path) -> None:
    read = read_colors(write(tmp_path / "a.png", picture(1000, 3000)))
    assert max(read.shape) == LONGEST_PX
    np.testing.assert_allclose(read[100, 100], COLORS[0, 0], atol=1)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.png", None, "No such file"),
        ("empty.png", b"", "not a PNG, JPEG or TIFF"),
        ("words.jpg", b"some words", "not a PNG, JPEG or TIFF"),
        ("short.png", b"\x89PNG\r\n\x1a\n" + bytes(40), "damaged or cut short"),
    ],
)
def test_what_is_no_picture_is_refused_with_one_line(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=said) as caught:
        read_colors(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bands", [1, 3])
def test_a_grey_still_is_refused(tmp_path: Path, bands: int) -> None:
    grey = np.repeat(np.arange(48 * 64, dtype=np.uint8).reshape(48, 64, 1), bands, axis=2)
    path = write(tmp_path / "grey.png", grey, "srgb" if bands == 3 else "b-w")
    with pytest.raises(SettingsError, match="has no colour"):
        read_colors(path)


def test_a_cut_picture_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jpg", picture(480, 640))
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(SettingsError, match="damaged or cut short"):
        read_colors(path)


def test_a_name_in_brackets_is_a_name(tmp_path: Path) -> None:
    """libvips takes what stands in brackets at the end of a name for options."""
    path = tmp_path / "still[1].png"
    path.write_bytes(write(tmp_path / "a.png", picture()).read_bytes())
    assert np.array_equal(read_colors(path), picture())


def test_a_turned_still_is_seen_upright(tmp_path: Path) -> None:
    image = pyvips.Image.new_from_array(np.rot90(picture()).copy()).copy(interpretation="srgb")
    image.set_type(pyvips.GValue.gint_type, "orientation", 6)
    image.write_to_file(str(tmp_path / "turned.jpg"), Q=100)
    read = read_colors(tmp_path / "turned.jpg")
    assert read.shape == (48, 64, 3)
    assert np.abs(read.astype(int) - picture()).mean() < 4
