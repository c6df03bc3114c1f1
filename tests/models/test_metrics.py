import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torchmetrics.image.kid import poly_mmd

from models.metrics import (
    ColorConsistency,
    ab_rmse,
    cdc,
    closed_share,
    kernel_distance,
    psnr,
    ssim,
)
from models.networks.lab import Rgb


def _flat(red: int, green: int, blue: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((4, 6, 3), (red, green, blue), dtype=np.uint8)


def test_ab_rmse_averages_over_both_channels() -> None:
    pred = np.zeros((2, 5, 7), dtype=np.float32)
    truth = np.stack([np.full((5, 7), 3.0), np.full((5, 7), 4.0)])
    assert ab_rmse(pred, truth) == pytest.approx(math.sqrt((9 + 16) / 2))
    assert ab_rmse(truth, truth) == 0


def test_ab_rmse_refuses_other_shapes() -> None:
    with pytest.raises(ValueError, match=r"\(2, 4, 4\)"):
        ab_rmse(np.zeros((2, 4, 4)), np.zeros((2, 4, 5)))


def test_psnr_by_hand() -> None:
    # one of three channels is off by 30: mean squared error 300
    assert psnr(_flat(100, 50, 80), _flat(100, 50, 50)) == pytest.approx(10 * math.log10(255**2 / 300))
    assert psnr(_flat(1, 2, 3), _flat(1, 2, 3)) == math.inf


def test_ssim_of_flat_pictures_by_hand() -> None:
    # no structure: what is left is (2xy + c) / (x² + y² + c) with c = (0.01 * 255)²; two channels are equal
    one, other = (np.full((16, 20, 3), (100, 100, level), dtype=np.uint8) for level in (100, 160))
    compared = (2 * 100 * 160 + 2.55**2) / (100**2 + 160**2 + 2.55**2)
    assert ssim(one, other) == pytest.approx((2 + compared) / 3, abs=1e-4)


def test_ssim_of_equal_and_opposite_pictures() -> None:
    picture = np.random.default_rng(3).integers(0, 256, size=(24, 31, 3), dtype=np.uint8)
    assert ssim(picture, picture) == pytest.approx(1, abs=1e-6)
    assert ssim(picture, 255 - picture) < -0.5


@pytest.mark.parametrize("measure", [psnr, ssim])
def test_pictures_of_different_sizes_are_refused(measure: Callable[[Rgb, Rgb], float]) -> None:
    with pytest.raises(ValueError, match=r"\(4, 6, 3\) cannot be compared"):
        measure(_flat(0, 0, 0), _flat(0, 0, 0)[:, :5])


def test_kernel_distance_by_hand() -> None:
    # D = 1, kernel (xy + 1)^3. Within a: k(0,1) = 1. Within b: k(1,2) = 27.
    # Between: k(0,1) = 1, k(0,2) = 1, k(1,1) = 8, k(1,2) = 27;
    # k(0,1) and k(1,2) are those of the same row.
    a, b = np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]])
    assert kernel_distance(a, b) == pytest.approx(1 + 27 - 2 * (1 + 1 + 8 + 27) / 4)
    assert kernel_distance(a, b, paired=True) == pytest.approx(1 + 27 - 2 * (1 + 8) / 2)


def test_kernel_divides_the_product_by_the_dimensions() -> None:
    # D = 2: k(x, y) = (x·y / 2 + 1)^3; 1 within a (orthogonal), 27 within b;
    # between: 2 / 2 + 1 for either row with (1, 1), 4 / 2 + 1 with (2, 2)
    a, b = np.array([[2.0, 0.0], [0.0, 2.0]]), np.array([[1.0, 1.0], [2.0, 2.0]])
    between = (8 + 27 + 8 + 27) / 4
    assert kernel_distance(a, b) == pytest.approx(1 + 27 - 2 * between)


