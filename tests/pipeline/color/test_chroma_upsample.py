"""Chroma that was made small comes back at the size of the film: as it was, along the edges, and without ringing."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from pipeline.color.chroma_upsample import upsample_chroma
from pipeline.color.colorimetry import chroma_to_rgb, luma_coefficients, unit_to_luma
from pipeline.media import ColorDescription, Plane

Floats = npt.NDArray[np.float32]
COLOR = ColorDescription(matrix="bt709", range="full", chroma_site="center")
KR, KB = luma_coefficients("bt709")
SCALE = 4


def test_true_chroma_of_a_quarter_of_the_size_comes_back() -> None:
    """1.5 dB above bilinear interpolation; without back-projection it falls below."""
    errors: list[float] = []
    by_bilinear: list[float] = []
    for seed in range(4):
        rgb = _textured_discs(seed)
        luma, small = _luma_and_small_chroma(rgb)
        found = _upsampled(luma, small)
        bilinear = [cv2.resize(plane, luma.shape[::-1]) for plane in small]
        for planes, into in ((found, errors), (bilinear, by_bilinear)):
            made = chroma_to_rgb(luma, *planes, kr=KR, kb=KB).clip(0, 1)
            into.append(float(np.mean((made - rgb) ** 2)))
    assert 10 * np.log10(np.mean(by_bilinear) / np.mean(errors)) > 1.5


@pytest.mark.parametrize("interlaced", [False, True])
def test_chroma_made_small_again_is_what_it_was(interlaced: bool) -> None:
    luma, small = _luma_and_small_chroma(_textured_discs(5))
    for before, after in zip(small, _upsampled(luma, small, interlaced=interlaced), strict=True):
        again = cv2.resize(after, before.shape[::-1], interpolation=cv2.INTER_AREA)
        off = np.abs(again - before)
        assert off.mean() < 0.04 * np.abs(before - before.mean()).mean()
        assert np.percentile(off, 99) < 0.02


def test_edges_do_not_ring() -> None:
    """Chroma stays in the range of the samples around, but for five code values of 8 bits."""
    luma, small = _luma_and_small_chroma(_textured_discs(6))
    block = np.ones((3, 3), np.uint8)
    for little, plane in zip(small, _upsampled(luma, small), strict=True):
        low, high = (
            cv2.resize(extreme(little, block), plane.shape[::-1]) for extreme in (cv2.erode, cv2.dilate)
        )
        beyond = np.maximum(np.maximum(plane - high, low - plane), 0)
        assert np.percentile(beyond, 99) < 5 / 255


def test_a_picture_smaller_than_twice_its_chroma_works() -> None:
    luma, small = _luma_and_small_chroma(_textured_discs(7))
    few = luma[: small[0].shape[0] + 3, : 2 * small[0].shape[1]]
    for plane in _upsampled(few, small):
        assert plane.shape == few.shape
        assert np.isfinite(plane).all()


def _textured_discs(seed: int, *, size: int = 160) -> Floats:
    """Discs of all colours, over which luma has a texture of its own: (size, size, 3), 0..1."""
    rng = np.random.default_rng(seed)
    large = np.tile(rng.uniform(0.3, 0.7, 3), (size * 4, size * 4, 1)).astype(np.float32)
    for _ in range(14):
        centre, radius = rng.integers(0, size * 4, 2), int(rng.integers(40, 160))
        cv2.circle(large, centre.tolist(), radius, rng.uniform(0.25, 0.75, 3).tolist(), -1)
    texture = rng.uniform(-0.12, 0.12, (size // 2, size // 2)).astype(np.float32)
    texture = cv2.resize(texture, (size, size), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    discs = cv2.resize(large, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32)
    return (discs + texture[..., None]).clip(0, 1)


def _luma_and_small_chroma(rgb: Floats) -> tuple[Floats, list[Floats]]:
    luma = (rgb @ np.array([KR, 1 - KR - KB, KB], np.float32)).astype(np.float32)
    planes = [(rgb[..., 2] - luma) / np.float32(2 - 2 * KB), (rgb[..., 0] - luma) / np.float32(2 - 2 * KR)]
    size = (luma.shape[1] // SCALE, luma.shape[0] // SCALE)
    return luma, [
        cv2.resize(plane, size, interpolation=cv2.INTER_AREA).astype(np.float32) for plane in planes
    ]


def _upsampled(luma: Floats, small: list[Floats], *, interlaced: bool = False) -> tuple[Floats, Floats]:
    deep: Plane = unit_to_luma(luma, depth=16, range="full")
    cb, cr = small
    return upsample_chroma(deep, cb=cb, cr=cr, depth=16, chroma="444", color=COLOR, interlaced=interlaced)
