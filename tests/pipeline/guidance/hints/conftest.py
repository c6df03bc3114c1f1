"""Two frames of the bundled clip, a few frames apart, as the network sees them."""

from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from pipeline.color.colorimetry import lightness
from pipeline.colorize.net_frame import net_size, shrink
from pipeline.colorize.predict import Predictor
from pipeline.colorize.settings import ColorSettings
from pipeline.colorize.sight import Sight

CLIP = Path(__file__).parents[3] / "data" / "chaplin_street.mp4"


@pytest.fixture(scope="session")
def predictor() -> Predictor:
    return Predictor(settings=ColorSettings(short_side=128), device="cpu", precision="fp32")


@pytest.fixture(scope="session")
def frames() -> list[npt.NDArray[np.uint8]]:
    """Their luma, without the black borders."""
    with av.open(str(CLIP)) as container:
        decoded = [frame for frame, _ in zip(container.decode(video=0), range(4), strict=False)]
    return [
        np.asarray(frame.to_ndarray(format="gray")[:, 100:540], np.uint8)
        for frame in (decoded[0], decoded[3])
    ]


@pytest.fixture(scope="session")
def sights(predictor: Predictor, frames: list[npt.NDArray[np.uint8]]) -> list[Sight]:
    size = net_size(width=440, height=360, sample_aspect=1, short_side=128)
    return [
        predictor.see(lightness(shrink(luma.astype(np.float32) / np.float32(255), size))) for luma in frames
    ]
