"""A training goes through its stages, keeps what is best, and goes on after a stop as if there had been none."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.networks.efficient import EfficientGenerator
from models.networks.gated import GatedGenerator
from tests.tensors import read_tensors
from tests.trainings import (
    ADVERSARIAL,
    DECODER,
    SETTINGS,
    WHOLE,
    make_batch,
    make_batches,
    make_trainer,
    make_validation,
    train,
)


def test_the_last_weights_are_kept_where_that_is_asked_for(tmp_path: Path) -> None:
    settings = replace(SETTINGS, stages=(replace(DECODER, steps=3, rate=1),), validate_every=1, keep="last")
    found: list[tuple[float, bool]] = []
    kept = make_trainer(settings=settings).fit(
        make_batches(0),
        validation=make_validation(),
        checkpoint=tmp_path / "c.safetensors",
        on_step=lambda step, losses: None,
        on_validation=lambda scores, better: found.append((scores.figures.score, better)),
    )
    assert kept.step == 3
    assert [better for _, better in found] == [True] * 3
    assert kept.figures.score == found[-1][0]


def test_every_stage_plays_and_its_losses_fall(tmp_path: Path) -> None:
    settings = replace(
        SETTINGS, stages=(replace(DECODER, steps=8), WHOLE, replace(ADVERSARIAL, steps=8)), validate_every=50
    )
    losses: list[Mapping[str, float]] = []
    seen = []
    trainer = make_trainer(settings=settings)
    best = trainer.fit(
        make_batches(0),
        validation=make_validation(),
        checkpoint=tmp_path / "c.safetensors",
        on_step=lambda step, found: losses.append(found),
        on_validation=lambda scores, better: seen.append((scores.step, better)),
    )
    assert [step for step, _ in seen] == [8, 11, 19]  # each stage ends with a validation
    assert set(losses[0]) == {"loss", "cross_entropy"}
    assert set(losses[-1]) == {"loss", "cross_entropy", "l1", "adversarial", "discriminator"}
    assert np.mean([found["cross_entropy"] for found in losses[9:]]) < 0.85 * losses[0]["cross_entropy"]
    assert np.mean([found["cross_entropy"] for found in losses[-3:]]) < losses[11]["cross_entropy"]
    assert losses[-1]["discriminator"] < 0.85 * losses[11]["discriminator"]
    assert best.step == max(step for step, better in seen if better)


def test_checkpoints_come_between_validations_where_they_are_asked_for(tmp_path: Path) -> None:
    settings = replace(SETTINGS, stages=(replace(DECODER, steps=5),), validate_every=50, checkpoint_every=2)
    path, steps = tmp_path / "c.safetensors", []

    def note(step: int, losses: Mapping[str, float]) -> None:
        if path.exists():
            _, header = read_tensors(path)
            steps.append((step, header["step"]))

    make_trainer(settings=settings).fit(
        make_batches(0),
        validation=make_validation(),
        checkpoint=path,
        on_step=note,
        on_validation=lambda scores, better: None,
    )
    assert steps == [(3, 2), (4, 2), (5, 4)]


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, float]]:
    """The losses of a training of nine steps that nothing interrupts."""
    return train(make_trainer(), 9, tmp_path_factory.mktemp("straight") / "a.safetensors")


@pytest.mark.parametrize("stopped_after", [3, 7])
def test_resumed_training_gives_the_same_losses(
    tmp_path: Path, straight: list[dict[str, float]], stopped_after: int
) -> None:
    first = make_trainer()
    train(first, stopped_after, tmp_path / "b.safetensors")
    first.save(tmp_path / "b.safetensors")
    second = make_trainer(seed_of_weights=77)
    second.load(tmp_path / "b.safetensors")
    assert second.step == stopped_after
    assert train(second, 9 - stopped_after, tmp_path / "c.safetensors") == straight[stopped_after:]


def test_encoder_rests_until_its_stage_and_its_early_parts_for_ever(tmp_path: Path) -> None:
    trainer = make_trainer()
    assert isinstance(trainer.generator, EfficientGenerator)
    before = {k: v.clone() for k, v in trainer.generator.encoder.state_dict().items()}
    train(trainer, 3, tmp_path / "c.safetensors")
    _assert_same(before, trainer.generator.encoder.state_dict(), prefix="")
    train(trainer, 2, tmp_path / "c.safetensors", first=3)
    after = trainer.generator.encoder.state_dict()
    _assert_same(before, after, prefix="stem")
    _assert_same(before, after, prefix="stages.2.")
    deep = "stages.5.0.layers.0.weight"
    assert not torch.equal(before[deep], after[deep])


def test_of_a_guarded_generator_only_the_learner_learns_and_resumes(tmp_path: Path) -> None:
    stage = replace(WHOLE, rate=1e-3, warmup_steps=0, encoder_rate=0.25, steps=4)
    settings = replace(SETTINGS, stages=(stage,), validate_every=2)
    trainer, checkpoint = make_trainer(settings=settings, guarded=True), tmp_path / "c.safetensors"
    assert isinstance(trainer.generator, GatedGenerator)
    trainer.generator.look.offset.fill_(0.25)  # as fitted; the one that goes on has it of the checkpoint
    before = {name: value.detach().clone() for name, value in trainer.generator.named_parameters()}
    losses = train(trainer, 4, checkpoint)
    groups = trainer._optimizer.param_groups
    assert {group["encoder_stage"] is None for group in groups} == {
        True,
        False,
    }  # a decoder, and stages of an encoder
    assert sum(len(group["params"]) for group in groups) == len(before) / 2
    for name, value in trainer.generator.named_parameters():
        frozen = name.startswith(
            ("begun.", *(f"trained.encoder.{part}" for part in ("stem", "stages.0", "stages.1", "stages.2")))
        )
        assert torch.equal(value, before[name]) == frozen, name
    resumed, checkpoint = make_trainer(settings=settings, guarded=True), tmp_path / "d.safetensors"
    assert isinstance(resumed.generator, GatedGenerator)
    resumed.generator.look.offset.fill_(0.25)
    begin = train(resumed, 2, checkpoint)
    resumed = make_trainer(settings=settings, guarded=True, seed_of_weights=77)
    resumed.load(checkpoint)
    assert begin + train(resumed, 2, checkpoint) == losses
    _assert_same(trainer.result.state_dict(), resumed.result.state_dict(), prefix="")
    assert float(resumed.result.state_dict()["look.offset"]) == 0.25


def test_patience_ends_a_stage(tmp_path: Path) -> None:
    settings = replace(SETTINGS, stages=(replace(DECODER, rate=0, steps=50),), validate_every=1, patience=3)
    trainer, seen = make_trainer(settings=settings), []
    trainer.fit(
        make_batches(0),
        validation=make_validation(),
        checkpoint=tmp_path / "c.safetensors",
        on_step=lambda step, losses: None,
        on_validation=lambda scores, better: seen.append(better),
    )
    assert trainer.finished
    assert len(seen) < 10  # the statistics of the normalisation still move a little
    assert seen[-3:] == [False, False, False]


def test_running_mean_lags_behind_the_weights(tmp_path: Path) -> None:
    trainer = make_trainer()
    train(trainer, 3, tmp_path / "c.safetensors")
    mean = trainer.result.state_dict()["logits.weight"]
    now = trainer.generator.state_dict()["logits.weight"]
    start = make_trainer().generator.state_dict()["logits.weight"]
    assert 0 < float((mean - start).norm()) < float((now - start).norm())


def test_dropout_of_a_training_takes_the_place_of_the_generators_own() -> None:
    losses = []
    for dropout in (0.0, 0.9):
        trainer = make_trainer(settings=replace(SETTINGS, dropout=dropout))
        losses.append(trainer.train_step(make_batch(0))["cross_entropy"])
    own = make_trainer()
    own.generator.get_submodule("drop").p = 0.9
    assert losses[1] == own.train_step(make_batch(0))["cross_entropy"] != losses[0]


@pytest.mark.needs_cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_training_on_cuda_goes_as_on_a_cpu(tmp_path: Path) -> None:
    settings = replace(SETTINGS, dropout=0.0)  # chance is another on each device
    losses = [
        train(make_trainer(settings=settings, device=device), 9, tmp_path / f"{device}.safetensors")
        for device in ("cpu", "cuda")
    ]
    for on_cpu, on_cuda in zip(*losses, strict=True):
        assert on_cuda == pytest.approx(on_cpu, rel=0.05)


def _assert_same(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor], *, prefix: str) -> None:
    for key in before:
        if key.startswith(prefix):
            assert torch.equal(before[key], after[key]), key
