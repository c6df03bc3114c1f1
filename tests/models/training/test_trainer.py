import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.checkpoint import write_tensors
from models.errors import TrainingError, WeightsError
from models.networks.efficient import EfficientGenerator, EfficientSettings
from models.networks.gated import GatedGenerator
from models.networks.generator import Generator
from models.networks.patchgan import PatchSettings
from models.networks.unet import UnetGenerator, UnetSettings
from models.training.adversary import AdversarySettings
from models.training.schedule import Stage, TrainSettings
from models.training.trainer import Trainer
from models.training.validation import Validation
from pipeline.dataset.samples import Sample
from tests.tensors import read_tensors

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


def test_the_last_weights_are_kept_where_that_is_asked_for(tmp_path: Path) -> None:
    settings = replace(SETTINGS, stages=(replace(DECODER, steps=3, rate=1),), validate_every=1, keep="last")
    found: list[tuple[float, bool]] = []
    kept = _trainer(settings=settings).fit(
        _batches(0),
        validation=_validation(),
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
    trainer = _trainer(settings=settings)
    best = trainer.fit(
        _batches(0),
        validation=_validation(),
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
            resumed = _trainer(settings=settings)
            resumed.load(path)
            steps.append((step, resumed.step))

    _trainer(settings=settings).fit(
        _batches(0),
        validation=_validation(),
        checkpoint=path,
        on_step=note,
        on_validation=lambda scores, better: None,
    )
    assert steps == [(3, 2), (4, 2), (5, 4)]


@pytest.mark.parametrize("stopped_after", [3, 4, 7])
def test_resumed_training_gives_the_same_losses(tmp_path: Path, stopped_after: int) -> None:
    straight = _run(_trainer(), 9, tmp_path / "a.safetensors")
    first = _trainer()
    _run(first, stopped_after, tmp_path / "b.safetensors")
    first.save(tmp_path / "b.safetensors")
    second = _trainer(seed_of_weights=77)
    second.load(tmp_path / "b.safetensors")
    assert second.step == stopped_after
    assert _run(second, 9 - stopped_after, tmp_path / "c.safetensors") == straight[stopped_after:]


def test_encoder_rests_until_its_stage_and_its_early_parts_for_ever(tmp_path: Path) -> None:
    trainer = _trainer()
    assert isinstance(trainer.generator, EfficientGenerator)
    before = {k: v.clone() for k, v in trainer.generator.encoder.state_dict().items()}
    _run(trainer, 3, tmp_path / "c.safetensors")
    _assert_same(before, trainer.generator.encoder.state_dict(), prefix="")
    _run(trainer, 2, tmp_path / "c.safetensors", first=3)
    after = trainer.generator.encoder.state_dict()
    _assert_same(before, after, prefix="stem")
    _assert_same(before, after, prefix="stages.2.")
    deep = "stages.5.0.layers.0.weight"
    assert not torch.equal(before[deep], after[deep])


def test_of_a_guarded_generator_only_the_learner_learns_and_resumes(tmp_path: Path) -> None:
    stage = replace(WHOLE, rate=1e-3, warmup_steps=0, encoder_rate=0.25, steps=4)
    settings = replace(SETTINGS, stages=(stage,), validate_every=2)
    trainer, checkpoint = _trainer(settings=settings, guarded=True), tmp_path / "c.safetensors"
    assert isinstance(trainer.generator, GatedGenerator)
    trainer.generator.look.offset.fill_(0.25)  # as fitted; the one that goes on has it of the checkpoint
    before = {name: value.detach().clone() for name, value in trainer.generator.named_parameters()}
    losses = _run(trainer, 4, checkpoint)
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
    resumed, checkpoint = _trainer(settings=settings, guarded=True), tmp_path / "d.safetensors"
    assert isinstance(resumed.generator, GatedGenerator)
    resumed.generator.look.offset.fill_(0.25)
    begin = _run(resumed, 2, checkpoint)
    resumed = _trainer(settings=settings, guarded=True, seed_of_weights=77)
    resumed.load(checkpoint)
    assert begin + _run(resumed, 2, checkpoint) == losses
    _assert_same(trainer.result.state_dict(), resumed.result.state_dict(), prefix="")
    assert float(resumed.result.state_dict()["look.offset"]) == 0.25


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
    losses = [trainer.train_step(_full_size(_batch(step))) for step in range(stage.steps)]
    assert np.mean([found["l1"] for found in losses[-3:]]) < 0.7 * losses[0]["l1"]
    with pytest.raises(TrainingError, match=r"cross_entropy: generator 'unet' predicts no distribution"):
        Trainer(UnetGenerator(UnetSettings(levels=4)), settings=SETTINGS, prior=None, device="cpu")


def test_patience_ends_a_stage(tmp_path: Path) -> None:
    settings = replace(SETTINGS, stages=(replace(DECODER, rate=0, steps=50),), validate_every=1, patience=3)
    trainer, seen = _trainer(settings=settings), []
    trainer.fit(
        _batches(0),
        validation=_validation(),
        checkpoint=tmp_path / "c.safetensors",
        on_step=lambda step, losses: None,
        on_validation=lambda scores, better: seen.append(better),
    )
    assert trainer.finished
    assert len(seen) < 10  # the statistics of the normalisation still move a little
    assert seen[-3:] == [False, False, False]


def test_running_mean_lags_behind_the_weights(tmp_path: Path) -> None:
    trainer = _trainer()
    _run(trainer, 3, tmp_path / "c.safetensors")
    mean = trainer.result.state_dict()["logits.weight"]
    now = trainer.generator.state_dict()["logits.weight"]
    start = _trainer().generator.state_dict()["logits.weight"]
    assert 0 < float((mean - start).norm()) < float((now - start).norm())


@pytest.mark.parametrize("of_base", [True, False])
def test_pictures_of_the_base_keep_the_colours_that_the_first_weights_give_them(of_base: bool) -> None:
    settings = replace(
        SETTINGS,
        stages=(replace(WHOLE, steps=100, l1=20),),
        average=0,
        resting_norms=True,
        dropout=0,
    )
    trainer = _trainer(settings=settings, remembers=True)
    stripes = torch.linspace(0, 100, 64).expand(SETTINGS.batch, 1, 64, 64)
    film = _batch(99).lightness
    before = trainer.predict(stripes), trainer.predict(film)
    rows = torch.tensor([True, True, False, False])
    for step in range(100):
        batch = _batch(step)
        lightness = torch.where(rows[:, None, None, None], stripes, batch.lightness)
        trainer.train_step(batch._replace(lightness=lightness, of_base=rows & of_base))
    changed = float((trainer.predict(stripes) - before[0]).abs().mean())
    learned = float((trainer.predict(film) - before[1]).abs().mean())
    assert learned > 5
    assert changed < 0.5 if of_base else changed > 5


def test_nothing_is_learned_from_pictures_of_the_base_alone(tmp_path: Path) -> None:
    stage = replace(WHOLE, rate=1e-2, l1=20)
    settings = replace(SETTINGS, stages=(stage,), resting_norms=True, dropout=0, weight_decay=0)
    trainer = _trainer(settings=settings, remembers=True)
    before = {name: value.clone() for name, value in trainer.generator.state_dict().items()}
    losses = trainer.train_step(_batch(0)._replace(of_base=torch.ones(SETTINGS.batch, dtype=torch.bool)))
    assert losses["cross_entropy"] == pytest.approx(0, abs=1e-6)
    assert losses["l1"] == pytest.approx(0, abs=1e-6)
    trainer.save(tmp_path / "c.safetensors")
    resumed = _trainer(settings=settings, seed_of_weights=77, remembers=True)
    resumed.load(tmp_path / "c.safetensors")
    again = resumed.train_step(_batch(1)._replace(of_base=torch.ones(SETTINGS.batch, dtype=torch.bool)))
    assert again["cross_entropy"] < 0.01  # what is kept are the first weights, not seed 77's
    for name, value in trainer.generator.state_dict().items():
        if "running_" in name:
            assert torch.equal(value, before[name]), name


def test_dropout_of_a_training_takes_the_place_of_the_generators_own() -> None:
    losses = []
    for dropout in (0.0, 0.9):
        trainer = _trainer(settings=replace(SETTINGS, dropout=dropout))
        losses.append(trainer.train_step(_batch(0))["cross_entropy"])
    own = _trainer()
    own.generator.get_submodule("drop").p = 0.9
    assert losses[1] == own.train_step(_batch(0))["cross_entropy"] != losses[0]


def test_shown_colours_become_the_true_ones() -> None:
    settings = replace(
        SETTINGS,
        stages=(replace(WHOLE, steps=60, l1=20),),
        average=0,
        resting_norms=True,
        learns_shown=True,
        vividness=2,
    )
    trainer, lightness = _trainer(settings=settings), _batch(0).lightness
    truth = torch.tensor([50.0, -30.0])[:, None, None].expand(4, 2, 16, 16)
    for _ in range(60):
        trainer.train_step(_batch(0)._replace(ab=truth))
    own = trainer.result.colorize(lightness, temperature=settings.temperature).mean(dim=(0, 2, 3))
    torch.testing.assert_close(own.detach(), torch.tensor([25.0, -15.0]), rtol=0, atol=3)
    shown = trainer.predict(lightness).mean(dim=(0, 2, 3))
    torch.testing.assert_close(shown, 2 * own.detach(), rtol=0, atol=0.1)


def test_loss_that_is_not_finite_stops_with_a_clear_error() -> None:
    trainer = _trainer()
    batch = _batch(0)
    with pytest.raises(TrainingError, match=r"step 0: the cross_entropy is nan"):
        trainer.train_step(batch._replace(lightness=torch.full_like(batch.lightness, float("nan"))))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"step": "many"}, "step: Input should be a valid integer"),
        ({"step": -1}, "a step is 0 or more"),
        ({"stage": [7, 0, 0]}, "it is in stage 7 of 3"),
        ({"stage": 3}, "its header tells no step, stage or best validation"),
        ({"best": {"step": 1, "figures": {}}}, "best.figures"),
        (
            {"optimizer.0.exp_avg": torch.zeros(2)},
            r"2 tensors are missing, the first is optimizer\.0\.exp_avg_sq",
        ),
        ({"optimizer.9999.step": torch.zeros(())}, r"1 tensor is too many, the first is optimizer\.9999"),
        ({"generator.logits.bias": torch.zeros(3)}, r"tensor generator\.logits\.bias is of shape"),
        ({"generator.logits.bias": torch.full((260,), torch.nan)}, "260 of the 260 values .* NaN"),
    ],
)
def test_a_damaged_checkpoint_is_refused_in_one_line(
    trained: tuple[Trainer, Path], tmp_path: Path, change: dict[str, object], told: str
) -> None:
    trainer, checkpoint = trained
    tensors, header = read_tensors(checkpoint)
    for key, value in change.items():
        if isinstance(value, torch.Tensor):
            tensors[key] = value
        else:
            header[key] = value
    write_tensors(tmp_path / "c.safetensors", tensors, header)
    with pytest.raises(WeightsError, match=told) as caught:
        trainer.load(tmp_path / "c.safetensors")
    assert trainer.step == 2
    assert "c.safetensors" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trainer, Path]:
    """A training after two steps, and its checkpoint."""
    path, trainer = tmp_path_factory.mktemp("trained") / "c.safetensors", _trainer()
    for batch in itertools.islice(_batches(0), 2):
        trainer.train_step(batch)
    trainer.save(path)
    return trainer, path