def test_kernel_distance_of_a_set_to_itself() -> None:
    features = np.random.default_rng(0).normal(size=(30, 8))
    kernel = (features @ features.T / 8 + 1) ** 3
    others = (kernel.sum() - np.trace(kernel)) / (30 * 29)
    assert kernel_distance(features, features) == pytest.approx(2 / 30 * (others - np.trace(kernel) / 30))
    assert kernel_distance(features, features) < 0
    assert kernel_distance(features, features, paired=True) == pytest.approx(0, abs=1e-12)


def test_kernel_distance_does_not_depend_on_the_size_of_its_blocks() -> None:
    random = np.random.default_rng(1)
    a, b = random.normal(size=(1500, 3)), random.normal(size=(1100, 3)) + 1
    k_aa, k_bb, k_ab = ((x @ y.T / 3 + 1) ** 3 for x, y in ((a, a), (b, b), (a, b)))
    expected = (k_aa.sum() - np.trace(k_aa)) / (1500 * 1499) + (k_bb.sum() - np.trace(k_bb)) / (1100 * 1099)
    assert kernel_distance(a, b) == pytest.approx(expected - 2 * k_ab.mean())


def test_kernel_distance_is_the_one_of_torchmetrics() -> None:
    random = np.random.default_rng(4)
    a, b = random.normal(size=(40, 16)), random.normal(size=(40, 16)) + 0.5
    expected = float(poly_mmd(torch.from_numpy(a), torch.from_numpy(b)))
    assert kernel_distance(a, b) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("a", "b", "paired"),
    [((1, 4), (3, 4), False), ((3, 4), (3, 5), False), ((3, 4), (4, 4), True)],
    ids=["one photo", "other features", "pairs missing"],
)
def test_kernel_distance_refuses_sets_that_do_not_fit(
    a: tuple[int, int], b: tuple[int, int], paired: bool
) -> None:
    with pytest.raises(ValueError, match=r"kernel distance|equally many"):
        kernel_distance(np.zeros(a), np.zeros(b), paired=paired)


def test_closed_share_from_grey_to_truth() -> None:
    assert closed_share(result=6.8, grey=10.1, truth=-4.5) == pytest.approx(3.3 / 14.6)
    assert closed_share(result=10.1, grey=10.1, truth=0) == 0
    with pytest.raises(ValueError, match="no way from grey"):
        closed_share(result=1, grey=0, truth=0)


def test_cdc_of_a_still_clip_is_zero() -> None:
    picture = np.random.default_rng(2).integers(0, 256, size=(8, 9, 3), dtype=np.uint8)
    assert cdc([picture] * 7) == 0


def test_cdc_of_two_frames_without_a_common_level() -> None:
    # every channel's histograms are disjoint: the divergence is ln 2, and only distance 1 occurs
    assert cdc([_flat(0, 0, 0), _flat(9, 9, 9)]) == pytest.approx(math.log(2))


def test_cdc_averages_channels_then_distances() -> None:
    # only red changes, from frame to frame there and back: ln 2 / 3 at distance 1, nothing at 2 and 4
    frames = [_flat(10 if number % 2 else 200, 50, 50) for number in range(9)]
    assert cdc(frames) == pytest.approx(math.log(2) / 3 / 3)


def test_cdc_of_half_a_frame_by_hand() -> None:
    # one channel goes from all 0 to half 0, half 255: M = (3/4, 1/4)
    first = np.zeros((2, 2, 3), dtype=np.uint8)
    second = first.copy()
    second[0, :, 2] = 255
    divergence = 0.5 * math.log(4 / 3) + 0.5 * (0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25))
    assert cdc([first, second]) == pytest.approx(divergence / 3)


def test_no_pair_straddles_a_cut() -> None:
    consistency = ColorConsistency()
    for level in (20, 200):
        for _ in range(5):
            consistency.push(_flat(level, level, level))
        consistency.cut()
    assert consistency.value() == 0


def test_cdc_of_a_single_frame_is_zero() -> None:
    assert cdc([_flat(1, 2, 3)]) == 0
