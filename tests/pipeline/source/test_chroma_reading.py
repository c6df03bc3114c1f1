"""Where the chroma of a film is read: FFmpeg's filters subsampled it, every reader has to find its very place again."""

from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from jobs.cli.main import main
from pipeline.color.colorimetry import (
    chroma_scale,
    chroma_to_plane,
    chroma_to_rgb,
    luma_coefficients,
    luma_to_unit,
    resolve_color,
    unit_to_luma,
)
from pipeline.colorize.chroma_proxy import read_proxy
from pipeline.colorize.segment_colors import own_colors
from pipeline.dataset.rgb_frames import ColorConverter, color_frames
from pipeline.media import Chroma, PixelFormat, Plane
from pipeline.render.source_color import pass_chroma
from pipeline.source.frame_reader import FrameReader
from pipeline.source.probe import probe
from tests.films import film_info
from tests.stills_films import read_still
from tests.subsampled import WIDE, Codes, Doubles, Fields, ffmpeg, greatest_error, make_place_film, places

CASES = list(product(("420", "422"), ("left", "center", "topleft"), (None, "tff", "bff"), (WIDE, (65, 47))))
NAMES = ("chroma", "site", "fields", "size")
Range = Literal["limited", "full"]
KR, KB = luma_coefficients("bt709")
ZIMG_MATRIX = {"bt709": "709", "smpte170m": "170m", "bt2020nc": "2020_ncl"}


def _film(folder: Path, chroma: Chroma, site: str, fields: Fields, size: tuple[int, int]) -> Path:
    path = folder / "film.mkv"
    make_place_film(path, chroma=chroma, site=site, fields=fields, size=size)
    assert resolve_color(probe(path)).chroma_site == site
    return path


def _units(codes: Plane) -> Doubles:
    centre, span = chroma_scale(16, "limited")
    return (codes.astype(np.float64) - centre) / span


def _of_rgb(rgb: Doubles) -> tuple[Doubles, Doubles]:
    luma = rgb @ np.array([KR, 1 - KR - KB, KB])
    return (rgb[..., 2] - luma) / (2 - 2 * KB), (rgb[..., 0] - luma) / (2 - 2 * KR)


@pytest.mark.parametrize(NAMES, CASES)
def test_every_sample_of_a_proxy_and_of_a_kept_shot_is_in_its_place(
    tmp_path: Path, chroma: Chroma, site: str, fields: Fields, size: tuple[int, int]
) -> None:
    """16 bits round by 0.002 samples: the worst sample tells where all of them are."""
    path = _film(tmp_path, chroma, site, fields, size)
    (graded,) = read_proxy(path, film=film_info(*size, matrix="bt709"), frame_count=1)
    error = greatest_error(graded.cb.astype(np.float64), graded.cr.astype(np.float64), fields=fields)
    assert error < 0.01
    film = probe(path)
    with FrameReader(film) as reader:
        (frame,) = reader.frames(chroma_every=1)
    assert frame.is_interlaced == (fields is not None)
    cb, cr = pass_chroma(
        frame.chroma,
        film=film,
        size=size,
        pixel_format=PixelFormat(name="yuv444p16le", depth=16, chroma="444"),
        color=resolve_color(film),
        interlaced=frame.is_interlaced,
    )
    assert greatest_error(_units(cb), _units(cr), fields=fields) < 0.01
    if fields is None:  # a proxy shows an interlaced frame as one picture
        small = own_colors(frame, film=film, height=size[1], width=size[0])
        error = greatest_error(small.cb.astype(np.float64), small.cr.astype(np.float64), fields=None)
        assert error < 0.01


