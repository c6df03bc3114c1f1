from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from pipeline.dataset.photo_faults import find_fault, only_photographs
from pipeline.dataset.training_set import TrainingFile

Rgb = npt.NDArray[np.uint8]


def test_a_photograph_has_no_fault() -> None:
    assert find_fault(_photograph()) is None


def _cut_out() -> Rgb:
    picture = np.full((200, 260, 3), 244, np.uint8)
    picture[40:160, 60:200] = _photograph()[40:160, 60:200]
    return picture


def _framed_in_black() -> Rgb:
    picture = np.zeros((200, 260, 3), np.uint8)
    picture[10:-10, 10:-10] = _photograph()[10:-10, 10:-10]
    return picture


def _drawing() -> Rgb:
    """Areas of one colour up to the edge, on a ground that changes."""
    picture = _photograph()
    picture[:, 40:200] = (230, 120, 40)
    picture[80:120, 60:160] = (40, 160, 60)
    return picture


def _grey() -> Rgb:
    return np.repeat(cv2.cvtColor(_photograph(), cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2).astype(np.uint8)


def _sepia() -> Rgb:
    return np.asarray(_grey() * np.array([1.0, 0.85, 0.65]), np.uint8)


@pytest.mark.parametrize(
    ("draw", "fault"),
    [
        (_cut_out, "framed"),
        (_framed_in_black, "framed"),
        (_drawing, "flat"),
        (_grey, "grey"),
        (_sepia, "sepia"),
    ],
    ids=["cut-out", "framed in black", "drawing", "grey", "sepia"],
)
def test_what_is_no_photograph_is_told(draw: Callable[[], Rgb], fault: str) -> None:
    assert find_fault(draw()) == fault


def test_clear_skies_and_nights_stay() -> None:
    sky = _photograph()
    sky[:70] = (120, 170, 235)  # no grain at all
    assert find_fault(sky) is None
    night = _photograph()
    night[:20], night[-20:], night[:, :20] = 0, 0, 0  # three edges of four
    assert find_fault(night) is None


def test_photos_with_a_fault_are_counted_and_clips_stay(tmp_path: Path) -> None:
    for name, picture in (("a.png", _photograph()), ("b.png", _grey()), ("c.png", _drawing())):
        cv2.imwrite(str(tmp_path / name), picture[..., ::-1])
    files = [TrainingFile(path=tmp_path / name, origin="x") for name in ("a.png", "b.png", "c.png", "d.mp4")]
    kept, dropped = only_photographs(files)
    assert [file.path.name for file in kept] == ["a.png", "d.mp4"]
    assert dropped == {"flat": 1, "grey": 1}


def _photograph() -> Rgb:
    """Coloured patches with grain."""
    rng = np.random.default_rng(0)
    small: Rgb = rng.integers(20, 236, (5, 7, 3), dtype=np.uint8)
    big = cv2.resize(small, (260, 200), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    return np.asarray(np.clip(big + rng.normal(0, 4, big.shape), 0, 255), np.uint8)
