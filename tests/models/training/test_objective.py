"""The losses of a stage: what they teach, with and without an adversary."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.errors import TrainingError
from models.networks.patchgan import PatchSettings
from models.networks.unet import UnetGenerator, UnetSettings
from models.training.adversary import AdversarySettings
from models.training.schedule import Stage, TrainSettings
from models.training.trainer import Trainer
from pipeline.dataset.samples import Sample
from tests.trainings import SETTINGS, WHOLE, make_batch, make_trainer


def test_pix2pix_trains_without_a_distribution() -> None:
    stage = Stage(name="all", steps=30, rate=2e-3, warmup_steps=1, cross_entropy=0, l1=100, adversarial=1)
    patch = PatchSettings(layers=1, channels=8, spectral=False)
    settings = TrainSettings(
        stages=(stage,), batch=4, precision="fp32", average=0, adversary=AdversarySettings(patch=patch)
    )
    torch.manual_seed(0)
    trainer = Trainer(
        UnetGenerator(UnetSettings(levels=4, channels=8)), settings=settings, prior=None, device="cpu"
    )
    losses = [trainer.train_step(_full_size(make_batch(step))) for step in range(stage.steps)]
    assert np.mean([found["l1"] for found in losses[-3:]]) < 0.7 * losses[0]["l1"]
    with pytest.raises(TrainingError, match=r"cross_entropy: generator 'unet' predicts no distribution"):
        Trainer(UnetGenerator(UnetSettings(levels=4)), settings=SETTINGS, prior=None, device="cpu")


def test_shown_colours_become_the_true_ones() -> None:
    settings = replace(
        SETTINGS,
        stages=(replace(WHOLE, steps=60, l1=20),),
        average=0,
        resting_norms=True,
        learns_shown=True,
        vividness=2,
    )
    trainer, lightness = make_trainer(settings=settings), make_batch(0).lightness
    truth = torch.tensor([50.0, -30.0])[:, None, None].expand(4, 2, 16, 16)
    for _ in range(60):
        trainer.train_step(make_batch(0)._replace(ab=truth))
    own = trainer.result.colorize(lightness, temperature=settings.temperature).mean(dim=(0, 2, 3))
    torch.testing.assert_close(own.detach(), torch.tensor([25.0, -15.0]), rtol=0, atol=3)
    shown = trainer.predict(lightness).mean(dim=(0, 2, 3))
    torch.testing.assert_close(shown, 2 * own.detach(), rtol=0, atol=0.1)


def test_loss_that_is_not_finite_stops_with_a_clear_error() -> None:
    trainer = make_trainer()
    batch = make_batch(0)
    with pytest.raises(TrainingError, match=r"step 0: the cross_entropy is nan"):
        trainer.train_step(batch._replace(lightness=torch.full_like(batch.lightness, float("nan"))))


def _full_size(sample: Sample) -> Sample:
    return sample._replace(ab=torch.nn.functional.interpolate(sample.ab, scale_factor=4))
