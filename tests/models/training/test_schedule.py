from dataclasses import replace

import pytest

from models.errors import TrainingError
from models.training.schedule import Stage, TrainSettings

SETTINGS = TrainSettings(stages=(Stage(name="x", steps=1, rate=1),))


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (lambda: Stage(name="x", steps=0, rate=1), "0 steps"),
        (lambda: Stage(name="x", steps=1, rate=-1), "rates and weights"),
        (lambda: Stage(name="x", steps=1, rate=1, cross_entropy=0), "one weight more"),
        (lambda: Stage(name="x", steps=1, rate=1, unfrozen_from=7), "from 0 to 6"),
        (lambda: TrainSettings(stages=()), "at least one"),
        (lambda: replace(SETTINGS, precision="fp16"), "bf16 or fp32"),
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
