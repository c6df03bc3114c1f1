import copy

import pytest
import torch
from torch import nn

from models.networks.efficient import EfficientGenerator, EfficientSettings
from models.networks.efficientnet_lite import SameConv
from models.networks.fold_batchnorm import fold


def test_folded_generator_gives_the_same_colours() -> None:
    torch.manual_seed(0)
    generator = EfficientGenerator(EfficientSettings(context=32, decoder=(24, 24, 24), heads=2))
    for module in generator.modules():
        if isinstance(module, nn.BatchNorm2d):  # as if trained: nothing at its starting value
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.3)
            assert module.running_mean is not None
            assert module.running_var is not None
            nn.init.normal_(module.running_mean, std=0.3)
            nn.init.uniform_(module.running_var, 0.5, 2)
    generator.eval()
    lightness = torch.rand(2, 1, 64, 96) * 100
    with torch.inference_mode():
        before = generator(lightness)
    fold(generator)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in generator.modules())
    with torch.inference_mode():
        torch.testing.assert_close(generator(lightness), before, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("activation", [nn.ReLU6(inplace=True), nn.ReLU(inplace=True)], ids=str)
def test_an_activation_that_is_folded_in_changes_no_bit(activation: nn.Module, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(SameConv(8, 16, 1), activation, SameConv(16, 16, 5, 2, groups=16), activation)
    network = network.to(dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
    picture = (torch.randn(2, 8, 34, 50) * 4).to(dtype).contiguous(memory_format=torch.channels_last)
    network[2].widen()  # its padding is another matter: see above
    folded = copy.deepcopy(network)
    fold(folded)
    with torch.inference_mode():
        expected = network(picture)
        assert 0 < float((expected == 0).float().mean()) < 1
        assert torch.equal(folded(picture), expected)
    assert isinstance(folded[1], nn.Identity)
