"""Headers of OpenEXR files that no scanner wrote, and of TIFF that FFmpeg does not read."""

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips

from pipeline.errors import SourceError
from pipeline.source.frame_reader import FrameReader
from pipeline.source.open_film import probe_film_or_stills
from pipeline.stills.header import read_still_header
from tests.stills_films import make_stills


def exr(path: Path, channels: list[str]) -> Path:
    """An OpenEXR header of 4x4 pixels with these channels, of half floats."""
    listed = b"".join(name.encode("latin-1") + b"\0" + struct.pack("<i4xii", 1, 1, 1) for name in channels)
    window = struct.pack("<4i", 0, 0, 3, 3)
    path.write_bytes(
        struct.pack("<II", 20000630, 2)
        + b"".join(
            name + b"\0" + kind + b"\0" + struct.pack("<i", len(value)) + value
            for name, kind, value in (
                (b"channels", b"chlist", listed + b"\0"),
                (b"dataWindow", b"box2i", window),
                (b"displayWindow", b"box2i", window),
            )
        )
        + b"\0"
    )
    return path


def test_a_header_of_grey_is_read(tmp_path: Path) -> None:
    assert str(read_still_header(exr(tmp_path / "a.exr", ["Y"]), kind="exr")) == "4x4 OpenEXR, half, grey"


def test_a_hundred_thousand_channels_are_a_short_line(tmp_path: Path) -> None:
    path = exr(tmp_path / "a.exr", [f"channel{number:06d}" for number in range(100_000)])
    with pytest.raises(SourceError) as caught:
        read_still_header(path, kind="exr")
    line = str(caught.value)
    assert "channel000000, channel000001, " in line
    assert "and 99,992 more; Y alone or R, G and B" in line
    assert len(line) < len(str(path)) + 500


def test_channels_of_long_names_are_a_short_line(tmp_path: Path) -> None:
    path = exr(tmp_path / "a.exr", [f"{number}{'x' * 250}" for number in range(9)])
    with pytest.raises(SourceError) as caught:
        read_still_header(path, kind="exr")
    assert len(str(caught.value)) < len(str(path)) + 800


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"tile": True}, "TIFF in tiles"),
        ({"tile": True, "compression": "lzw"}, "TIFF in tiles"),
        ({"compression": "jpeg"}, "TIFF of compression 7"),
        ({"bigtiff": True}, "BigTIFF"),
    ],
)
def test_a_tiff_of_which_ffmpeg_makes_a_black_picture_is_refused(
    tmp_path: Path, options: dict[str, Any], what: str
) -> None:
    grey = np.tile(np.arange(64, dtype=np.uint8), (48, 1))
    pyvips.Image.new_from_array(grey).tiffsave(str(tmp_path / "a.tif"), **options)
    with pytest.raises(SourceError, match=f"a.tif: is a {what}, .* in strips"):
        read_still_header(tmp_path / "a.tif", kind="tiff")


@pytest.mark.parametrize("compression", ["none", "lzw", "deflate", "packbits"])
def test_a_tiff_that_is_not_refused_is_read(tmp_path: Path, compression: str) -> None:
    grey = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (48, 1))
    pyvips.Image.new_from_array(grey).tiffsave(str(tmp_path / "1.tif"), compression=compression)
    with FrameReader(probe_film_or_stills(tmp_path / "%d.tif", rate=Fraction(24))) as reader:
        (frame,) = reader.frames()
    np.testing.assert_array_equal(frame.luma, grey)


@pytest.mark.parametrize(
    ("place", "data", "what"),
    [
        (812, (4).to_bytes(4), "with 4 bytes of padding behind each line"),
        (804, bytes(2), r"of 10 bits without fill \(packing 0\)"),
    ],
)
def test_a_dpx_that_ffmpeg_does_not_unpack_is_refused_by_its_name(
    tmp_path: Path, place: int, data: bytes, what: str
) -> None:
    """FFmpeg skews the lines of the first, and calls the second not permitted, which was told as damage."""
    make_stills(tmp_path / "%d.dpx", pixel_format="gbrp10be", count=1)
    made = (tmp_path / "1.dpx").read_bytes()
    assert made[:4] == b"SDPX"
    assert read_still_header(tmp_path / "1.dpx", kind="dpx").width == 64
    (tmp_path / "1.dpx").write_bytes(made[:place] + data + made[place + len(data) :])
    with pytest.raises(SourceError, match=f"1.dpx: a DPX {what}"):
        read_still_header(tmp_path / "1.dpx", kind="dpx")
