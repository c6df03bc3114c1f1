import pytest
import torch

from models.networks.gated import Look, look_of


def test_the_look_of_a_picture_is_the_mean_of_every_map_over_it() -> None:
    first = torch.tensor([[0.0, 2.0], [4.0, 2.0]])[None, None]
    second = torch.stack([torch.full((3, 5), 3.0), torch.full((3, 5), -1.0)])[None]
    assert look_of([first, second]).tolist() == [[2, 3, -1]]
    assert look_of([first.bfloat16(), second.bfloat16()]).dtype is torch.float32


def test_likeness_is_as_by_hand() -> None:
    look = Look(2)
    film, general = torch.tensor([[5.0, 3.0], [7.0, 3.0]]), torch.tensor([[0.0, 3.0], [2.0, 3.0]])
    look.fit(film, general)  # centres at 6 and at 1 in what differs

    def likeness(value: float) -> float:
        return float(look([torch.full((1, 1, 2, 2), value), torch.full((1, 1, 1, 1), 3.0)]))

    assert likeness(-3) == 0
    assert likeness(1 + 0.075 * 5) == pytest.approx(0, abs=1e-5)
    assert likeness(1 + 0.125 * 5) == pytest.approx(0.5, abs=1e-5)
    assert likeness(1 + 0.175 * 5) == pytest.approx(1, abs=1e-5)
    assert likeness(6) == likeness(60) == 1


def test_what_varies_among_general_pictures_tells_little() -> None:
    rng = torch.Generator().manual_seed(1)
    spread = torch.tensor([10.0, 0.1])  # a film is brighter, as many pictures are, and redder, as few are
    general = torch.randn(400, 2, generator=rng) * spread
    film = torch.randn(40, 2, generator=rng) * spread + torch.tensor([10.0, 1.0])
    look = Look(2)
    look.fit(film, general)
    maps = torch.tensor([[20.0, 0.0], [0.0, 1.0], [-20.0, 1.0]])[:, :, None, None]
    assert look([maps]).shape == (3, 1, 1, 1)
    assert look([maps]).flatten().tolist() == [0, 1, 1]


def test_a_look_that_was_not_fitted_takes_every_picture_for_its_film() -> None:
    assert look_is_one(Look(3), torch.rand(4, 3, 2, 2) * 100)


def test_looks_that_do_not_differ_are_all_the_film() -> None:
    look, same = Look(3), torch.rand(20, 3)
    look.fit(same, same)
    assert look_is_one(look, torch.rand(4, 3, 2, 2) * 100)


def look_is_one(look: Look, maps: torch.Tensor) -> bool:
    return bool((look([maps]) == 1).all())
