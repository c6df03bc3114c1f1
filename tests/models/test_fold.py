import torch
from torch import nn

from models.efficient import EfficientGenerator, EfficientSettings
from models.fold import fold


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
