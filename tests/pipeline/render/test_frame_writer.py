"""What goes into a segment comes out of it: planes, times, tags, and the same bytes again."""

import dataclasses
import resource
import signal
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from pipeline.errors import OutputError, SettingsError
from pipeline.media import ColorDescription, ColorFrame, FilmInfo, PixelFormat, Plane, StreamInfo
from pipeline.render.encoder import check_encoder, coded_size, notices, output_format
from pipeline.render.frame_writer import FrameWriter
from pipeline.render.packet_sink import film_ticks, open_segment
from pipeline.render.settings import EncodeSettings
from tests.media import picture

FFV1 = EncodeSettings(codec="ffv1", options={"g": "1", "slices": "4", "slicecrc": "1"})
X264 = EncodeSettings(codec="libx264", chroma="420", depth=8, options={"crf": "18", "preset": "veryfast"})
PRORES = EncodeSettings(codec="prores_ks", chroma="422", depth=10, options={"profile": "hq"})
X265 = EncodeSettings(codec="libx265", chroma="420", depth=8, options={"x265-params": "log-level=none"})
COLOR = ColorDescription(matrix="bt709", primaries="bt709", transfer="bt709", chroma_site="left")


def film(
    *,
    pixel_format: PixelFormat | None = None,
    time_base: Fraction = Fraction(1, 25),
    width: int = 64,
    height: int = 48,
    **changes: Any,
) -> FilmInfo:
    """A film of these properties; what is not named is of no consequence for an encoder."""
    video = StreamInfo(index=0, kind="video", codec="ffv1", time_base=time_base, start_pts=0)
    base = FilmInfo(
        path=Path("film.nut"),
        container="nut",
        streams=(video,),
        video_index=0,
        width=width,
        height=height,
        sample_aspect=Fraction(1),
        pixel_format=pixel_format or PixelFormat(name="gray", depth=8, chroma="gray"),
        color=ColorDescription(),
        field_order="progressive",
        time_base=time_base,
        rate_from_header=Fraction(25),
        duration_seconds_from_header=None,
    )
    return dataclasses.replace(base, **changes)


def color_frames(
    pts: list[int], *, size: tuple[int, int] = (64, 48), depth: int = 8, chroma: tuple[int, int] = (0, 0)
) -> list[ColorFrame]:
    """Frames with a luma and two chroma planes that drift; `chroma` are the shifts of its size."""
    size_c = (-(-size[0] >> chroma[0]), -(-size[1] >> chroma[1]))
    frames = []
    for number, time in enumerate(pts):
        cb, cr = (picture(number, size=size_c, depth=depth, scene=scene) for scene in (1, 2))
        frames.append(ColorFrame(pts=time, luma=picture(number, size=size, depth=depth), cb=cb, cr=cr))
    return frames


def write(path: Path, frames: list[ColorFrame], *, of: FilmInfo, settings: EncodeSettings) -> Path:
    height, width = frames[0].luma.shape
    with FrameWriter(path, film=of, settings=settings, width=width, height=height, color=COLOR) as writer:
        for frame in frames:
            writer.write(frame)
    return path


def read(path: Path, *, time_base: Fraction) -> Iterator[tuple[int | None, av.VideoFrame]]:
    """Times in ticks of the film, and the frames, of a segment."""
    with open_segment(path) as container:
        stream = container.streams.video[0]
        for frame in container.decode(stream):
            assert frame.pts is not None
            yield (
                film_ticks(container, frame.pts * Fraction(stream.time_base or 1), time_base=time_base),
                frame,
            )


def planes(frame: av.VideoFrame) -> list[Plane]:
    """The planes without what FFmpeg adds to their lines."""
    depth = frame.format.components[0].bits
    found: list[Plane] = []
    for plane in frame.planes:
        buffer: Any = plane
        dtype: Any = np.uint8 if depth == 8 else np.uint16
        found.append(np.frombuffer(buffer, dtype).reshape(plane.height, -1)[:, : plane.width].copy())
    return found


