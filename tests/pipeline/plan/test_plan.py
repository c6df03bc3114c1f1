"""A film is planned in one pass, and its plan comes back from the file as it was."""

import json
import os
import re
import shutil
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.errors import OutputError, SettingsError, SourceError
from pipeline.media import Plane, Segment, Shot
from pipeline.plan.fingerprint import Source, check_source, source_fingerprint
from pipeline.plan.plan import Plan, scan_film
from pipeline.plan.plan_file import read_plan, write_plan
from pipeline.plan.segments import SegmentSettings, make_segments
from pipeline.plan.shots import ShotSettings
from pipeline.source.probe import probe
from pipeline.timeline import Timeline
from tests.media import damage_film, make_film

_SEGMENTS = SegmentSettings(segment_frames=8, overlap_frames=8)


def _two_scenes(*, depth: int = 8) -> list[Plane]:
    """32 frames with a cut at 20: noise of one seed, then of another, each drifting a little."""
    dtype = np.uint8 if depth == 8 else np.uint16
    planes: list[Plane] = []
    for number in range(32):
        coarse = np.random.default_rng(number // 20).random((6, 8), dtype=np.float32)
        fine = cv2.resize(coarse, (64, 48), interpolation=cv2.INTER_CUBIC).clip(0, 1)
        planes.append((fine * 200 * 2 ** (depth - 8) + number % 20).astype(dtype))
    return planes


def _scan(path: Path) -> Plan:
    return scan_film(probe(path), shot_settings=ShotSettings(), segment_settings=_SEGMENTS)


def _assert_same(one: Plan, other: Plan) -> None:
    for name in ("source", "time_base", "shots", "segments", "shot_settings", "segment_settings"):
        assert getattr(one, name) == getattr(other, name)
    for name in ("pts", "luma_hash"):
        mine, theirs = getattr(one.timeline, name), getattr(other.timeline, name)
        assert mine.dtype == theirs.dtype
        assert mine.tolist() == theirs.tolist()


@pytest.fixture(scope="module")
def film_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "two scenes.mkv"
    make_film(path, frames=_two_scenes())
    return path


@pytest.fixture(scope="module")
def plan(film_path: Path) -> Plan:
    return _scan(film_path)


def test_a_scan_finds_every_frame_and_the_shots(tmp_path: Path) -> None:
    path = tmp_path / "film.nut"
    pts = [1000 + 3 * n + n // 5 for n in range(32)]
    planes = make_film(path, frames=_two_scenes(depth=10), pixel_format="gray10le", pts=pts)
    film = probe(path)
    plan = scan_film(film, shot_settings=ShotSettings(), segment_settings=_SEGMENTS)
    assert plan.timeline.luma_hash.tolist() == [xxhash.xxh3_64_intdigest(plane.tobytes()) for plane in planes]
    times = [int(value) * plan.time_base for value in plan.timeline.pts]
    assert plan.time_base == film.time_base
    assert times == [Fraction(value, 25) for value in pts]
    assert [(shot.start, shot.end) for shot in plan.shots] == [(0, 20), (20, 32)]
    assert plan.segments == make_segments(plan.shots, _SEGMENTS)


def test_a_scan_reports_bytes_and_frames(film_path: Path) -> None:
    reports: list[tuple[str, int, int | None]] = []
    scan_film(
        probe(film_path),
        shot_settings=ShotSettings(),
        segment_settings=_SEGMENTS,
        progress=lambda stage, done, total: reports.append((stage, done, total)),
    )
    size = film_path.stat().st_size
    assert ("fingerprint", size, size) in reports
    frames = [(done, total) for stage, done, total in reports if stage == "scan"]
    assert [done for done, _ in frames] == list(range(1, 33))
    assert all(total is None or total >= done for done, total in frames)


def test_a_still_picture_is_a_film_of_one_frame(tmp_path: Path) -> None:
    path = tmp_path / "still.png"
    Image.fromarray(np.arange(48 * 64, dtype=np.uint8).reshape(48, 64)).save(path)
    plan = _scan(path)
    assert len(plan.timeline) == 1
    assert plan.shots == (Shot(index=0, start=0, end=1),)
    assert plan.segments == (Segment(index=0, shot=0, start=0, end=1, lead_start=0, lead_end=1),)


def test_a_film_that_grows_during_the_scan_is_refused(film_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "growing.mkv"
    shutil.copy(film_path, path)
    film = probe(path)

    def grow(stage: str, done: int, total: int | None) -> None:
        if stage == "scan" and done == 5:
            with path.open("ab") as file:
                file.write(bytes(100))

    with pytest.raises(SourceError, match=r"growing\.mkv changed"):
        scan_film(film, shot_settings=ShotSettings(), segment_settings=_SEGMENTS, progress=grow)


def test_a_plan_comes_back_and_is_the_same_bytes(plan: Plan, tmp_path: Path) -> None:
    write_plan(plan, tmp_path / "plan.json")
    back = read_plan(tmp_path / "plan.json")
    _assert_same(plan, back)
    write_plan(back, tmp_path / "again.json")
    assert (tmp_path / "plan.json").read_bytes() == (tmp_path / "again.json").read_bytes()


_INT64 = st.integers(-(2**62), 2**62)


@settings(max_examples=25, deadline=None)
@given(st.sets(_INT64 | st.integers(0, 60), min_size=1, max_size=40), st.data())
def test_any_times_hashes_and_shots_come_back(times: set[int], data: st.DataObject) -> None:
    count = len(times)
    hashes = data.draw(st.lists(st.integers(0, 2**64 - 1), min_size=count, max_size=count))
    edges = sorted({0, count} | data.draw(st.sets(st.integers(0, count))))
    shots = tuple(
        Shot(index=index, start=start, end=end) for index, (start, end) in enumerate(pairwise(edges))
    )
    plan = Plan(
        source=Source(name="größe…", size_bytes=2**40, mtime_ns=1_700_000_000_123_456_789, xxh3_128="0" * 32),
        time_base=Fraction(1001, 24000),
        timeline=Timeline(pts=np.array(sorted(times), np.int64), luma_hash=np.array(hashes, np.uint64)),
        shots=shots,
        segments=make_segments(shots, _SEGMENTS),
        shot_settings=ShotSettings(threshold=0.1 + 0.2),
        segment_settings=_SEGMENTS,
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "plan.json"
        write_plan(plan, path)
        _assert_same(plan, read_plan(path))


def test_an_even_film_of_any_length_has_one_run_of_times(plan: Plan, tmp_path: Path) -> None:
    write_plan(plan, tmp_path / "plan.json")
    assert json.loads((tmp_path / "plan.json").read_bytes())["pts_runs"] == [[0, 40, 32]]


_FAULTS: dict[str, dict[str, object]] = {
    "foreign": {"kind": "another program's plan"},
    "newer": {"format": 3},
    "older, without cards": {"format": 1},
    "unknown member": {"extra": 1},
    "no frames": {"frame_count": 0, "pts_runs": [], "luma_hash": "", "shot_starts": [], "segments": []},
    "hash too short": {"luma_hash": "00"},
    "hash of another length": {"luma_hash": "00" * 8},
    "no hash": {"luma_hash": "text"},
    "times that stand still": {"pts_runs": [[0, 0, 32]]},
    "times of too many frames": {"pts_runs": [[0, 40, 10**15]]},
    "times too large": {"pts_runs": [[10**30, 40, 32]]},
    "times of a wrong shape": {"pts_runs": [[0, 40]]},
    "times that are no integers": {"pts_runs": [[0, 40.5, 32]]},
    "no time base": {"time_base": "1/0"},
    "negative time base": {"time_base": "-1/25"},
    "shot after the end": {"shot_starts": [0, 40]},
    "first shot too late": {"shot_starts": [3, 20]},
    "segments with a gap": {"segments": [[0, 0, 8, 0, 8], [0, 9, 32, 9, 32]]},
    "segment out of its shot": {"segments": [[0, 0, 32, 0, 32]]},
    "segment of no shot": {"segments": [[7, 0, 32, 0, 32]]},
    "bad settings": {"segment_settings": {"segment_frames": 9, "overlap_frames": 0}},
}


@pytest.mark.parametrize("change", _FAULTS.values(), ids=_FAULTS.keys())
def test_a_plan_that_is_wrong_is_one_clear_line(
    plan: Plan, tmp_path: Path, change: dict[str, object]
) -> None:
    path = tmp_path / "plan.json"
    write_plan(plan, path)
    path.write_text(json.dumps(json.loads(path.read_bytes()) | change))
    with pytest.raises(
        SettingsError, match=r"plan\.json is not a plan that .*; plan the film again"
    ) as caught:
        read_plan(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"[]", b'{"kind"', b"\xff\xfe", b"kind: plan"])
def test_a_file_that_is_no_plan_is_one_clear_line(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "plan.json").write_bytes(data)
    with pytest.raises(SettingsError, match="is not a plan") as caught:
        read_plan(tmp_path / "plan.json")
    assert "\n" not in str(caught.value)


def test_every_truncation_of_a_plan_is_refused(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    write_plan(plan, path)
    data = path.read_bytes()
    for length in range(0, len(data) - 2, 37):
        path.write_bytes(data[:length])
        with pytest.raises(SettingsError):
            read_plan(path)


def test_a_missing_plan_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot read the plan .*plan\.json: No such file"):
        read_plan(tmp_path / "plan.json")


def test_a_plan_for_a_missing_folder_is_an_output_error(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no such folder"):
        write_plan(plan, tmp_path / "nowhere" / "plan.json")


def test_a_source_is_its_content_wherever_it_lies(film_path: Path, plan: Plan, tmp_path: Path) -> None:
    copy = tmp_path / os.fsdecode(b"copy\xff.mkv")
    shutil.copyfile(film_path, copy)
    found = source_fingerprint(copy)
    assert found.xxh3_128 == plan.source.xxh3_128 == xxhash.xxh3_128_hexdigest(film_path.read_bytes())
    assert found.size_bytes == film_path.stat().st_size
    assert found.name == "copy\\xff.mkv"
    check_source(copy, plan.source)


def test_a_source_that_changed_is_refused(film_path: Path, plan: Plan, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mkv"
    shutil.copy2(film_path, copy)
    data = bytearray(copy.read_bytes())
    data[len(data) // 2] ^= 1
    copy.write_bytes(data)
    os.utime(copy, ns=(0, plan.source.mtime_ns + 1))
    with pytest.raises(SourceError, match="its size is the same, its content is not"):
        check_source(copy, plan.source)
    copy.write_bytes(data[:-1])
    with pytest.raises(SourceError, match=f"it has {len(data) - 1} bytes, it had {len(data)}"):
        check_source(copy, plan.source)
    copy.unlink()
    with pytest.raises(SourceError, match="No such file"):
        check_source(copy, plan.source)


def test_a_source_whose_time_and_size_are_those_planned_is_not_read_again(
    film_path: Path, plan: Plan
) -> None:
    reports: list[int] = []
    check_source(film_path, plan.source, progress=lambda stage, done, total: reports.append(done))
    assert reports == []


def test_damage_is_told_once_with_its_count(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "damaged.mkv"
    whole = make_film(
        tmp_path / "whole.mkv", frames=60, size=(192, 128), pixel_format="yuv420p", codec="libx264"
    )
    damage_film(tmp_path / "whole.mkv", path, packets=range(20, 40, 3))
    assert len(_scan(path).timeline) > len(whole) / 2
    (warning,) = (record.getMessage() for record in caplog.records if record.levelname == "WARNING")
    assert re.fullmatch(
        r"damaged\.mkv: damaged in \d+ places: pts 760 \(0\.760 s\): (lost|concealed): .*; pts .*", warning
    )
