import pytest
import torch

from models.networks.efficient import EfficientGenerator
from models.networks.generator import Hints


@pytest.fixture(scope="module")
def generator() -> EfficientGenerator:
    torch.manual_seed(3)
    return EfficientGenerator().eval()


@pytest.mark.parametrize(("height", "width"), [(64, 64), (64, 96), (160, 32)])
def test_output_is_a_quarter_of_any_multiple_of_32(
    generator: EfficientGenerator, height: int, width: int
) -> None:
    with torch.inference_mode():
        logits = generator(torch.rand(2, 1, height, width) * 100)
        ab = generator.colorize(torch.rand(2, 1, height, width) * 100, temperature=0.38)
    assert logits.shape == (2, len(generator.bins), height // 4, width // 4)
    assert ab.shape == (2, 2, height // 4, width // 4)
    assert ab.dtype == torch.float32


def test_other_sizes_are_refused_with_one_that_works(generator: EfficientGenerator) -> None:
    with pytest.raises(ValueError, match="64x96"):
        generator(torch.zeros(1, 1, 50, 70))


def test_hints_without_confidence_are_no_hints(generator: EfficientGenerator) -> None:
    lightness = torch.rand(1, 1, 64, 64) * 100
    silent = Hints(torch.full((1, 2, 16, 16), 60.0), torch.zeros(1, 1, 16, 16))
    loud = Hints(torch.full((1, 2, 16, 16), 60.0), torch.ones(1, 1, 16, 16))
    with torch.inference_mode():
        none = generator(lightness)
        torch.testing.assert_close(generator(lightness, silent), none)
        assert (generator(lightness, loud) - none).abs().max() > 1e-3


def test_pictures_of_a_batch_do_not_mix(generator: EfficientGenerator) -> None:
    lightness = torch.rand(3, 1, 64, 64) * 100
    with torch.inference_mode():
        together = generator(lightness)
        alone = generator(lightness[1:2])
    torch.testing.assert_close(together[1:2], alone, rtol=1e-3, atol=1e-3)
