from pathlib import Path

import pytest
import torch

from models.checkpoint import load_weights, save_weights
from models.networks.unet import UnetGenerator, UnetSettings

SMALL = UnetSettings(levels=4, channels=4)


def test_it_has_the_size_of_pix2pix() -> None:
    """The reference network has 54,413,955 parameters for 3 channels in and out; 1 and 2 need fewer at both ends."""
    count = sum(parameter.numel() for parameter in UnetGenerator().parameters())
    bias_of_the_deepest = 512  # its block has no normalisation, so it has a bias here
    assert count == 54_413_955 - 2 * 64 * 16 - 128 * 16 - 1 + bias_of_the_deepest + 64


def test_ab_is_as_large_as_its_input_and_inside_the_range() -> None:
    generator = UnetGenerator(SMALL).eval()
    lightness = torch.rand(2, 1, 32, 48) * 100
    ab = generator.to_ab(generator(lightness), temperature=1)
    assert ab.shape == (2, 2, 32, 48)
    assert 0 < ab.abs().max() <= 110


def test_colorize_gives_means_of_four_by_four() -> None:
    generator = UnetGenerator(SMALL).eval()
    lightness = torch.rand(1, 1, 32, 32) * 100
    full = generator.to_ab(generator(lightness), temperature=1)
    small = generator.colorize(lightness, temperature=1)
    assert small.shape == (1, 2, 8, 8)
    torch.testing.assert_close(small[0, 1, 2, 3], full[0, 1, 8:12, 12:16].mean())


def test_other_sizes_are_refused_with_one_that_works() -> None:
    with pytest.raises(ValueError, match=r"40x32: pad it to 48x32, multiples of 16"):
        UnetGenerator(SMALL)(torch.zeros(1, 1, 40, 32))


def test_dropout_is_its_only_noise() -> None:
    generator = UnetGenerator(SMALL)
    lightness = torch.rand(2, 1, 32, 32) * 100
    assert not torch.equal(generator(lightness), generator(lightness))
    generator.eval()
    assert torch.equal(generator(lightness), generator(lightness))


def test_batch_statistics_make_one_picture_its_own_norm() -> None:
    generator = UnetGenerator(UnetSettings(levels=4, channels=4, batch_statistics=True)).eval()
    dark, bright = torch.rand(1, 1, 32, 32) * 20, torch.rand(1, 1, 32, 32) * 20 + 80
    alone = generator(dark)
    together = generator(torch.cat((dark, bright)))[:1]
    assert not torch.allclose(alone, together, atol=1e-4)
    plain = UnetGenerator(SMALL).eval()
    torch.testing.assert_close(plain(dark), plain(torch.cat((dark, bright)))[:1], atol=1e-6, rtol=1e-4)


def test_weights_come_back(tmp_path: Path) -> None:
    generator = UnetGenerator(SMALL).eval()
    path = tmp_path / "unet.safetensors"
    save_weights(path, generator, name="tiny", licence="none", recipe={})
    loaded, info = load_weights(path)
    assert info.architecture == "unet"
    lightness = torch.rand(1, 1, 32, 32) * 100
    torch.testing.assert_close(
        loaded.colorize(lightness, temperature=1),
        generator.colorize(lightness, temperature=1),
        atol=0.2,
        rtol=0.01,
    )
