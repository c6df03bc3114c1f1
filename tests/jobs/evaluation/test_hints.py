"""The curve over given points: what is drawn, that more points help, and what `kinochrome evaluate --hints` prints."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from jobs.cli.main import main
from jobs.evaluation.evaluate import evaluate_hints
from jobs.evaluation.hint_protocols import HINT_PROTOCOLS
from jobs.evaluation.hints import HintReport
from jobs.evaluation.table import as_hint_table
from tests.color_pictures import save_picture


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three photos of coloured discs on coloured ground."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for number in range(3):
        rgb = np.full((120, 160, 3), rng.integers(60, 200, 3), np.uint8)
        for _ in range(6):
            centre = (int(rng.integers(0, 160)), int(rng.integers(0, 120)))
            cv2.circle(rgb, centre, int(rng.integers(15, 40)), rng.integers(30, 230, 3).tolist(), -1)
        save_picture(folder / f"{number}.png", rgb)
    return folder


@pytest.fixture(scope="module")
def report(photos: Path) -> HintReport:
    return evaluate_hints([photos], protocol="icolorit", photo_count=2, device="cpu")


def test_points_are_drawn_as_the_protocols_say() -> None:
    ramp = np.zeros((256, 256, 3), np.float32)
    ramp[..., 1], ramp[..., 2] = np.mgrid[:256, :256]
    places, ab = HINT_PROTOCOLS["zhang2017"].draw(0, ramp)
    corners = places * 256 - 3
    np.testing.assert_allclose(ab, corners + 2.5, atol=1e-3)  # the mean of a patch of 6x6
    assert corners.shape == (500, 2)
    assert corners.min() >= 0
    assert corners.max() <= 250
    assert abs(corners.mean() - 125.5) < 10
    assert 45 < corners.std() < 63  # clipped
    places, ab = HINT_PROTOCOLS["icolorit"].draw(0, ramp[:224, :224])
    cells = places * 112 - 0.5
    np.testing.assert_allclose(ab, cells * 2 + 0.5, atol=1e-3)
    assert len(np.unique(cells.round(), axis=0)) == 200
    assert cells.min() >= 0
    assert cells.max() <= 111


def test_points_of_a_picture_are_fixed_and_of_two_differ() -> None:
    lab = np.zeros((256, 256, 3), np.float32)
    for protocol in HINT_PROTOCOLS.values():
        first, again, second = (protocol.draw(number, lab)[0] for number in (0, 0, 1))
        np.testing.assert_array_equal(first, again)
        assert (first != second).any()


def test_points_come_nearer_to_the_truth_the_more_they_are(report: HintReport) -> None:
    assert [one.points for one in report.curve] == [0, 1, 2, 5, 10, 20, 50, 100, 200]
    assert report.photo_count == 2
    for name in ("bilinear", "plain", "still"):
        curve = [gain[name] for gain in report.gains()]
        assert curve[0] == 0
        assert curve[-1] > curve[4] > curve[1] > 0
        assert curve[-1] > 5
    assert report.curve[0].error is None
    assert all(one.error is not None and one.error < 3 for one in report.curve[1:])


def test_same_photos_and_points_give_the_same_figures(photos: Path, report: HintReport) -> None:
    again = evaluate_hints([photos], protocol="icolorit", photo_count=2, device="cpu")
    assert again.curve == report.curve


def test_table_and_json_tell_all(report: HintReport) -> None:
    head, names, *rows = as_hint_table(report).split("\n\n")[0].splitlines()
    assert head == "icolorit, 2 photos, 224x224: PSNR in dB"
    assert names.split() == ["points", "bilinear", "gain", "plain", "gain", "still", "gain", "error"]
    assert [row.split()[0] for row in rows] == ["0", "1", "2", "5", "10", "20", "50", "100", "200"]
    assert len({len(row) for row in (names, *rows)}) == 1
    told = json.loads(json.dumps(report.as_json()))
    assert told["side_px"] == told["network"]["short_side"] == 224
    assert told["photos"] == 2
    assert told["curve"][4]["points"] == 10
    last, first = told["curve"][-1], told["curve"][0]
    assert last["gain"]["bilinear"] == pytest.approx(last["bilinear"] - first["bilinear"])
    assert {"protocol", "psnr", "bilinear", "plain", "still", "error"} <= set(told["conventions"])


def test_command_line_prints_the_curve(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["evaluate", str(photos / "0.png"), "--hints", "zhang2017", "--device", "cpu", "--json", "-q"]
    assert main(command) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["protocol"] == "zhang2017"
    assert [one["points"] for one in told["curve"]] == [0, 1, 2, 5, 10, 20, 50, 100, 200, 500]
    assert told["curve"][-1]["gain"]["still"] > 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--hints", "zhang"], "--hints zhang: zhang2017 or icolorit works"),
        (["--hints", "icolorit", "--photos", "0"], "--photos 0: 1 or more works"),
        (["--photos", "3"], "--photos goes with --hints"),
        (["--hints", "icolorit", "--sheet", "s.png"], "--sheet and --kernel-distance do not go with --hints"),
    ],
    ids=["protocol", "count", "alone", "sheet"],
)
def test_bad_options_are_told_in_one_line(
    photos: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(photos), *options]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_points_need_photos(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "clip.mp4").touch()
    assert main(["evaluate", str(tmp_path), "--hints", "icolorit"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "only clips" in line
