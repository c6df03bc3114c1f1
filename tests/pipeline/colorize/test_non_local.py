import pytest
import torch
from torch import Tensor

from pipeline.colorize.non_local import agreed

HEIGHT, WIDTH = 24, 32


def maps_of(look: Tensor) -> list[Tensor]:
    """Maps of pictures whose places look as `look` (N, h, w) says, 0 or 1: two channels, at three scales."""
    both = torch.stack((look, 1 - look), dim=1)
    return [both, both[:, :, ::2, ::2], both[:, :, ::4, ::4]]


@pytest.fixture
def halves() -> Tensor:
    """(1, h, w): the left half looks unlike the right one."""
    look = torch.zeros(1, HEIGHT, WIDTH)
    look[:, :, WIDTH // 2 :] = 1
    return look


def flat(count: int = 1) -> Tensor:
    return torch.full((count, 4 * HEIGHT, 4 * WIDTH), 50.0)


def test_a_stain_takes_the_colour_of_what_looks_like_it(halves: Tensor) -> None:
    colors = torch.zeros(1, 3, HEIGHT, WIDTH)
    colors[:, 0, :, WIDTH // 2 :] = 20  # the right half is red
    colors[:, 1, 4:10, 4:10] = 40  # a stain in the left one
    shown = agreed(colors, maps_of(halves), flat())
    assert shown[0, 1, 5:9, 5:9].mean() < 10
    assert shown[0, 0, :, : WIDTH // 2 - 4].abs().max() < 2
    assert shown[0, 0, :, WIDTH // 2 + 4 :].min() > 18


def test_fine_detail_stays(halves: Tensor) -> None:
    colors = torch.zeros(1, 3, HEIGHT, WIDTH)
    colors[:, 0, :, ::2], colors[:, 0, :, 1::2] = 10, -10
    torch.testing.assert_close(agreed(colors, maps_of(halves), flat()), colors, rtol=0, atol=1e-3)


def test_lightness_tells_things_apart() -> None:
    colors = torch.zeros(1, 3, HEIGHT, WIDTH)
    colors[:, 0, 8:16, 8:16] = 30
    same = [torch.ones(1, 2, HEIGHT // step, WIDTH // step) for step in (1, 2, 4)]
    lightness = flat()
    blurred = agreed(colors, same, lightness)[0, 0, 10:14, 10:14].mean()
    lightness[:, 32:64, 32:64] = 90
    kept = agreed(colors, same, lightness)[0, 0, 10:14, 10:14].mean()
    assert blurred < 10
    assert kept > 28


def test_each_picture_is_treated_by_itself(halves: Tensor) -> None:
    torch.manual_seed(0)
    colors = torch.randn(3, 3, HEIGHT, WIDTH)
    look = torch.rand(3, HEIGHT, WIDTH)
    together = agreed(colors, maps_of(look), flat(3))
    for index in range(3):
        one = slice(index, index + 1)
        assert torch.equal(agreed(colors[one], maps_of(look[one]), flat()), together[one])


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 9), (7, 5), (130, 231)])
def test_pictures_of_any_size_keep_one_colour(height: int, width: int) -> None:
    colors = torch.full((1, 3, height, width), 12.0)
    maps = [torch.rand(1, 4, -(-height // step), -(-width // step)) for step in (1, 2, 4)]
    shown = agreed(colors, maps, torch.rand(1, 4 * height, 4 * width) * 100)
    torch.testing.assert_close(shown, colors, rtol=0, atol=1e-3)


def test_without_maps_nothing_changes() -> None:
    colors = torch.rand(2, 3, HEIGHT, WIDTH)
    assert agreed(colors, (), flat(2)) is colors
