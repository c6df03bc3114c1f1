"""The finished film carries what the source carried, and every frame at the source's time."""

import dataclasses
import hashlib
import itertools
import resource
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition

from pipeline.errors import OutputError
from pipeline.media import CHROMA_SHIFTS, ColorDescription, ColorFrame, FilmInfo, Plane
from pipeline.output.containers import CONTAINERS, check_container
from pipeline.output.join import joined_packets
from pipeline.output.mux import MuxReport, mux
from pipeline.render.frame_writer import EncodeSettings, FrameWriter, output_format
from pipeline.render.packet_sink import PacketSink, open_segment, ticks
from pipeline.source.probe import probe
from pipeline.target import target_of
from pipeline.timeline import Timeline
from tests.foreign import write_playlist
from tests.media import make_film

FFV1 = EncodeSettings(codec="ffv1", chroma="420", depth=8, options={"g": "1"})
X264 = EncodeSettings(codec="libx264", chroma="420", depth=8, options={"preset": "veryfast"})
PRORES = EncodeSettings(codec="prores_ks", chroma="422", depth=10)
BT601 = ColorDescription(matrix="smpte170m", primaries="smpte170m", transfer="smpte170m", chroma_site="left")
NOTICE = {"comment": "Colours are predicted"}
JUMPY = [0, 100, 200, 350, 360, 1000, 1400, 1440, 1480, 2000, 2100, 2101]
"""Milliseconds of a film of variable rate."""


def colorized(
    film: FilmInfo, folder: Path, *, settings: EncodeSettings, cut: int = 5
) -> tuple[list[Path], Timeline]:
    """The film's luma with neutral chroma in segments of `cut` frames, and its timeline."""
    pixel_format = output_format(film, settings)
    right, down = CHROMA_SHIFTS[pixel_format.chroma]
    shape = (-(-film.height >> down), -(-film.width >> right))
    dtype: Any = np.uint8 if pixel_format.depth == 8 else np.uint16
    chroma: Plane = np.full(shape, 1 << (pixel_format.depth - 1), dtype)
    frames = []
    with av.open(str(film.path)) as container:
        for picture in container.decode(container.streams[film.video_index]):
            assert isinstance(picture, av.VideoFrame)
            assert picture.pts is not None
            luma: Any = picture.to_ndarray(format="gray").astype(dtype) << (pixel_format.depth - 8)
            frames.append(ColorFrame(pts=picture.pts, luma=luma, cb=chroma, cr=chroma))
    folder.mkdir()
    paths = []
    for start in range(0, len(frames), cut):
        paths.append(folder / f"{start:06d}{settings.segment_suffix}")
        with FrameWriter(
            paths[-1], film=film, settings=settings, width=film.width, height=film.height, color=BT601
        ) as writer:
            for frame in frames[start : start + cut]:
                writer.write(frame)
    pts = np.array([frame.pts for frame in frames], np.int64)
    return paths, Timeline(pts=pts, luma_hash=np.zeros(len(pts), np.uint64))


def finish(
    film: FilmInfo,
    output: Path,
    *,
    settings: EncodeSettings = FFV1,
    tags: Mapping[str, str] = NOTICE,
    allow_loss: bool = False,
    faststart: bool = False,
) -> tuple[MuxReport, Timeline]:
    folder = output.parent / f"segments of {output.name}"
    segments, timeline = colorized(film, folder, settings=settings)
    report = mux(
        film,
        segments,
        output,
        timeline=timeline,
        color=BT601,
        tags=tags,
        allow_loss=allow_loss,
        faststart=faststart,
    )
    return report, timeline


def packets(path: Path, kind: str, *, number: int = 0) -> list[tuple[Fraction, str]]:
    """(seconds, hash) of every packet of one stream, by time."""
    with av.open(str(path)) as container:
        stream = [s for s in container.streams if s.type == kind][number]
        unit = Fraction(stream.time_base or 1)
        found = [
            (p.pts * unit, hashlib.sha256(bytes(p)).hexdigest())
            for p in container.demux(stream)
            if p.size and p.pts is not None
        ]
    return sorted(found)


