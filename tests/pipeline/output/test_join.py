"""Segments are joined with rising times; segments that do not fit the film are named."""

import dataclasses
import itertools
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import OutputError
from pipeline.media import ColorFrame, Plane
from pipeline.output.join import joined_packets
from pipeline.output.mux import mux
from pipeline.render.frame_writer import FrameWriter
from pipeline.render.packet_sink import PacketSink, film_ticks, open_segment
from pipeline.source.probe import probe
from pipeline.timeline import Timeline
from tests.media import make_film
from tests.muxed import BT601, FFV1, JUMPY, X264, colorized


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
        found = [
            film_ticks(whole, p.pts * unit, time_base=base) for p in whole.demux(stream) if p.pts is not None
        ]
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


def _gray(width: int, height: int) -> Plane:
    return np.full((height, width), 128, np.uint8)
