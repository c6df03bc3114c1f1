import numpy as np
import pytest
import torch

from models.losses import rebalancing_weights, soft_cross_entropy


def test_rare_bins_weigh_more_and_the_mean_weight_is_one() -> None:
    prior = np.array([0.7, 0.2, 0.1])
    weight = rebalancing_weights(prior, mix=0.5)
    raw = 1 / (0.5 * prior + 0.5 / 3)
    np.testing.assert_allclose(weight, raw / (prior * raw).sum(), rtol=1e-6)
    assert (prior * weight).sum() == pytest.approx(1)
    assert weight[2] > weight[1] > weight[0]


def test_cross_entropy_by_hand() -> None:
    logits = torch.log(torch.tensor([0.5, 0.25, 0.25])).view(1, 3, 1, 1)
    index = torch.tensor([1, 0]).view(1, 2, 1, 1)
    weight = torch.tensor([0.75, 0.25]).view(1, 2, 1, 1)
    bin_weight = torch.tensor([1.0, 2.0, 1.0])
    expected = 2 * -(0.75 * np.log(0.25) + 0.25 * np.log(0.5))  # the nearest bin, 1, weighs 2
    assert float(soft_cross_entropy(logits, index, weight, bin_weight)) == pytest.approx(expected, rel=1e-5)
