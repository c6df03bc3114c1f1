import pytest

from jobs.review.concerns import attention, concerns
from jobs.review.shot_figures import ShotFigures


def figures(**changes: float | None) -> ShotFigures:
    """Those of a shot about which nothing is wrong, but for `changes`."""
    values = {"cdc": 0.001, "cdc_grey": 0.001, "flicker": 0.0, "colorfulness": 30.0, "gamut_share": 0.0}
    return ShotFigures(**(values | changes))  # type: ignore[arg-type]  # a mapping of known keys


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"flicker": 0.5}, "colours flicker"),
        ({"cdc": 0.003}, "colours jump from frame to frame"),
        ({"gamut_share": 0.25}, "colours are cut off at the edge of what a screen shows"),
        ({"unevenness": 3.0}, "flat areas change colour from place to place"),
        ({"drift": 4.0}, "colours drift from the beginning of the shot to its end"),
        ({"colorfulness": 90.0}, "colours are garish"),
        ({"colorfulness": 5.0}, "colours are pale"),
    ],
)
def test_each_fault_alone_has_the_weight_1_where_it_begins_to_show(
    changes: dict[str, float], told: str
) -> None:
    (found,) = concerns(figures(**changes), is_predicted=True)
    assert found.text == told
    assert found.weight == pytest.approx(1)


def test_the_heaviest_comes_first_and_weights_add_up() -> None:
    found = concerns(figures(flicker=0.5, drift=12.0), is_predicted=True)
    assert [concern.text.split()[1] for concern in found] == ["drift", "flicker"]
    assert attention(found) == pytest.approx(4)


def test_what_was_to_stay_grey_is_not_pale_and_figures_of_old_reports_count_as_none() -> None:
    assert concerns(figures(colorfulness=0.0), is_predicted=False) == ()
    assert concerns(figures(unevenness=None, drift=None), is_predicted=True) == ()
