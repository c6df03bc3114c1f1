"""Changes of a review: what does, what does not, and what is said of it."""

from typing import Any

import pytest

from jobs.projects.review import Change, Review
from jobs.projects.review_check import check_change
from jobs.projects.review_draft import with_draft
from pipeline.errors import SettingsError

MARK = {"shape": "stroke", "colour": "navy", "frame": 3, "path": [[0.1, 0.2], [0.3, 0.2]], "radius": 0.02}


def put(review: Review, *, shot: int | None = 0, field: str, key: str | None = None, value: Any) -> None:
    change = Change(shot=shot, field=field, key=key, value=value)
    check_change(change, review, shots=3, is_still=False)
    review.put(change)


def test_values_are_set_and_taken_away_one_by_one() -> None:
    review = Review()
    put(review, field="marks", key="b", value=MARK)
    put(review, field="marks", key="a", value=MARK)
    put(review, field="comment", value="the coat is <b>grey</b>")
    put(review, shot=None, field="filter", value="sepia")
    assert list(review.get(0, "marks")) == ["b", "a"]
    assert review.as_json()["film"] == {"filter": "sepia"}
    for key in ("a", "b"):
        put(review, field="marks", key=key, value=None)
    put(review, field="comment", value=None)
    assert review.as_json() == {"film": {"filter": "sepia"}, "shots": {}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"field": "nonsense", "value": 1}, "no field of a review"),
        ({"field": "approved", "value": 1}, "true or false"),
        ({"field": "approved", "value": True, "shot": None}, "belongs to a shot"),
        ({"field": "approved", "value": True, "shot": 3}, "shots 0 to 2"),
        ({"field": "filter", "value": "sepia"}, "belongs to the film"),
        ({"field": "saturation", "value": 3}, "from 0 to 2"),
        ({"field": "saturation", "value": "1"}, "a number"),
        ({"field": "take", "value": 33}, "0 to 32"),
        ({"field": "look", "value": "pink"}, "two-strip"),
        ({"field": "marks", "value": MARK}, "needs the key"),
        ({"field": "comment", "key": "a", "value": "x"}, "has no keys"),
        ({"field": "comment", "value": "x" * 5000}, "4,000 characters"),
        ({"field": "marks", "key": "<b>", "value": MARK}, "letters, digits"),
        ({"field": "marks", "key": "a", "value": {**MARK, "colour": "nvy"}}, "navy"),
        ({"field": "marks", "key": "a", "value": {**MARK, "path": [[0.1, 1.2]]}}, "outside the picture"),
        ({"field": "marks", "key": "a", "value": {**MARK, "path": "0.1"}}, "list of points"),
        ({"field": "marks", "key": "a", "value": {**MARK, "path": [0.1]}}, "two numbers"),
        ({"field": "marks", "key": "a", "value": {**MARK, "file": "/etc/passwd"}}, "a mark has"),
        ({"field": "marks", "key": "a", "value": {**MARK, "frame": True}}, "frame"),
        ({"field": "words", "key": "dog", "value": "brown"}, "sky"),
        ({"field": "regions", "key": "AB", "value": "brown"}, "letter"),
        ({"field": "references", "key": "a", "value": {"file": "x"}}, "begins with an upload"),
    ],
)
def test_what_does_not_do_is_refused_by_name(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        put(Review(), **change)


def test_a_colour_of_the_palette_stays_as_long_as_it_is_used() -> None:
    review = Review()
    put(review, shot=None, field="colours", key="coat", value="#39455a")
    put(review, shot=1, field="marks", key="a", value={**MARK, "colour": "coat"})
    with pytest.raises(SettingsError, match="coat is used in shot 1"):
        put(review, shot=None, field="colours", key="coat", value=None)
    put(review, shot=1, field="marks", key="a", value=None)
    put(review, shot=None, field="colours", key="coat", value=None)
    assert review.as_json() == {"film": {}, "shots": {}}


def test_a_draft_replaces_whole_fields_and_leaves_the_review_alone() -> None:
    review = Review()
    put(review, field="marks", key="old", value=MARK)
    put(review, field="saturation", value=0.5)
    drafted = with_draft(review, shot=0, given={"marks": {"new": MARK}}, film=None, is_still=False)
    assert list(drafted.get(0, "marks")) == ["new"]
    assert drafted.get(0, "saturation") == 0.5
    assert list(review.get(0, "marks")) == ["old"]
    with pytest.raises(SettingsError, match="by their keys"):
        with_draft(review, shot=0, given={"marks": [MARK]}, film=None, is_still=False)
