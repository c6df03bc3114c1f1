"""The price of a film: arithmetic by hand, and what `check` and a run say of a real one."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.cli.main import main
from jobs.estimate.pace import Pace
from jobs.estimate.price import Costs, guessed, planned, price
from jobs.settings.job_file import load_job
from pipeline.media import Shot
from pipeline.plan.segments import SegmentSettings, make_segments
from pipeline.source.probe import probe
from tests.films import film_info
from tests.media import make_film
from tests.stages import make_place

PACE = Pace(
    startup_seconds=2.0,
    color_seconds=0.1,
    render_seconds=0.05,
    overlap=0.0,
    segments=(1, 2),
    frames=64,
    memory_bytes=500,
)
COSTS = Costs(
    paces=(PACE,),
    scan_seconds=0.01,
    prove_seconds=0.02,
    byte_seconds=0.0,
    first_bytes=1000.0,
    other_bytes=100.0,
    proxy_bytes=10.0,
    memory_bytes=1_000_000,
    held_bytes=1000,
    sample_frames=64,
)


def shots_of(*lengths: int) -> tuple[Shot, ...]:
    edges = [sum(lengths[:number]) for number in range(len(lengths) + 1)]
    return tuple(
        Shot(index=number, start=edges[number], end=edges[number + 1]) for number in range(len(lengths))
    )


def test_a_film_that_is_planned_costs_what_its_frames_cost() -> None:
    shots = shots_of(100, 60)
    segments = make_segments(shots, SegmentSettings(segment_frames=240, overlap_frames=0))
    found = price(film_info(), planned(shots, segments), COSTS, is_planned=True, other_bytes=5000)
    assert (found.frames, found.shots, found.counted) == (160, 2, True)
    assert found.plan_seconds == 0
    assert found.shots_seconds == pytest.approx(2 + 160 * 0.15)
    assert found.finish_seconds == pytest.approx(160 * 0.02)
    assert found.seconds == pytest.approx(2 + 160 * 0.17)
    assert found.output_bytes == 2 * 1000 + 158 * 100 + 5000
    assert found.scratch_bytes == 2 * 1000 + 158 * 100 + 160 * 10
    assert found.memory_bytes == 1_000_000 + 1000 * 100
    new = price(film_info(), planned(shots, segments), COSTS, is_planned=False, other_bytes=0)
    assert new.plan_seconds == pytest.approx(160 * 0.01)


def test_lead_frames_are_coloured_too_and_two_workers_share() -> None:
    shots = shots_of(480)
    plain = make_segments(shots, SegmentSettings(segment_frames=240, overlap_frames=0))
    led = make_segments(shots, SegmentSettings(segment_frames=240, overlap_frames=40))
    one, more = (
        price(film_info(), planned(shots, segments), COSTS, is_planned=True, other_bytes=0).shots_seconds
        for segments in (plain, led)
    )
    assert one is not None
    assert more == pytest.approx(one + 80 * 0.1)
    two = price(
        film_info(),
        planned(shots, plain),
        replace(COSTS, paces=(PACE, PACE)),
        is_planned=True,
        other_bytes=0,
    )
    assert two.workers == 2
    assert two.shots_seconds == pytest.approx(2 + 240 * 0.15)


def test_a_guess_has_all_frames_and_the_cuts_that_were_seen() -> None:
    settings = SegmentSettings(segment_frames=240, overlap_frames=40)
    guess = guessed(frames=172_800, cuts=6, seen_frames=600, settings=settings)
    assert guess.shots == pytest.approx(1729, abs=2)
    assert not guess.is_counted
    frames = sum(segment.end - segment.start for segment in guess.segments) * guess.share
    assert frames == pytest.approx(172_800, rel=0.001)
    one = guessed(frames=100, cuts=0, seen_frames=100, settings=settings)
    assert one.shots <= 2
    assert sum(s.end - s.start for s in one.segments) * one.share == pytest.approx(100)


def test_a_film_whose_length_nobody_knows_has_no_price() -> None:
    found = price(film_info(), None, COSTS, is_planned=False, other_bytes=0)
    assert (found.frames, found.seconds, found.output_bytes) == (None, None, None)
    assert "unknown" in found.as_table()
    assert found.as_json()["memory_bytes"] == 1_000_000


def test_check_prices_a_film_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = make_place(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert main(["check", str(job), "--json-events"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert sorted(tmp_path.rglob("*")) == before
    assert (told["frames"], told["counted"], told["workers"]) == (32, False, 1)
    assert told["seconds"] == pytest.approx(
        told["plan_seconds"] + told["shots_seconds"] + told["finish_seconds"], abs=0.2
    )
    assert told["memory_bytes"] > 50e6
    assert main(["plan", str(job), "-q"]) == 0
    assert main(["check", str(job), "--json-events"]) == 0
    exact = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (exact["frames"], exact["shots"], exact["counted"], exact["plan_seconds"]) == (32, 2, True, 0)
    guided = job.with_name("guided.yaml")  # at times that the excerpts, with gaps between them, do not have
    mark = '{frame: "00:00:00:05", colour: navy, path: [[0.5, 0.5]]}'
    guided.write_text(f"{job.read_text()}guidance: {{marks: [{mark}]}}\n")
    assert main(["check", str(guided)]) == 0
    table = capsys.readouterr().out
    assert "frames       32\n" in table
    assert "shots        2\n" in table
    assert main(["run", str(job), "-q"]) == 0
    assert exact["output_bytes"] == pytest.approx(job.with_name("out.mkv").stat().st_size, rel=0.5)


@pytest.mark.slow
def test_check_measures_as_many_workers_as_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = make_place(tmp_path)
    assert main(["check", str(job), "--json-events", "--workers", "2"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["workers"] == 2
    assert told["memory_bytes"] > 300e6  # two processes with a network each, and this one
    assert told["seconds"] > 0


def test_other_streams_count_and_places_without_frames_do_not(tmp_path: Path) -> None:
    from jobs.estimate.measure import check_job

    make_film(tmp_path / "film.mov", frames=40, pixel_format="yuv420p", codec="libx264", audio=2)
    assert probe(tmp_path / "film.mov").duration_seconds_from_header == pytest.approx(1.6, abs=0.1)
    job_path = tmp_path / "job.yaml"
    job_path.write_text("input: film.mov\noutput: out.mkv\ncolor: {short_side: 128}\n")
    found = check_job(load_job(job_path))
    assert found.output_bytes is not None
    assert found.scratch_bytes is not None
    assert found.output_bytes > 2 * 1.5 * 48000 * 2  # two tracks of 16-bit PCM
