import hashlib

import numpy as np
import pytest

from pipeline.dataset.degrade import FloatImage
from pipeline.dataset.sample_hints import hint_confidence
from pipeline.dataset.samples import SampleSettings
from pipeline.errors import SettingsError


def _hints(style: str, share: float) -> list[FloatImage]:
    """Of 200 samples."""
    rngs = (np.random.default_rng(seed) for seed in range(200))
    return [hint_confidence((40, 56), share=share, style=style, rng=rng) for rng in rngs]


def test_sparse_hints_are_those_that_version_2_of_the_weights_learned_from() -> None:
    """The same for the same seed, so that recipes of that time mean what they meant."""
    digest = hashlib.sha256()
    for seed in range(60):
        rng = np.random.default_rng(seed)
        confidence = hint_confidence((16, 24), share=0.6, style="sparse", rng=rng)
        digest.update(np.round(confidence * 1000).astype(np.int16).tobytes())
        digest.update(str(rng.integers(1 << 30)).encode())
    assert digest.hexdigest()[:16] == "0a7d0223679221e3"


@pytest.mark.parametrize(("style", "sharp_share"), [("sparse", 0.5), ("drawn", 0.75)])
def test_points_and_strokes_are_sure_and_patches_are_soft(style: str, sharp_share: float) -> None:
    hints = _hints(style, 1)
    assert all(confidence.dtype == np.float32 and confidence.shape == (40, 56) for confidence in hints)
    assert all(0 == confidence.min() < confidence.max() <= 1 or confidence.min() > 0 for confidence in hints)
    sharp = [confidence for confidence in hints if set(np.unique(confidence)) <= {0, 1}]
    assert len(sharp) / len(hints) == pytest.approx(sharp_share, abs=0.1)


def test_drawn_points_are_one_to_hundreds() -> None:
    covered = [int((confidence > 0).sum()) for confidence in _hints("drawn", 1)]
    assert min(covered) == 1
    assert sum(200 < count < 700 for count in covered) > 20  # hundreds of points, of 2,240 places


@pytest.mark.parametrize("style", ["sparse", "drawn"])
def test_the_share_says_how_many_samples_have_hints(style: str) -> None:
    assert all(confidence.max() == 0 for confidence in _hints(style, 0))
    hinted = sum(bool(confidence.max() > 0) for confidence in _hints(style, 0.5))
    assert 75 < hinted < 125


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(SettingsError, match="hint_style 'many': sparse or drawn works"):
        SampleSettings(hint_style="many")
