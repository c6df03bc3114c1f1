"""Losses as pure functions of tensors, each with its paper."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from models.networks.lab import AB_SCALE


def rebalancing_weights(prior: npt.NDArray[np.float64], *, mix: float = 0.5) -> npt.NDArray[np.float32]:
    """Weight of each ab bin so that rare colours count: 1 / ((1 - mix) prior + mix / Q), mean 1 under the prior.

    Zhang et al. 2016, equation 4, on a prior (Q,) that sums to 1.
    """
    weight = 1 / ((1 - mix) * prior + mix / len(prior))
    return np.asarray(weight / (prior * weight).sum(), np.float32)


def soft_cross_entropy(logits: Tensor, index: Tensor, weight: Tensor, bin_weight: Tensor) -> Tensor:
    """Class-rebalanced cross-entropy against soft labels, a mean over samples (Zhang et al. 2016, equation 2).

    logits (N, Q, H, W); index int64 and weight float (N, K, H, W) from `models.networks.lab.SoftLabels`;
    bin_weight (Q,). A sample is weighted by the bin nearest to its colour (the first of the K).
    """
    log_probability = torch.log_softmax(logits.float(), dim=1)
    per_sample = -(weight * log_probability.gather(1, index)).sum(dim=1)
    return (per_sample * bin_weight[index[:, 0]]).mean()


def distillation_loss(logits: Tensor, old_logits: Tensor, *, temperature: float) -> Tensor:
    """Kullback-Leibler divergence of a distribution from the one to keep, a mean over samples; 0 where they are equal.

    Hinton et al. 2015, "Distilling the knowledge in a neural network". Both (N, Q, H, W); `temperature` divides both.
    That of the annealed mean lets those bins count that make the colour.
    """
    new, old = (torch.log_softmax(one.float() / temperature, dim=1) for one in (logits, old_logits))
    return (old.exp() * (old - new)).sum(dim=1).mean()


def l1_loss(predicted: Tensor, truth: Tensor) -> Tensor:
    """Mean absolute error of ab in units of AB_SCALE, so that a lambda of 100 means what pix2pix means by it.

    Isola et al. 2017, equation 3, on ab (N, 2, H, W); Pandey & Rana, equation 7, second term.
    """
    return (predicted - truth).abs().mean() / AB_SCALE


def non_saturating_loss(fake_logits: Tensor) -> Tensor:
    """-log D(fake), a mean over patches: what the generator minimises in place of log(1 - D(fake)).

    Goodfellow et al. 2014, section 3; Pandey & Rana, equations 4 and 7. Logits of any shape.
    """
    return functional.softplus(-fake_logits).mean()


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """-(log D(real) + log(1 - D(fake))) / 2: halved, so that the discriminator learns slower.

    Isola et al. 2017, section 3.3; Pandey & Rana, equation 8. Chance is ln 2.
    """
    return (functional.softplus(-real_logits).mean() + functional.softplus(fake_logits).mean()) / 2
