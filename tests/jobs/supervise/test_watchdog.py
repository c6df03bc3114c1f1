"""When a process counts as hanging."""

import pytest

from jobs.supervise.watchdog import Watch
from pipeline.read_monitor import Place


def place(**changes: object) -> Place:
    values = {"path": "a.mkv", "is_busy": True, "steps": 3, "frames": 2, "pts": 40, "stall_seconds": 10}
    return Place(**{**values, **changes})  # type: ignore[arg-type]


def test_a_place_that_stays_busy_without_a_step_is_a_hang() -> None:
    watch = Watch()
    told = [watch.look([place()], beats=turn + 1, seconds=1.0) for turn in range(11)]
    assert told[:10] == [None] * 10
    assert told[10] == "a.mkv: after 2 frames (pts 40), no progress for 10 s"


@pytest.mark.parametrize("changes", [{"is_busy": False}, {"stall_seconds": 1000}])
def test_a_place_that_waits_or_may_take_its_time_is_none(changes: dict[str, object]) -> None:
    watch = Watch()
    assert not any(watch.look([place(**changes)], beats=turn + 1, seconds=1.0) for turn in range(99))


def test_steps_and_a_watcher_that_slept_are_no_hang() -> None:
    watch = Watch()
    assert not any(watch.look([place(steps=turn)], beats=turn + 1, seconds=9.0) for turn in range(99))
    assert watch.look([place(steps=200)], beats=300, seconds=1e6) is None
    assert watch.look([place(steps=200)], beats=301, seconds=1e6) is None


def test_no_sign_of_life_is_a_hang_even_where_nothing_is_read() -> None:
    watch = Watch()
    assert watch.look([], beats=0, seconds=2.0) is None
    told = [watch.look([], beats=7, seconds=2.0) for _ in range(40)]
    assert told[0] is None
    assert told[-1] == "no sign of life for 60 s"
