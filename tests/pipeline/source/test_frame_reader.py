"""Frames come out as they went in, whole films and parts, and a part reached by seeking is proved."""

import re
import shlex
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import numpy as np
import pytest

from pipeline.errors import SourceError
from pipeline.media import Frame, Plane
from pipeline.source.frame_reader import FrameReader, luma_hash
from pipeline.source.probe import probe
from pipeline.timeline import Timeline
from tests.kindfilms import ffmpeg
from tests.media import ColorTags, damage_film, make_film

H264: dict[str, Any] = {"codec": "libx264", "pixel_format": "yuv420p", "b_frames": 3, "gop": 8}
OPEN_GOP: dict[str, Any] = {**H264, "options": {"x264-params": "open-gop=1:scenecut=0"}}


def read_all(path: Path) -> list[Frame]:
    with FrameReader(probe(path)) as reader:
        frames = list(reader.frames())
        assert reader.faults == []
    return frames


def timeline_of(frames: list[Frame]) -> Timeline:
    return Timeline(
        pts=np.array([frame.pts for frame in frames], np.int64),
        luma_hash=np.array([luma_hash(frame.luma) for frame in frames], np.uint64),
    )


def assert_same(frames: list[Frame], planes: list[Plane]) -> None:
    assert len(frames) == len(planes)
    for frame, plane in zip(frames, planes, strict=True):
        assert frame.luma.dtype == plane.dtype
        assert frame.luma.flags.c_contiguous
        np.testing.assert_array_equal(frame.luma, plane)


@pytest.mark.parametrize("size", [(64, 48), (65, 47), (1, 1)])
@pytest.mark.parametrize(
    "pixel_format",
    ["gray", "gray10le", "gray12le", "gray16le", "yuv420p", "yuv422p10le", "yuv444p12le", "bgr0", "gbrp10le"],
)
def test_luma_is_the_source_sample_for_sample(
    tmp_path: Path, pixel_format: str, size: tuple[int, int]
) -> None:
    planes = make_film(tmp_path / "a.nut", frames=4, pixel_format=pixel_format, size=size)
    assert_same(read_all(tmp_path / "a.nut"), planes)


@pytest.mark.parametrize("value_range", ["limited", "full"])
def test_range_changes_no_sample(tmp_path: Path, value_range: str) -> None:
    tags = ColorTags(range="full" if value_range == "full" else "limited")
    planes = make_film(tmp_path / "a.mkv", frames=3, pixel_format="yuv420p", color=tags)
    assert probe(tmp_path / "a.mkv").color.range == value_range
    assert_same(read_all(tmp_path / "a.mkv"), planes)


@pytest.mark.parametrize("pixel_format", ["rgb24", "rgb48le", "uyvy422", "yuyv422", "nv12", "gray16be"])
def test_raw_films_of_packed_formats(tmp_path: Path, pixel_format: str) -> None:
    planes = make_film(
        tmp_path / "a.nut", frames=2, size=(33, 20), pixel_format=pixel_format, codec="rawvideo"
    )
    assert probe(tmp_path / "a.nut").pixel_format.name == pixel_format
    assert_same(read_all(tmp_path / "a.nut"), planes)


def test_times_are_the_films_own(tmp_path: Path) -> None:
    pts = [3, 4, 9, 11, 500, 501]
    make_film(tmp_path / "a.nut", frames=6, pts=pts, time_base=Fraction(1, 1000))
    film = probe(tmp_path / "a.nut")
    assert [frame.pts * film.time_base for frame in read_all(tmp_path / "a.nut")] == [
        Fraction(value, 1000) for value in pts
    ]


@pytest.mark.parametrize("order", ["tff", "bff"])
def test_fields_are_flagged(tmp_path: Path, order: str) -> None:
    make_film(tmp_path / "a.nut", frames=2, interlaced="tff" if order == "tff" else "bff")
    assert [(f.is_interlaced, f.is_top_field_first) for f in read_all(tmp_path / "a.nut")] == [
        (True, order == "tff")
    ] * 2


SEEKABLE: dict[str, dict[str, Any]] = {
    "closed.mp4": H264,
    "open.mp4": OPEN_GOP,
    "open.mkv": OPEN_GOP,
    "open.ts": {**OPEN_GOP, "start": 250, "audio": 1},
    "late.mkv": {**OPEN_GOP, "start": 75, "audio": 1},
    "late.nut": {**H264, "start": 1234},
    "dvd.mpg": {"codec": "mpeg2video", "pixel_format": "yuv420p", "b_frames": 2, "gop": 9, "audio": 1},
    "packed.avi": {"codec": "mpeg4", "pixel_format": "yuv420p", "b_frames": 2, "gop": 9, "audio": 1},
    "vfr.mkv": {**H264, "pts": [n * n for n in range(60)], "time_base": Fraction(1, 1000)},
    "lossless.nut": {"pixel_format": "gray10le"},
    "ten_bit.mkv": {
        "codec": "libx265",
        "pixel_format": "yuv420p10le",
        "options": {"x265-params": "log-level=none:keyint=12"},
    },
}


