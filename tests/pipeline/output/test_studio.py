"""Studio containers: DNxHR and ProRes, timecode, reel, and sound that is exactly as long as the picture."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

from pipeline.errors import OutputError
from pipeline.output.constant_rate import check_times
from pipeline.output.containers import check_container
from pipeline.source.probe import probe
from pipeline.target import target_of
from pipeline.timeline import Timeline
from tests.graded import color_flat
from tests.kindfilms import ffmpeg, with_timecode
from tests.media import make_film

FRAMES = 12


def _studio(source: Path, name: str = "out.mxf", *arguments: str) -> Path:
    output = source.with_name(name)
    options = ["-q", "--preset", "studio", "--set", "report=false", *arguments]
    assert color_flat(source, output, *options, work=source.with_name(f"work of {name}")) == 0
    return output


def _film(path: Path, **options: Any) -> Path:
    make_film(path, frames=FRAMES, size=(256, 144), rate=Fraction(24), pixel_format="yuv420p", **options)
    return path


def _with_tone(path: Path, *, seconds: str, offset: str = "0", options: tuple[str, ...] = ()) -> Path:
    """A film of half a second with a tone of its own length and start; sound is the first stream."""
    bare = _film(path.with_name("bare.mkv"))
    tone = ("-itsoffset", offset, "-f", "lavfi", "-i", f"sine=330:r=48000:d={seconds}")
    coded = options or ("-c:a", "pcm_s16le")
    ffmpeg("-i", bare, *tone, "-map", "1:a", "-map", "0:v", "-c:v", "copy", *coded, path)
    return path


def _samples(path: Path) -> npt.NDArray[np.int32]:
    """The sound of the first track, as 32-bit samples at 48 kHz."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        assert stream.rate == 48000
        found = [frame.to_ndarray().reshape(-1) for frame in container.decode(stream)]
    whole = np.concatenate(found)
    samples: npt.NDArray[np.int32] = whole.astype(np.int32)
    return np.left_shift(samples, 16) if whole.dtype == np.int16 else samples


def test_sound_of_an_mxf_is_the_sources_sample_for_sample(tmp_path: Path) -> None:
    source = _with_tone(tmp_path / "film.mkv", seconds="0.5")
    output = _studio(source)
    np.testing.assert_array_equal(_samples(output), _samples(source))
    with av.open(str(output)) as container:
        assert [s.type for s in container.streams] == ["video", "audio"]
        assert len([p for p in container.demux(video=0) if p.size]) == FRAMES


@pytest.mark.parametrize("seconds", ["0.2", "1.3"])
def test_sound_of_another_length_takes_no_frame_away(seconds: str, tmp_path: Path) -> None:
    source = _with_tone(tmp_path / "film.mkv", seconds=seconds)
    sound, before = _samples(_studio(source)), _samples(source)
    assert len(sound) == 24000
    shared = min(len(before), 24000)
    np.testing.assert_array_equal(sound[:shared], before[:shared])
    assert not sound[shared:].any()


def test_late_sound_stays_late(tmp_path: Path) -> None:
    source = _with_tone(tmp_path / "film.mkv", seconds="0.3", offset="0.1")
    sound = _samples(_studio(source))
    assert not sound[:4800].any()
    np.testing.assert_array_equal(sound[4800:][:14400], _samples(source))


@pytest.mark.parametrize("codec", ["aac", "ac3", "flac"])
def test_coded_sound_becomes_pcm(codec: str, tmp_path: Path) -> None:
    source = _with_tone(tmp_path / "film.mkv", seconds="0.5", options=("-ar", "44100", "-c:a", codec))
    sound = _samples(_studio(source))
    assert len(sound) == 24000
    loudness = [float(np.abs(part.astype(np.float64)).mean()) for part in np.array_split(sound, 5)]
    assert min(loudness) > 0.8 * max(loudness)


