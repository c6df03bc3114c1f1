"""Metadata of stills: it goes from format to format, profiles of grey become RGB, a turned picture is seen upright."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from pipeline.stills.metadata import (
    DIGITAL_SOURCE,
    orientation,
    profile_space,
    rgb_from_grey,
    turn_back,
    turn_upright,
)
from tests.still_files import GAMMA_1_8, colored, grey_profile, picture


@pytest.mark.parametrize("target", ["out.png", "out.tif", "out.jpg"])
@pytest.mark.parametrize("source", ["in.png", "in.tif", "in.jpg"])
def test_exif_resolution_and_xmp_cross_from_format_to_format(
    tmp_path: Path, source: str, target: str
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 5
    exif[0x010F] = "Camera"
    Image.fromarray(picture()).save(tmp_path / source, exif=exif, dpi=(254, 254))
    before, after, notes = colored(tmp_path / source, tmp_path / target)
    assert orientation(after.tags) == 5
    with Image.open(tmp_path / target) as out:
        assert out.getexif()[0x010F] == "Camera"
        assert [round(float(value)) for value in out.info["dpi"]] == [254, 254]
    assert DIGITAL_SOURCE.encode() in (after.tags.xmp or b"")
    if target != "out.jpg" or source == "in.jpg":
        assert np.array_equal(before.luma, after.luma)
        assert notes == ()


@pytest.mark.parametrize(
    ("curve", "tone"),
    [
        (GAMMA_1_8, 1.8),
        (b"para\0\0\0\0\0\0\0\0" + struct.pack(">i", round(2.4 * 65536)), 2.4),
    ],
)
def test_grey_profile_becomes_rgb_with_the_same_tones(curve: bytes, tone: float) -> None:
    profile = rgb_from_grey(grey_profile(curve))
    assert profile is not None
    assert profile_space(profile) == "RGB"
    rgb = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    lab = ImageCms.createProfile("LAB")
    transform = ImageCms.buildTransform(
        rgb, lab, "RGB", "LAB", renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC
    )
    greys = Image.fromarray(np.repeat(np.arange(16, 256, 40, dtype=np.uint8)[None, :, None], 3, axis=2))
    found = np.asarray(ImageCms.applyTransform(greys, transform))[0]
    linear = (np.arange(16, 256, 40) / 255) ** tone
    expected = np.where(linear > (6 / 29) ** 3, 116 * np.cbrt(linear) - 16, linear * 903.3)
    assert np.abs(found[:, 0] / 2.55 - expected).max() < 1
    assert np.abs(found[:, 1:].astype(np.int8)).max() <= 1  # grey stays grey


@pytest.mark.parametrize("profile", [b"", b"no profile" * 40, grey_profile(b"mft2" + b"\0" * 20)])
def test_profile_without_a_curve_is_left_out_and_told(tmp_path: Path, profile: bytes) -> None:
    assert rgb_from_grey(profile) is None
    if profile:
        Image.fromarray(picture()).save(tmp_path / "a.jpg", icc_profile=profile)
        _, after, notes = colored(tmp_path / "a.jpg", tmp_path / "out.jpg")
        assert after.tags.icc is None
        assert any("colour profile" in note for note in notes)


def test_xmp_that_cannot_be_read_is_kept(tmp_path: Path) -> None:
    Image.fromarray(picture()).save(tmp_path / "a.jpg", xmp=b"\xff\xfe not RDF")
    _, after, notes = colored(tmp_path / "a.jpg", tmp_path / "out.jpg")
    assert after.tags.xmp == b"\xff\xfe not RDF"
    assert any("label" in note for note in notes)


@pytest.mark.parametrize("turn", range(1, 9))
def test_network_sees_what_a_viewer_shows(turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    image = Image.fromarray(picture())
    buffer = io.BytesIO()
    image.save(buffer, "PNG", exif=exif)
    shown = np.asarray(ImageOps.exif_transpose(Image.open(buffer)))
    assert np.array_equal(turn_upright(picture(), turn), shown)
    assert np.array_equal(turn_back(turn_upright(picture(), turn), turn), picture())
