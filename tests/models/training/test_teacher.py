"""What a fine-tuning must not forget is learned from the first weights."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.trainings import SETTINGS, WHOLE, make_batch, make_trainer


@pytest.mark.parametrize("of_base", [True, False])
def test_pictures_of_the_base_keep_the_colours_that_the_first_weights_give_them(of_base: bool) -> None:
    steps = 100 if of_base else 20
    settings = replace(
        SETTINGS,
        stages=(replace(WHOLE, steps=steps, l1=20),),
        average=0,
        resting_norms=True,
        dropout=0,
    )
    trainer = make_trainer(settings=settings, remembers=True)
    stripes = torch.linspace(0, 100, 64).expand(SETTINGS.batch, 1, 64, 64)
    film = make_batch(99).lightness
    before = trainer.predict(stripes), trainer.predict(film)
    rows = torch.tensor([True, True, False, False])
    for step in range(steps):
        batch = make_batch(step)
        lightness = torch.where(rows[:, None, None, None], stripes, batch.lightness)
        trainer.train_step(batch._replace(lightness=lightness, of_base=rows & of_base))
    changed = float((trainer.predict(stripes) - before[0]).abs().mean())
    learned = float((trainer.predict(film) - before[1]).abs().mean())
    assert learned > 5
    assert changed < 0.5 if of_base else changed > 5


def test_nothing_is_learned_from_pictures_of_the_base_alone(tmp_path: Path) -> None:
    stage = replace(WHOLE, rate=1e-2, l1=20)
    settings = replace(SETTINGS, stages=(stage,), resting_norms=True, dropout=0, weight_decay=0)
    trainer = make_trainer(settings=settings, remembers=True)
    before = {name: value.clone() for name, value in trainer.generator.state_dict().items()}
    losses = trainer.train_step(make_batch(0)._replace(of_base=torch.ones(SETTINGS.batch, dtype=torch.bool)))
    assert losses["cross_entropy"] == pytest.approx(0, abs=1e-6)
    assert losses["l1"] == pytest.approx(0, abs=1e-6)
    trainer.save(tmp_path / "c.safetensors")
    resumed = make_trainer(settings=settings, seed_of_weights=77, remembers=True)
    resumed.load(tmp_path / "c.safetensors")
    again = resumed.train_step(make_batch(1)._replace(of_base=torch.ones(SETTINGS.batch, dtype=torch.bool)))
    assert again["cross_entropy"] < 0.01  # what is kept are the first weights, not seed 77's
    for name, value in trainer.generator.state_dict().items():
        if "running_" in name:
            assert torch.equal(value, before[name]), name
