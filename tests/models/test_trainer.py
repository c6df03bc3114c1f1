from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from models.efficient import EfficientGenerator, EfficientSettings
from models.errors import TrainingError, WeightsError
from models.trainer import Trainer, TrainSettings
from pipeline.samples import Sample

SETTINGS = TrainSettings(
    steps=12, batch=4, frozen_steps=3, warmup_steps=1, rate=1e-2, validate_every=6, precision="fp32", seed=5
)


def test_loss_falls(tmp_path: Path) -> None:
    losses: list[float] = []
    scores = _trainer().fit(
        _batches(0),
        validation=[_batch(99)],
        checkpoint=tmp_path / "c.safetensors",
        on_step=lambda step, loss: losses.append(loss),
        on_best=lambda generator, scores: None,
    )
    assert len(losses) == SETTINGS.steps
    assert np.mean(losses[-2:]) < 0.9 * losses[0]
    assert scores.loss < losses[0]


def test_resumed_training_gives_the_same_losses(tmp_path: Path) -> None:
    straight = _trainer()
    losses = [straight.train_step(_batch(step)) for step in range(6)]
    first = _trainer()
    for step in range(4):
        first.train_step(_batch(step))
    first.save(tmp_path / "c.safetensors")
    second = _trainer(seed_of_weights=77)
    second.load(tmp_path / "c.safetensors")
    assert second.step == 4
    resumed = [second.train_step(_batch(step)) for step in (4, 5)]
    assert resumed == losses[4:]


def test_encoder_rests_until_its_time_and_early_stages_for_ever() -> None:
    trainer = _trainer()
    before = {k: v.clone() for k, v in trainer.generator.encoder.state_dict().items()}
    for step in range(SETTINGS.frozen_steps):
        trainer.train_step(_batch(step))
    _assert_same(before, trainer.generator.encoder.state_dict(), prefix="")
    for step in range(SETTINGS.frozen_steps, 6):
        trainer.train_step(_batch(step))
    after = trainer.generator.encoder.state_dict()
    _assert_same(before, after, prefix="stem")
    _assert_same(before, after, prefix="stages.2.")
    deep = "stages.5.0.layers.0.weight"
    assert not torch.equal(before[deep], after[deep])


def test_loss_that_is_not_finite_stops_with_a_clear_error() -> None:
    trainer = _trainer()
    batch = _batch(0)
    with pytest.raises(TrainingError, match=r"step 0: the loss is nan"):
        trainer.train_step(batch._replace(lightness=torch.full_like(batch.lightness, float("nan"))))


def test_checkpoint_of_other_settings_is_refused(tmp_path: Path) -> None:
    trainer = _trainer()
    trainer.save(tmp_path / "c.safetensors")
    other = _trainer(settings=TrainSettings(steps=9, precision="fp32"))
    with pytest.raises(WeightsError, match="other settings"):
        other.load(tmp_path / "c.safetensors")


def _trainer(*, seed_of_weights: int = 0, settings: TrainSettings = SETTINGS) -> Trainer:
    torch.manual_seed(seed_of_weights)
    generator = EfficientGenerator(EfficientSettings(context=32, decoder=(24, 24, 24), heads=2))
    prior = np.full(len(generator.bins), 1 / len(generator.bins))
    return Trainer(generator, settings=settings, prior=prior, device="cpu")


def _batches(first: int) -> Iterator[Sample]:
    step = first
    while True:
        yield _batch(step)
        step += 1


def _batch(number: int) -> Sample:
    """Bright is orange, dark is blue: easy to learn."""
    rng = torch.Generator().manual_seed(number)
    level = (torch.rand(SETTINGS.batch, 1, 16, 16, generator=rng) > 0.5).float()
    ab = torch.cat((level * 60 - 20, level * 80 - 40), dim=1)
    lightness = torch.nn.functional.interpolate(level * 60 + 20, scale_factor=4)
    return Sample(lightness, ab, torch.zeros_like(ab), torch.zeros_like(level))


def _assert_same(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor], *, prefix: str) -> None:
    for key in before:
        if key.startswith(prefix):
            assert torch.equal(before[key], after[key]), key
