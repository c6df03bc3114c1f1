import pytest
import torch

from models.networks.efficient import EfficientGenerator, EfficientSettings
from models.training.ema import AveragedWeights

SMALL = EfficientSettings(context=32, decoder=(24, 24, 24), heads=2)


def test_the_running_mean_follows_fast_at_first_and_then_with_its_decay() -> None:
    generator = EfficientGenerator(SMALL)
    kept = AveragedWeights(generator, decay=0.25)
    expected = 0.0
    for count, value in enumerate((3.0, 5.0, -2.0, 8.0)):
        with torch.no_grad():
            generator.get_parameter("logits.bias").fill_(value)
            generator.get_buffer("up4.reduce.1.running_mean").fill_(value)
        kept.update()
        decay = min(0.25, (1 + count) / (10 + count)) if count else 0
        expected = decay * expected + (1 - decay) * value
        found = kept.make().state_dict()
        for name in ("logits.bias", "up4.reduce.1.running_mean"):
            assert found[name].tolist() == pytest.approx([expected] * len(found[name])), (count, name)


def test_without_a_decay_the_weights_that_learn_are_kept() -> None:
    generator = EfficientGenerator(SMALL)
    kept = AveragedWeights(generator, decay=0)
    kept.update()
    assert kept.make() is generator
    assert kept.state() == {}
