"""Stills of formats that are only read: their luma, depth and metadata arrive as they are stored."""

import io
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import pyvips
from PIL import Image

from pipeline.errors import SourceError
from pipeline.stills.chroma import luma_of_rgb
from pipeline.stills.metadata import orientation
from pipeline.stills.read_only.formats import read_any_still
from tests.stills_films import lie_as, make_stills

GREY: npt.NDArray[np.uint8] = np.tile(np.linspace(0, 255, 96).astype(np.uint8), (64, 1))
RGB = np.stack([GREY, GREY[:, ::-1], np.roll(GREY, 20, axis=1)], axis=-1)
DEEP = GREY.astype(np.uint16) * 257
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r"></rdf:RDF></x:xmpmeta>'


def exif(orientation: int) -> bytes:
    tags = Image.Exif()
    tags[0x0112], tags[0x010E] = orientation, "Der Golem"
    return tags.tobytes()


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def deep_avif(path: Path, bits: int) -> None:
    image = pyvips.Image.new_from_array(np.stack([DEEP] * 3, axis=-1)).copy(interpretation="rgb16")
    image.heifsave(str(path), bitdepth=bits, compression="av1", lossless=True)


@pytest.mark.parametrize("suffix", [".jp2", ".j2k", ".webp", ".avif", ".gif", ".bmp"])
def test_grey_luma_is_that_of_the_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    options: dict[str, Any] = {".webp": {"lossless": True}, ".avif": {"quality": 100}}
    Image.fromarray(GREY).save(path, **options.get(suffix, {}))
    still = read_any_still(path)
    assert still.luma.dtype == np.uint8
    assert still.alpha is None
    assert still.notes == ()
    assert np.abs(still.luma.astype(int) - GREY).max() <= (1 if suffix == ".avif" else 0)


@pytest.mark.parametrize("suffix", [".jp2", ".webp", ".bmp"])
def test_luma_of_colours_is_weighed(tmp_path: Path, suffix: str) -> None:
    options: dict[str, Any] = {".jp2": {"irreversible": False}, ".webp": {"lossless": True}, ".bmp": {}}
    Image.fromarray(RGB).save(tmp_path / f"a{suffix}", **options[suffix])
    assert np.array_equal(read_any_still(tmp_path / f"a{suffix}").luma, luma_of_rgb(RGB))


@pytest.mark.parametrize("suffix", [".jp2", ".webp", ".gif"])
def test_alpha_is_kept(tmp_path: Path, suffix: str) -> None:
    mask = np.where(np.arange(96) < 30, 0, 255).astype(np.uint8)
    image = Image.fromarray(np.dstack([RGB * 0 + 77, np.tile(mask, (64, 1))[..., np.newaxis]]))
    options: dict[str, Any] = {"lossless": True, "exact": True} if suffix == ".webp" else {}
    image.save(tmp_path / f"a{suffix}", **options)
    alpha = read_any_still(tmp_path / f"a{suffix}").alpha
    assert alpha is not None
    assert np.array_equal(alpha[0], mask)


@pytest.mark.parametrize("is_color", [False, True])
def test_sixteen_bits_of_jpeg_2000_are_kept(tmp_path: Path, is_color: bool) -> None:
    deep = RGB.astype(np.uint16) * 251 + 3 if is_color else DEEP
    assert cv2.imwrite(str(tmp_path / "a.jp2"), deep[..., ::-1] if is_color else deep)
    assert np.array_equal(read_any_still(tmp_path / "a.jp2").luma, luma_of_rgb(deep) if is_color else deep)


@pytest.mark.parametrize("bits", [10, 12])
def test_between_8_and_16_bits_every_step_is_kept_and_told(tmp_path: Path, bits: int) -> None:
    deep_avif(tmp_path / "a.avif", bits)
    still = read_any_still(tmp_path / "a.avif")
    assert still.luma.dtype == np.uint16
    assert (still.luma.min(), still.luma.max()) == (0, 65535)
    assert np.array_equal(still.luma >> (16 - bits), DEEP >> (16 - bits))
    assert f"{bits} bits become 16" in still.notes[0]


