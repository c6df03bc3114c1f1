import pytest

from jobs.records.film_record import FilmRecord, ShotRecord, TreatmentRecord
from jobs.records.shot_words import concern_lines, figures_of, worst_first
from jobs.review.shot_figures import ShotFigures
from tests.recorded import color_film, record_of


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> FilmRecord:
    return record_of(color_film(tmp_path_factory.mktemp("words")))


def shot(record: FilmRecord, index: int, *, flicker: float, **changes: object) -> ShotRecord:
    figures = ShotFigures(cdc=0, cdc_grey=0, flicker=flicker, colorfulness=30, gamut_share=0)
    return record.shots[0].model_copy(update={"index": index, "figures": figures} | changes)


def test_worst_shots_come_first_equals_keep_their_order_and_own_colours_come_last(record: FilmRecord) -> None:
    own = TreatmentRecord(source="original", saturation=1, hue_degrees=0)
    shots = [
        shot(record, 0, flicker=0),
        shot(record, 1, flicker=0.5),
        shot(record, 2, flicker=9, treatment=own),
        shot(record, 3, flicker=2),
        shot(record, 4, flicker=0.5),
    ]
    assert [one.index for one in worst_first(shots)] == [3, 1, 4, 0, 2]


def test_only_what_shows_is_told(record: FilmRecord) -> None:
    assert concern_lines(shot(record, 0, flicker=0.49)) == []
    assert concern_lines(shot(record, 0, flicker=0.5)) == ["colours flicker"]


def test_a_card_that_stays_grey_is_not_pale(record: FilmRecord) -> None:
    grey = ShotFigures(cdc=0, cdc_grey=0, flicker=0, colorfulness=0, gamut_share=0)
    assert concern_lines(shot(record, 0, flicker=0, figures=grey, kind="card")) == []
    assert concern_lines(shot(record, 0, flicker=0, figures=grey, kind="grey")) == ["colours are pale"]


def test_every_figure_has_a_meaning_and_missing_ones_are_called_so(record: FilmRecord) -> None:
    found = figures_of(shot(record, 0, flicker=0.25))
    assert all(figure.meaning for figure in found)
    values = {figure.name: figure.value for figure in found}
    assert (values["Flicker"], values["Drift"], values["Attention"]) == ("0.25", "none", "0.50")
