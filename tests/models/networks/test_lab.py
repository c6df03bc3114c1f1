import cv2
import numpy as np
import pytest
import torch

from models.networks.lab import SoftLabels, ab_bins, annealed_mean, srgb_from_lightness


def test_bins_lie_on_the_grid_once_each() -> None:
    bins = ab_bins()
    assert len(np.unique(bins, axis=0)) == len(bins)
    assert np.all(bins % 10 == 0)
    assert 200 < len(bins) < 320


def test_every_srgb_colour_is_near_a_bin() -> None:
    rng = np.random.default_rng(1)
    lab = cv2.cvtColor(rng.random((1, 5000, 3), dtype=np.float32), cv2.COLOR_RGB2Lab)
    distance = np.abs(lab[0, :, None, 1:] - ab_bins()[None]).max(axis=-1).min(axis=-1)
    assert np.quantile(distance, 0.999) <= 5.01  # half a step; a few lie in cells the sampling missed


def test_soft_labels_of_a_bin_centre_by_hand() -> None:
    bins = np.array([[0, 0], [10, 0], [0, 10], [-10, 0], [0, -10], [50, 50]], np.float32)
    index, weight = SoftLabels(bins)(torch.zeros(1, 2, 1, 1))
    neighbour = np.exp(-(10.0**2) / (2 * 5.0**2))  # sigma 5
    assert index[0, 0, 0, 0] == 0
    assert sorted(index[0, :, 0, 0].tolist()) == [0, 1, 2, 3, 4]
    assert weight[0, 0, 0, 0] == pytest.approx(1 / (1 + 4 * neighbour))
    assert weight.sum() == pytest.approx(1)


def test_annealed_mean_goes_from_mean_to_mode() -> None:
    bins = torch.tensor([[0.0, 0.0], [40.0, -20.0]])
    logits = torch.log(torch.tensor([0.4, 0.6])).view(1, 2, 1, 1)
    mean = annealed_mean(logits, bins, 1.0)[0, :, 0, 0]
    assert mean.tolist() == pytest.approx([24, -12])
    mode = annealed_mean(logits, bins, 0.05)[0, :, 0, 0]
    assert mode.tolist() == pytest.approx([40, -20], abs=0.1)


def test_grey_of_a_lightness_is_what_opencv_says() -> None:
    grey = np.linspace(0, 1, 101, dtype=np.float32)
    lab = cv2.cvtColor(np.repeat(grey[None, :, None], 3, axis=2), cv2.COLOR_RGB2Lab)
    back = srgb_from_lightness(torch.from_numpy(lab[0, :, 0].copy()))
    np.testing.assert_allclose(back.numpy(), grey, atol=2e-3)
