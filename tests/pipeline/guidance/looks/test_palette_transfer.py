"""A shot gets the colours of a picture: the fit, the map, and the pictures that are taken."""

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from pipeline.color.colorimetry import Floats
from pipeline.color.lab import lab_from_srgb
from pipeline.errors import SettingsError
from pipeline.guidance.looks.palette_transfer import Palette, read_palette, sample_ab


def _cloud(seed: int, *, mean: tuple[float, float], spread: tuple[float, float]) -> Floats:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(1500, 2)) * spread + mean).astype(np.float32)


def test_the_shot_s_colors_get_mean_and_spread_of_the_palette() -> None:
    shot = _cloud(1, mean=(2, 5), spread=(6, 9))
    palette = _cloud(2, mean=(-10, -25), spread=(12, 5))
    found = Palette(ab=palette).fit(shot).apply(shot.T.reshape(2, 30, 50)).reshape(2, -1).T
    np.testing.assert_allclose(found.mean(axis=0), palette.mean(axis=0), atol=1)
    np.testing.assert_allclose(found.std(axis=0), palette.std(axis=0), rtol=0.35)


def test_one_map_moves_a_color_to_the_same_place_in_every_frame_and_neighbors_stay_neighbors() -> None:
    shot = _cloud(1, mean=(2, 5), spread=(6, 9))
    fitted = Palette(ab=_cloud(2, mean=(-10, -25), spread=(12, 5))).fit(shot)
    ramp = np.stack(np.meshgrid(np.linspace(-90, 90, 181), np.linspace(-90, 90, 181))).astype(np.float32)
    moved = fitted.apply(ramp)
    assert (
        max(np.abs(np.diff(moved, axis=axis)).max() for axis in (1, 2)) < 8
    )  # of neighbours at a distance of 1
    np.testing.assert_allclose(fitted.apply(ramp[:, 40:50, 70:75]), moved[:, 40:50, 70:75], atol=1e-3)
    assert np.isfinite(fitted.apply(np.full((2, 3, 3), 1e4, np.float32))).all()


def test_the_same_sample_and_seed_give_the_same_map() -> None:
    shot, palette = _cloud(1, mean=(2, 5), spread=(6, 9)), Palette(ab=_cloud(2, mean=(9, 9), spread=(3, 3)))
    np.testing.assert_array_equal(palette.fit(shot).shift, palette.fit(shot.copy()).shift)


@pytest.mark.parametrize("shot", [np.zeros((500, 2)), np.zeros((1, 2)), np.zeros((0, 2))])
def test_a_shot_of_one_color_or_none_is_fitted_too(shot: npt.NDArray[np.float64]) -> None:
    palette = _cloud(2, mean=(20, 20), spread=(5, 5))
    fitted = Palette(ab=palette).fit(shot.astype(np.float32))
    grey = fitted.apply(np.zeros((2, 4, 4), np.float32))
    expected = palette.mean(axis=0) if len(shot) > 1 else np.median(palette, axis=0) if len(shot) else [0, 0]
    np.testing.assert_allclose(grey.mean(axis=(1, 2)), expected, atol=1.5)


def test_a_sample_is_bounded_and_spread_over_the_shot() -> None:
    frames = (np.full((2, 40, 50), number, np.float32) for number in range(1000))
    sample = sample_ab(frames)
    assert sample.shape == (2048, 2)
    assert sample.min() == 0
    assert float(np.median(sample)) == pytest.approx(490, abs=20)
    assert sample.max() > 960
    assert sample_ab([]).shape == (0, 2)
    assert sample_ab([np.arange(12, dtype=np.float32).reshape(2, 2, 3)]).tolist() == [
        [n, n + 6] for n in range(6)
    ]


@pytest.mark.parametrize("name", ["p.png", "p.jpg", "p.tif"])
def test_the_colors_of_a_picture_are_read_whatever_its_format(name: str, tmp_path: Path) -> None:
    pixels = np.zeros((90, 120, 3), np.uint8)
    pixels[:, :60], pixels[:, 60:] = (200, 60, 40), (40, 90, 160)
    Image.fromarray(pixels).save(tmp_path / name, quality=95)
    found = read_palette(tmp_path / name).ab
    expected = lab_from_srgb(pixels[0, ::119].astype(np.float32) / np.float32(255))[:, 1:]
    for color in expected:
        assert np.mean(np.linalg.norm(found - color, axis=1) < 4) > 0.4


def test_transparent_parts_do_not_count(tmp_path: Path) -> None:
    pixels = np.zeros((50, 50, 4), np.uint8)
    pixels[:25], pixels[25:] = (200, 60, 40, 255), (0, 255, 0, 0)
    Image.fromarray(pixels).save(tmp_path / "p.png")
    assert read_palette(tmp_path / "p.png").ab[:, 0].min() > 30


@pytest.mark.parametrize("mode", ["L", "RGB", "I;16"])
def test_a_grey_picture_is_no_palette(mode: str, tmp_path: Path) -> None:
    grey = np.tile(np.arange(256, dtype=np.uint16 if mode == "I;16" else np.uint8), (64, 1))
    image = Image.fromarray(grey)
    (image.convert("RGB") if mode == "RGB" else image).save(tmp_path / "g.png")
    with pytest.raises(SettingsError, match=r"g\.png: is grey .*; a picture in colour works"):
        read_palette(tmp_path / "g.png")


def test_pictures_that_cannot_be_had_are_one_line_each(tmp_path: Path) -> None:
    Image.fromarray(np.full((64, 64, 3), (200, 50, 50), np.uint8)).save(tmp_path / "whole.png")
    data = (tmp_path / "whole.png").read_bytes()
    bomb = bytearray(data)
    bomb[16:24] = (20_000).to_bytes(4, "big") * 2
    files = {
        "none.png": (None, "No such file"),
        "empty.png": (b"", "is not a PNG, JPEG or TIFF"),
        "text.jpg": (b"hello", "is not a PNG, JPEG or TIFF"),
        "svg.png": (b"<svg/>", "is not a PNG, JPEG or TIFF"),
        "cut.png": (data[: len(data) // 2], "damaged or cut short"),
        "bomb.png": (bytes(bomb), "20000x20000 is more than 100 megapixels; a smaller copy"),
    }
    for name, (content, told) in files.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(SettingsError, match=told) as caught:
            read_palette(tmp_path / name)
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(SettingsError, match="is a named pipe"):
        read_palette(tmp_path / "pipe.png")


def test_a_name_with_brackets_is_a_name(tmp_path: Path) -> None:
    Image.fromarray(np.full((8, 8, 3), (200, 50, 50), np.uint8)).save(tmp_path / "a[page=2].png")
    assert len(read_palette(tmp_path / "a[page=2].png").ab)
