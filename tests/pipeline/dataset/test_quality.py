import cv2
import numpy as np
import numpy.typing as npt
import pytest

from models.colorfulness import colorfulness
from pipeline.dataset.quality import QualitySettings, find_fault, measure
from pipeline.errors import SettingsError
from tests.color_films import scene

Rgb = npt.NDArray[np.uint8]


def _toned(shadow: tuple[int, int, int], light: tuple[int, int, int]) -> Rgb:
    """A grey picture whose greys run from one colour to another, as toning makes them."""
    grey = cv2.cvtColor(scene(4, size=(256, 192)), cv2.COLOR_RGB2GRAY)[..., None] / 255
    noise = np.random.default_rng(0).normal(0, 1.5, (192, 256, 3))
    return np.clip(np.array(shadow) * (1 - grey) + np.array(light) * grey + noise, 0, 255).astype(np.uint8)


PICTURES: dict[str | None, Rgb] = {
    None: scene(4, size=(256, 192)),
    "black": np.random.default_rng(1).integers(0, 30, (96, 128, 3), dtype=np.uint8),
    "white": np.random.default_rng(2).integers(240, 256, (96, 128, 3), dtype=np.uint8),
    "grey": _toned((5, 5, 5), (250, 250, 250)),
    "sepia": _toned((30, 20, 10), (255, 235, 200)),
    "tinted": _toned((10, 15, 60), (200, 220, 255)),
    "blurred": cv2.GaussianBlur(scene(4, size=(256, 192)), (0, 0), 10).astype(np.uint8),
}


@pytest.mark.parametrize("fault", PICTURES)
def test_each_fault_is_found_and_a_good_picture_has_none(fault: str | None) -> None:
    assert find_fault(measure(PICTURES[fault]), QualitySettings()) == fault


def test_rules_can_be_switched_off() -> None:
    off = QualitySettings(black=0, white=100, grey=0, tint=0, sharpness=0)
    assert {find_fault(measure(picture), off) for picture in PICTURES.values()} == {None}


def test_a_toned_picture_with_one_thing_in_another_colour_is_kept() -> None:
    picture = _toned((30, 20, 10), (255, 235, 200))
    picture[40:120, 60:140] = (40, 90, 200)
    assert find_fault(measure(picture), QualitySettings()) is None


def test_scores_hardly_change_with_the_size_of_the_picture() -> None:
    large = scene(5, size=(1024, 768))
    small = cv2.resize(large, (512, 384), interpolation=cv2.INTER_AREA).astype(np.uint8)
    a, b = measure(large), measure(small)
    assert a.rounded() == pytest.approx(b.rounded(), abs=0.2)


def test_colorfulness_is_the_one_that_evaluation_uses() -> None:
    picture = scene(6, size=(64, 48))
    assert measure(picture).colorfulness == pytest.approx(colorfulness(picture), rel=1e-4)


def test_a_fade_is_as_sharp_as_the_picture() -> None:
    picture = scene(7, size=(256, 192))
    faded = (picture * 0.3).astype(np.uint8)
    assert measure(faded).sharpness == pytest.approx(measure(picture).sharpness, rel=0.05)


def test_a_picture_of_one_sample_can_be_measured() -> None:
    assert find_fault(measure(np.full((1, 1, 3), 128, np.uint8)), QualitySettings()) == "grey"


@pytest.mark.parametrize("key", ["black", "tint", "sharpness"])
def test_settings_that_cannot_work_are_refused(key: str) -> None:
    with pytest.raises(SettingsError, match=f"{key} -1"):
        QualitySettings(**{key: -1})
