"""The finished film has every frame and every sound at the source's time, and its picture is described."""

import resource
from fractions import Fraction
from pathlib import Path

import pytest

from pipeline.errors import OutputError
from pipeline.output.mux import mux
from pipeline.render.settings import EncodeSettings
from pipeline.source.probe import probe
from tests.foreign import write_playlist
from tests.media import make_film
from tests.muxed import BT601, FFV1, JUMPY, NOTICE, PRORES, X264, colorized, finish, packets, rich_film


@pytest.mark.parametrize(
    ("suffix", "settings"),
    [(".mkv", FFV1), (".mkv", X264), (".mp4", X264), (".mp4", FFV1), (".mov", PRORES)],
    ids=lambda v: v if isinstance(v, str) else v.codec,
)
@pytest.mark.parametrize(
    ("time_base", "pts"),
    [
        (Fraction(1, 1000), JUMPY),
        (Fraction(1, 90000), [900_000 + 90 * t for t in JUMPY]),
        (Fraction(1001, 30000), [7, 8, 9, 10, 12, 13, 14, 15]),
        (Fraction(1, 12800), [0]),
    ],
    ids=["vfr", "late", "ntsc", "single"],
)
def test_every_frame_keeps_its_time(
    tmp_path: Path, suffix: str, settings: EncodeSettings, time_base: Fraction, pts: list[int]
) -> None:
    make_film(tmp_path / "film.nut", frames=len(pts), pts=pts, time_base=time_base)
    film = probe(tmp_path / "film.nut")
    output = tmp_path / f"out{suffix}"
    finish(film, output, settings=settings)
    times = [time for time, _ in packets(output, "video")]
    wanted = [t * time_base for t in pts]
    if suffix == ".mkv":  # counts milliseconds
        assert max(abs(a - b) for a, b in zip(times, wanted, strict=True)) <= Fraction(1, 2000)
    else:
        assert times == wanted


@pytest.mark.parametrize("offset", [Fraction(-1, 4), Fraction(0), Fraction(13, 10)], ids=str)
@pytest.mark.parametrize("source", ["film.mkv", "film.mov"])
@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_sound_stays_where_it_was(tmp_path: Path, source: str, suffix: str, offset: Fraction) -> None:
    path = tmp_path / source
    make_film(
        path, frames=12, codec="mpeg4", pixel_format="yuv420p", start=10, audio=1, audio_offset_seconds=offset
    )
    film = probe(path)
    output = tmp_path / f"out{suffix}"
    finish(film, output, settings=X264)
    # MP4 gets AAC for PCM, which begins with the silence of one frame
    slack = Fraction(1, 1000) + (Fraction(1025, 48_000) if (suffix, path.suffix) == (".mp4", ".mov") else 0)
    before, after = (packets(p, "audio")[0][0] - packets(p, "video")[0][0] for p in (path, output))
    assert abs(before - after) <= slack
    assert abs(packets(path, "audio")[0][0] - packets(output, "audio")[0][0]) <= slack


def test_priming_of_aac_keeps_its_place(tmp_path: Path) -> None:
    make_film(tmp_path / "film.mp4", codec="mpeg4", pixel_format="yuv420p", audio=1)
    film = probe(tmp_path / "film.mp4")
    before = packets(film.path, "audio")
    assert before[0][0] < 0, "the test needs sound that starts before zero"
    for suffix in (".mkv", ".mp4"):
        finish(film, tmp_path / f"out{suffix}", settings=X264)
        after = packets(tmp_path / f"out{suffix}", "audio")
        assert [digest for _, digest in after] == [digest for _, digest in before]
        assert max(abs(a[0] - b[0]) for a, b in zip(after, before, strict=True)) <= Fraction(1, 2000)


def test_sound_that_begins_before_zero_moves_no_frame(tmp_path: Path) -> None:
    make_film(
        tmp_path / "film.mkv",
        frames=12,
        audio=1,
        audio_offset_seconds=Fraction(-1, 100),
        container_options={"avoid_negative_ts": "disabled"},
    )
    before = packets(tmp_path / "film.mkv", "audio")
    assert before[0][0] < 0, "the test needs sound that starts before zero"
    finish(probe(tmp_path / "film.mkv"), tmp_path / "out.mkv")
    assert packets(tmp_path / "out.mkv", "audio") == before
    assert packets(tmp_path / "out.mkv", "video")[0][0] == 0


