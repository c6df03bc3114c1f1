import math

import pytest
import torch

from models.networks.patchgan import PatchDiscriminator, PatchSettings
from models.training.adversary import Adversary, AdversarySettings


@pytest.mark.parametrize(("layers", "patch"), [(3, 70), (2, 34), (1, 16)])
def test_each_logit_sees_its_patch_and_no_more(layers: int, patch: int) -> None:
    """The receptive field, read off the gradient: 70x70 with three strides (Isola et al. 2017)."""
    torch.manual_seed(0)
    net = PatchDiscriminator(PatchSettings(layers=layers, channels=4), stride=1).eval()
    ab = torch.randn(1, 2, 160, 160, requires_grad=True)
    logits = net(torch.rand(1, 1, 160, 160) * 100, ab)
    middle = logits.shape[-1] // 2
    (gradient,) = torch.autograd.grad(logits[0, 0, middle, middle], ab)
    seen = gradient.abs().sum((0, 1)) > 0
    rows = seen.any(1).nonzero()
    assert int(rows.max() - rows.min()) + 1 == patch


def test_seventy_by_seventy_of_pix2pix_has_its_size() -> None:
    net = PatchDiscriminator(PatchSettings(spectral=False), stride=1)
    convolutions = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512)
    assert sum(p.numel() for p in net.parameters()) == convolutions + 64 + 2 * (128 + 256 + 512) + 1


def test_smaller_ab_is_judged_with_every_lightness_it_covers() -> None:
    torch.manual_seed(0)
    net = PatchDiscriminator(PatchSettings(layers=1, channels=4), stride=4).eval()
    lightness, ab = torch.full((1, 1, 64, 64), 50.0), torch.zeros(1, 2, 16, 16)
    before = net(lightness, ab)
    assert before.shape[:2] == (1, 1)
    lightness[0, 0, 33, 30] = 90
    assert not torch.equal(before, net(lightness, ab))


def test_spectral_normalisation_bounds_each_layer() -> None:
    torch.manual_seed(0)
    net = PatchDiscriminator(PatchSettings(layers=1, channels=8), stride=1)
    for _ in range(30):
        net(torch.rand(1, 1, 32, 32) * 100, torch.randn(1, 2, 32, 32))
    for name, weight in [(n, m.weight) for n, m in net.named_modules() if isinstance(m, torch.nn.Conv2d)]:
        largest = torch.linalg.matrix_norm(weight.detach().flatten(1), ord=2)
        assert float(largest) == pytest.approx(1, abs=0.05), name


def test_the_discriminator_learns_what_is_real_and_says_so_to_the_generator() -> None:
    torch.manual_seed(0)
    adversary = Adversary(
        AdversarySettings(rate=5e-3, patch=PatchSettings(layers=1, channels=8)),
        stride=1,
        device=torch.device("cpu"),
    )
    lightness = torch.rand(4, 1, 32, 32) * 100
    real, fake = torch.randn(4, 2, 32, 32) * 30, torch.zeros(4, 2, 32, 32, requires_grad=True)
    losses = [adversary.step(lightness, real=real, fake=fake) for _ in range(40)]
    assert min(losses[-5:]) < 0.3 < math.log(2) < losses[0]
    assert fake.grad is None  # its own step leaves the generator alone
    (towards_real,) = torch.autograd.grad(adversary.generator_loss(lightness, fake), fake)
    assert towards_real.abs().sum() > 0
    assert all(p.grad is None or not p.requires_grad for p in adversary.discriminator.parameters())
    assert adversary.generator_loss(lightness, real).item() < adversary.generator_loss(lightness, fake).item()
