from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.checkpoint import load_weights, save_weights
from models.networks.efficient import EfficientGenerator, EfficientSettings
from models.networks.fold_batchnorm import fold
from models.networks.gated import FilmLikeness, GatedGenerator, mean_features
from models.networks.generator import Generator, Hints

SMALL = EfficientSettings(context=32, decoder=(24, 24, 24), heads=2)


@pytest.fixture
def guarded() -> GatedGenerator:
    """Its film is dark; what it learned of it is another network altogether."""
    torch.manual_seed(3)
    made = GatedGenerator.around(EfficientGenerator(SMALL))
    made.trained.load_state_dict(EfficientGenerator(SMALL).state_dict())
    made.look.fit(made.features_of(_pictures(20, dark=True)), made.features_of(_pictures(20, dark=False)))
    return made.eval()


def test_at_first_nothing_changes() -> None:
    torch.manual_seed(3)
    plain = EfficientGenerator(SMALL).eval()
    made = GatedGenerator.around(plain).eval()
    lightness = _pictures(2, dark=False)
    with torch.inference_mode():
        assert torch.equal(made(lightness), plain(lightness))


def test_a_picture_of_the_film_has_the_learned_colours_and_a_general_one_the_old(
    guarded: GatedGenerator,
) -> None:
    lightness = torch.cat([_pictures(2, dark=True), _pictures(2, dark=False)])
    hints = Hints(torch.rand(4, 2, 16, 24) * 50, torch.ones(4, 1, 16, 24))
    for given in (None, hints):
        with torch.inference_mode():
            mixed, old, new = (one(lightness, given) for one in (guarded, guarded.begun, guarded.trained))
            film = guarded(lightness[:2], Hints(given.ab[:2], given.confidence[:2]) if given else None)
        torch.testing.assert_close(film, new[:2])
        assert torch.equal(mixed[:2], new[:2])
        assert torch.equal(mixed[2:], old[2:])
        assert not torch.allclose(old, new, atol=1e-3)


def test_a_picture_in_doubt_has_something_of_both(guarded: GatedGenerator) -> None:
    lightness = torch.cat([_pictures(1, dark=True), _pictures(1, dark=False)])
    with torch.inference_mode():
        guarded.look.direction.zero_()
        guarded.look.offset.fill_(0.125)  # of the way: half in doubt
        mixed, old, new = (one(lightness) for one in (guarded, guarded.begun, guarded.trained))
    torch.testing.assert_close(mixed, (old + new) / 2)


def test_the_old_generator_rests_while_the_other_learns(guarded: GatedGenerator) -> None:
    before = {name: value.clone() for name, value in guarded.begun.state_dict().items()}
    guarded.train()
    lightness = _pictures(2, dark=True)
    torch.manual_seed(0)
    out = guarded(lightness)
    torch.manual_seed(0)
    assert torch.equal(out, guarded.trained(lightness))
    assert guarded.learner is guarded.trained
    assert not guarded.begun.training
    assert guarded.trained.training
    guarded.features_of(lightness)
    for name, value in guarded.begun.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_weights_keep_both_and_the_look(guarded: GatedGenerator, tmp_path: Path) -> None:
    save_weights(tmp_path / "w.safetensors", guarded, name="x", licence="x", recipe={})
    loaded, info = load_weights(tmp_path / "w.safetensors")
    assert info.architecture == "guarded"
    lightness = torch.cat([_pictures(2, dark=True), _pictures(2, dark=False)])
    with torch.inference_mode():
        expected = _ab(guarded, lightness)
        torch.testing.assert_close(_ab(loaded, lightness), expected, atol=0.3, rtol=0)
        fold(loaded)
        torch.testing.assert_close(_ab(loaded, lightness), expected, atol=0.3, rtol=0)
        loaded.bfloat16()
        torch.testing.assert_close(_ab(loaded, lightness), expected, atol=3, rtol=0)


def _ab(generator: Generator, lightness: Tensor) -> Tensor:
    return generator.colorize(lightness, temperature=1)


def _pictures(count: int, *, dark: bool) -> Tensor:
    """L* (count, 1, 64, 96): noise, dark or light."""
    rng = torch.Generator().manual_seed(count + 1000 * dark)
    return torch.rand(count, 1, 64, 96, generator=rng) * 20 + (10 if dark else 70)


def test_the_look_of_a_picture_is_the_mean_of_every_map_over_it() -> None:
    first = torch.tensor([[0.0, 2.0], [4.0, 2.0]])[None, None]
    second = torch.stack([torch.full((3, 5), 3.0), torch.full((3, 5), -1.0)])[None]
    assert mean_features([first, second]).tolist() == [[2, 3, -1]]
    assert mean_features([first.bfloat16(), second.bfloat16()]).dtype is torch.float32


def test_likeness_is_as_by_hand() -> None:
    look = FilmLikeness(2)
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
    look = FilmLikeness(2)
    look.fit(film, general)
    maps = torch.tensor([[20.0, 0.0], [0.0, 1.0], [-20.0, 1.0]])[:, :, None, None]
    assert look([maps]).shape == (3, 1, 1, 1)
    assert look([maps]).flatten().tolist() == [0, 1, 1]


def test_a_look_that_was_not_fitted_takes_every_picture_for_its_film() -> None:
    assert look_is_one(FilmLikeness(3), torch.rand(4, 3, 2, 2) * 100)


def test_looks_that_do_not_differ_are_all_the_film() -> None:
    look, same = FilmLikeness(3), torch.rand(20, 3)
    look.fit(same, same)
    assert look_is_one(look, torch.rand(4, 3, 2, 2) * 100)


def look_is_one(look: FilmLikeness, maps: torch.Tensor) -> bool:
    return bool((look([maps]) == 1).all())
