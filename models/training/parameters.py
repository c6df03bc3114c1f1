"""Which parameters of a generator learn in a stage, and how fast: the decoder, and each stage of its encoder."""

from typing import Any

import torch
from torch import nn

from models.networks.generator import Generator
from models.training.schedule import Stage, TrainSettings


def parameter_groups(generator: Generator) -> list[dict[str, Any]]:
    """Groups for an optimizer, because each has a rate of its own: the decoder, and each stage of the encoder.

    The key `encoder_stage` of a group is the number of the stage, 0 for the stem too, and None for the decoder.
    """
    groups: dict[int | None, list[nn.Parameter]] = {}
    for name, parameter in generator.learner.named_parameters():
        parts = name.split(".")
        stage = None if parts[0] != "encoder" else int(parts[2]) if parts[1] == "stages" else 0
        groups.setdefault(stage, []).append(parameter)
    return [{"params": parameters, "encoder_stage": stage} for stage, parameters in groups.items()]


def set_rates(optimizer: torch.optim.Optimizer, stage: Stage, *, step: int) -> None:
    """Sets the learning rate of every group of `parameter_groups` for a step of a stage, counted from 0."""
    rate = stage.rate_at(step)
    for group in optimizer.param_groups:
        number = group["encoder_stage"]
        group["lr"] = rate * (1 if number is None else stage.encoder_share(number))


def set_learning(generator: Generator, stage: Stage) -> None:
    """Marks the parameters that learn in a stage: those of the learner, of its encoder only the unfrozen stages."""
    generator.requires_grad_(False)
    generator.learner.requires_grad_(True)
    encoder = getattr(generator.learner, "encoder", None)
    if encoder is not None:
        encoder.requires_grad_(False)
        for part in list(encoder.stages)[stage.unfrozen_from :] if stage.encoder_rate else []:
            part.requires_grad_(True)


def set_modes(generator: Generator, settings: TrainSettings) -> None:
    """Sets what does not train while the rest does: statistics of norms that are kept, and the share of dropout."""
    encoder = getattr(generator.learner, "encoder", None)
    if encoder is not None:
        encoder.eval()  # its normalisation keeps the ImageNet statistics
    for part in generator.modules():
        if settings.resting_norms and isinstance(part, nn.modules.batchnorm._BatchNorm):
            part.eval()
        if settings.dropout is not None and isinstance(part, nn.Dropout | nn.Dropout2d):
            part.p = settings.dropout
