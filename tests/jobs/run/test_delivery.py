"""A silent film delivered at the rate of players: every frame is there, in step with the sound, and on record."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from jobs import Estimate, KinochromeError, check, colorize, verify
from tests.media import make_film

SMALL: dict[str, Any] = {"color": {"short_side": 128}, "segment_frames": 8, "overlap_frames": 0}
COUNT = 16


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second at 16 frames/s with sound; each frame has a brightness of its own."""
    path = tmp_path_factory.mktemp("delivery") / "film.mkv"
    planes = [np.full((48, 64), 20 + 13 * number, np.uint8) for number in range(COUNT)]
    make_film(path, frames=planes, rate=Fraction(16), audio=1)
    return path


def shown(path: Path) -> list[tuple[Fraction, int]]:
    """Time and number of the source's frame of every frame of a film."""
    with av.open(path) as container:
        return [
            (
                Fraction(frame.pts or 0) * Fraction(frame.time_base or 1),
                round((frame.to_ndarray(format="gray").mean() - 20) / 13),
            )
            for frame in container.decode(video=0)
        ]


def sound(path: Path) -> list[tuple[Fraction, bytes]]:
    with av.open(path) as container:
        stream = container.streams.audio[0]
        return [
            (Fraction(packet.pts or 0) * Fraction(stream.time_base or 1), bytes(packet))
            for packet in container.demux(stream)
            if packet.size
        ]


@pytest.mark.parametrize("rate", ["24", "25"])
def test_counts_times_and_sound(source: Path, tmp_path: Path, rate: str) -> None:
    out = tmp_path / "out.mkv"
    film = colorize(source, output=out, preset="access", delivery_rate=rate, **SMALL)
    found = shown(out)
    assert [number for _, number in found] == [
        int((number + 0.1) * 16 / int(rate)) for number in range(int(rate))
    ]  # a tenth of a frame early: clocks of a millisecond round
    for number, (time, _) in enumerate(found):
        assert abs(time - Fraction(number, int(rate))) <= Fraction(1, 1000)
    before, after = sound(source), sound(out)
    assert [data for _, data in after] == [data for _, data in before]
    assert max(abs(one - other) for (one, _), (other, _) in zip(before, after, strict=True)) <= Fraction(
        1, 1000
    )
    assert not verify(out, source=source).faults
    record = json.loads((tmp_path / "out.mkv.report.json").read_text())
    assert record["frames"] == int(rate)
    assert record["luma"]["frames"] == COUNT  # each frame of the source is compared once
    assert any(line.startswith(f"picture: delivered at {rate} frames/s") for line in record["converted"])
    assert film.output == out


def test_a_second_run_finds_its_segments_and_a_new_rate_renders_again(source: Path, tmp_path: Path) -> None:
    out, work = tmp_path / "out.mp4", tmp_path / "work"
    options: dict[str, Any] = {"output": out, "preset": "access", "work": work, "overwrite": True, **SMALL}
    colorize(source, delivery_rate="24", **options)
    first = out.read_bytes()
    out.unlink()
    colorize(source, delivery_rate="24", **options)
    assert out.read_bytes() == first
    events = [json.loads(line) for line in (work / "out.mp4" / "events.jsonl").read_text().splitlines()]
    products = [event["product"] for event in events if event["event"] == "published"]
    assert sorted(products) == ["color", "color", "video", "video"]
    colorize(source, **options)
    assert [number for _, number in shown(out)] == list(range(COUNT))


def test_check_says_what_will_be_delivered(source: Path, tmp_path: Path) -> None:
    estimate = check(source, output=tmp_path / "out.mp4", delivery_rate="24", **SMALL)
    assert isinstance(estimate, Estimate)
    assert (estimate.delivery_rate, estimate.delivery_frames) == ("24", 24)
    assert "delivered    at 24 frames/s, about 24 frames" in estimate.as_table()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"preset": "archival", "delivery_rate": "24"}, "a master keeps the times of its source"),
        ({"delivery_rate": "15"}, "15 frames/s would leave out 1 of its frames"),
        ({"delivery_rate": "fast"}, "fast"),
    ],
)
def test_what_cannot_be_delivered_is_one_line(
    source: Path, tmp_path: Path, settings: dict[str, Any], says: str
) -> None:
    suffix = ".mkv" if "preset" in settings else ".mp4"
    with pytest.raises(KinochromeError, match=says) as caught:
        colorize(source, output=tmp_path / f"out{suffix}", **settings, **SMALL)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob("out*"))
