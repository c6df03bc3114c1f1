import math

import pytest
import torch

from models.efficient import EfficientGenerator, EfficientSettings
from models.look import Look, modulate


def test_a_look_is_computed_as_by_hand() -> None:
    look = Look(2, [1], units=1)
    with torch.no_grad():
        look.hidden.weight.copy_(torch.tensor([[0.0, 1.0]]))
        look.hidden.bias.zero_()
        next(look.out.parameters()).copy_(torch.tensor([[2.0], [3.0]]))
        first = torch.tensor([[0.0, 2.0], [0.0, 2.0]])[None, None]  # mean 1
        second = torch.full((1, 1, 3, 5), 3.0)
        (found,) = look([first, second])  # means 1 and 3, normalised -1 and 1
    seen = math.tanh(1)
    assert found.flatten().tolist() == pytest.approx([2 * seen, 3 * seen], rel=1e-4)
    changed = modulate(torch.full((1, 1, 4, 4), 5.0), found)
    assert changed.flatten().tolist() == pytest.approx([5 * (1 + 2 * seen) + 3 * seen] * 16, rel=1e-4)


def test_a_look_changes_nothing_before_it_has_learned() -> None:
    torch.manual_seed(2)
    plain = EfficientGenerator(EfficientSettings(context=32, decoder=(24, 24, 24), heads=2)).eval()
    looking = plain.with_look(4).eval()
    assert looking.settings.look == 4
    assert looking.with_look(8) is looking
    lightness = torch.rand(2, 1, 64, 96) * 100
    with torch.inference_mode():
        before = plain(lightness)
        assert torch.equal(looking(lightness), before)
        assert looking.look is not None
        for layer in looking.look.out:
            torch.nn.init.normal_(layer.weight, std=0.3)  # type: ignore[arg-type]
            assert not torch.allclose(looking(lightness), before)
            torch.nn.init.zeros_(layer.weight)  # type: ignore[arg-type]


def test_one_look_speaks_for_all_places_of_a_picture_and_for_no_other_picture() -> None:
    torch.manual_seed(2)
    look = Look(3, [5, 7], units=4)
    for layer in look.out:
        torch.nn.init.normal_(layer.weight)  # type: ignore[arg-type]
    maps = torch.rand(2, 3, 6, 8)
    with torch.inference_mode():
        together, alone = look([maps]), look([maps[1:]])
        turned = look([maps.flip(3)])
    assert [tuple(one.shape) for one in together] == [(2, 10, 1, 1), (2, 14, 1, 1)]
    for one, other, same in zip(together, alone, turned, strict=True):
        torch.testing.assert_close(one[1:], other)
        torch.testing.assert_close(one, same)
        assert not torch.allclose(one[:1], one[1:])