def streams(path: Path) -> list[tuple[str, str, str | None]]:
    """(kind, codec, language) of every stream; attachments have their file's name."""
    found: list[tuple[str, str, str | None]] = []
    with av.open(str(path)) as container:
        for s in container.streams:
            codec = (
                s.codec_context.codec.canonical_name if s.codec_context else s.metadata.get("filename", "")
            )
            found.append((s.type, codec, s.metadata.get("language")))
    return found


def rich_film(path: Path) -> FilmInfo:
    """Two sounds, two subtitles, a font, a cover, chapters and tags, in Matroska."""
    make_film(
        path,
        frames=12,
        audio=2,
        subtitles=2,
        cover=True,
        attachments=[("font.ttf", "font/ttf", b"not really a font")],
        chapters=[(Fraction(0), Fraction(1, 5), "First"), (Fraction(1, 5), Fraction(12, 25), "Zweite – ü")],
        tags={"title": "A reel; with = signs", "DATE": "1922", "LENDER": "The archive"},
    )
    return probe(path)


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
    before, after = (packets(p, "audio")[0][0] - packets(p, "video")[0][0] for p in (path, output))
    assert abs(before - after) <= Fraction(1, 1000)
    assert abs(packets(path, "audio")[0][0] - packets(output, "audio")[0][0]) <= Fraction(1, 1000)


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


def test_matroska_keeps_everything(tmp_path: Path) -> None:
    film = rich_film(tmp_path / "film.mkv")
    output = tmp_path / "out.mkv"
    report, _ = finish(film, output)
    assert streams(output) == streams(film.path)
    assert not report.converted and not report.lost and len(report.kept) == 6
    for kind in ("audio", "subtitle"):
        for number in range(2):
            assert packets(output, kind, number=number) == packets(film.path, kind, number=number)
    with av.open(str(output)) as out, av.open(str(film.path)) as source:
        assert out.chapters() == source.chapters()
        assert [s.disposition for s in out.streams] == [s.disposition for s in source.streams]
        ours, theirs = ({k.lower(): v for k, v in c.metadata.items()} for c in (out, source))
        assert {k: ours.get(k) for k in theirs if k != "encoder"} == {
            k: v for k, v in theirs.items() if k != "encoder"
        }
        assert ours["comment"] == NOTICE["comment"]
        cover, theirs_cover = (next(p for p in c.demux(video=1) if p.size) for c in (out, source))
        assert bytes(cover) == bytes(theirs_cover)


def test_mp4_names_what_it_cannot_hold_and_who_can(tmp_path: Path) -> None:
    film = rich_film(tmp_path / "film.mkv")
    output = tmp_path / "out.mp4"
    with pytest.raises(OutputError, match=r"font\.ttf.*\.mkv") as failure:
        check_container(film, target_of(output), video_codec="libx264")
    assert "\n" not in str(failure.value)
    with pytest.raises(OutputError, match=r"font\.ttf"):
        finish(film, output, settings=X264)
    assert not output.exists() and not list(tmp_path.glob("*.partial"))


