"""Where readers are, as others see it."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.limits import Limits
from pipeline.read_monitor import PLACES, Place, board, reading, renew_board
from pipeline.source.frame_reader import FrameReader
from pipeline.source.probe import probe
from tests.media import make_film


@contextmanager
def forked(call: Callable[[], object]) -> Iterator[None]:
    """Another process does it, until the block ends."""
    process = os.fork()
    if process == 0:
        try:
            call()
        finally:
            os._exit(1)
    try:
        yield
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def post_many(path: Path, limits: Limits) -> None:
    """For some seconds, if nobody ends it."""
    with reading(path, limits) as post:
        for pts in range(1, 5_000_000):
            post.idle()
            post.frame(pts)


def test_the_board_says_who_reads_what_and_how_far(tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    make_film(film)
    with FrameReader(probe(film)) as reader:
        frames = reader.frames()
        for _ in range(3):
            next(frames)
        (place,) = board().places()
        assert (place.path, place.is_busy) == (str(film), False)
        assert place.frames >= 3
        assert str(place) == f"{film}: after {place.frames} frames (pts {place.pts})"
    assert board().places() == []


def test_a_board_that_is_full_is_no_fault(tmp_path: Path) -> None:
    names = [Path(f"{'x' * 2000}{number}") for number in range(PLACES + 3)]
    posts = [reading(name) for name in names]
    for post in posts:
        post.__enter__()
    assert len(board().places()) == PLACES
    for post in posts:
        post.__exit__(None, None, None)
    assert board().places() == []


def test_whoever_looks_while_a_reader_posts_sees_whole_places(tmp_path: Path) -> None:
    """A place that was half-written looked like a reader that may not stall for a second, and the run was ended."""
    film, shared = tmp_path / "film.mkv", renew_board()
    with forked(lambda: post_many(film, Limits(stall_seconds=77))):
        end = time.monotonic() + 60
        while not any(place.frames for place in shared.places()):
            assert time.monotonic() < end
        seen = list[Place]()
        while len({place.frames for place in seen}) <= 20:  # on one core, both take turns of milliseconds
            assert time.monotonic() < end
            seen += [place for _ in range(20_000) for place in shared.places()]
    assert {(place.path, place.stall_seconds) for place in seen} == {(str(film), 77)}
    assert all(place.pts is not None and place.pts > 0 and place.frames > 0 for place in seen)
