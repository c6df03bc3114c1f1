"""TIFFs keep their tags, in both byte orders."""

import struct
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image, TiffImagePlugin

from pipeline.errors import SourceError
from pipeline.media import Plane
from pipeline.stills.files import read_still
from pipeline.stills.metadata import (
    DIGITAL_SOURCE,
)
from tests.still_files import colored, picture, save


@pytest.mark.parametrize("order", ["<", ">"])
def test_tiff_keeps_its_tags(tmp_path: Path, order: str) -> None:
    source = tmp_path / "a.tif"
    source.write_bytes(tiff_file(order))
    before, after, _ = colored(source, tmp_path / "out.tif")
    assert np.array_equal(before.luma, tiff_samples())
    assert np.array_equal(after.luma, before.luma)
    assert before.tags.exif == after.tags.exif
    with Image.open(tmp_path / "out.tif") as out:
        assert isinstance(out, TiffImagePlugin.TiffImageFile)
        tags = out.tag_v2
        assert tags[270] == "Caf\u00c3\u00a9"  # bytes that are no ASCII are kept as they are
        assert tags[282] == pytest.approx(300.5)
        assert tags[296] == 2
        assert tags[274] == 8
        assert tags[65000] == (1, 70000)
        assert out.getexif().get_ifd(0x8769)[0x9003] == "1921:05:06 07:08:09"
        assert DIGITAL_SOURCE.encode() in tags[700]
    reread = pyvips.Image.new_from_file(str(tmp_path / "out.tif"), fail_on="warning")
    assert reread.get("orientation") == 8


def tiff_samples() -> Plane:
    return np.arange(40 * 30, dtype=np.uint16).reshape(40, 30) * np.uint16(50)


def tiff_file(order: str) -> bytes:
    """A 16-bit grey TIFF in a byte order, with an Exif directory behind its tags."""
    pixels = tiff_samples().astype(f"{order}u2").tobytes()
    exif_at = 8 + len(pixels)
    exif = struct.pack(order + "HHHII", 1, 0x9003, 2, 20, exif_at + 18) + b"\0" * 4 + b"1921:05:06 07:08:09\0"
    place = exif_at + len(exif)
    values = {
        256: (3, [30]),
        257: (3, [40]),
        258: (3, [16]),
        259: (3, [1]),
        262: (3, [1]),
        270: (2, "Café".encode() + b"\0"),
        273: (4, [8]),
        274: (3, [8]),
        277: (3, [1]),
        278: (3, [40]),
        279: (4, [len(pixels)]),
        282: (5, [601, 2]),
        283: (5, [601, 2]),
        296: (3, [2]),
        34665: (4, [exif_at]),
        65000: (4, [1, 70000]),
    }
    head, body = struct.pack(order + "H", len(values)), b""
    body_at = place + 2 + 12 * len(values) + 4
    for tag, (kind, items) in values.items():
        data = (
            items
            if isinstance(items, bytes)
            else struct.pack(f"{order}{len(items)}{'HI'[kind != 3]}", *items)
        )
        count = len(items) // 2 if kind == 5 else len(items)
        field = data.ljust(4, b"\0") if len(data) <= 4 else struct.pack(order + "I", body_at + len(body))
        head += struct.pack(order + "HHI", tag, kind, count) + field
        body += b"" if len(data) <= 4 else data + b"\0" * (len(data) % 2)
    mark = b"II" if order == "<" else b"MM"
    return mark + struct.pack(order + "HI", 42, place) + pixels + exif + head + b"\0" * 4 + body


def test_white_is_zero_tiff_is_read_the_right_way_round(tmp_path: Path) -> None:
    save(tmp_path / "a.tif", picture(), miniswhite=True)
    assert np.array_equal(read_still(tmp_path / "a.tif").luma, picture())


@pytest.mark.parametrize(("mode", "expected"), [("YCbCr", "Y'CbCr without JPEG"), ("LAB", "CIELAB")])
def test_colours_that_are_not_rgb_are_refused_by_their_name(tmp_path: Path, mode: str, expected: str) -> None:
    """libvips takes the first for RGB, and calls the second damaged."""
    ramp = Image.fromarray(np.tile(np.arange(0, 256, 4, dtype=np.uint8), (48, 1))).convert("RGB")
    made = ramp.convert(mode) if mode == "YCbCr" else Image.merge("LAB", ramp.split())
    made.save(tmp_path / "a.tif")
    with pytest.raises(SourceError, match=f"a TIFF in {expected}; save it as grey or RGB first"):
        read_still(tmp_path / "a.tif")
    ramp.save(tmp_path / "b.tif", compression="jpeg", quality=95)  # Y'CbCr too
    assert np.abs(read_still(tmp_path / "b.tif").luma.astype(int) - np.asarray(ramp)[..., 0]).max() <= 3
