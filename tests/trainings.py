"""A small training whose pictures are easy to learn."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from models.networks.efficient import EfficientGenerator, EfficientSettings
from models.networks.gated import GatedGenerator
from models.networks.generator import Generator
from models.networks.patchgan import PatchSettings
from models.training.adversary import AdversarySettings
from models.training.schedule import Stage, TrainSettings
from models.training.trainer import Trainer
from models.training.validation import Validation
from pipeline.dataset.samples import Sample

SMALL = EfficientSettings(context=32, decoder=(24, 24, 24), heads=2)
ADVERSARY = AdversarySettings(patch=PatchSettings(layers=1, channels=8))
DECODER = Stage(name="decoder", steps=3, rate=1e-2, warmup_steps=1)
WHOLE = Stage(name="whole", steps=3, rate=1e-2, warmup_steps=1, encoder_rate=0.1, unfrozen_from=3)
ADVERSARIAL = replace(WHOLE, name="adversarial", rate=2e-3, cross_entropy=0.3, l1=10, adversarial=0.5)
SETTINGS = TrainSettings(
    stages=(DECODER, WHOLE, ADVERSARIAL),
    batch=4,
    validate_every=6,
    precision="fp32",
    average=0.9,
    adversary=ADVERSARY,
    seed=5,
)


def make_trainer(
    *,
    seed_of_weights: int = 0,
    settings: TrainSettings = SETTINGS,
    guarded: bool = False,
    remembers: bool = False,
    device: str = "cpu",
) -> Trainer:
    torch.manual_seed(seed_of_weights)
    generator: Generator = EfficientGenerator(SMALL)
    if guarded:
        generator = GatedGenerator.around(EfficientGenerator(SMALL))
    bins = EfficientGenerator(SMALL).bins
    prior = np.full(len(bins), 1 / len(bins))
    return Trainer(generator, settings=settings, prior=prior, device=device, remembers=remembers)


def train(
    trainer: Trainer, steps: int, checkpoint: Path, *, first: int | None = None
) -> list[dict[str, float]]:
    """Train for some steps through `fit`, whose stages pass with them."""
    losses: list[dict[str, float]] = []
    start = trainer.step if first is None else first
    trainer.fit(
        (make_batch(start + number) for number in range(steps)),
        validation=make_validation(),
        checkpoint=checkpoint,
        on_step=lambda step, found: losses.append(dict(found)),
        on_validation=lambda scores, better: None,
    )
    return losses


def make_validation() -> Validation:
    sample = make_batch(99)
    return Validation([(sample.lightness, sample.ab)])


def make_batches(first: int) -> Iterator[Sample]:
    step = first
    while True:
        yield make_batch(step)
        step += 1


def make_batch(number: int) -> Sample:
    """Bright is orange, dark is blue: easy to learn."""
    rng = torch.Generator().manual_seed(number)
    level = (torch.rand(SETTINGS.batch, 1, 16, 16, generator=rng) > 0.5).float()
    ab = torch.cat((level * 60 - 20, level * 80 - 40), dim=1)
    lightness = torch.nn.functional.interpolate(level * 60 + 20, scale_factor=4)
    of_base = torch.zeros(SETTINGS.batch, dtype=torch.bool)
    return Sample(lightness, ab, torch.zeros_like(ab), torch.zeros_like(level), of_base)
