from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from pipeline.dataset.photos import PHOTO_SUFFIXES, read_photo
from pipeline.dataset.samples import decode_rgb
from pipeline.dataset.training_set import base_files
from pipeline.errors import SourceError
from tests.color_films import scene


def test_photos_are_upright_and_not_too_high(tmp_path: Path) -> None:
    picture = scene(1, size=(96, 64))
    turned = Image.Exif()
    turned[0x0112] = 6  # to be shown turned by 90 degrees clockwise
    Image.fromarray(picture).save(tmp_path / "a.png", exif=turned)
    np.testing.assert_array_equal(read_photo(tmp_path / "a.png", max_lines=1080), np.rot90(picture, -1))
    assert read_photo(tmp_path / "a.png", max_lines=48).shape == (48, 32, 3)


def test_alpha_palette_and_deep_grey_become_rgb(tmp_path: Path) -> None:
    picture = scene(2)
    Image.fromarray(picture).convert("RGBA").save(tmp_path / "alpha.png")
    np.testing.assert_array_equal(read_photo(tmp_path / "alpha.png", max_lines=1080), picture)
    Image.fromarray(picture).quantize(200).save(tmp_path / "palette.png")
    assert np.abs(read_photo(tmp_path / "palette.png", max_lines=1080).astype(int) - picture).mean() < 8
    deep = (np.arange(64 * 48, dtype=np.uint16).reshape(48, 64) * 21).astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    rgb = read_photo(tmp_path / "deep.png", max_lines=1080)
    assert (rgb[..., 0] == rgb[..., 2]).all()
    assert rgb[-1, -1, 0] == 255


def test_colour_profiles_count(tmp_path: Path) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    Image.fromarray(scene(3)).save(tmp_path / "a.jpg", quality=95, icc_profile=lab.tobytes())
    Image.fromarray(scene(3)).save(tmp_path / "b.jpg", quality=95)
    Image.fromarray(scene(3)).save(tmp_path / "c.jpg", quality=95, icc_profile=b"no profile")
    a, b, c = (read_photo(tmp_path / f"{name}.jpg", max_lines=1080).astype(int) for name in "abc")
    assert np.abs(a - b).max() <= 2
    np.testing.assert_array_equal(b, c)


@pytest.mark.parametrize("kept", [0, 40, 900])
def test_a_photo_that_is_cut_off_is_named(tmp_path: Path, kept: int) -> None:
    Image.fromarray(scene(1, size=(320, 240))).save(tmp_path / "whole.jpg", quality=95)
    (tmp_path / "bad.jpg").write_bytes((tmp_path / "whole.jpg").read_bytes()[:kept])
    with pytest.raises(SourceError, match=r"bad\.jpg: cannot be read as a picture"):
        read_photo(tmp_path / "bad.jpg", max_lines=1080)


def test_a_missing_photo_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone\.png: no such file"):
        read_photo(tmp_path / "gone.png", max_lines=1080)


@pytest.mark.parametrize("suffix", sorted(PHOTO_SUFFIXES))
def test_photos_of_every_suffix_are_found_and_read(tmp_path: Path, suffix: str) -> None:
    """By datasets and measurements with one reader, by trainings with another."""
    path = tmp_path / f"a{suffix}"
    Image.fromarray(scene(4)).save(path)
    (file,) = base_files(tmp_path)
    one, other = read_photo(file.path, max_lines=1080).astype(int), decode_rgb(file.path).astype(int)
    assert one.shape == scene(4).shape
    assert np.abs(one - other).mean() < 2
