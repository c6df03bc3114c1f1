import cv2
import numpy as np
import numpy.typing as npt
import pytest

from pipeline.media import Frame, Shot, ShotKind
from pipeline.plan.cards import CardFinder
from pipeline.plan.shots import small_luma
from tests.card_pictures import card_frames
from tests.films import film_info

Luma = npt.NDArray[np.uint8]


def test_drawn_cards_are_found() -> None:
    """By seeds that the limits were not chosen on; `tests/benchmarks/cards.py` shows hundreds."""
    missed = []
    for seed in range(2000, 2024):
        look, frames = card_frames(seed)
        if _kinds(frames) != ["card"]:
            missed.append((seed, look))
    assert not missed


@pytest.mark.parametrize("seed", range(6))
def test_things_before_a_plain_wall_are_no_card(seed: int) -> None:
    assert _kinds([_things(seed)]) == ["grey"]


def test_a_sky_that_falls_off_to_one_side_is_no_blank_frame() -> None:
    sky = np.tile(np.linspace(120, 220, 240)[:, None], (1, 320)).astype(np.uint8)
    assert _kinds([sky]) == ["grey"]
    assert _kinds([np.full((240, 320), 170, np.uint8)]) == ["card"]


def test_a_shot_is_a_card_where_nearly_all_of_its_frames_are() -> None:
    _, (card, *_) = card_frames(1)
    blank, scene = np.full_like(card, 12), _things(1, size=card.shape[::-1])
    shots = [
        20 * [card],
        8 * [blank] + 12 * [card],
        10 * [card] + 10 * [scene],
        16 * [blank] + 4 * [scene],
        8 * [blank],
    ]
    kinds = _kinds([frame for shot in shots for frame in shot], lengths=[len(shot) for shot in shots])
    assert kinds == ["card", "card", "grey", "grey", "card"]


def test_cards_in_a_tint_are_told_and_shots_in_colour_are_no_cards() -> None:
    _, frames = card_frames(3)
    found = {kind: _kinds(frames, kind=kind)[0] for kind in ("grey", "tinted", "colour")}
    assert found == {"grey": "card", "tinted": "tinted card", "colour": "colour"}


@pytest.mark.parametrize("depth", [8, 10, 16])
def test_depth_and_range_change_nothing(depth: int) -> None:
    for seed in range(30, 34):
        _, frames = card_frames(seed, count=1)
        limited = (frames[0].astype(np.float64) * 219 / 255 + 16) * 2 ** (depth - 8)
        luma = np.rint(limited).astype(np.uint8 if depth == 8 else np.uint16)
        finder = CardFinder(film_info(luma.shape[1], luma.shape[0], depth=depth, range="limited"))
        finder.push(small_luma(luma, depth=depth), Frame(pts=0, luma=luma))
        assert finder.finish([Shot(index=0, start=0, end=1)])[0].kind == "card"


def _kinds(frames: list[Luma], *, lengths: list[int] | None = None, kind: ShotKind = "grey") -> list[str]:
    """The kinds of shots of these lengths, all frames one shot by default, that had `kind` by their chroma."""
    height, width = frames[0].shape
    finder = CardFinder(film_info(width, height, range="full"))
    for number, luma in enumerate(frames):
        finder.push(small_luma(luma, depth=8), Frame(pts=number, luma=luma))
    ends = np.cumsum(lengths or [len(frames)]).tolist()
    shots = [
        Shot(index=index, start=start, end=end, kind=kind)
        for index, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True))
    ]
    return [shot.kind for shot in finder.finish(shots)]


def _things(seed: int, *, size: tuple[int, int] = (320, 240)) -> Luma:
    """A wall, and a few bodies with light and shade before it."""
    rng = np.random.default_rng(seed)
    width, height = size
    picture = np.full((height, width), rng.uniform(60, 200), np.float32)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    for _ in range(4):
        centre, radius = rng.uniform(0.2, 0.8, 2) * (width, height), rng.uniform(0.12, 0.25) * height
        distance = np.hypot(x - centre[0], y - centre[1]) / radius
        shade = rng.uniform(20, 230) + 40 * (x - centre[0]) / radius
        picture = np.where(distance < 1, shade, picture)
    picture += rng.normal(0, 3, picture.shape)
    return cv2.GaussianBlur(picture, (0, 0), 1).clip(0, 255).astype(np.uint8)