@pytest.mark.parametrize("size", [(64, 48), (53, 37)], ids=["even", "odd"])
@pytest.mark.parametrize(
    ("depth", "chroma", "shifts"),
    [(8, "420", (1, 1)), (10, "422", (1, 0)), (12, "444", (0, 0)), (16, "444", (0, 0))],
)
def test_ffv1_returns_every_sample(
    tmp_path: Path, size: tuple[int, int], depth: Any, chroma: Any, shifts: tuple[int, int]
) -> None:
    frames = color_frames([0, 1, 2], size=size, depth=depth, chroma=shifts)
    settings = dataclasses.replace(FFV1, depth=depth, chroma=chroma)
    path = write(tmp_path / "a.nut", frames, of=film(), settings=settings)
    for frame, (_, got) in zip(frames, read(path, time_base=Fraction(1, 25)), strict=True):
        for wanted, found in zip((frame.luma, frame.cb, frame.cr), planes(got), strict=True):
            np.testing.assert_array_equal(wanted, found)


@pytest.mark.parametrize("settings", [FFV1, X264, PRORES, X265], ids=lambda s: s.codec)
@pytest.mark.parametrize(
    ("time_base", "pts"),
    [
        (Fraction(1, 16000), [0, 320, 640, 1001, 5000, 5001, 9000]),
        (Fraction(1, 90000), [900000, 903600, 903601, 999999, 1000000, 1003600]),
        (Fraction(1001, 30000), [7, 8, 9, 12, 13, 40]),
        (Fraction(1, 1000), [-41, 0, 42, 83, 84, 500]),
        (Fraction(1, 25), [3]),
    ],
    ids=["vfr", "late", "ntsc", "negative", "single"],
)
def test_every_pts_survives(
    tmp_path: Path, settings: EncodeSettings, time_base: Fraction, pts: list[int]
) -> None:
    size = (128, 96)
    of = film(time_base=time_base, width=128, height=96)
    shifts = {"420": (1, 1), "422": (1, 0), "444": (0, 0)}[output_format(of, settings).chroma]
    depth = output_format(of, settings).depth
    frames = color_frames(pts, size=size, depth=depth, chroma=shifts)
    path = write(tmp_path / ("a" + settings.segment_suffix), frames, of=of, settings=settings)
    assert [time for time, _ in read(path, time_base=time_base)] == pts


