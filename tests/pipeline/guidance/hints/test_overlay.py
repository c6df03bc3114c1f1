"""Overlays painted in any program become seeds."""

import struct
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipeline.errors import SettingsError, SourceError
from pipeline.guidance.hints.overlay import read_overlay
from pipeline.guidance.hints.seeds import Seeds

SIZE, SHAPE = (640, 480), (48, 64)
RED, BLUE = (200, 30, 40), (30, 60, 200)


def _ab(rgb: tuple[int, int, int]) -> np.ndarray:
    pixel = np.array([[rgb]], np.float32) / 255
    return np.asarray(cv2.cvtColor(pixel, cv2.COLOR_RGB2Lab)[0, 0, 1:], np.float32)


def _painted(scale: int = 1) -> Image.Image:
    """A red disc and a blue one that touches it, with soft edges, as a brush leaves them."""
    large = Image.new("RGBA", (SIZE[0] * 4 * scale, SIZE[1] * 4 * scale))
    draw = ImageDraw.Draw(large)
    for x, color in ((200, RED), (290, BLUE)):
        box = [edge * 4 * scale for edge in (x - 50, 200, x + 50, 300)]
        draw.ellipse(box, fill=(*color, 255))
    return large.resize((SIZE[0] * scale, SIZE[1] * scale), Image.Resampling.LANCZOS)


def _read(path: Path, size: tuple[int, int] = SIZE) -> Seeds:
    return read_overlay(path, frame_size=size, shape=SHAPE)


def _refused(path: Path, size: tuple[int, int] = SIZE) -> str:
    with pytest.raises((SettingsError, SourceError)) as caught:
        _read(path, size)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("scale", [1, 4])
def test_paint_becomes_seeds_without_its_soft_edges(tmp_path: Path, scale: int) -> None:
    _painted(scale).save(tmp_path / "a.png")
    seeds = _read(tmp_path / "a.png")
    order = np.argsort(seeds.ab[:, 1])[::-1]
    assert len(seeds.ab) == 2  # no third colour where the two blend
    np.testing.assert_allclose(seeds.ab[order], [_ab(RED), _ab(BLUE)], atol=1)
    red, blue = seeds.coverage[order]
    assert red[25, 17] == 1 and blue[25, 31] == 1 and red[25, 31] == blue[25, 17] == 0
    assert red[5].sum() == 0
    whole = (np.asarray(_painted())[..., 3] == 255).mean() * SHAPE[0] * SHAPE[1]
    assert seeds.coverage.sum() == pytest.approx(whole, rel=0.05)
    assert not seeds.erased.any() and (seeds.reach == 1).all()


@pytest.mark.parametrize("mode", ["LA", "P", "16 bits"])
def test_other_kinds_of_png_are_read(tmp_path: Path, mode: str) -> None:
    image = np.zeros((480, 640, 4), np.uint8)
    image[100:200, 100:300] = (*RED, 255)
    path = tmp_path / "a.png"
    if mode == "16 bits":
        cv2.imwrite(str(path), image[..., [2, 1, 0, 3]].astype(np.uint16) * 257)
    else:
        picture = Image.fromarray(image)
        (picture.quantize(8) if mode == "P" else picture.convert("LA")).save(path)
    seeds = _read(path)
    expected = np.zeros(2, np.float32) if mode == "LA" else _ab(RED)
    np.testing.assert_allclose(seeds.ab[0], expected, atol=1)
    assert len(seeds.ab) == 1
    assert (seeds.coverage[0, 10:20, 10:30] == 1).all() and seeds.coverage.sum() == pytest.approx(200)


def test_an_overlay_of_another_aspect_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    _painted().save(path)
    assert "is 640x480, its frame 1920x1080: they differ in aspect" in _refused(path, (1920, 1080))
    _read(path, (1280, 960))


def test_a_whole_picture_without_transparency_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", SIZE, RED).save(path)
    assert "100 % of it is opaque, so it is a whole picture; save the painted layer" in _refused(path)


def test_nothing_painted_or_a_faint_brush_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    empty = Image.new("RGBA", SIZE)
    empty.save(path)
    assert "nothing is painted on it" in _refused(path)
    ImageDraw.Draw(empty).ellipse((10, 10, 90, 90), fill=(*RED, 128))
    empty.save(path)
    assert "its strongest paint covers 50 %; paint with a brush of full opacity" in _refused(path)


def test_a_pasted_photograph_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    rng = np.random.default_rng(2)
    noise = rng.integers(0, 256, (12, 16, 3), np.uint8)
    photo = cv2.resize(noise, SIZE, interpolation=cv2.INTER_CUBIC)
    alpha = np.full((480, 640, 1), 255, np.uint8)
    alpha[:100] = 0
    Image.fromarray(np.concatenate([photo, alpha], axis=2)).save(path)
    start = time.perf_counter()
    assert "has more than 32 colours" in _refused(path)
    assert time.perf_counter() - start < 20


def test_damaged_or_foreign_files_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    _painted().save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    assert "damaged or cut short" in _refused(path)
    path.write_bytes(b"GIF89a" + whole)
    assert "not a PNG" in _refused(path)
    assert "No such file" in _refused(tmp_path / "none.png")


def test_a_huge_overlay_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    header = struct.pack(">IIBBBBB", 40_000, 30_000, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    start = time.perf_counter()
    assert "40000x30000 is larger than 400 megapixels" in _refused(path)
    assert time.perf_counter() - start < 5