@pytest.mark.parametrize(NAMES, CASES)
def test_pictures_of_training_sets_have_their_colours_in_place(
    tmp_path: Path, chroma: Chroma, site: str, fields: Fields, size: tuple[int, int]
) -> None:
    """8 bits of R'G'B' round by 0.2 samples, differently in each: the mean place of a column, or line, is looked at."""
    path = _film(tmp_path, chroma, site, fields, size)
    rgb = ColorConverter(probe(path)).to_rgb(next(color_frames(probe(path)))) / 255
    height, width = rgb.shape[:2]
    columns, lines = places(*_of_rgb(rgb), fields=None)
    margin, step = (
        (6, 1) if fields is None else (3, 2)
    )  # of an interlaced picture the top field, at half its size
    assert (height, width) == (-(-size[1] // step), round(size[0] / step))
    wanted = (np.arange(width) + 0.5) * size[0] / width - 0.5
    inner = slice(margin, -margin)
    assert np.abs(columns[inner].mean(axis=0) - wanted)[inner].max() < 0.1
    assert np.abs(lines[:, inner].mean(axis=1) - step * np.arange(height))[inner].max() < 0.1


@pytest.mark.parametrize(
    NAMES,
    [
        ("420", "left", None, WIDE),
        ("420", "topleft", None, (65, 47)),
        ("420", "center", "tff", (65, 47)),
        ("420", "left", "bff", WIDE),
        ("422", "left", None, (65, 47)),
    ],
)
def test_stills_of_a_film_in_colour_have_it_in_place(
    tmp_path: Path, chroma: Chroma, site: str, fields: Fields, size: tuple[int, int]
) -> None:
    film, out = _film(tmp_path, chroma, site, fields, size), tmp_path / "out" / "%03d.png"
    options = ["--preset", "archival", "--set", "report=false", "--allow-loss", "-q"]
    assert main(["colorize", str(film), "-o", str(out), *options]) == 0
    rgb = read_still(tmp_path / "out" / "001.png").to_ndarray(format="rgb48le").astype(np.float64) / 65535
    assert greatest_error(*_of_rgb(rgb), fields=fields) < 0.01


@pytest.mark.parametrize("matrix", ["bt709", "smpte170m", "bt2020nc"])
@pytest.mark.parametrize("levels", ["limited", "full"])
def test_ten_bits_are_read_and_come_back_within_a_code_value(matrix: str, levels: Range) -> None:
    """4,096 colours of all kinds: zimg's codes by us to R'G'B', against zimg's, and that back to the codes."""
    rgb = np.random.default_rng(1).integers(0, 1024, (3, 64, 64)).astype("<u2")
    zimg = f"rangein=full:range={levels}:dither=none:matrixin=gbr:matrix={ZIMG_MATRIX[matrix]}"
    codes = _ten_bits(rgb, "gbrp10le", f"zscale={zimg},format=yuv444p10le", "yuv444p10le")
    zimg = f"rangein={levels}:range=full:dither=none:matrixin={ZIMG_MATRIX[matrix]}:matrix=gbr"
    theirs = _ten_bits(codes, "yuv444p10le", f"zscale={zimg},format=gbrp10le", "gbrp10le")[[2, 0, 1]]
    kr, kb = luma_coefficients(matrix)
    centre, span = chroma_scale(10, levels)
    luma = luma_to_unit(codes[0], depth=10, range=levels)
    cb, cr = (((plane.astype(np.float64) - centre) / span).astype(np.float32) for plane in codes[1:])
    ours = np.rint(np.moveaxis(chroma_to_rgb(luma, cb, cr, kr=kr, kb=kb), -1, 0).clip(0, 1) * 1023)
    assert np.abs(ours - theirs).max() <= 1
    red, green, blue = ours / np.float32(1023)
    luma = np.asarray(kr * red + (1 - kr - kb) * green + kb * blue, np.float32)
    back = [unit_to_luma(luma, depth=10, range=levels)]
    for part, weight in ((blue, kb), (red, kr)):
        back.append(chroma_to_plane((part - luma) / np.float32(2 - 2 * weight), depth=10, range=levels))
    for mine, first in zip(back, codes, strict=True):
        assert np.abs(mine.astype(int) - first).max() <= 1


def _ten_bits(planes: Codes, pixel_format: str, filters: str, wanted: str) -> Codes:
    output = ["-f", "rawvideo", "-pix_fmt", wanted, "-"]
    raw = ffmpeg(planes.tobytes(), pixel_format=pixel_format, size=(64, 64), filters=filters, output=output)
    return np.frombuffer(raw, "<u2").reshape(3, 64, 64)


def test_the_measure_sees_what_is_a_tenth_of_a_sample_off() -> None:
    """What the other tests go by: a film read by another site than its own, or field over field."""
    cb = np.tile((np.arange(66) / 65 - 0.5) * 0.4, (48, 1))
    cr = np.tile(((np.arange(48) / 47 - 0.5) * 0.4)[:, None], (1, 66))
    assert greatest_error(cb, cr, fields=None) < 1e-9
    assert greatest_error(cb + 0.1 * 0.4 / 65, cr, fields=None) == pytest.approx(0.1)
    assert greatest_error(cb, cr - 0.1 * 0.4 / 47, fields=None) == pytest.approx(0.1)
    assert greatest_error(cb, cr, fields="tff") > 10
