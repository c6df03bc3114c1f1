import numpy as np
import numpy.typing as npt
import pytest

from pipeline.colorize.predict import Predictor
from pipeline.colorize.settings import ColorSettings
from pipeline.colorize.still_views import View, joined, views_of
from pipeline.errors import SettingsError
from tests.color_pictures import color_picture

Floats = npt.NDArray[np.float32]


def test_a_still_is_shown_mirrored_and_at_three_sizes() -> None:
    luma = _luma()
    for passes, sides in ((1, [224]), (2, [224, 224]), (6, [224, 224, 192, 192, 288, 288])):
        views = list(views_of(luma, short_side=224, passes=passes))
        assert [min(view.lightness.shape) for view in views] == sides
        assert [view.is_mirrored for view in views] == ([False, True] * 3)[:passes]
        for plain, mirrored in zip(views[::2], views[1::2], strict=passes > 1):
            np.testing.assert_array_equal(mirrored.lightness, plain.lightness[:, ::-1])


def test_views_that_agree_are_joined_to_what_each_says() -> None:
    say = np.random.default_rng(0).normal(0, 1, (5, 8, 12)).astype(np.float32)
    small = say.reshape(5, 4, 2, 6, 2).mean((2, 4)).repeat(2, axis=1).repeat(2, axis=2)
    plain, mirrored = (View(np.zeros((32, 48), np.float32), flag) for flag in (False, True))
    found = joined([plain, mirrored], [say, say[..., ::-1].copy()])
    np.testing.assert_allclose(np.exp(found), np.exp(say) / np.exp(say).sum(0), rtol=1e-4)
    assert joined([plain, plain], [small, small[:, ::2, ::2].copy()]).shape == (5, 8, 12)


def test_one_view_that_is_unsure_does_not_outvote_one_that_knows() -> None:
    sure, unsure = np.zeros((2, 3, 1, 1), np.float32)
    sure[1] = 10
    unsure[2] = 0.5
    view = View(np.zeros((4, 4), np.float32), False)
    assert joined([view, view], [sure, unsure]).argmax() == 1


def test_colours_of_a_still_turn_with_it_when_it_is_mirrored() -> None:
    """One look alone says something else of a mirrored picture."""
    luma = _luma()[np.newaxis]
    differences = []
    for passes in (1, 2):
        settings = ColorSettings(short_side=128, still_passes=passes)
        predictor = Predictor(settings=settings, device="cpu", precision="fp32")
        one, other = (predictor.predict_pictures(picture)[0] for picture in (luma, luma[..., ::-1].copy()))
        differences.append(float(np.abs(one - other[..., ::-1]).max()))
    assert differences[0] > 0.2
    assert differences[1] < differences[0] / 4


def test_other_numbers_of_passes_are_refused() -> None:
    with pytest.raises(SettingsError, match="still_passes 3: 1, 2 or 6 works"):
        ColorSettings(still_passes=3)


def _luma() -> Floats:
    rgb = color_picture(6, size=(256, 320))
    return np.asarray(rgb[..., 1], np.float32) / np.float32(255)