@pytest.mark.parametrize("name", SEEKABLE)
def test_any_part_is_the_same_as_in_one_go(tmp_path: Path, name: str) -> None:
    make_film(tmp_path / name, frames=60, **SEEKABLE[name])
    whole = read_all(tmp_path / name)
    assert len(whole) == 60
    film, timeline = probe(tmp_path / name), timeline_of(whole)
    rng = np.random.default_rng(7)
    with FrameReader(film, timeline=timeline) as reader:
        for start in (0, 59, *rng.integers(0, 60, 10).tolist()):
            end = min(60, start + int(rng.integers(1, 12)))
            part = list(reader.read(start, end))
            assert [frame.pts for frame in part] == [frame.pts for frame in whole[start:end]]
            assert_same(part, [frame.luma for frame in whole[start:end]])


def test_parts_left_early_do_not_disturb_the_next(tmp_path: Path) -> None:
    planes = make_film(tmp_path / "a.nut", frames=60)
    film = probe(tmp_path / "a.nut")
    with FrameReader(film, timeline=timeline_of(read_all(tmp_path / "a.nut"))) as reader:
        part = reader.read(5, 50)
        assert_same([next(part), next(part)], planes[5:7])
        assert_same(list(reader.read(7, 9)), planes[7:9])
        assert_same(list(reader.read(40, 41)), planes[40:41])
        assert_same(list(reader.frames()), planes)
        assert list(reader.read(3, 3)) == []
        with pytest.raises(ValueError, match=r"\[58, 61\)"):
            next(reader.read(58, 61))


def test_a_film_that_changed_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.nut"
    make_film(path, frames=30)
    timeline = timeline_of(read_all(path))
    make_film(path, frames=30, cuts=[20])
    with FrameReader(probe(path), timeline=timeline) as reader:
        assert len(list(reader.read(0, 20))) == 20
        with pytest.raises(SourceError, match=r"frame 20 \(pts .*plan it again") as caught:
            list(reader.read(18, 25))
        assert str(path) in str(caught.value)


def test_a_change_of_size_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.ts"
    small = [tmp_path / f"{number}.ts" for number in range(2)]
    for number, size in enumerate([(64, 48), (96, 48)]):
        make_film(small[number], codec="mpeg2video", pixel_format="yuv420p", size=size, start=24 * number)
    path.write_bytes(small[0].read_bytes() + small[1].read_bytes())
    with (
        FrameReader(probe(path)) as reader,
        pytest.raises(SourceError, match=r"frame 2[34] .* 96x48 yuv420p.*64x48"),
    ):
        list(reader.frames())


@pytest.mark.parametrize("options", [{"codec": "mpeg2video", "b_frames": 2}, H264], ids=["mpeg2", "h264"])
def test_times_that_step_back_are_named_and_the_advice_works(tmp_path: Path, options: dict[str, Any]) -> None:
    path = tmp_path / "a.ts"
    part = tmp_path / "part.ts"
    make_film(part, **({"pixel_format": "yuv420p"} | options))
    path.write_bytes(part.read_bytes() * 2)
    with (
        FrameReader(probe(path)) as reader,
        pytest.raises(SourceError, match=r"frame 24 has pts .* come after") as told,
    ):
        list(reader.frames())
    (command,) = re.findall(r"`ffmpeg (.*)`", str(told.value))
    words = command.replace("FILM", str(path)).replace("NEW.mkv", str(tmp_path / "new.mkv")).split()
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *words], check=True)
    with FrameReader(probe(tmp_path / "new.mkv")) as reader:
        assert len(list(reader.frames())) == 48


@pytest.mark.parametrize("b_frames", [0, 2])
def test_a_last_picture_that_is_cut_off_is_told(tmp_path: Path, b_frames: int) -> None:
    """Decoders with threads pass over what they cannot decode once the packets have ended."""
    path = tmp_path / "a.ts"
    make_film(path, frames=40, **(H264 | {"b_frames": b_frames}))
    data = path.read_bytes()
    for size in range(len(data) - 188, len(data) - 188 * 60, -188 * 3):
        path.write_bytes(data[:size])
        film = probe(path)
        with av.open(str(path)) as container:
            packets = [packet.pts for packet in container.demux(video=0) if packet.size]
        with FrameReader(film) as reader:
            times = [frame.pts for frame in reader.frames()]
            faults = reader.faults
        assert set(packets) <= {*times, *(pts for pts, _ in faults)}, size


