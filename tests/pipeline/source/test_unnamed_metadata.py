import struct
from pathlib import Path

import numpy as np
import pytest

from pipeline.color.planes import upright
from pipeline.media import HINT, UPRIGHT, Orientation
from pipeline.source.probe import probe
from pipeline.source.unnamed_metadata import has_odd_edits, hint_tracks, orientation_of
from tests import mov_films
from tests.kindfilms import H264, with_sound

ONE = 1 << 16


def _matrix(*terms: float) -> bytes:
    a, b, c, d = (round(term * ONE) for term in terms)
    return struct.pack("=9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ((1, 0, 0, 1), UPRIGHT),
        ((0, 1, -1, 0), Orientation(degrees=90)),
        ((-1, 0, 0, -1), Orientation(degrees=180)),
        ((0.866025, -0.5, 0.5, 0.866025), Orientation(degrees=330)),
        ((-1, 0, 0, 1), Orientation(is_mirrored=True)),
        ((1, 0, 0, -1), Orientation(degrees=180, is_mirrored=True)),
        ((0, -1, -1, 0), Orientation(degrees=270, is_mirrored=True)),
        ((2, 0, 0, 2), UPRIGHT),
        ((2, 0, 0, 1), Orientation(is_exact=False)),
        ((1, 0, 0.5, 1), Orientation(is_exact=False)),
        ((0, 0, 0, 1), UPRIGHT),
    ],
)
def test_a_display_matrix_is_a_turn_and_a_mirror(terms: tuple[float, ...], expected: Orientation) -> None:
    found = orientation_of(_matrix(*terms))
    assert (found.degrees, found.is_mirrored) == (
        expected.degrees,
        expected.is_mirrored,
    ) or not found.is_exact
    assert found.is_exact == expected.is_exact


def test_no_matrix_says_nothing() -> None:
    assert orientation_of(None) == orientation_of(b"short") == UPRIGHT
    assert not str(UPRIGHT)


def test_a_picture_is_turned_before_it_is_mirrored() -> None:
    picture = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)
    shown = upright(picture, Orientation(degrees=90, is_mirrored=True))
    np.testing.assert_array_equal(shown, [[1, 4], [2, 5], [3, 6]])


@pytest.mark.parametrize(
    ("edits", "is_odd"),
    [
        (((900, 0, 1),), False),
        (((400, 200, 1), (300, 600, 1)), False),
        (((500, -1, 1), (400, 200, 1)), False),
        (((400, 0, 1), (200, -1, 1), (300, 500, 1)), True),
        (((400, 0, 0.5),), True),
        (((400, 0, 1), (400, 400, 0)), True),
    ],
    ids=["none to speak of", "a cut", "a late start", "a pause", "slow", "a still"],
)
def test_edits_that_ffmpeg_does_not_apply(
    tmp_path: Path, edits: tuple[tuple[int, int, float], ...], is_odd: bool
) -> None:
    mov_films.edited(*edits)(tmp_path / "film.mov")
    assert has_odd_edits(tmp_path / "film.mov", 0) is is_odd
    assert not has_odd_edits(tmp_path / "film.mov", 1)


@pytest.mark.parametrize(
    "data", [b"", b"no film", bytes(40), b"\0\0\0\1moov" + b"\xff" * 8, b"\0\0\0\x0cmoov\0\0\0\x63"]
)
def test_what_is_no_header_has_no_edits(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "film.mov").write_bytes(data)
    assert not has_odd_edits(tmp_path / "film.mov", 0)


def test_tracks_of_hints_are_known(tmp_path: Path) -> None:
    with_sound("-c:a", "aac", "-movflags", "rtphint", **H264)(tmp_path / "film.mp4")
    assert hint_tracks(tmp_path / "film.mp4") == {2, 3}
    assert [stream.codec for stream in probe(tmp_path / "film.mp4").streams] == ["h264", "aac", HINT, HINT]