def test_mp4_converts_subtitles_and_lists_losses(tmp_path: Path) -> None:
    film = rich_film(tmp_path / "film.mkv")
    output = tmp_path / "out.mp4"
    report, _ = finish(film, output, settings=X264, allow_loss=True, faststart=True)
    assert report.lost == ("attachment stream 5 (font.ttf)",)
    assert sum("mov_text" in line for line in report.converted) == 2
    kinds = [(kind, codec) for kind, codec, _ in streams(output) if kind != "data"]
    assert kinds[:1] == [("video", "h264")] and kinds[-1] == ("video", "mjpeg")
    assert [codec for kind, codec in kinds if kind == "subtitle"] == ["mov_text", "mov_text"]
    with av.open(str(output)) as out:
        assert [c["metadata"]["title"] for c in out.chapters()] == ["First", "Zweite – ü"]
        assert out.metadata["title"] == "A reel; with = signs"
        assert out.metadata["comment"] == f"{NOTICE['comment']}\nLENDER: The archive"
    data = output.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_second_picture_is_copied_in_its_place(tmp_path: Path) -> None:
    make_film(tmp_path / "a.mkv", size=(32, 32), frames=6, codec="mpeg4", pixel_format="yuv420p")
    make_film(tmp_path / "b.mkv", frames=6)
    with (
        av.open(str(tmp_path / "both.mkv"), "w") as out,
        av.open(str(tmp_path / "a.mkv")) as a,
        av.open(str(tmp_path / "b.mkv")) as b,
    ):
        pairs = [(c, out.add_stream_from_template(c.streams.video[0])) for c in (a, b)]
        pairs[1][1].disposition = Disposition.default
        for container, stream in pairs:
            for packet in container.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    out.mux(packet)
    film = probe(tmp_path / "both.mkv")
    assert film.video_index == 1, "the test needs a film that is not the first stream"
    finish(film, tmp_path / "out.mkv", settings=X264)
    assert [codec for _, codec, _ in streams(tmp_path / "out.mkv")] == ["mpeg4", "h264"]
    assert packets(tmp_path / "out.mkv", "video") == packets(film.path, "video")


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
    assert (film.rotation_degrees, film.sample_aspect) == (90, Fraction(16, 15)), "the test needs both"
    output = tmp_path / f"out{suffix}"
    finish(film, output, settings=settings)
    found = probe(output)
    assert (found.rotation_degrees, found.sample_aspect) == (90, Fraction(16, 15))
    assert (found.color.matrix, found.color.primaries, found.color.range) == (
        "smpte170m",
        "smpte170m",
        "limited",
    )
    assert found.rate_from_header == film.rate_from_header


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({}, {"comment": "notice"}),
        ({"comment": "theirs"}, {"comment": "theirs", "description": "notice"}),
        (
            {"comment": "theirs", "description": "also theirs"},
            {"comment": "theirs\nnotice", "description": "also theirs"},
        ),
        ({"comment": "notice"}, {"comment": "notice"}),
    ],
    ids=["free", "comment taken", "both taken", "already there"],
)
def test_notice_takes_no_tag_away(tmp_path: Path, source: dict[str, str], expected: dict[str, str]) -> None:
    make_film(tmp_path / "film.mkv", frames=3, tags=source)
    finish(probe(tmp_path / "film.mkv"), tmp_path / "out.mkv", tags={"comment": "notice"})
    with av.open(str(tmp_path / "out.mkv")) as out:
        found = {key.lower(): value for key, value in out.metadata.items()}
    assert {key: found[key] for key in ("comment", "description") if key in found} == expected


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


def test_joined_times_rise_and_stay_behind(tmp_path: Path) -> None:
    make_film(tmp_path / "film.nut", frames=len(JUMPY), pts=JUMPY, time_base=Fraction(1, 1000))
    film = probe(tmp_path / "film.nut")
    segments, timeline = colorized(film, tmp_path / "segments", settings=X264)
    joined = list(joined_packets(segments, timeline=timeline, time_base=film.time_base))
    pts, dts = [p.pts for p in joined], [p.dts for p in joined]
    assert sorted(t or 0 for t in pts) == timeline.pts.tolist() != pts, "the test needs B-frames"
    assert all(a is not None and b is not None and a < b for a, b in itertools.pairwise(dts))
    assert all(d is not None and p is not None and d <= p for d, p in zip(dts, pts, strict=True))


def test_intermediate_holds_times_below_zero(tmp_path: Path) -> None:
    make_film(tmp_path / "film.nut", frames=6)
    film = probe(tmp_path / "film.nut")
    segments, timeline = colorized(film, tmp_path / "segments", settings=FFV1)
    early = Timeline(pts=timeline.pts - timeline.pts[3], luma_hash=timeline.luma_hash)
    with open_segment(segments[0]) as template, (tmp_path / "whole.nut").open("wb") as file:
        source = template.streams.video[0]
        base = film.time_base
        with PacketSink(file, container_format="nut", time_base=base, source=source) as sink:
            for packet, time in zip(
                joined_packets(segments, timeline=timeline, time_base=base), early.pts.tolist(), strict=True
            ):
                packet.pts = packet.dts = time
                sink.write(packet)
    with open_segment(tmp_path / "whole.nut") as whole:
        stream = whole.streams.video[0]
        unit = Fraction(stream.time_base or 1)
        found = [ticks(whole, p.pts * unit, time_base=base) for p in whole.demux(stream) if p.pts is not None]
    assert found == early.pts.tolist()
    assert found[0] is not None and found[0] < 0


