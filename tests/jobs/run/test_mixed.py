"""A reel of grey, tinted and colour shots, and a damaged film, from the command line to what is on record."""

import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from jobs.cli.main import main
from pipeline.plan.ffv1_crc import broken_slices
from tests.color_films import Rgb, make_color_film, scene
from tests.media import make_film
from tests.recorded import SMALL, record_of

_SHOT_FRAMES = 10


def _reel(path: Path) -> Path:
    """Three shots of ten frames: grey, sepia, and in colours."""
    frames = [scene(1 + number // _SHOT_FRAMES, shift=number) for number in range(3 * _SHOT_FRAMES)]
    tints = [np.ones(3), np.array([1.0, 0.85, 0.6])]
    toned = [
        _toned(frame, tints[number // _SHOT_FRAMES])
        for number, frame in enumerate(frames[: 2 * _SHOT_FRAMES])
    ]
    return make_color_film(path, [*toned, *frames[2 * _SHOT_FRAMES :]], pixel_format="yuv420p")


def _toned(rgb: Rgb, tint: npt.NDArray[np.float64]) -> Rgb:
    luma = rgb @ np.array([0.2126, 0.7152, 0.0722])
    return np.asarray(np.rint(luma[..., None] * tint).clip(0, 255), np.uint8)


def _planes(path: Path) -> list[list[bytes]]:
    """The samples of every plane of every frame."""
    with av.open(str(path)) as film:
        return [[_samples(plane) for plane in frame.planes] for frame in film.decode(video=0)]


def _samples(plane: av.video.plane.VideoPlane) -> bytes:
    rows = np.frombuffer(bytes(plane), np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width].tobytes()


def _run(*arguments: str | Path) -> int:
    return main(
        ["colorize", *map(str, arguments), "-q", *(part for text in SMALL for part in ("--set", text))]
    )


@pytest.mark.parametrize("tinted", ["recolour", "keep"])
def test_colour_shots_pass_through_untouched_and_tinted_ones_as_asked(tmp_path: Path, tinted: str) -> None:
    film, output = _reel(tmp_path / "reel.mkv"), tmp_path / "out.mkv"
    assert _run(film, "-o", output, "--preset", "archival", "--set", f"tinted={tinted}") == 0
    before, after = _planes(film), _planes(output)
    assert [frame[0] for frame in after] == [frame[0] for frame in before]
    same = [one == other for one, other in zip(before, after, strict=True)]
    own = [False] * _SHOT_FRAMES + [tinted == "keep"] * _SHOT_FRAMES + [True] * _SHOT_FRAMES
    assert same == own
    record = record_of(output)
    assert [shot.kind for shot in record.shots] == ["grey", "tinted", "colour"]
    sources = [shot.treatment.source for shot in record.shots if shot.treatment]
    assert sources == ["predicted", "original" if tinted == "keep" else "predicted", "original"]
    assert any("1 colour shot is kept untouched: 2" in note for note in record.notes)
    page = (tmp_path / "out.mkv.report.html").read_text(encoding="utf-8")
    assert "the source has a tint" in page and "the source is in colour" in page


def test_a_kept_shot_can_be_coloured_all_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film, job = _reel(tmp_path / "reel.mkv"), tmp_path / "job.yaml"
    (tmp_path / "work").mkdir()
    job.write_text(
        f"input: {film.name}\noutput: out.mkv\npreset: archival\nwork: work\nreport: false\nsegment_frames: 16\n"
        'overlap_frames: 8\ncolor: {short_side: 128}\nshots: {"2": {keep_original: false}}\n',
        encoding="utf-8",
    )
    assert main(["plan", str(job), "-q"]) == 0
    capsys.readouterr()
    assert main(["status", str(job), "--json-events"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["kinds"] == {"grey": 1, "tinted": 1, "colour": 1, "card": 0, "tinted card": 0}
    assert [(part["kind"], part["source"]) for part in told["segments"]] == [
        ("grey", "predicted"),
        ("tinted", "predicted"),
        ("colour", "predicted"),
    ]


def test_a_setting_that_changes_nothing_of_a_kept_shot_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film, job = _reel(tmp_path / "reel.mkv"), tmp_path / "job.yaml"
    job.write_text(
        f'input: {film.name}\noutput: out.mkv\nshots: {{"0-2": {{saturation: 0.5}}, "1": {{hue_degrees: 9}}}}\n',
        encoding="utf-8",
    )
    assert main(["plan", str(job), "-q"]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert "shots.0-2.saturation changes nothing of shot 2" in line
    assert "keep_original: false" in line


def _damaged(folder: Path) -> tuple[Path, list[int]]:
    """A film with a tone, of whose frames 6 fails its CRC and 9 is no picture; its path and the times of all frames."""
    whole, path = folder / "whole.mkv", folder / "damaged.mkv"
    crc = {"level": "3", "slicecrc": "1", "slices": "4"}
    make_film(whole, frames=20, size=(160, 120), options=crc, rate=Fraction(25), audio=1)
    times, number = [], -1
    with av.open(str(whole)) as source, av.open(str(path), "w") as out:
        streams = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if not packet.size:
                continue
            data = bytes(packet)
            if packet.stream.type == "video":
                number += 1
                times.append(packet.pts or 0)
                if number == 6:
                    data = (
                        data[: len(data) // 2]
                        + bytes([data[len(data) // 2] ^ 1])
                        + data[len(data) // 2 + 1 :]
                    )
                    assert broken_slices(data)
                if number == 9:
                    data = b"\0" * 20
            copy = av.Packet(data)
            copy.stream, copy.time_base = streams[packet.stream.index], packet.time_base
            copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
            copy.is_keyframe = packet.is_keyframe
            out.mux(copy)
    return path, times


def _sound(path: Path) -> list[tuple[Fraction, bytes]]:
    """Time and bytes of every packet of sound."""
    with av.open(str(path)) as film:
        packets = [packet for packet in film.demux(audio=0) if packet.size]
        return [((packet.pts or 0) * Fraction(packet.time_base or 1), bytes(packet)) for packet in packets]


def test_archival_stops_at_damage_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film, times = _damaged(tmp_path)
    assert _run(film, "-o", tmp_path / "out.mkv", "--preset", "archival") == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert f"{film}: is damaged in 2 places, the first pts {times[6]}" in error
    assert "damage: keep-going" in error
    assert not (tmp_path / "out.mkv").exists()


def test_with_keep_going_times_stay_and_sound_is_in_sync(tmp_path: Path) -> None:
    film, times = _damaged(tmp_path)
    output = tmp_path / "out.mkv"
    assert _run(film, "-o", output, "--preset", "archival", "--set", "damage=keep-going") == 0
    with av.open(str(output)) as made:
        found = [packet.pts for packet in made.demux(video=0) if packet.size]
    assert found == [*times[:9], *times[10:]]  # the frame that is lost leaves its gap
    assert _sound(output) == _sound(film)
    record = record_of(output)
    assert [(damage.pts, damage.fault) for damage in record.damage] == [(times[6], "crc"), (times[9], "lost")]
    (warning,) = (line for line in record.warnings if "damaged in 2 places" in line)
    assert f"pts {times[6]} (" in warning and f"pts {times[9]} (" in warning
    assert "slice" in (tmp_path / "out.mkv.report.html").read_text(encoding="utf-8")