def test_the_same_film_gives_the_same_bytes_another_one_another_name(tmp_path: Path) -> None:
    first = _film(tmp_path / "film.mkv")
    second = tmp_path / "other.mkv"
    make_film(second, frames=FRAMES, size=(256, 144), rate=Fraction(24), pixel_format="yuv420p", cuts=(0,))
    outputs = [_studio(first), _studio(first, "again.mxf"), _studio(second, "other.mxf")]
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    names = []
    for output in outputs[1:]:
        with av.open(str(output)) as container:
            names += [container.metadata["material_package_umid"]]
            names += [container.streams.video[0].metadata["file_package_umid"]]
    assert len(set(names)) == 4
    assert not any(name.endswith("0" * 30) for name in names)


def test_slate_and_tags_go_round(tmp_path: Path) -> None:
    """MXF to MKV to MXF to MOV to MXF: timecode, reel and material are still there, and so are other tags."""
    with_timecode(codec="dnxhd", suffix=".mkv", reel="Rolle 7 – ü")(tmp_path / "a.mxf")
    mkv = _studio(
        tmp_path / "a.mxf", "b.mkv", "--set", "encode.codec=ffv1", "--set", "encode.options={level: 3}"
    )
    mxf = _studio(mkv, "c.mxf")
    mov = _studio(mxf, "d.mov")
    last = _studio(mov, "e.mxf")
    for path in (mxf, last):
        with av.open(str(path)) as container:
            picture = container.streams.video[0].metadata
            assert (picture["timecode"], picture["reel_name"]) == ("01:00:00:00", "Rolle 7 – ü")
            assert "predicted" in container.metadata["comment_comment"]
    with av.open(str(mxf)) as container:
        assert container.metadata["material_package_name"] == "A001C002"
    with av.open(str(mov)) as container:
        track = next(s for s in container.streams if s.type == "data")
        assert (track.metadata["timecode"], track.metadata["reel_name"]) == ("01:00:00:00", "Rolle 7 – ü")
        assert "material_package_name: A001C002" in container.metadata["comment"]


def test_a_reel_without_timecode_is_not_lost_in_mov(tmp_path: Path) -> None:
    source = _film(tmp_path / "film.mkv", tags={"REEL_NAME": "A001"})
    with av.open(str(_studio(source, "out.mov"))) as container:
        assert "REEL_NAME: A001" in container.metadata["comment"]


@pytest.mark.parametrize(
    ("rate", "able"),
    [
        (Fraction(24000, 1001), True),
        (Fraction(2397, 100), True),
        (Fraction(25), True),
        (Fraction(60000, 1001), True),
        (Fraction(18), False),
        (Fraction(16), False),
        (Fraction(1000, 41), False),
    ],
    ids=str,
)
def test_rates_of_mxf(rate: Fraction, able: bool, tmp_path: Path) -> None:
    make_film(tmp_path / "film.nut", frames=3, rate=rate)
    film = probe(tmp_path / "film.nut")
    if able:
        assert check_container(film, target_of(Path("out.mxf")), video_codec="dnxhd").rate is not None
        return
    with pytest.raises(OutputError, match=r"one rate, 24, 23\.976, 25.*MKV, MOV or MP4"):
        check_container(film, target_of(Path("out.mxf")), video_codec="dnxhd")


def test_a_frame_out_of_its_place_is_named(tmp_path: Path) -> None:
    make_film(tmp_path / "film.nut", frames=3, rate=Fraction(24))
    film = probe(tmp_path / "film.nut")
    ticks = round(1 / film.time_base / 24)
    steady = np.arange(0, 4 * ticks, ticks)
    late = steady + np.array([0, 0, ticks // 2, 0])
    check_times(film, target_of(Path("out.mxf")), timeline=_timeline(steady))
    with pytest.raises(OutputError, match=r"frame 2 .*\+0\.5 frames"):
        check_times(film, target_of(Path("out.mxf")), timeline=_timeline(late))
    check_times(film, target_of(Path("out.mov")), timeline=_timeline(late))


def _timeline(pts: npt.NDArray[Any]) -> Timeline:
    return Timeline(pts=pts.astype(np.int64), luma_hash=np.zeros(len(pts), np.uint64))
