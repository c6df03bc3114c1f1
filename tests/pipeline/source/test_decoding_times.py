"""AVI with B-frames: every picture in its order, at the time at which players show it, in one go or in parts."""

from array import array
from pathlib import Path

import numpy as np
import pytest

from pipeline.plan.packet_faults import scan_packets
from pipeline.source.decoding_times import DecodingClock, shown_times
from pipeline.source.frame_reader import FrameReader, luma_hash
from pipeline.source.probe import probe
from pipeline.timeline import Timeline
from tests import fieldfilms
from tests.kindfilms import H264, Maker, ffmpeg
from tests.media import make_film


def raw_mpeg(path: Path) -> None:
    """Two seconds of B-frames without a container; FFmpeg gives the first picture twice its time, or none."""
    picture = ("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25,hue=s=0", "-frames:v", "24")
    ffmpeg(*picture, "-bf", "2", "-g", "12", path)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (raw_mpeg, "film.m1v"),
        (raw_mpeg, "film.m2v"),
        (fieldfilms.in_avi("h264"), "film.avi"),
        (fieldfilms.in_avi("packed"), "film.avi"),
        (fieldfilms.in_vfw_matroska, "film.mkv"),
        (fieldfilms.repacked, "film.mp4"),
    ],
)
def test_pictures_rise_and_are_read_in_parts(tmp_path: Path, make: Maker, name: str) -> None:
    source = tmp_path / name
    make(source)
    film = probe(source)
    assert film.rate_from_header == 25
    with FrameReader(film) as reader:
        whole = list(reader.frames())
    tick = round(1 / 25 / film.time_base)
    assert np.diff([frame.pts for frame in whole]).tolist() == [tick] * 23
    scan = scan_packets(film)
    assert sorted(scan.pts) == [frame.pts for frame in whole]
    hashes = np.array([luma_hash(frame.luma) for frame in whole], np.uint64)
    timeline = Timeline(pts=np.array([frame.pts for frame in whole], np.int64), luma_hash=hashes)
    with FrameReader(film, timeline=timeline) as reader:
        for start, end in ((13, 24), (2, 5), (20, 24)):
            part = list(reader.read(start, end))
            assert [frame.pts for frame in part] == timeline.pts[start:end].tolist()


def test_h264_is_shown_in_the_order_of_its_source(tmp_path: Path) -> None:
    make_film(tmp_path / "film.mp4", frames=24, b_frames=2, **H264)
    ffmpeg("-i", tmp_path / "film.mp4", "-c", "copy", tmp_path / "film.avi")
    found = []
    for name in ("film.mp4", "film.avi"):
        with FrameReader(probe(tmp_path / name)) as reader:
            found.append([luma_hash(frame.luma) for frame in reader.frames()])
    assert found[0] == found[1]


def test_times_go_on_behind_the_last_packet() -> None:
    clock = DecodingClock()
    assert [clock.time(dts) for dts in (48, 72, 96, None, None)] == [48, 72, 96, 120, 144]
    assert DecodingClock().time(None) is None


@pytest.mark.parametrize(
    ("dts", "delay", "shown"),
    [
        ([0, 1, 2, 3], 1, [1, 2, 3, 4]),
        ([0, 1, 2, 5], 2, [2, 5, 8, 11]),  # two pictures were dropped
        ([0], 2, [1]),
        ([], 0, []),
    ],
)
def test_packets_are_shown_later_than_they_are_decoded(dts: list[int], delay: int, shown: list[int]) -> None:
    assert shown_times(array("q", dts), delay=delay).tolist() == shown
