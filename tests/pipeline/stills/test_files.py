"""Stills are written, read back and compared, with our reader and with Pillow or libvips beside it."""

import io
import logging
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageOps

from pipeline.color.chroma_upsample import upsample_chroma
from pipeline.color.colorimetry import ab_to_chroma
from pipeline.errors import OutputError, SettingsError, SourceError
from pipeline.media import ColorDescription
from pipeline.stills.chroma import shrink_luma, spread_ab
from pipeline.stills.files import read_still, write_still
from tests.still_files import colored, picture, random_ab, save


def test_bands_give_the_chroma_that_films_get() -> None:
    luma, ab = picture(size=(90, 131)), random_ab()
    chroma = spread_ab(luma, ab, matrix="bt709")
    parts = [chroma.rows(luma[start : start + 7], start) for start in range(0, 90, 7)]
    banded = [np.concatenate(planes) for planes in zip(*parts, strict=True)]
    cb, cr = ab_to_chroma(shrink_luma(luma, size=(11, 15)), ab, kr=0.2126, kb=0.0722)
    color = ColorDescription(matrix="bt709", range="full", chroma_site="center")
    whole = upsample_chroma(
        luma,
        cb=cb,
        cr=cr,
        depth=8,
        chroma="444",
        color=color,
    )
    for ours, theirs in zip(banded, whole, strict=True):
        assert (
            np.abs(ours - theirs).max() < 4e-3
        )  # they shrink 8-bit luma with a float, we with a 16-bit guide


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("kind", ["grey", "sepia", "grey with alpha", "sepia with alpha"])
def test_png_and_tiff_give_back_every_luma_sample(
    tmp_path: Path, suffix: str, dtype: type[np.uint8] | type[np.uint16], kind: str
) -> None:
    luma = picture(dtype)
    planes = [luma] if kind.startswith("grey") else [luma, luma // 4 * 3, luma // 2]
    if kind.endswith("alpha"):
        planes = [*planes, luma[::-1]]
    source = save(tmp_path / f"source.{suffix}", *planes)
    before, after, notes = colored(source, tmp_path / f"out.{suffix}")
    assert np.array_equal(after.luma, before.luma)
    assert after.luma.dtype == dtype
    if kind.startswith("grey"):
        assert np.array_equal(before.luma, luma)
    if kind.endswith("alpha"):
        assert after.alpha is not None
        assert np.array_equal(after.alpha, luma[::-1])
    else:
        assert after.alpha is None
    out = pyvips.Image.new_from_file(str(tmp_path / f"out.{suffix}"))
    assert out.interpretation == ("srgb" if dtype is np.uint8 else "rgb16")
    assert notes == ()


@pytest.mark.parametrize("name", ["bilevel.png", "bilevel.tif", "palette.png", "palette.tif", "clear.png"])
def test_bilevel_and_palette_pictures_become_colour(tmp_path: Path, name: str) -> None:
    grey = Image.fromarray(picture())
    if name.startswith("bilevel"):
        grey.convert("1").save(tmp_path / name)
    elif name.startswith("palette"):
        ImageOps.colorize(grey, "black", "wheat").quantize(32).save(tmp_path / name)
    else:
        grey.save(tmp_path / name, transparency=255)
    before, after, _ = colored(tmp_path / name, tmp_path / f"out-{name}")
    assert np.array_equal(before.luma, after.luma)
    if name.startswith("bilevel"):
        assert set(np.unique(before.luma)) == {0, 255}
    if name.startswith("clear"):
        assert after.alpha is not None
        assert np.array_equal(after.alpha == 0, picture() == 255)
    with Image.open(tmp_path / f"out-{name}") as out:
        assert out.mode in {"RGB", "RGBA"}


def broken(path: Path, kind: str) -> Path:
    """Makes a file that must be refused."""
    Image.fromarray(picture()).save(path.with_name("good.png"))
    png = path.with_name("good.png").read_bytes()
    jpeg, tiff = io.BytesIO(), io.BytesIO()
    Image.fromarray(picture()).save(jpeg, "JPEG")
    Image.fromarray(picture()).save(tiff, "TIFF", compression="tiff_lzw")
    size = struct.pack(">II", 40_000, 40_000)
    head = b"IHDR" + size + b"\x08\0\0\0\0"
    several = io.BytesIO()
    Image.fromarray(picture()).save(
        several, "TIFF", save_all=True, append_images=[Image.fromarray(picture())]
    )
    cmyk = io.BytesIO()
    Image.fromarray(picture()).convert("CMYK").save(cmyk, "JPEG")
    deep = io.BytesIO()
    Image.fromarray(picture().astype(np.float32)).save(deep, "TIFF")
    rgb = io.BytesIO()
    Image.fromarray(picture()).convert("RGB").save(rgb, "JPEG", keep_rgb=True)
    plain = io.BytesIO()
    Image.fromarray(picture()).save(plain, "TIFF")
    bits_tag = struct.pack("<HHIH", 258, 3, 1, 8)
    assert plain.getvalue().count(bits_tag) == 1
    data = {
        "RGB": rgb.getvalue(),
        "12 bits": plain.getvalue().replace(bits_tag, bits_tag[:8] + b"\x0c\0"),
        "empty": b"",
        "text": b"not a picture at all",
        "cut JPEG": jpeg.getvalue()[:-100],
        "JPEG without end": jpeg.getvalue()[:-2],
        "cut PNG": png[: len(png) // 2],
        "damaged PNG": png[:200] + bytes([png[200] ^ 255]) + png[201:],
        "cut TIFF": tiff.getvalue()[:300],
        "bomb": png[:8] + b"\0\0\0\x0d" + head + struct.pack(">I", zlib.crc32(head)) + png[33:],
        "pages": several.getvalue(),
        "CMYK": cmyk.getvalue(),
        "float": deep.getvalue(),
    }
    path.write_bytes(data[kind])
    return path


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("empty", "empty"),
        ("text", "not a picture of a kind that is read"),
        ("RGB", "a JPEG in RGB or XYB"),
        ("12 bits", "a TIFF of samples of 12 bits; save it with 8 or 16 bits"),
        ("cut JPEG", "cut short"),
        ("JPEG without end", "cut short"),
        ("cut PNG", "cut short"),
        ("damaged PNG", "damaged"),
        ("cut TIFF", "cut short"),
        ("bomb", "400 megapixels"),
        ("pages", "2 pages"),
        ("CMYK", "a JPEG in CMYK"),
        ("float", "grey or RGB"),
    ],
)
def test_bad_input_is_refused_with_one_line(
    tmp_path: Path, kind: str, says: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    path = broken(tmp_path / "bad.jpg", kind)
    with caplog.at_level(logging.ERROR), pytest.raises(SourceError, match=says) as caught:
        read_still(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        read_still(tmp_path / "none.png")
    with pytest.raises(SourceError, match="directory"):
        read_still(tmp_path)


def test_output_is_whole_or_absent_and_never_the_source(tmp_path: Path) -> None:
    source = save(tmp_path / "a.png", picture(np.uint16))
    still = read_still(source)
    before = source.read_bytes()
    chroma = spread_ab(still.luma, random_ab(), matrix="bt709")
    with pytest.raises(OutputError, match="is the source"):
        write_still(source, still, chroma=chroma, statement="", overwrite=True)
    with pytest.raises(OutputError, match="8 bits"):
        write_still(tmp_path / "b.jpg", still, chroma=chroma, statement="")
    with pytest.raises(SettingsError, match=r"\.png, \.jpg"):
        write_still(tmp_path / "b.webp", still, chroma=chroma, statement="")
    with pytest.raises(OutputError, match="folder"):
        write_still(tmp_path / "none" / "b.png", still, chroma=chroma, statement="")
    write_still(tmp_path / "b.png", still, chroma=chroma, statement="")
    with pytest.raises(OutputError, match="exists"):
        write_still(tmp_path / "b.png", still, chroma=chroma, statement="")
    write_still(tmp_path / "b.png", still, chroma=chroma, statement="", overwrite=True)
    assert source.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_names_that_libvips_would_take_for_options_work(tmp_path: Path) -> None:
    source = save(tmp_path / "a.tif", picture()).rename(tmp_path / "scan [page=3] ä.tif")
    before, after, _ = colored(source, tmp_path / "out [x].tif")
    assert np.array_equal(before.luma, after.luma)
