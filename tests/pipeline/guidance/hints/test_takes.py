"""Takes: other likely colours, distinct, repeatable, the same through a shot."""

import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from pipeline.colorize.predict import Predictor
from pipeline.colorize.sight import Sight
from pipeline.errors import SettingsError
from pipeline.guidance.hints.takes import MOST_TAKES, ShotTakes

ROOT = Path(__file__).parents[4]


def test_take_0_is_the_automatic_colour(predictor: Predictor, sights: list[Sight]) -> None:
    takes = ShotTakes.of(sights, predictor.bins)
    for seed in (0, 7):
        logits = takes.apply(sights[0], 0, seed=seed)
        np.testing.assert_allclose(predictor.colors(logits, sights[0]), sights[0].ab, rtol=0, atol=1e-3)


def test_the_first_takes_are_distinct(predictor: Predictor, sights: list[Sight]) -> None:
    takes = ShotTakes.of(sights, predictor.bins)
    for seed in (0, 7):
        colors = [predictor.colors(takes.apply(sights[0], take, seed=seed), sights[0]) for take in range(4)]
        for one, other in combinations(colors, 2):
            assert np.sqrt(np.square(one - other).sum(axis=0)).mean() > 8


def test_a_take_has_the_same_colours_through_its_shot(predictor: Predictor, sights: list[Sight]) -> None:
    takes = ShotTakes.of(sights[:1], predictor.bins)
    first, later = (predictor.colors(takes.apply(sight, 1), sight) for sight in sights)
    automatic = np.abs(sights[0].ab - sights[1].ab).mean()
    assert np.abs(first - later).mean() < 1.5 * automatic + 0.5
    assert np.abs(first - sights[0].ab).mean() > 4 * np.abs(first - later).mean()


def test_another_seed_gives_other_takes(predictor: Predictor, sights: list[Sight]) -> None:
    takes = ShotTakes.of(sights, predictor.bins)
    ordered = [[takes.colors(take, seed=seed).tobytes() for take in (1, 2, 3)] for seed in range(4)]
    assert len({tuple(one) for one in ordered}) == 4
    assert [takes.colors(take).tobytes() for take in (3, 1)] == [ordered[0][2], ordered[0][0]]


def test_a_take_has_the_same_bytes_in_every_process() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", _PROGRAM, threads],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "1", "2")
    }
    assert len(digests) == 1
    assert len(digests.pop().strip()) == len(sha256().hexdigest())


def test_all_takes_are_there_and_no_more(predictor: Predictor, sights: list[Sight]) -> None:
    takes = ShotTakes.of(sights, predictor.bins)
    assert np.isfinite(takes.apply(sights[0], MOST_TAKES)).all()
    for take in (-1, MOST_TAKES + 1):
        with pytest.raises(SettingsError, match=f"take {take}: 0 .* to {MOST_TAKES} works"):
            takes.apply(sights[0], take)


def test_weights_without_a_distribution_have_no_takes(sights: list[Sight]) -> None:
    bare = replace(sights[0], packed_logits=np.zeros((0, *sights[0].shape), np.float32))
    with pytest.raises(SettingsError, match="takes: the weights predict one colour for each place"):
        ShotTakes.of([bare], np.zeros((0, 2), np.float32))


_PROGRAM = """
import sys
from hashlib import sha256
import cv2
import numpy as np
from pipeline.colorize.sight import Sight
from pipeline.guidance.hints.takes import ShotTakes

cv2.setNumThreads(int(sys.argv[1]))
random = np.random.default_rng(1)

def blocks(count, side):
    coarse = random.normal(size=(count, 4, 5)).repeat(side, axis=1).repeat(side, axis=2)
    return (coarse + 0.3 * random.normal(size=coarse.shape)).astype(np.float32)

bins = np.stack(np.meshgrid(range(-50, 60, 10), range(-50, 60, 10)), axis=-1).reshape(-1, 2)
sight = Sight.of(
    lightness=50 + 20 * blocks(1, 32)[0],
    ab=blocks(2, 8),
    plain=blocks(2, 8),
    logits=3 * blocks(len(bins), 8),
    maps=(blocks(24, 8), blocks(16, 4), blocks(32, 2)),
)
takes = ShotTakes.of([sight], bins.astype(np.float32))
print(sha256(b"".join(takes.apply(sight, take, seed=3).tobytes() for take in (1, 2, 5))).hexdigest())
"""
