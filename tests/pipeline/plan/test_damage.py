"""Damage is found and named by time; the frames around it are there with their own times."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.logging
import pytest

from pipeline.errors import SourceError
from pipeline.plan.damage import Damage, describe_damage, gather_damage, refuse_damage
from pipeline.plan.plan import Plan, scan_film
from pipeline.plan.plan_file import read_plan, write_plan
from pipeline.plan.segments import SegmentSettings
from pipeline.plan.shots import ShotSettings
from pipeline.source.open_film import probe_film_or_stills
from pipeline.source.probe import probe
from tests.media import damage_film, make_film
from tests.stills_films import make_stills

FFV1_CRC: dict[str, Any] = {"codec": "ffv1", "options": {"level": "3", "slicecrc": "1", "slices": "4"}}
H264: dict[str, Any] = {
    "codec": "libx264",
    "pixel_format": "yuv420p",
    "size": (160, 120),
    "gop": 12,
    "b_frames": 2,
}
MPEG2: dict[str, Any] = {**H264, "codec": "mpeg2video"}
ENCODERS: list[dict[str, Any]] = [FFV1_CRC, H264, MPEG2]
BASE = Fraction(1, 1000)


def _scan(path: Path) -> Plan:
    return scan_film(probe(path), shot_settings=ShotSettings(), segment_settings=SegmentSettings())


def _times(path: Path) -> list[int]:
    """The pts of every picture of a film, in the order of their packets."""
    with av.open(str(path)) as film:
        return [packet.pts for packet in film.demux(video=0) if packet.size and packet.pts is not None]


def _change_packet(source: Path, target: Path, number: int, change: Callable[[bytes], bytes | None]) -> int:
    """Copies a film with one packet changed, or left out; returns that packet's pts in `target`'s time base."""
    with av.open(str(source)) as whole, av.open(str(target), "w") as broken:
        stream = broken.add_stream_from_template(whole.streams.video[0])
        pts = 0
        for index, packet in enumerate(p for p in whole.demux(whole.streams.video[0]) if p.size):
            data = change(bytes(packet)) if index == number else bytes(packet)
            if index == number:
                assert packet.pts is not None
                pts = packet.pts
            if data is None:
                continue
            copy = av.Packet(data)
            copy.stream, copy.time_base = stream, packet.time_base
            copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
            copy.is_keyframe = packet.is_keyframe
            broken.mux(copy)
    return pts


@pytest.mark.parametrize("film", ENCODERS, ids=lambda film: str(film["codec"]))
def test_every_damaged_frame_is_listed_and_all_times_stay(tmp_path: Path, film: dict[str, Any]) -> None:
    whole, path = tmp_path / "whole.mkv", tmp_path / "damaged.mkv"
    make_film(whole, frames=24, **film)
    damage_film(whole, path, packets={5, 14})
    times = _times(path)
    plan = _scan(path)
    assert plan.timeline.pts.tolist() == sorted(times)
    found = {damage.pts: damage.fault for damage in plan.damage}
    assert {times[5], times[14]} <= set(found)
    assert set(found.values()) == ({"crc"} if film["codec"] == "ffv1" else {"concealed"})
    if film["codec"] == "ffv1":  # each frame stands for itself
        assert set(found) == {times[5], times[14]}


def test_slice_crcs_are_found_where_the_decoder_is_content(tmp_path: Path) -> None:
    """FFmpeg decodes such a film without an error, a flag or another exit code than 0."""
    make_film(tmp_path / "whole.mkv", size=(320, 240), **FFV1_CRC)

    def flip(data: bytes) -> bytes:
        middle = len(data) // 2
        return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]

    pts = _change_packet(tmp_path / "whole.mkv", tmp_path / "a.mkv", 7, flip)
    with av.open(str(tmp_path / "a.mkv")) as film:
        frames = list(film.decode(video=0))
        assert len(frames) == 24 and not any(frame.is_corrupt for frame in frames)
    (damage,) = _scan(tmp_path / "a.mkv").damage
    assert (damage.pts, damage.fault) == (pts, "crc")
    assert "CRC" in damage.told and "of 4" in damage.told


def test_what_a_decoder_only_logs_is_found(tmp_path: Path) -> None:
    make_film(tmp_path / "a.mkv", codec="mjpeg", pixel_format="yuvj420p", size=(160, 120))
    # the last eighth of a picture is not there: the decoder says `overread` in its log and shows grey
    pts = _change_packet(tmp_path / "a.mkv", tmp_path / "b.mkv", 9, lambda data: data[: len(data) * 7 // 8])
    plan = _scan(tmp_path / "b.mkv")
    assert len(plan.timeline) == 24
    assert [damage.pts for damage in plan.damage] == [pts]


@pytest.mark.parametrize("film", [H264, MPEG2], ids=lambda film: str(film["codec"]))
def test_a_frame_that_cannot_be_decoded_leaves_a_gap(tmp_path: Path, film: dict[str, Any]) -> None:
    make_film(tmp_path / "whole.mkv", frames=24, **{**film, "gop": 1, "b_frames": 0})
    pts = _change_packet(tmp_path / "whole.mkv", tmp_path / "a.mkv", 9, lambda data: b"\0" * len(data))
    plan = _scan(tmp_path / "a.mkv")
    assert plan.timeline.pts.tolist() == [time for time in sorted(_times(tmp_path / "a.mkv")) if time != pts]
    assert [(damage.pts, damage.fault) for damage in plan.damage] == [(pts, "lost")]


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.avi", "a.mov"])
def test_a_cut_off_film_gives_what_is_before_the_break(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    codec, pixels = ("ffv1", "gray") if name.endswith(("mkv", "avi")) else ("libx264", "yuv420p")
    fast = {"movflags": "faststart"} if name.endswith(("mp4", "mov")) else {}
    options = {"crf": "0", "bf": "0"} if codec == "libx264" else {}
    made = make_film(
        path, frames=40, codec=codec, pixel_format=pixels, options=options, container_options=fast
    )
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    plan = _scan(path)
    assert 10 < len(plan.timeline) < len(made)
    assert {damage.fault for damage in plan.damage} <= {"broken off", "lost"}
    (end,) = (damage for damage in plan.damage if damage.fault == "broken off")
    assert end.pts == plan.timeline.pts[-1] and "bytes are missing" in end.told


@pytest.mark.parametrize(
    ("name", "film"),
    [
        ("a.mkv", FFV1_CRC),
        ("a.mkv", {"codec": "ffv1", "options": {"level": "3", "slicecrc": "0"}}),
        ("a.avi", {"codec": "ffv1", "options": {"level": "1"}, "pixel_format": "yuv420p"}),
        ("a.nut", FFV1_CRC),
        ("a.mp4", H264),
        ("a.ts", H264),
        ("a.mpg", MPEG2),
        ("a.mxf", {**MPEG2, "b_frames": 0}),
        ("a.avi", {**H264, "codec": "mpeg4"}),
        ("a.mkv", {**H264, "codec": "libvpx-vp9"}),
        ("a.mov", {"codec": "prores_ks", "pixel_format": "yuv422p10le"}),
        ("a.avi", {"codec": "mjpeg", "pixel_format": "yuvj420p"}),
    ],
    ids=lambda value: value if isinstance(value, str) else value["codec"],
)
def test_a_good_film_is_not_called_damaged(tmp_path: Path, name: str, film: dict[str, Any]) -> None:
    path = tmp_path / name
    make_film(path, **film)
    plan = _scan(path)
    assert plan.damage == () and len(plan.timeline) == 24


def test_damage_is_part_of_the_plan_file(tmp_path: Path) -> None:
    make_film(tmp_path / "whole.mkv", **FFV1_CRC)
    damage_film(tmp_path / "whole.mkv", tmp_path / "a.mkv", packets={3, 4})
    plan = _scan(tmp_path / "a.mkv")
    write_plan(plan, tmp_path / "plan.json")
    assert read_plan(tmp_path / "plan.json").damage == plan.damage != ()


def test_one_entry_for_a_frame_and_the_order_of_time() -> None:
    packets = [
        Damage(pts=80, fault="crc", told="slice 1 of 4 fails its CRC"),
        Damage(pts=None, fault="broken off", told="the file is cut off, 7 bytes are missing"),
    ]
    faults = [(40, "Invalid data"), (80, "decoded with errors"), (0, "decoded with errors")]
    found = gather_damage(packets, faults, pts=[0, 80, 120])
    assert [(damage.pts, damage.fault) for damage in found] == [
        (0, "concealed"),
        (40, "lost"),
        (80, "crc"),
        (120, "broken off"),
    ]


def test_the_line_names_the_film_the_place_and_what_would_work() -> None:
    damage = [Damage(pts=40 * n, fault="concealed", told="ac-tex damaged at 1 3") for n in range(30)]
    with pytest.raises(SourceError) as caught:
        refuse_damage(damage, film="a.mkv", time_base=BASE, policy="stop")
    assert str(caught.value) == (
        "a.mkv: is damaged in 30 places, the first pts 0 (0.000 s): concealed: ac-tex damaged at 1 3; "
        "another copy, or damage: keep-going, would work"
    )
    refuse_damage(damage, film="a.mkv", time_base=BASE, policy="keep-going")
    told = describe_damage(damage, time_base=BASE)
    assert told.count("pts") == 20 and told.endswith("; and 10 more")


def test_a_damaged_still_is_told_by_its_name(tmp_path: Path) -> None:
    pattern = tmp_path / "scan" / "%06d.dpx"
    make_stills(pattern, pixel_format="gbrp10be", count=4, first=86400)
    cut = tmp_path / "scan" / "086402.dpx"
    cut.write_bytes(cut.read_bytes()[:3000])
    film = probe_film_or_stills(pattern, rate=Fraction(24))
    (damage,) = scan_film(film, shot_settings=ShotSettings(), segment_settings=SegmentSettings()).damage
    assert damage.line(film.time_base).startswith("pts 2 (0.083 s): lost: 086402.dpx: ")