@pytest.mark.parametrize(
    ("suffix", "settings"),
    [(".mkv", FFV1), (".mp4", X264), (".mov", PRORES)],
    ids=lambda v: v if isinstance(v, str) else v.codec,
)
def test_picture_is_described(tmp_path: Path, suffix: str, settings: EncodeSettings) -> None:
    path = tmp_path / "film.mp4"
    make_film(
        path,
        frames=4,
        codec="mpeg4",
        pixel_format="yuv420p",
        sample_aspect=Fraction(16, 15),
        rotation_degrees=90,
    )
    film = probe(path)
    assert (film.orientation.degrees, film.sample_aspect) == (90, Fraction(16, 15)), "the test needs both"
    output = tmp_path / f"out{suffix}"
    finish(film, output, settings=settings)
    found = probe(output)
    assert (found.orientation.degrees, found.sample_aspect) == (90, Fraction(16, 15))
    assert (found.color.matrix, found.color.primaries, found.color.range) == (
        "smpte170m",
        "smpte170m",
        "limited",
    )
    assert found.rate_from_header == film.rate_from_header


@pytest.mark.parametrize("name", ["a b & 'c' \"d\".mkv", "-v.mkv", "100%d.mkv", "ü:[x],;=.mkv"])
def test_any_file_name_works(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    make_film(tmp_path / "in" / name, frames=3, audio=1)
    finish(probe(tmp_path / "in" / name), tmp_path / name)
    assert len(packets(tmp_path / name, "video")) == 3


def test_same_work_gives_the_same_bytes(tmp_path: Path) -> None:
    film = rich_film(tmp_path / "film.mkv")
    segments, timeline = colorized(film, tmp_path / "segments", settings=X264)
    for name in ("a.mkv", "b.mkv"):
        mux(film, segments, tmp_path / name, timeline=timeline, color=BT601, tags=NOTICE)
    assert (tmp_path / "a.mkv").read_bytes() == (tmp_path / "b.mkv").read_bytes()


def test_vanished_source_is_one_clear_line(tmp_path: Path) -> None:
    make_film(tmp_path / "film.mkv", frames=40, audio=1)
    film = probe(tmp_path / "film.mkv")
    segments, timeline = colorized(film, tmp_path / "segments", settings=FFV1)
    film.path.rename(tmp_path / "elsewhere.mkv")
    with pytest.raises(
        OutputError, match=r"cannot read .*film.mkv for its other streams: No such file"
    ) as failure:
        mux(film, segments, tmp_path / "out.mkv", timeline=timeline, color=BT601, tags={})
    assert "\n" not in str(failure.value)
    assert [p.name for p in tmp_path.glob("out*")] == []


def test_a_source_that_became_a_playlist_is_not_followed(tmp_path: Path) -> None:
    make_film(tmp_path / "film.mkv", frames=6, audio=1)
    film = probe(tmp_path / "film.mkv")
    segments, timeline = colorized(film, tmp_path / "segments", settings=FFV1)
    film.path.rename(tmp_path / "real.mkv")
    write_playlist(film.path, "concat", tmp_path / "real.mkv")
    with pytest.raises(OutputError, match="ffmpeg: "):
        mux(film, segments, tmp_path / "out.mkv", timeline=timeline, color=BT601, tags=NOTICE)
    assert not list(tmp_path.glob("out*"))


def test_no_room_is_an_output_error(tmp_path: Path) -> None:
    make_film(tmp_path / "film.mkv", frames=24)
    film = probe(tmp_path / "film.mkv")
    segments, timeline = colorized(film, tmp_path / "segments", settings=FFV1)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
        with pytest.raises(OutputError, match=r"out\.mkv"):
            mux(film, segments, tmp_path / "out.mkv", timeline=timeline, color=BT601, tags={})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(tmp_path.glob("out*"))
