"""Matrices, ranges and chroma sites of what is written, against zimg (FFmpeg's `zscale`), which shares no code of ours.

How they are read is in `test_chroma_reading.py`.
"""

import subprocess
from typing import Literal

import imageio_ffmpeg
import numpy as np
import numpy.typing as npt
import pytest

from pipeline.color.chroma_siting import chroma_offset
from pipeline.color.chroma_upsample import upsample_chroma
from pipeline.color.colorimetry import (
    ab_to_chroma,
    chroma_to_plane,
    chroma_to_rgb,
    lightness,
    luma_coefficients,
    unit_to_luma,
)
from pipeline.media import CHROMA_SHIFTS, Chroma, ColorDescription, Plane

W, H = 128, 96
ZIMG_MATRIX = {"bt709": "709", "smpte170m": "170m", "bt2020nc": "2020_ncl"}
Range = Literal["limited", "full"]
Doubles = npt.NDArray[np.float64]


@pytest.mark.parametrize("chroma", ["420", "422", "440", "411", "410"])
@pytest.mark.parametrize("site", ["left", "center", "topleft", "top", "bottomleft", "bottom"])
@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("size", [(128, 96), (127, 95), (130, 98)])
def test_rendered_chroma_lies_within_a_tenth_of_a_sample(
    chroma: Chroma, site: str, interlaced: bool, size: tuple[int, int]
) -> None:
    """Chroma that tells its own place: Cb the column, Cr the line, in luma samples of the frame."""
    (width, height), (w, h) = size, (31, 23)
    luma = np.full((height, width), 128, np.uint8)
    across = ((np.arange(w) + 0.5) * width / w - 0.5) / width * 0.2 - 0.1
    down = ((np.arange(h) + 0.5) * height / h - 0.5) / height * 0.2 - 0.1
    cb = np.tile(across.astype(np.float32), (h, 1))
    cr = np.tile(down.astype(np.float32)[:, None], (1, w))
    color = ColorDescription(matrix="bt709", chroma_site=site)
    found_cb, found_cr = upsample_chroma(
        luma, cb=cb, cr=cr, depth=8, chroma=chroma, color=color, interlaced=interlaced
    )
    columns, lines = (found_cb + 0.1) / 0.2 * width, (found_cr + 0.1) / 0.2 * height
    wanted_columns = (
        np.arange(columns.shape[1]) * 2 ** CHROMA_SHIFTS[chroma][0] + chroma_offset(site, chroma=chroma)[0]
    )
    wanted_lines = _lines(lines.shape[0], site=site, chroma=chroma, interlaced=interlaced)
    inner = _inner(wanted_columns, width)
    assert np.abs(columns - wanted_columns)[:, inner].max() < 0.1
    inner = _inner(wanted_lines, height)
    assert np.abs(lines - wanted_lines[:, None])[inner].max() < 0.1


