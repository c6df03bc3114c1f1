"""What a film may cost: every limit refuses by name, and before anything was paid."""

import resource
from fractions import Fraction
from pathlib import Path

import av
import pytest

from pipeline.errors import SettingsError, SourceError
from pipeline.limits import Limits
from pipeline.read_monitor import board
from pipeline.source.frame_reader import FrameReader
from pipeline.source.probe import probe
from tests.media import make_film


def read(path: Path, limits: Limits) -> int:
    with FrameReader(probe(path, limits=limits)) as reader:
        return sum(1 for _ in reader.frames())


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (Limits(pixels=3071), "its picture is 64x48, 3,072 pixels; limits.pixels allows 3,071"),
        (Limits(frames=23), "frame 23 (pts 920) is one too many; limits.frames allows 23"),
        (Limits(rate=5), "frame 5 (pts 200) is more than the 5th within a second"),
        (Limits(hours=0.0001), "frame 10 (pts 400) comes more than 0.0001 hours after the first one"),
    ],
    ids=["pixels", "frames", "rate", "hours"],
)
def test_a_film_that_asks_for_more_is_refused(tmp_path: Path, limits: Limits, told: str) -> None:
    film = tmp_path / "film.mkv"
    make_film(film)
    with pytest.raises(SourceError) as caught:
        read(film, limits)
    assert str(caught.value).startswith(f"{film}: {told}")
    assert board().places() == []


def test_a_film_at_its_limits_is_read(tmp_path: Path) -> None:
    make_film(tmp_path / "film.mkv")
    exact = Limits(pixels=3072, frames=24, rate=25, hours=0.92 / 3600 + 1e-9)
    assert read(tmp_path / "film.mkv", exact) == 24


def test_a_gap_in_the_times_is_no_bomb_of_frames(tmp_path: Path) -> None:
    """A second is the film's own time: frames of many seconds never add up."""
    make_film(tmp_path / "film.nut", rate=Fraction(1), time_base=Fraction(1))
    assert read(tmp_path / "film.nut", Limits(rate=2)) == 24


@pytest.mark.parametrize(
    "changes",
    [{"pixels": 0}, {"pixels": 2**29}, {"frames": 0}, {"hours": 0.0}, {"rate": 0}, {"stall_seconds": 0}],
    ids=str,
)
def test_limits_that_make_no_sense_are_refused(changes: dict[str, int]) -> None:
    (name,) = changes
    with pytest.raises(SettingsError, match=rf"limits\.{name}"):
        Limits(**changes)


def test_a_header_that_claims_a_huge_picture_costs_no_memory(tmp_path: Path) -> None:
    film = tmp_path / "film.avi"
    make_film(film, codec="mjpeg", pixel_format="yuvj420p", frames=2)
    data = film.read_bytes()
    start_of_frame = b"\xff\xc0\x00\x11\x08"  # then height and width
    assert data.count(start_of_frame + b"\x00\x30\x00\x40") == 2
    film.write_bytes(data.replace(start_of_frame + b"\x00\x30\x00\x40", start_of_frame + b"\xff" * 4))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(SourceError):
        read(film, Limits(pixels=10**6))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_a_picture_that_becomes_huge_on_the_way_is_not_decoded(tmp_path: Path) -> None:
    """Two streams of H.264 one after the other; the second has more pixels than are allowed."""
    film = tmp_path / "film.h264"
    with film.open("wb") as both:
        for size in ((64, 48), (640, 480)):
            make_film(tmp_path / "part.h264", size=size, codec="libx264", pixel_format="yuv420p", gop=12)
            both.write((tmp_path / "part.h264").read_bytes())
    with pytest.raises(SourceError):
        read(film, Limits())
    limits = Limits(pixels=64 * 48)
    with (
        FrameReader(probe(film, limits=limits)) as reader,
        pytest.raises((SourceError, av.error.FFmpegError)),
    ):
        for frame in reader.frames():
            assert frame.luma.shape == (48, 64)
        raise SourceError("the film ends where it changes")
