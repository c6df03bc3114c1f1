"""Clips of whose shots stills are given: what is measured, and what `kinochrome evaluate --reference` prints."""

import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from jobs.cli.main import main
from jobs.evaluation.evaluate import evaluate_references
from jobs.evaluation.pictures import SHOWN_SHORT_PX, capped_psnr, with_short_side
from jobs.evaluation.reference_figures import ReferenceReport
from jobs.evaluation.table import as_reference_table
from tests.color_films import Rgb, make_color_film

SHOTS, FRAMES = 2, 14


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two shots in colours that no network would guess: discs that move, over another ground in each."""
    path = tmp_path_factory.mktemp("clips") / "clip.mkv"
    return make_color_film(path, [_frame(shot, number) for shot in range(SHOTS) for number in range(FRAMES)])


@pytest.fixture(scope="module")
def first(clip: Path) -> ReferenceReport:
    return evaluate_references([clip], reference="first", device="cpu")


def test_a_still_of_a_shot_brings_its_true_colours(first: ReferenceReport) -> None:
    assert [(shot.shot, shot.frame_count) for shot in first.shots] == [(0, FRAMES), (1, FRAMES)]
    assert first.skipped == 0
    for shot in first.shots:
        assert shot.psnr > shot.psnr_automatic + 6
        assert 0.5 < shot.score <= 1
        assert [one.frames_to for one in shot.distances] == [1, 10, 25]
        assert 0 < shot.cdc_grey < shot.cdc
        assert 0 < shot.cdc_standing != shot.cdc
    mean = first.mean()
    assert mean.psnr == pytest.approx(np.mean([shot.psnr for shot in first.shots]))
    weights = (1, 9, 3)  # frames of a shot at these distances
    told = np.average([one.psnr for one in first.distances()], weights=weights)
    assert told == pytest.approx(mean.psnr)


def test_what_is_measured_is_the_film_that_a_job_makes(clip: Path, first: ReferenceReport) -> None:
    for shot in range(SHOTS):
        cv2.imwrite(str(clip.with_name(f"{shot}.png")), _frame(shot, 0)[..., ::-1])
    job = clip.with_name("job.yaml")
    stills = "".join(
        f'  "{shot}": {{keep_original: false, guidance: {{references: [{{file: {shot}.png, frame: {start}}}]}}}}\n'
        for shot, start in enumerate((0, FRAMES))
    )
    job.write_text(
        "input: clip.mkv\noutput: out.mkv\npreset: archival\nreport: false\nencode: {chroma: '444'}\n"
        f"device: cpu\nshots:\n{stills}"
    )
    assert main(["run", str(job), "-q"]) == 0
    truth, made = _pictures(clip), _pictures(clip.with_name("out.mkv"))
    for shot, figures in enumerate(first.shots):
        frames = range(shot * FRAMES + 1, (shot + 1) * FRAMES)
        errors = [capped_psnr(made[number], truth[number]) for number in frames]
        assert np.mean(errors) == pytest.approx(figures.psnr, abs=0.3)


def test_what_is_farther_than_the_last_still_is_nearer_to_it(clip: Path, first: ReferenceReport) -> None:
    both = evaluate_references([clip], reference="first-last", device="cpu")
    assert [one.frames_to for one in both.distances()] == [1, 10]
    assert both.mean().psnr > first.mean().psnr - 0.5
    assert both.mean().score > first.mean().score


def test_a_still_of_another_scene_costs_nothing(clip: Path) -> None:
    report = evaluate_references([clip, clip], reference="foreign", most_frames=5, device="cpu")
    assert [shot.shot for shot in report.shots] == [1, 0, 1]  # the first shot of all has none before it
    assert all(shot.frame_count == 5 for shot in report.shots)
    assert report.mean().psnr > report.mean().psnr_automatic - 0.3
    assert report.mean().score < 0.5


def test_a_grey_clip_cannot_give_stills(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grey = np.repeat(_frame(0, 0)[..., :1], 3, axis=2)
    path = make_color_film(tmp_path / "grey.mkv", [grey] * 4)
    assert main(["evaluate", str(path), "--reference", "first", "--device", "cpu", "-q"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "clips in colour would work" in line


def test_colors_that_stand_have_the_cdc_of_their_luma(tmp_path: Path) -> None:
    path = make_color_film(tmp_path / "still.mkv", [_frame(0, 0)] * 6)
    (shot,) = evaluate_references([path], reference="first", device="cpu").shots
    assert shot.cdc_standing == shot.cdc_grey == 0


def test_table_and_json_tell_all(first: ReferenceReport) -> None:
    head, shots, distances, correlation, conventions = as_reference_table(first).rstrip().split("\n\n")
    assert head == "stills: first"
    rows = shots.splitlines()
    assert [row.split("  ")[0] for row in rows] == ["shots", "clip.mkv, shot 0", "clip.mkv, shot 1", "mean"]
    assert len({len(row) for row in rows}) == 1
    assert [row.split("  ")[0] for row in distances.splitlines()[1:]] == ["up to 1", "up to 10", "up to 25"]
    assert "shots left out: 0" in correlation
    assert "psnr" in conventions
    told = json.loads(json.dumps(first.as_json()))
    assert told["mean"]["psnr"] == first.mean().psnr
    assert told["shots"][1]["cdc_grey"] == first.shots[1].cdc_grey
    assert told["network"]["short_side"] == 224


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--reference", "last"], "--reference last: first, first-last or foreign works"),
        (["--reference", "first", "--frames", "2"], "--frames 2: 3 or more works"),
        (["--frames", "9"], "--frames goes with --reference"),
        (["--reference", "first", "--hints", "icolorit"], "--hints does not go with --reference"),
        (["--reference", "first", "--kernel-distance"], "do not go with --reference"),
    ],
    ids=["name", "count", "alone", "hints", "features"],
)
def test_bad_options_are_told_in_one_line(
    clip: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(clip), *options]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_stills_need_clips(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "photo.png").touch()
    assert main(["evaluate", str(tmp_path), "--reference", "first"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "only photos" in line


def _pictures(path: Path) -> list[Rgb]:
    with av.open(str(path)) as film:
        frames = [frame.to_ndarray(format="rgb24", src_colorspace="itu709") for frame in film.decode(video=0)]
    return [with_short_side(frame.astype(np.uint8), SHOWN_SHORT_PX) for frame in frames]


def _frame(shot: int, number: int) -> Rgb:
    """A violet disc over green ground, or the other way round on a striped one, moving."""
    grounds = ((60, 140, 60), (130, 60, 150))
    rgb = np.full((96, 128, 3), grounds[shot], np.uint8)
    shade = np.linspace(0.6, 1.2, 128) if shot else np.linspace(1.1, 0.7, 128)
    rgb = (rgb * shade[:, None]).clip(0, 255).astype(np.uint8)
    if shot:
        rgb[::12] = rgb[::12] // 2
    centre = (30 + 3 * number, 40 + number) if shot == 0 else (100 - 3 * number, 55)
    cv2.circle(rgb, centre, 20, grounds[1 - shot], -1)
    cv2.circle(rgb, centre, 6, (220, 200, 90), -1)
    return rgb