def test_a_film_cut_off_gives_the_frames_before_the_break(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    planes = make_film(path, frames=40, pixel_format="gray16le")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with FrameReader(probe(path)) as reader:
        frames = list(reader.frames())
    assert 10 < len(frames) < 30
    assert_same(frames, planes[: len(frames)])


def test_damage_is_counted_and_decodes_alike_every_time(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    make_film(tmp_path / "whole.mkv", frames=60, size=(192, 128), **H264)
    damage_film(tmp_path / "whole.mkv", path, packets=range(20, 40, 3))
    film = probe(path)
    passes = []
    for _ in range(3):
        with FrameReader(film) as reader:
            frames = list(reader.frames())
            passes.append((timeline_of(frames), reader.faults))
    assert len(passes[0][1]) > 0
    for timeline, faults in passes[1:]:
        assert faults == passes[0][1]
        np.testing.assert_array_equal(timeline.pts, passes[0][0].pts)
        np.testing.assert_array_equal(timeline.luma_hash, passes[0][0].luma_hash)
    with FrameReader(film, timeline=timeline) as reader:
        for start in range(0, len(timeline), 7):
            end = min(start + 5, len(timeline))
            assert_same(list(reader.read(start, end)), [frame.luma for frame in frames[start:end]])


def test_a_film_that_vanished_is_an_error_with_its_name(tmp_path: Path) -> None:
    make_film(tmp_path / "a.nut", frames=2)
    film = probe(tmp_path / "a.nut")
    film.path.unlink()
    with pytest.raises(SourceError, match=r"a\.nut: cannot be opened any more"):
        FrameReader(film)


def test_doubled_times_are_refused_with_advice_that_works(tmp_path: Path) -> None:
    """FFMS/ffms2 issue 77: two frames at 0 in Matroska, which a plain copy keeps."""
    make_film(tmp_path / "film.mkv", frames=5, time_base=Fraction(1, 1000), pts=[0, 40, 80, 120, 160])
    data = bytearray((tmp_path / "film.mkv").read_bytes())
    with av.open(tmp_path / "film.mkv") as container:
        second = [bytes(packet) for packet in container.demux(video=0)][1]
    at = data.index(second) - 4
    assert data[at : at + 3] == b"\x81\x00\x28"  # track 1, 40 ms after the cluster
    data[at + 1 : at + 3] = b"\0\0"
    (tmp_path / "film.mkv").write_bytes(data)
    with (
        FrameReader(probe(tmp_path / "film.mkv")) as reader,
        pytest.raises(SourceError, match=r"frame 1 has pts 0, .* NEW\.mkv` makes its times rise") as caught,
    ):
        list(reader.frames())
    advice = re.search("`ffmpeg ([^`]+)`", str(caught.value))
    assert advice is not None
    names = {"FILM": str(tmp_path / "film.mkv"), "NEW.mkv": str(tmp_path / "new.mkv")}
    words = [names.get(word, word) for word in shlex.split(advice[1])]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *words], check=True)
    with FrameReader(probe(tmp_path / "new.mkv")) as reader:
        assert [frame.pts for frame in reader.frames()] == [0, 1, 80, 120, 160]


@pytest.mark.parametrize(("codec", "offset"), [("mpeg2video", 0.4), ("mpeg2video", 0.36), ("libx264", 0.36)])
def test_the_advice_on_times_that_go_back_works(tmp_path: Path, codec: str, offset: float) -> None:
    """Joined MPEG-TS, the second of which begins at the time of the last picture of the first, or before."""
    source, data = tmp_path / "film.ts", b""
    for number in range(2):
        piece = (
            "-f",
            "lavfi",
            "-i",
            "testsrc2=s=64x48:r=25:d=0.4,hue=s=0",
            "-c:v",
            codec,
            "-pix_fmt",
            "yuv420p",
        )
        b_frames = ("-bf", "2" if codec == "libx264" else "0")
        ffmpeg(*piece, *b_frames, "-muxdelay", "0", "-output_ts_offset", str(number * offset), source)
        data += source.read_bytes()
    source.write_bytes(data)
    with (
        FrameReader(probe(source)) as reader,
        pytest.raises(SourceError, match="does not come after") as caught,
    ):
        list(reader.frames())
    commands = re.findall(r"`ffmpeg ([^`]+)`", str(caught.value))
    for command in commands[-1:] if codec == "libx264" else commands:
        names = {"FILM": str(source), "NEW.mkv": str(tmp_path / "new.mkv")}
        ffmpeg(*(names.get(word, word) for word in shlex.split(command)))
        with FrameReader(probe(tmp_path / "new.mkv")) as reader:
            assert len(list(reader.frames())) == 20
