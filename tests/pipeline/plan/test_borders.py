import numpy as np
import numpy.typing as npt

from pipeline.media import PictureArea, Shot
from pipeline.plan.borders import BorderFinder

Small = npt.NDArray[np.uint8]


def test_each_shot_has_its_own_borders() -> None:
    found = _find([_framed(20, 0)] * 3 + [_framed(0, 9)] * 2 + [_framed(0, 0)] * 2, cuts=[3, 5])
    assert found == [
        PictureArea(left=0.2, right=0.8),
        PictureArea(top=0.15, bottom=0.85),
        PictureArea(),
    ]


def test_borders_are_what_is_black_in_all_frames() -> None:
    """A scene that is dark at its edges, now and then, is not framed."""
    found = _find([_framed(30, 10), _framed(4, 0), _framed(25, 0)], cuts=[])
    assert found == [PictureArea(left=0.04, right=0.96)]


def test_grey_borders_with_noise_are_borders() -> None:
    rng = np.random.default_rng(0)
    frames = [
        (np.maximum(_framed(20, 0), 22) + rng.integers(0, 6, (60, 100))).astype(np.uint8) for _ in range(9)
    ]
    assert _find(frames, cuts=[]) == [PictureArea(left=0.2, right=0.8)]


def test_black_frames_and_dark_shots_have_no_borders() -> None:
    black = np.full((60, 100), 16, np.uint8)
    assert _find([black] * 4, cuts=[]) == [PictureArea()]
    lamp = black.copy()
    lamp[20:30, 40:60] = 200
    assert _find([lamp] * 4, cuts=[]) == [PictureArea()]


def test_a_bright_frame_edge_is_picture() -> None:
    bright = np.full((60, 100), 120, np.uint8)
    bright[10:50, 10:90] = 30
    assert _find([bright], cuts=[]) == [PictureArea()]


def test_a_fade_to_black_does_not_hide_the_borders() -> None:
    frames = [(_framed(20, 0) * share).clip(16).astype(np.uint8) for share in (1.0, 0.5, 0.0)]
    assert _find(frames, cuts=[]) == [PictureArea(left=0.2, right=0.8)]


def _find(frames: list[Small], *, cuts: list[int]) -> list[PictureArea]:
    finder = BorderFinder()
    for frame in frames:
        finder.push(frame)
    edges = [0, *cuts, len(frames)]
    shots = [Shot(index=n, start=edges[n], end=edges[n + 1]) for n in range(len(edges) - 1)]
    return [shot.picture for shot in finder.finish(shots)]


def _framed(across: int, down: int) -> Small:
    """60 x 100 noise with black borders so wide."""
    picture = np.full((60, 100), 16, np.uint8)
    inside = np.random.default_rng(3).integers(60, 230, (60 - 2 * down, 100 - 2 * across))
    picture[down : 60 - down, across : 100 - across] = inside
    return picture
