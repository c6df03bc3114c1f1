"""What people say of a film and give to it, by fields of its shots: a value that changes by one field at a time."""

import copy
from dataclasses import dataclass, field
from typing import Any

from pipeline.guidance.looks.built_in_looks import BUILT_IN

Given = dict[str, Any]
"""The fields of a shot or of the film that were set; see `FIELDS`."""

OPINIONS = frozenset({"approved", "redo", "comment"})
"""Fields that change no colour."""
OF_SHOTS = OPINIONS.union(
    ("saturation", "hue_degrees", "skip", "keep_original", "marks", "regions", "look", "look_strength")
)
OF_THE_FILM = frozenset({"filter", "colours"})
KEYED = frozenset({"marks", "words", "regions", "references", "colours"})
"""Fields that hold values by keys, each of which changes for itself."""
FIELDS = OF_SHOTS | OF_THE_FILM | KEYED | {"take", "seed", "kind"}
FILTERS = ("colourise", "grey", *BUILT_IN)
"""What a whole film may be: coloured, left grey, or coloured with a look."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A field that gets another value; None takes the value away."""

    shot: int | None
    """None: of the film."""
    field: str
    key: str | None = None
    value: Any = None

    @property
    def place(self) -> tuple[int | None, str, str | None]:
        """What changes."""
        return self.shot, self.field, self.key

    @property
    def is_of_colour(self) -> bool:
        """Whether pictures change with it."""
        return self.field not in OPINIONS


@dataclass(eq=False)
class Review:
    """The state of a review. It is changed by `put` only; `review_check.py` says before whether a change would do."""

    film: Given = field(default_factory=dict)
    shots: dict[int, Given] = field(default_factory=dict)

    def get(self, shot: int | None, name: str, key: str | None = None) -> Any:
        """The value of a field; None where it was not set."""
        value = self._given(shot).get(name)
        return value if key is None or value is None else value.get(key)

    def copy(self) -> "Review":
        """One that may be changed apart from this one."""
        return Review(copy.deepcopy(self.film), copy.deepcopy(self.shots))

    def as_json(self) -> dict[str, Any]:
        """The state for people and programs, without shots of which nothing is said."""
        return {
            "film": self.film,
            "shots": {str(shot): given for shot, given in sorted(self.shots.items()) if given},
        }

    def put(self, change: Change) -> None:
        """Makes a change that was checked. Marks keep the order in which they came."""
        given = self.film if change.shot is None else self.shots.setdefault(change.shot, {})
        if change.key is None:
            _set(given, change.field, change.value)
        else:
            values = given.setdefault(change.field, {})
            _set(values, change.key, change.value)
            if not values:
                del given[change.field]
        if change.shot is not None and not given:
            del self.shots[change.shot]

    def _given(self, shot: int | None) -> Given:
        return self.film if shot is None else self.shots.get(shot, {})


def _set(values: Given, key: str, value: Any) -> None:
    if value is None:
        values.pop(key, None)
    else:
        values[key] = value
