from dataclasses import replace

import pytest

from models.errors import TrainingError
from models.training.schedule import Stage, TrainSettings

SETTINGS = TrainSettings(stages=(Stage(name="x", steps=1, rate=1),))


def test_the_encoder_s_rate_falls_with_depth() -> None:
    stage = Stage(name="s", steps=5, rate=1, encoder_rate=0.2, encoder_decay=0.5)
    assert [stage.encoder_share(part) for part in (6, 5, 3)] == [0.2, 0.1, 0.025]
    assert Stage(name="s", steps=5, rate=1, encoder_rate=0.2).encoder_share(0) == 0.2
    with pytest.raises(TrainingError, match="encoder_decay 0: a share above 0"):
        Stage(name="s", steps=5, rate=1, encoder_decay=0)


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (lambda: Stage(name="x", steps=0, rate=1), "0 steps"),
        (lambda: Stage(name="x", steps=1, rate=-1), "rates and weights"),
        (lambda: Stage(name="x", steps=1, rate=1, cross_entropy=0), "one weight more"),
        (lambda: Stage(name="x", steps=1, rate=1, unfrozen_from=7), "from 0 to 6"),
        (lambda: TrainSettings(stages=()), "at least one"),
        (lambda: replace(SETTINGS, precision="fp16"), "bf16 or fp32"),
        (lambda: Stage(name="x", steps=1, rate=1, perceptual=-1), "rates and weights"),
        (lambda: replace(SETTINGS, checkpoint_every=-1), "0 or more"),
        (lambda: replace(SETTINGS, dropout=1), "from 0 to below 1"),
    ],
)
def test_settings_that_do_not_work_are_refused(bad: object, told: str) -> None:
    assert callable(bad)
    with pytest.raises(TrainingError, match=told):
        bad()


def test_rate_warms_up_and_falls_to_its_end() -> None:
    stage = Stage(name="x", steps=100, rate=1, final_rate=0.1, warmup_steps=10)
    assert stage.rate_at(0) == pytest.approx(0.1)
    assert stage.rate_at(50) == pytest.approx(0.55)
    assert stage.rate_at(100) == pytest.approx(0.1)