def test_jpeg_2000_boxes_are_read(tmp_path: Path) -> None:
    """Profile, Exif, XMP and resolution of a JP2, whose orientation counts."""
    file = io.BytesIO()
    Image.fromarray(GREY).save(file, "jpeg2000")
    data = file.getvalue()
    profile = b"p" * 36 + b"acsp" + b"q" * 100
    resolution = struct.pack(">HHHHbb", 300, 1, 200, 1, 1, 1)
    extra = (
        box(b"res ", box(b"resc", resolution))
        + box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + XMP)
        + box(b"uuid", b"JpgTiffExif->JP2" + exif(6).removeprefix(b"Exif\0\0"))
        + box(b"colr", b"\2\0\0" + profile)
    )
    (tmp_path / "a.jp2").write_bytes(data + extra)
    tags = read_any_still(tmp_path / "a.jp2").tags
    assert (tags.icc, tags.xmp, tags.dots_per_metre) == (profile, XMP, (2000, 3000))
    assert tags.exif is not None
    assert b"Der Golem" in tags.exif


def test_webp_keeps_its_orientation_and_avif_has_none(tmp_path: Path) -> None:
    """HEIF says that readers turn by its own properties only, which libvips has done already."""
    for name in ("a.webp", "a.avif"):
        Image.fromarray(GREY).save(tmp_path / name, exif=exif(6), xmp=XMP)
    webp, avif = (read_any_still(tmp_path / name).tags for name in ("a.webp", "a.avif"))
    assert (orientation(webp), webp.xmp) == (6, XMP)
    assert orientation(avif) == 1


@pytest.mark.parametrize(("directions", "expected"), [(2, 4), (4, 5), (5, 6), (7, 7)])
def test_a_single_dpx_says_how_its_picture_lies(tmp_path: Path, directions: int, expected: int) -> None:
    (luma,) = make_stills(tmp_path / "%04d.dpx", pixel_format="gbrp10be", count=1)
    lie_as(tmp_path / "0001.dpx", directions)
    still = read_any_still(tmp_path / "0001.dpx")
    assert orientation(still.tags) == expected
    assert still.luma.shape == luma.shape


@pytest.mark.parametrize(
    ("pixels", "bits"), [("gray", 8), ("gbrp10be", 10), ("gbrp12be", 12), ("rgb48be", 16)]
)
def test_a_single_dpx(tmp_path: Path, pixels: str, bits: int) -> None:
    (luma,) = make_stills(tmp_path / "%04d.dpx", pixel_format=pixels, count=1)
    still = read_any_still(tmp_path / "0001.dpx")
    assert np.array_equal(still.luma >> (0 if bits == 8 else 16 - bits), luma)
    assert f"{bits} bits become 16" in still.notes[0] or bits in (8, 16)
    assert "only DPX can hold" in still.notes[-1]


@pytest.mark.parametrize("pixels", ["grayf32le", "gbrpf32le"])
def test_a_single_exr_becomes_code_values(tmp_path: Path, pixels: str) -> None:
    (luma,) = make_stills(tmp_path / "%04d.exr", pixel_format=pixels, count=1)
    assert np.array_equal(read_any_still(tmp_path / "0001.exr").luma, luma)


@pytest.mark.parametrize("name", ["a.jp2", "a.webp", "a.avif", "a.gif", "a.bmp"])
def test_a_file_that_is_cut_short_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (64, 96), np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(SourceError, match=f"{name}: .*(damaged|cut short)"):
        read_any_still(path)


@pytest.mark.parametrize(
    ("name", "found"),
    [("a.webp", "3 pictures"), ("a.gif", "3 pictures"), ("a.avif", "a sequence of pictures")],
)
def test_several_pictures_are_refused(tmp_path: Path, name: str, found: str) -> None:
    first, *rest = (Image.fromarray(np.roll(GREY, 9 * step, axis=1)) for step in range(3))
    first.save(tmp_path / name, save_all=True, append_images=rest, duration=100)
    with pytest.raises(SourceError, match=f"holds {found}"):
        read_any_still(tmp_path / name)


def test_size_is_looked_at_before_pixels_are(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.fromarray(GREY).save(file, "jpeg2000")
    data = bytearray(file.getvalue())
    place = data.index(b"\xff\x4f\xff\x51") + 8
    data[place : place + 8] = struct.pack(">II", 60000, 60000)
    (tmp_path / "a.jp2").write_bytes(data)
    with pytest.raises(SourceError, match="60000x60000 is larger than a still may be, 400 megapixels"):
        read_any_still(tmp_path / "a.jp2")


def test_a_heic_that_cannot_be_decoded_says_what_works(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "a.avif")
    data = (tmp_path / "a.avif").read_bytes()
    (tmp_path / "a.heic").write_bytes(data.replace(b"ftypavif", b"ftypheic").replace(b"av01", b"hvc1"))
    with pytest.raises(SourceError, match=r"a\.heic: a HEIC whose codec.*save it as TIFF"):
        read_any_still(tmp_path / "a.heic")
