import torch

from models.networks.efficient import EfficientGenerator, EfficientSettings
from models.networks.generator import Hints
from models.networks.hint_path import HintPath

GUIDED = EfficientSettings(context=32, decoder=(24, 20, 16), heads=2, guided=True)


def test_given_colours_are_obeyed_where_they_are_given() -> None:
    """With random weights already: the path from hint to logits needs no training for that."""
    torch.manual_seed(2)
    generator = EfficientGenerator(GUIDED).eval()
    assert generator.hint_path is not None
    generator.hint_path.gain.data.fill_(3.0)
    generator.hint_path.carried_gain.data.fill_(0.0)
    lightness = torch.rand(1, 1, 64, 64) * 100
    confidence = torch.zeros(1, 1, 16, 16)
    confidence[..., 4:6, 4:6] = 1
    wanted = torch.tensor([37.0, -24.0])[None, :, None, None].expand(1, 2, 16, 16)
    with torch.inference_mode():
        ab = generator.colorize(lightness, temperature=0.38, hints=Hints(wanted, confidence))
    assert (ab - wanted)[..., 4:6, 4:6].norm(dim=1).max() < 3


def test_hints_of_one_picture_leave_the_others_of_its_batch_alone() -> None:
    torch.manual_seed(2)
    generator = EfficientGenerator(GUIDED).eval()
    lightness = torch.rand(3, 1, 64, 64) * 100
    confidence = torch.zeros(3, 1, 16, 16)
    confidence[1, :, 3, 3] = 1
    with torch.inference_mode():
        none = generator(lightness)
        hinted = generator(lightness, Hints(torch.full((3, 2, 16, 16), 40.0), confidence))
    assert torch.equal(hinted[0], none[0])
    assert torch.equal(hinted[2], none[2])
    assert (hinted[1] - none[1]).abs().max() > 0.1


def test_a_hint_travels_to_what_looks_like_its_place() -> None:
    """A dark and a light half: a colour in the dark one is believed there, and hardly in the other."""
    torch.manual_seed(0)
    path = HintPath(6).eval()
    lightness = torch.full((1, 1, 64, 64), 20.0)
    lightness[..., 32:] = 90
    hints = torch.zeros(1, 3, 16, 16)
    hints[0, :, 8, 2] = torch.tensor([30.0, -20.0, 1.0])
    bins = torch.tensor([[30.0, -20.0], [0.0, 0.0]])
    with torch.inference_mode():
        added = path(torch.zeros(1, 6, 8, 8), lightness, hints, bins)
    pull = added[0, 0] - added[0, 1]  # towards the colour, against grey
    assert added.shape == (1, 2, 16, 16)
    assert pull[8, 2] == pull.max()
    assert pull[4:12, 1:6].min() > 5 * pull[4:12, 11:].max()


def test_a_step_without_hints_reaches_every_part() -> None:
    """Processes that share gradients wait for those of every part."""
    generator = EfficientGenerator(GUIDED).train()
    generator(torch.rand(2, 1, 64, 64) * 100).sum().backward()
    assert generator.hint_path is not None
    assert all(parameter.grad is not None for parameter in generator.hint_path.parameters())
