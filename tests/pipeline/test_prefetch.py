"""Items made ahead in a thread come in order and whole; what makes them ends when nobody asks any more."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SourceError
from pipeline.media import Frame
from pipeline.prefetch import ahead
from pipeline.source.frame_reader import FrameReader
from pipeline.source.probe import probe
from tests.media import make_film


@given(st.lists(st.integers()), st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_what_comes_ahead_is_what_comes(items: list[int], depth: int) -> None:
    assert list(ahead(items, depth=depth)) == items


def test_it_runs_only_so_far_ahead() -> None:
    made: list[int] = []
    waiting = threading.Event()

    def count() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            if number == 3:
                waiting.set()
            yield number

    items = ahead(count(), depth=3)
    assert made == []
    for taken in range(1, 12):
        assert next(items) == taken - 1
        assert waiting.wait(10)
        time.sleep(0.01)  # for it to run too far
        assert len(made) <= taken + 4  # those taken, three waiting, one in hand
    items.close()
    assert len(made) <= 15


def test_it_hands_over_the_error_after_the_items() -> None:
    def fail() -> Iterator[int]:
        yield 1
        yield 2
        raise SourceError("film: broken")

    items = ahead(fail(), depth=8)
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(SourceError, match="film: broken"):
        next(items)


def test_closed_early_closes_its_source_and_leaves_no_thread(tmp_path: Path) -> None:
    make_film(tmp_path / "a.nut", frames=60)
    before = threading.active_count()
    closed = []

    def source() -> Iterator[Frame]:
        try:
            with FrameReader(probe(tmp_path / "a.nut")) as reader:
                yield from reader.frames()
        finally:
            closed.append(True)

    items = ahead(source(), depth=2)
    next(items)
    assert threading.active_count() == before + 1
    items.close()
    assert closed == [True]
    assert threading.active_count() == before
