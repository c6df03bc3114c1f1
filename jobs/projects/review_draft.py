"""A review with what somebody is painting just now, for one picture; nothing of it is kept."""

from typing import Any

from jobs.projects.review import KEYED, Change, Review
from jobs.projects.review_check import check_change
from pipeline.errors import SettingsError


def with_draft(
    review: Review, *, shot: int, given: dict[str, Any] | None, film: dict[str, Any] | None, is_still: bool
) -> Review:
    """`review` with the fields of `given` for a shot and of `film`; each field replaces the whole one of the review.

    Raises SettingsError, one line, for a value that does not do.
    """
    drafted = review.copy()
    for place, fields in ((None, film), (shot, given)):
        for name, value in (fields or {}).items():
            _replace(drafted, place, name, value, is_still=is_still)
    return drafted


def _replace(review: Review, shot: int | None, name: str, value: Any, *, is_still: bool) -> None:
    if name not in KEYED:
        _put(review, Change(shot=shot, field=name, value=value), is_still=is_still)
        return
    if value is not None and not isinstance(value, dict):
        raise SettingsError(f"{name} holds values by their keys")
    for key in tuple(review.get(shot, name) or ()):
        review.put(Change(shot=shot, field=name, key=key))
    for key, one in (value or {}).items():
        _put(review, Change(shot=shot, field=name, key=key, value=one), is_still=is_still)


def _put(review: Review, change: Change, *, is_still: bool) -> None:
    check_change(change, review, shots=None, is_still=is_still)
    review.put(change)
