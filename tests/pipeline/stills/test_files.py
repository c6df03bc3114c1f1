"""Stills are written, read back and compared, with our reader and with Pillow or libvips beside it."""

import io
import logging
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import pyvips
from PIL import Image, ImageCms, ImageOps, JpegImagePlugin, PngImagePlugin, TiffImagePlugin

from pipeline.color.chroma_upsample import upsample_chroma
from pipeline.color.colorimetry import ab_to_chroma
from pipeline.errors import OutputError, SettingsError, SourceError
from pipeline.media import ColorDescription, Plane
from pipeline.stills.chroma import shrink_luma, spread_ab
from pipeline.stills.files import Still, read_still, still_format, still_matrix, write_still
from pipeline.stills.metadata import (
    DIGITAL_SOURCE,
    label_xmp,
    orientation,
    profile_space,
    rgb_from_grey,
    turn_back,
    turn_upright,
)

SIZE = (45, 61)
STATEMENT = "Colours <predicted> & labelled"


def random_ab(*, strength: float = 40.0) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng(5)
    return np.asarray(rng.normal(0, strength, (2, 11, 15)), np.float32)


def picture(dtype: type[np.uint8] | type[np.uint16] = np.uint8, *, size: tuple[int, int] = SIZE) -> Plane:
    """A smooth picture with black, white and noise in it."""
    rng = np.random.default_rng(3)
    rows, columns = np.mgrid[0 : size[0], 0 : size[1]]
    unit = 0.5 + 0.6 * np.sin(rows / 9) * np.cos(columns / 7) + rng.normal(0, 0.02, size)
    scaled = np.asarray(np.clip(unit, 0, 1) * np.iinfo(dtype).max)
    return scaled.astype(np.uint8) if dtype is np.uint8 else scaled.astype(np.uint16)


def colored(source: Path, target: Path) -> tuple[Still, Still, tuple[str, ...]]:
    still = read_still(source)
    chroma = spread_ab(still.luma, random_ab(), matrix=still_matrix(still_format(target)))
    notes = write_still(target, still, chroma=chroma, statement=STATEMENT)
    return still, read_still(target), notes


def grey_profile(curve: bytes) -> bytes:
    """A minimal grey profile with one tag, its curve."""
    size = 128 + 4 + 12 + len(curve)
    head = struct.pack(">I4sI4s4s4s", size, b"\0" * 4, 0x02400000, b"mntr", b"GRAY", b"XYZ ").ljust(36, b"\0")
    return (head + b"acsp").ljust(128, b"\0") + struct.pack(">I4sII", 1, b"kTRC", 144, len(curve)) + curve


GAMMA_1_8 = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(1.8 * 256)) + b"\0\0"


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


def save(path: Path, *planes: Plane, **options: object) -> Path:
    image = pyvips.Image.new_from_array(np.stack(planes, axis=-1))
    grey, color = ("b-w", "srgb") if planes[0].dtype == np.uint8 else ("grey16", "rgb16")
    image.copy(interpretation=grey if len(planes) < 3 else color).write_to_file(str(path), **options)
    return path


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


def test_png_keeps_its_chunks(tmp_path: Path) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "A street")
    text.add_itxt("Comment", "Straße", zip=True)
    exif = Image.Exif()
    exif[0x0112] = 3
    Image.fromarray(picture(np.uint16)).save(
        tmp_path / "a.png", pnginfo=text, exif=exif, dpi=(600, 600), icc_profile=grey_profile(GAMMA_1_8)
    )
    before, after, notes = colored(tmp_path / "a.png", tmp_path / "out.png")
    assert before.tags.native == after.tags.native
    assert before.tags.exif == after.tags.exif
    assert orientation(after.tags) == 3
    assert notes == ()
    with Image.open(tmp_path / "out.png") as out:
        out.load()
        assert isinstance(out, PngImagePlugin.PngImageFile)
        assert out.text["Title"] == "A street"
        assert out.text["Comment"] == "Straße"
        assert round(out.info["dpi"][0]) == 600
        assert profile_space(out.info["icc_profile"]) == "RGB"


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


def test_damaged_entropy_data_counts_as_damage(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(picture(size=(400, 400))).save(buffer, "JPEG", quality=95)
    data = bytearray(buffer.getvalue())
    data[len(data) // 2 : len(data) // 2 + 40] = b"\xff\xd3" * 20
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(SourceError, match="damaged"):
        read_still(tmp_path / "a.jpg")


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