@pytest.mark.parametrize("chroma", ["420", "422"])
@pytest.mark.parametrize("site", ["left", "center", "topleft"])
@pytest.mark.parametrize("vertical", [False, True])
def test_rendered_chroma_lies_where_zimg_puts_it(chroma: Chroma, site: str, vertical: bool) -> None:
    ramp, format = (
        _ramp(vertical),
        f"yuv{chroma}p16le",
    )  # 10 bits would blur the places by a quarter of a sample
    theirs = (_zimg_planes(ramp, format, matrix="bt709", levels="limited", site=site)[2] - 32768.0) / 57344
    cb, cr = _chroma_of(ramp, "bt709")
    small = [plane.reshape(H // 4, 4, W // 4, 4).mean(axis=(1, 3)).astype(np.float32) for plane in (cb, cr)]
    luma = np.full((H, W), 512, np.uint16)
    color = ColorDescription(matrix="bt709", chroma_site=site)
    _, ours = upsample_chroma(luma, cb=small[0], cr=small[1], depth=10, chroma=chroma, color=color)
    per_sample = float(np.ptp(cr)) / ((H if vertical else W) - 1)
    assert np.abs(ours - theirs)[8:-8, 8:-8].max() / per_sample < 0.1


@pytest.mark.parametrize("matrix", ["bt709", "smpte170m", "bt2020nc"])
@pytest.mark.parametrize("levels", ["limited", "full"])
def test_bars_come_within_a_code_value_of_zimg_s_at_ten_bits(matrix: str, levels: Range) -> None:
    bars = np.repeat(np.repeat(_bars(), 16, axis=1), H, axis=0)
    theirs = _zimg_planes(bars, "yuv444p10le", matrix=matrix, levels=levels, site="left")
    kr, kb = luma_coefficients(matrix)
    red, green, blue = (bars[..., part] for part in range(3))
    luma = (kr * red + (1 - kr - kb) * green + kb * blue).astype(np.float32)
    cb = ((blue - luma) / (2 - 2 * kb)).astype(np.float32)
    cr = ((red - luma) / (2 - 2 * kr)).astype(np.float32)
    ours = [unit_to_luma(luma, depth=10, range=levels)]
    ours += [chroma_to_plane(plane.copy(), depth=10, range=levels) for plane in (cb, cr)]
    for mine, other in zip(ours, theirs, strict=True):
        assert np.abs(mine.astype(int) - other.astype(int)).max() <= 1
    back = chroma_to_rgb(luma, cb, cr, kr=kr, kb=kb)
    assert np.abs(back - bars).max() * 1023 < 1


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_predicted_colour_has_its_hue_in_the_light_of_the_transfer(transfer: str) -> None:
    """Linear light by zimg; a and b are those that were asked for, relative to white paper."""
    luma = np.full((H, W), 0.45, np.float32)
    ab = np.stack([np.full((H, W), 12, np.float32), np.full((H, W), -16, np.float32)])
    kr, kb = luma_coefficients("bt2020nc")
    cb, cr = ab_to_chroma(luma, ab, kr=kr, kb=kb, primaries="bt2020", transfer=transfer)
    planes = [unit_to_luma(luma, depth=16, range="full")]
    planes += [chroma_to_plane(plane, depth=16, range="full") for plane in (cb, cr)]
    xyz = _zimg_light(planes, transfer) @ _XYZ_FROM_2020.T
    fx, fy, fz = (np.cbrt(xyz[..., part] / white) for part, white in enumerate((0.95047, 1.0, 1.08883)))
    found = np.array([500 * (fx - fy), 200 * (fy - fz)]).mean(axis=(1, 2))
    hue, wanted = np.degrees(np.arctan2(found[1], found[0])), np.degrees(np.arctan2(-16, 12))
    assert abs(hue - wanted) < 3
    assert np.hypot(*found) == pytest.approx(20, rel=0.1)


def test_white_paper_is_white_in_every_transfer() -> None:
    greys = np.linspace(0, 1, 11, dtype=np.float32)
    assert lightness(greys)[-1] == pytest.approx(100, abs=0.01)
    paper = np.array([0.5806], np.float32)  # PQ's number for 203 cd/m2, ITU-R BT.2408
    assert lightness(paper, transfer="smpte2084")[0] == pytest.approx(100, abs=0.1)
    assert lightness(np.array([0.75], np.float32), transfer="arib-std-b67")[0] == pytest.approx(100, abs=0.3)
    assert lightness(np.array([0.9], np.float32), transfer="smpte2084")[0] == 100


_XYZ_FROM_2020 = np.array(
    [[0.636958, 0.144617, 0.168881], [0.262700, 0.677998, 0.059302], [0.0, 0.028073, 1.060985]]
)


def _lines(count: int, *, site: str, chroma: Chroma, interlaced: bool) -> Doubles:
    """Line of the frame on which each chroma line lies."""
    down = CHROMA_SHIFTS[chroma][1]
    numbers = np.arange(count)
    if not (interlaced and down):
        return np.asarray(numbers * 2**down + chroma_offset(site, chroma=chroma)[1], np.float64)
    offsets = np.array([chroma_offset(site, chroma=chroma, field=field)[1] for field in (0, 1)])
    return np.asarray(numbers % 2 + 2 * (numbers // 2 * 2**down + offsets[numbers % 2]), np.float64)


def _inner(places: Doubles, size: int) -> npt.NDArray[np.bool_]:
    """Places that lie inside the centres of the proxy's outermost samples."""
    return (places > 8) & (places < size - 9)


def _ramp(vertical: bool) -> Doubles:
    """R'G'B' (H, W, 3): red rises and blue falls, to the right or downwards."""
    rise = np.linspace(0.25, 0.75, H if vertical else W)
    red = np.tile(rise[:, None], (1, W)) if vertical else np.tile(rise, (H, 1))
    return np.stack([red, np.full((H, W), 0.5), 1 - red], axis=-1)


def _bars() -> Doubles:
    """(1, 8, 3): 75 % bars and white."""
    rows = [[b & 1, b >> 1 & 1, b >> 2 & 1] for b in range(7, 0, -1)]
    return np.array([[np.multiply(row, 0.75) for row in rows] + [np.array([1.0, 1.0, 1.0])]])


def _chroma_of(rgb: Doubles, matrix: str) -> tuple[Doubles, Doubles]:
    kr, kb = luma_coefficients(matrix)
    luma = rgb @ np.array([kr, 1 - kr - kb, kb])
    return (rgb[..., 2] - luma) / (2 - 2 * kb), (rgb[..., 0] - luma) / (2 - 2 * kr)


def _zimg_planes(
    rgb: Doubles, pixel_format: str, *, matrix: str, levels: Range, site: str
) -> list[npt.NDArray[np.uint16]]:
    filters = _to_yuv(pixel_format, matrix=matrix, levels=levels, site=site)
    data = np.frombuffer(_ffmpeg(rgb, filters, "-f", "rawvideo", "-pix_fmt", pixel_format, "-"), np.uint16)
    across, down = CHROMA_SHIFTS[
        "420" if "420" in pixel_format else "422" if "422" in pixel_format else "444"
    ]
    shape = (H >> down, W >> across)
    ends = np.cumsum([H * W, shape[0] * shape[1]])
    first, second, third = np.split(data, ends)
    return [first.reshape(H, W), second.reshape(shape), third.reshape(shape)]


def _to_yuv(pixel_format: str, *, matrix: str, levels: Range, site: str) -> str:
    zimg = f"matrixin=gbr:matrix={ZIMG_MATRIX[matrix]}:rangein=full:range={levels}"
    return f"zscale={zimg}:chromal={site}:filter=bilinear:dither=none,format={pixel_format}"


def _zimg_light(planes: list[Plane], transfer: str) -> Doubles:
    """(H, W, 3) linear light by zimg, 1 for 203 cd/m2, of BT.2020 pictures at 16 bits, full range."""
    command = f"zscale=matrixin=2020_ncl:matrix=gbr:transferin={transfer}:transfer=linear"
    filters = f"{command}:primariesin=2020:primaries=2020:rangein=full:range=full:npl=203:dither=none,format=gbrpf32le"
    raw = b"".join(plane.tobytes() for plane in planes)
    out = _run(raw, "yuv444p16le", filters, "-f", "rawvideo", "-pix_fmt", "gbrpf32le", "-")
    green, blue, red = np.frombuffer(out, np.float32).reshape(3, H, W).astype(np.float64)
    light = np.stack([red, green, blue], axis=-1)
    if transfer == "smpte2084":
        return light
    # zimg bends every component by HLG's system gamma, ITU-R BT.2100 the luminance
    scene = (light * 203 / 1000) ** (1 / 1.2)
    luminance = scene @ _XYZ_FROM_2020[1]
    return np.asarray(scene * luminance[..., None] ** 0.2 * 1000 / 203)


def _ffmpeg(rgb: Doubles, filters: str, *output: str) -> bytes:
    planar = np.moveaxis(rgb, -1, 0)[[1, 2, 0]]
    return _run(np.rint(planar * 65535).astype("<u2").tobytes(), "gbrp16le", filters, *output)


def _run(raw: bytes, pixel_format: str, filters: str, *output: str) -> bytes:
    source = ("-f", "rawvideo", "-pix_fmt", pixel_format, "-s", f"{W}x{H}", "-r", "25", "-i", "-")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *source, "-vf", filters, *output]
    return subprocess.run(command, input=raw, stdout=subprocess.PIPE, check=True).stdout