def test_checkpoint_of_other_settings_is_refused(tmp_path: Path) -> None:
    trainer = _trainer()
    trainer.save(tmp_path / "c.safetensors")
    other = _trainer(settings=replace(SETTINGS, batch=9))
    with pytest.raises(WeightsError, match="other settings"):
        other.load(tmp_path / "c.safetensors")


@pytest.mark.needs_cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_training_on_cuda_goes_as_on_a_cpu(tmp_path: Path) -> None:
    settings = replace(SETTINGS, dropout=0.0)  # chance is another on each device
    losses = [
        _run(_trainer(settings=settings, device=device), 9, tmp_path / f"{device}.safetensors")
        for device in ("cpu", "cuda")
    ]
    for on_cpu, on_cuda in zip(*losses, strict=True):
        assert on_cuda == pytest.approx(on_cpu, rel=0.05)


def _trainer(
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


def _run(
    trainer: Trainer, steps: int, checkpoint: Path, *, first: int | None = None
) -> list[dict[str, float]]:
    """Train for some steps through `fit`, whose stages pass with them."""
    losses: list[dict[str, float]] = []
    start = trainer.step if first is None else first
    trainer.fit(
        (_batch(start + number) for number in range(steps)),
        validation=_validation(),
        checkpoint=checkpoint,
        on_step=lambda step, found: losses.append(dict(found)),
        on_validation=lambda scores, better: None,
    )
    return losses


def _validation() -> Validation:
    sample = _batch(99)
    return Validation([(sample.lightness, sample.ab)])


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
    of_base = torch.zeros(SETTINGS.batch, dtype=torch.bool)
    return Sample(lightness, ab, torch.zeros_like(ab), torch.zeros_like(level), of_base)


def _full_size(sample: Sample) -> Sample:
    return sample._replace(ab=torch.nn.functional.interpolate(sample.ab, scale_factor=4))


def _assert_same(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor], *, prefix: str) -> None:
    for key in before:
        if key.startswith(prefix):
            assert torch.equal(before[key], after[key]), key
