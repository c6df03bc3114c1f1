"""Checkpoints of trainings that are damaged or not theirs are refused."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models.checkpoint import write_tensors
from models.errors import WeightsError
from models.training.trainer import Trainer
from tests.tensors import read_tensors
from tests.trainings import SETTINGS, make_batches, make_trainer


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
    path, trainer = tmp_path_factory.mktemp("trained") / "c.safetensors", make_trainer()
    for batch in itertools.islice(make_batches(0), 2):
        trainer.train_step(batch)
    trainer.save(path)
    return trainer, path


def test_checkpoint_of_other_settings_is_refused(tmp_path: Path) -> None:
    trainer = make_trainer()
    trainer.save(tmp_path / "c.safetensors")
    other = make_trainer(settings=replace(SETTINGS, batch=9))
    with pytest.raises(WeightsError, match="other settings"):
        other.load(tmp_path / "c.safetensors")
