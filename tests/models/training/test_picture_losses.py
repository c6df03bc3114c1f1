import cv2
import numpy as np
import pytest
import torch

from models.colorfulness import colorfulness
from models.networks.lab import srgb_from_lab
from models.training.picture_losses import Appearance, Looks, colorfulness_loss


def test_lab_comes_back_as_srgb_with_gradients() -> None:
    rgb = np.random.default_rng(0).random((8, 8, 3), dtype=np.float32)
    lab = torch.from_numpy(cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab)).permute(2, 0, 1)[None]
    ab = lab[:, 1:].clone().requires_grad_(True)
    found = srgb_from_lab(lab[:, :1], ab)
    np.testing.assert_allclose(found.detach()[0].permute(1, 2, 0).numpy(), rgb, atol=4e-3)
    found.sum().backward()  # type: ignore[no-untyped-call]
    assert ab.grad is not None
    assert bool(torch.isfinite(ab.grad).all())


def test_colourfulness_is_that_of_the_metric() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    picture = torch.from_numpy(rgb).permute(0, 3, 1, 2).float() / 255
    grey = torch.full_like(picture, 0.5)
    expected = np.mean([colorfulness(one) for one in rgb]) / 100
    assert float(colorfulness_loss(Looks(picture, grey))) == pytest.approx(expected, abs=1e-3)
    assert float(colorfulness_loss(Looks(picture, picture))) == 0


def test_wrong_colours_look_different_and_true_ones_do_not() -> None:
    torch.manual_seed(0)
    appearance = Appearance(device=torch.device("cpu"))
    lightness = torch.rand(1, 1, 128, 128) * 60 + 20
    truth = torch.randn(1, 2, 32, 32) * 30
    ab = torch.zeros_like(truth).requires_grad_(True)
    wrong = appearance.perceptual_loss(appearance.look(lightness, predicted=ab, truth=truth))
    wrong.backward()  # type: ignore[no-untyped-call]
    assert ab.grad is not None
    assert ab.grad.abs().max() > 0
    right = appearance.perceptual_loss(appearance.look(lightness, predicted=truth, truth=truth))
    assert float(right) == 0 < float(wrong.detach())
