"""Losses as pure functions of tensors, each with its paper."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


def rebalancing_weights(prior: npt.NDArray[np.float64], *, mix: float = 0.5) -> npt.NDArray[np.float32]:
    """Weight of each ab bin so that rare colours count: 1 / ((1 - mix) prior + mix / Q), mean 1 under the prior.

    Zhang et al. 2016, equation 4, on a prior (Q,) that sums to 1.
    """
    weight = 1 / ((1 - mix) * prior + mix / len(prior))
    return np.asarray(weight / (prior * weight).sum(), np.float32)


def soft_cross_entropy(logits: Tensor, index: Tensor, weight: Tensor, bin_weight: Tensor) -> Tensor:
    """Class-rebalanced cross-entropy against soft labels, a mean over samples (Zhang et al. 2016, equation 2).

    logits (N, Q, H, W); index int64 and weight float (N, K, H, W) from `models.lab.SoftLabels`;
    bin_weight (Q,). A sample is weighted by the bin nearest to its colour (the first of the K).
    """
    log_probability = torch.log_softmax(logits.float(), dim=1)
    per_sample = -(weight * log_probability.gather(1, index)).sum(dim=1)
    return (per_sample * bin_weight[index[:, 0]]).mean()
