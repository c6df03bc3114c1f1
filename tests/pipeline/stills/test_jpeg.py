"""JPEGs keep their coded luma and their metadata."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms, ImageOps, JpegImagePlugin

from pipeline.errors import SourceError
from pipeline.stills.chroma import spread_ab
from pipeline.stills.files import read_still, write_still
from pipeline.stills.metadata import (
    DIGITAL_SOURCE,
    label_xmp,
)
from tests.still_files import SIZE, STATEMENT, colored, picture, random_ab


@pytest.mark.parametrize("is_progressive", [False, True])
@pytest.mark.parametrize("quality", [60, 100])
def test_grey_jpeg_keeps_its_coded_luma(tmp_path: Path, is_progressive: bool, quality: int) -> None:
    source, target = tmp_path / "source.jpg", tmp_path / "out.jpg"
    Image.fromarray(picture()).save(
        source, quality=quality, progressive=is_progressive, restart_marker_blocks=5, dpi=(300, 300)
    )
    before, after, notes = colored(source, target)
    assert np.array_equal(before.luma, after.luma)
    assert notes == ()
    with Image.open(source) as old, Image.open(target) as new:
        assert isinstance(old, JpegImagePlugin.JpegImageFile)
        assert isinstance(new, JpegImagePlugin.JpegImageFile)
        assert new.quantization[0] == old.quantization[0]
        assert new.mode == "RGB"
        assert [layer[1:3] for layer in new.layer] == [(1, 1)] * 3
        assert new.info["dpi"] == (300, 300)
        assert bool(new.info.get("progressive")) == is_progressive
        assert np.ptp(np.asarray(new).astype(int), axis=-1).mean() > 5
    decoded = pyvips.Image.new_from_file(str(target), fail_on="warning").numpy()
    assert decoded.shape == (*SIZE, 3)


def test_recoded_jpeg_tells_how_many_samples_are_equal(tmp_path: Path) -> None:
    sepia = ImageOps.colorize(Image.fromarray(picture(size=(120, 160))), "#201000", "#fff0d0")
    sepia.save(tmp_path / "sepia.jpg", quality=90)
    before = read_still(tmp_path / "sepia.jpg")
    assert before.jpeg is not None
    before = replace(before, jpeg=replace(before.jpeg, luma_file=None))
    chroma = spread_ab(before.luma, random_ab(), matrix="smpte170m")
    notes = write_still(tmp_path / "out.jpg", before, chroma=chroma, statement=STATEMENT)
    share = np.mean(before.luma == read_still(tmp_path / "out.jpg").luma)
    assert 0.95 < share < 1
    assert f"{100 * share:.2f} %" in notes[0]


@pytest.mark.parametrize("is_progressive", [False, True])
def test_sepia_jpeg_keeps_its_coded_luma_too(tmp_path: Path, is_progressive: bool) -> None:
    sepia = ImageOps.colorize(Image.fromarray(picture(size=(120, 160))), "#201000", "#fff0d0")
    sepia.save(tmp_path / "sepia.jpg", quality=70, progressive=is_progressive)
    before, after, notes = colored(tmp_path / "sepia.jpg", tmp_path / "once.jpg")
    assert np.array_equal(before.luma, after.luma)
    assert notes == ()
    _, twice, notes = colored(tmp_path / "once.jpg", tmp_path / "twice.jpg")
    assert np.array_equal(before.luma, twice.luma)
    assert notes == ()


def test_jpeg_with_metadata_keeps_it(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Camera"
    exif.get_ifd(0x8769)[0x9003] = "1921:05:06 07:08:09"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + b"\0" * 70_000
    xmp = label_xmp(None, "was there before")
    assert xmp is not None
    sepia = ImageOps.colorize(Image.fromarray(picture()), "#201000", "#fff0d0")
    sepia.save(
        tmp_path / "a.jpg", exif=exif, icc_profile=profile, xmp=xmp, comment="found in a box", dpi=(72, 72)
    )
    before, after, _ = colored(tmp_path / "a.jpg", tmp_path / "out.jpg")
    assert before.tags.exif == after.tags.exif
    with Image.open(tmp_path / "out.jpg") as out:
        assert out.getexif()[0x0112] == 6
        assert out.getexif().get_ifd(0x8769)[0x9003] == "1921:05:06 07:08:09"
        assert out.info["icc_profile"] == profile
        assert out.info["comment"] == b"found in a box"
        assert out.info["dpi"] == (72, 72)
        assert out.info["xmp"].startswith(xmp.partition(b"</rdf:RDF>")[0])
        assert b"Colours &lt;predicted&gt; &amp; labelled" in out.info["xmp"]
        assert out.info["xmp"].count(DIGITAL_SOURCE.encode()) == 1


def test_damaged_entropy_data_counts_as_damage(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(picture(size=(400, 400))).save(buffer, "JPEG", quality=95)
    data = bytearray(buffer.getvalue())
    data[len(data) // 2 : len(data) // 2 + 40] = b"\xff\xd3" * 20
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(SourceError, match="damaged"):
        read_still(tmp_path / "a.jpg")
