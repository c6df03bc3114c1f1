import math

import numpy as np
import pytest
import torch

from models.training.losses import (
    discriminator_loss,
    distillation_loss,
    l1_loss,
    non_saturating_loss,
    rebalancing_weights,
    soft_cross_entropy,
)


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


def test_l1_by_hand_in_units_of_110() -> None:
    truth = torch.zeros(1, 2, 2, 2)
    predicted = truth.clone()
    predicted[0, 0, 0, 0] = -55  # one of eight samples is wrong by half a unit
    assert float(l1_loss(predicted, truth)) == pytest.approx(0.5 / 8)


def test_non_saturating_loss_by_hand() -> None:
    logits = torch.tensor([0.0, math.log(3)])  # D says 1/2 and 3/4
    expected = -(math.log(0.5) + math.log(0.75)) / 2
    assert float(non_saturating_loss(logits)) == pytest.approx(expected)
    sure = torch.tensor([-20.0], requires_grad=True)
    non_saturating_loss(sure).backward()  # type: ignore[no-untyped-call]
    assert sure.grad is not None
    assert float(sure.grad) == pytest.approx(-1, abs=1e-6)  # no vanishing where D is sure that it is fake


def test_discriminator_loss_by_hand_is_halved() -> None:
    real, fake = torch.tensor([math.log(3)]), torch.tensor([0.0])
    expected = -(math.log(0.75) + math.log(0.5)) / 2
    assert float(discriminator_loss(real, fake)) == pytest.approx(expected)
    assert float(discriminator_loss(fake, fake)) == pytest.approx(math.log(2))


def test_distillation_by_hand() -> None:
    old = torch.tensor([0.0, 0.5 * math.log(3)]).view(1, 2, 1, 1)
    kept = 0.25 * math.log(0.25 / 0.5) + 0.75 * math.log(0.75 / 0.5)
    loss = distillation_loss(torch.zeros_like(old), old, temperature=0.5)
    assert float(loss) == pytest.approx(kept, rel=1e-6)
    assert float(distillation_loss(old, old, temperature=0.5)) == 0
