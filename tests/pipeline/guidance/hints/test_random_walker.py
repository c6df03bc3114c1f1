"""The walk: bounded by edges, exact where the answer is known."""

import numpy as np
import pytest

from pipeline.guidance.hints.random_walker import links_between, walk


def _two_halves(contrast: float) -> tuple[np.ndarray, np.ndarray]:
    plane = np.zeros((1, 20, 30), np.float32)
    plane[:, :, 15:] = contrast
    pull = np.full((20, 30), 1e-5)
    pull[10, 3] = 10
    target = np.zeros((20, 30))
    target[10, 3] = 1
    return walk(links_between([(plane, 0.1)]), pull=pull, target=target), pull


def test_a_walk_stops_at_an_edge_and_fills_up_to_it() -> None:
    reached, _ = _two_halves(2)
    assert reached[:, :15].min() > 3 * reached[:, 15:].max()
    faint, _ = _two_halves(0.02)
    assert faint[:, 15:].min() > 0.8 * faint[:, :15].min()


def test_a_walk_crosses_a_thin_line() -> None:
    plane = np.zeros((1, 20, 30), np.float32)
    plane[:, :, 15] = 2
    pull = np.full((20, 30), 1e-5)
    pull[10, 3] = 10
    target = np.zeros((20, 30))
    target[10, 3] = 1
    reached = walk(links_between([(plane, 0.1)]), pull=pull, target=target)
    assert reached[:, 16:].min() > 0.8 * reached[:, :15].min() > 0.5


def test_the_walk_solves_the_system() -> None:
    rng = np.random.default_rng(3)
    plane = rng.random((4, 9, 11)).astype(np.float32)
    links = links_between([(plane, 0.5)])
    pull, target = rng.random((9, 11)) + 0.1, rng.random((9, 11))
    matrix = np.diag(pull.ravel())
    places = np.arange(99).reshape(9, 11)
    for link in links:
        for here, there, weight in zip(
            places[link.here].ravel(), places[link.there].ravel(), link.weights.ravel(), strict=True
        ):
            matrix[here, here] += weight
            matrix[there, there] += weight
            matrix[here, there] -= weight
            matrix[there, here] -= weight
    exact = np.linalg.solve(matrix, (pull * target).ravel()).reshape(9, 11)
    np.testing.assert_allclose(walk(links, pull=pull, target=target), exact, atol=1e-3)


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (3, 40)])
def test_small_grids_walk_too(shape: tuple[int, int]) -> None:
    links = links_between([(np.zeros((1, *shape), np.float32), 1.0)])
    reached = walk(links, pull=np.ones(shape), target=np.ones(shape))
    np.testing.assert_allclose(reached, 1, atol=1e-3)