@pytest.mark.parametrize("fault", ["missing", "twice", "swapped", "other size", "other times"])
def test_wrong_segments_are_named(tmp_path: Path, fault: str) -> None:
    make_film(tmp_path / "film.nut", frames=12)
    film = probe(tmp_path / "film.nut")
    segments, timeline = colorized(film, tmp_path / "segments", settings=X264, cut=4)
    culprit: Path | str = segments[1]
    if fault == "missing":
        segments.pop()
        culprit = "8 frames, but the film has 12"
    elif fault == "twice":
        segments.insert(1, segments[0])
        culprit = segments[0]
    elif fault == "swapped":
        segments = [segments[0], segments[2], segments[1]]
        culprit = segments[1]
    elif fault == "other size":
        small = dataclasses.replace(film, width=32, height=32)
        frame = ColorFrame(pts=4, luma=_gray(32, 32), cb=_gray(16, 16), cr=_gray(16, 16))
        with FrameWriter(segments[1], film=small, settings=X264, width=32, height=32, color=BT601) as writer:
            writer.write(frame)
    else:
        timeline = Timeline(
            pts=timeline.pts + (timeline.pts >= timeline.pts[5]), luma_hash=timeline.luma_hash
        )
    with pytest.raises(OutputError, match=str(culprit)):
        mux(film, segments, tmp_path / "out.mkv", timeline=timeline, color=BT601, tags={})
    assert not (tmp_path / "out.mkv").exists() and not list(tmp_path.glob("*.partial"))


def test_vanished_source_is_one_clear_line(tmp_path: Path) -> None:
    make_film(tmp_path / "film.mkv", frames=40, audio=1)
    film = probe(tmp_path / "film.mkv")
    segments, timeline = colorized(film, tmp_path / "segments", settings=FFV1)
    film.path.rename(tmp_path / "elsewhere.mkv")
    with pytest.raises(OutputError, match=r"ffmpeg: .*No such file") as failure:
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


@pytest.mark.parametrize(
    ("suffix", "codec", "can"), [(".mov", "ffv1", r"\.mkv"), (".webm", "libx264", r"\.mp4")]
)
def test_container_that_cannot_hold_the_picture_is_refused(
    tmp_path: Path, suffix: str, codec: str, can: str
) -> None:
    make_film(tmp_path / "film.nut", frames=2)
    with pytest.raises(OutputError, match=can):
        check_container(probe(tmp_path / "film.nut"), target_of(tmp_path / f"out{suffix}"), video_codec=codec)


def test_unknown_suffix_names_the_known(tmp_path: Path) -> None:
    make_film(tmp_path / "film.nut", frames=2)
    with pytest.raises(OutputError, match=", ".join(CONTAINERS)):
        check_container(probe(tmp_path / "film.nut"), target_of(tmp_path / "out.avi"), video_codec="ffv1")


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_every_tag_that_the_table_promises_arrives(tmp_path: Path, suffix: str) -> None:
    names: Sequence[str] = sorted(CONTAINERS[suffix].tags or ())
    tags = {name: "1922" if name == "date" else f"the {name}" for name in names}
    make_film(tmp_path / "film.mkv", frames=2, tags=tags)
    report, _ = finish(probe(tmp_path / "film.mkv"), tmp_path / f"out{suffix}", settings=X264, tags={})
    assert not report.converted
    with av.open(str(tmp_path / f"out{suffix}")) as out:
        assert {name: out.metadata.get(name) for name in names} == tags


def _gray(width: int, height: int) -> Plane:
    return np.full((height, width), 128, np.uint8)
