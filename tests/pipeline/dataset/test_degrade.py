import cv2
import numpy as np

from pipeline.dataset.degrade import age


def test_ageing_stays_a_lightness_and_changes_it() -> None:
    rng = np.random.default_rng(4)
    unit = rng.random((64, 64, 3), dtype=np.float32)
    lightness = cv2.cvtColor(unit, cv2.COLOR_RGB2Lab)[..., 0].astype(np.float32)
    for seed in range(30):
        aged = age(unit, lightness, rng=np.random.default_rng(seed))
        assert aged.dtype == np.float32
        assert 0 <= aged.min() <= aged.max() <= 100
        assert np.abs(aged - lightness).mean() > 0.1