@pytest.mark.parametrize("settings", [FFV1, X264, PRORES], ids=lambda s: s.codec)
def test_same_frames_give_same_bytes(tmp_path: Path, settings: EncodeSettings) -> None:
    wanted = output_format(film(), settings)
    shifts = {"420": (1, 1), "422": (1, 0), "444": (0, 0)}[wanted.chroma]
    frames = color_frames(list(range(12)), depth=wanted.depth, chroma=shifts)
    first, second = (write(tmp_path / name, frames, of=film(), settings=settings) for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


def test_ffv1_chooses_slices_where_the_size_allows_no_other(tmp_path: Path) -> None:
    of, settings = film(width=139, height=59), dataclasses.replace(FFV1, chroma="420", depth=8)
    refused = settings.options["slices"]
    with pytest.raises(av.error.FFmpegError), av.open(str(tmp_path / "plain.nut"), "w") as container:
        stream = container.add_stream("ffv1", options={"slices": refused})
        stream.width, stream.height, stream.pix_fmt = 139, 59, "yuv420p"
        stream.codec_context.open()
    frames = color_frames([0, 1], size=(139, 59), chroma=(1, 1))
    path = write(tmp_path / "a.nut", frames, of=of, settings=settings)
    for frame, (_, got) in zip(frames, read(path, time_base=Fraction(1, 25)), strict=True):
        np.testing.assert_array_equal(frame.luma, planes(got)[0])
        np.testing.assert_array_equal(frame.cr, planes(got)[2])
    assert refused in notices(of, settings, width=139, height=59)[0]


def test_x264_gets_even_size_by_repeating_the_edge(tmp_path: Path) -> None:
    of = film(width=53, height=37)
    settings = dataclasses.replace(X264, options={"qp": "0", "preset": "ultrafast"})
    frames = color_frames([0], size=(53, 37), chroma=(1, 1))
    [(_, got)] = read(write(tmp_path / "a.nut", frames, of=of, settings=settings), time_base=Fraction(1, 25))
    luma = planes(got)[0]
    assert luma.shape == (38, 54) == coded_size(of, settings, width=53, height=37)[::-1]
    np.testing.assert_array_equal(luma[:37, :53], frames[0].luma)
    np.testing.assert_array_equal(luma[:37, 53], frames[0].luma[:, 52])
    np.testing.assert_array_equal(luma[37], luma[36])
    assert notices(of, settings, width=53, height=37)
    assert not notices(of, FFV1, width=53, height=37)


def test_segments_begin_with_a_closed_group(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nut", color_frames(list(range(12)), chroma=(1, 1)), of=film(), settings=X264)
    with open_segment(path) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    assert packets[0].is_keyframe
    pts = [p.pts for p in packets]
    assert pts != sorted(pts, key=lambda t: t or 0), "the test needs B-frames"
    assert pts[0] == 0


def test_interlaced_frames_keep_their_flags_and_tags(tmp_path: Path) -> None:
    of = film(field_order="tt", sample_aspect=Fraction(64, 45))
    frames = [
        dataclasses.replace(f, is_interlaced=True, is_top_field_first=True)
        for f in color_frames([0, 1], chroma=(1, 1))
    ]
    for _, got in read(write(tmp_path / "a.nut", frames, of=of, settings=X264), time_base=Fraction(1, 25)):
        assert got.interlaced_frame
        assert (got.colorspace, got.color_primaries, got.color_trc, got.color_range) == (1, 1, 1, 1)
    with open_segment(tmp_path / "a.nut") as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(64, 45)


@pytest.mark.parametrize(
    ("chroma", "wanted"), [("gray", "yuv444p10le"), ("rgb", "yuv444p10le"), ("422", "yuv422p10le")]
)
def test_source_format_is_kept(chroma: Any, wanted: str) -> None:
    source = PixelFormat(name="any", depth=10, chroma=chroma)
    assert output_format(film(pixel_format=source), FFV1).name == wanted


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (dataclasses.replace(PRORES, chroma="420"), "422 at 10 bits, 444 at 10 bits"),
        (dataclasses.replace(X264, depth=16), "420 at 8 bits, 420 at 10 bits"),
    ],
    ids=lambda value: value.codec if isinstance(value, EncodeSettings) else "",
)
def test_impossible_format_names_what_works(settings: EncodeSettings, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        output_format(film(), settings)


def test_options_that_the_encoder_refuses_are_told(tmp_path: Path) -> None:
    settings = EncodeSettings(codec="ffv1", options={"slices": "5"}, chroma="420", depth=8)
    with pytest.raises(SettingsError, match="slices"):
        check_encoder(film(), settings, width=64, height=48, color=COLOR)
    with pytest.raises(SettingsError, match="ffv1"):
        write(tmp_path / "a.nut", color_frames([0], chroma=(1, 1)), of=film(), settings=settings)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"codec": "ffv2"}, "ffv2"),
        ({"codec": "aac"}, "aac"),
        ({"depth": 9}, "9"),
        ({"chroma": "4:2:0"}, "4:2:0"),
        ({"threads": 0}, "threads"),
        ({"max_lines": 2}, "max_lines"),
    ],
)
def test_settings_check_themselves(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        EncodeSettings(**{"codec": "ffv1", **changes})


def test_wrong_planes_and_times_are_bugs_and_leave_nothing(tmp_path: Path) -> None:
    small = color_frames([0], size=(32, 48))[0]
    deep = color_frames([0], depth=10)[0]
    for bad in (dataclasses.replace(small, luma=picture(0)), deep):
        with pytest.raises(ValueError, match="expected"):
            write(tmp_path / "a.nut", [bad], of=film(), settings=FFV1)
    with pytest.raises(ValueError, match="comes after"):
        write(tmp_path / "a.nut", color_frames([5, 5]), of=film(), settings=FFV1)
    assert list(tmp_path.iterdir()) == []


def test_full_disk_is_an_output_error(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
        with pytest.raises(OutputError, match=r"a\.nut"):
            write(tmp_path / "a.nut", color_frames(list(range(40))), of=film(), settings=FFV1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(tmp_path.iterdir()) == []
