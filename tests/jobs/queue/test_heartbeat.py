"""Who is alive: told by change, seen on the observer's own clock."""

import json
import time
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from jobs.queue.heartbeat import HeartbeatWatch, HeartbeatWriter, read_beat, read_sign


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def sign(count: int, *, every_seconds: float = 1.0) -> bytes:
    return json.dumps({"count": count, "every_seconds": every_seconds, "line": ""}).encode()


def test_a_sign_that_stays_the_same_means_death_after_the_window() -> None:
    clock = Clock()
    watch = HeartbeatWatch(dead_seconds=10, clock=clock)
    seen = []
    for _ in range(12):
        seen.append(watch.is_dead("job", lambda: sign(1)))
        clock.now += 1
    assert seen == [False] * 10 + [True, True]


def test_any_change_means_life_even_backwards() -> None:
    """A worker whose clock or counter jumps is alive."""
    clock = Clock()
    watch = HeartbeatWatch(dead_seconds=4, clock=clock)
    for count in (5, 4, 900, 1, 2, 1):
        for _ in range(4):
            assert not watch.is_dead("job", lambda count=count: sign(count))  # type: ignore[misc]
            clock.now += 0.9


def test_an_observer_that_slept_looks_again_before_it_judges() -> None:
    clock = Clock()
    watch = HeartbeatWatch(dead_seconds=10, clock=clock)
    assert not watch.is_dead("job", lambda: sign(1))
    clock.now += 86400
    assert not watch.is_dead("job", lambda: sign(1))  # perhaps it slept as well
    clock.now += 1
    assert not watch.is_dead("job", lambda: sign(2))
    clock.now += 9
    assert not watch.is_dead("job", lambda: sign(2))


def test_time_that_a_look_itself_takes_does_not_count() -> None:
    """A share that hangs for minutes gives old content when it comes back."""
    clock = Clock()
    watch = HeartbeatWatch(dead_seconds=10, clock=clock)

    def hang() -> bytes:
        clock.now += 300
        return sign(1)

    for _ in range(5):
        assert not watch.is_dead("job", hang)


def test_a_worker_that_beats_slowly_is_given_four_of_its_beats() -> None:
    clock = Clock()
    watch = HeartbeatWatch(dead_seconds=1, clock=clock)
    slow = sign(1, every_seconds=5)
    seen = []
    for _ in range(25):
        seen.append(watch.is_dead("job", lambda: slow))
        clock.now += 1
    assert seen.index(True) == 20


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30))
def test_death_takes_four_looks_at_least(pauses: list[float]) -> None:
    clock = Clock()
    watch = HeartbeatWatch(dead_seconds=10, clock=clock)
    watch.is_dead("job", lambda: b"")
    for looks, pause in enumerate(pauses, start=1):
        clock.now += pause
        dead = watch.is_dead("job", lambda: b"")
        assert not dead or (looks >= 4 and sum(pauses[:looks]) >= 10 - 1e-6)


def test_what_is_forgotten_is_watched_anew() -> None:
    clock = Clock()
    watch = HeartbeatWatch(dead_seconds=2, clock=clock)
    for _ in range(4):
        watch.is_dead("job", lambda: b"")
        clock.now += 1
    watch.forget_others(["another"])
    assert not watch.is_dead("job", lambda: b"")


def test_a_heart_beats_in_place_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "job.beat"
    with HeartbeatWriter(
        path, every_seconds=0.02, line=lambda: "render: \x1b[1m12 of 24 frames " + "é" * 1000
    ):
        sizes, signs = set[int](), set[bytes]()
        until = time.monotonic() + 10
        while len(signs) < 4 and time.monotonic() < until:
            sizes.add(path.stat().st_size)
            signs.add(read_sign(path))
        beat = read_beat(read_sign(path))
    assert len(sizes) == 1
    assert len(signs) >= 4
    assert beat is not None
    assert beat.line.startswith("render:")
    assert list(tmp_path.iterdir()) == []


def test_a_torn_sign_is_no_fault() -> None:
    for torn in (b"", b"{", b'{"count": 1}', b"[]", b'{"count": 1, "every_seconds": "x", "line": ""}'):
        assert read_beat(torn) is None
