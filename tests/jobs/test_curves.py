import json
import math
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from jobs.curves import ROW_PX, WIDTH_PX, draw_curves
from jobs.trainlog import read_log
from models.validation import Figures
from pipeline.errors import OutputError, SettingsError
from tests.color_pictures import read_picture


def _figures(step: int) -> Figures:
    rest = math.exp(-step / 800)
    return Figures(
        ab_rmse=15 + 4 * rest + step / 2000,
        grey_ab_rmse=17.1,
        cf=40 - 30 * rest,
        cf_truth=44,
        delta_cf=6 + 20 * rest,
        kernel=0.01 + 0.05 * rest,
        kernel_grey=0.063,
        cdc=0.007 + 0.001 * rest,
        cdc_truth=0.005,
    )


def _lines() -> Iterator[dict[str, object]]:
    random = np.random.default_rng(0)
    yield {"stage": "decoder", "step": 0}
    for step in range(10, 3001, 10):
        if step in (1010, 2010):
            yield {"stage": {1010: "whole network", 2010: "adversarial"}[step], "step": step - 10}
        line: dict[str, object] = {
            "step": step,
            "loss": 3.3 + 2 * math.exp(-step / 300) + random.normal() / 20,
        }
        if step > 2000:
            line |= {"generator_adversarial": 0.7 + random.normal() / 20, "discriminator": 1.3, "l1": 9.0}
        yield line
        if step % 250 == 0:
            yield {"validation": {"step": step, **asdict(_figures(step))}}


def _write(path: Path, lines: Iterator[dict[str, object]] | list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_curves_are_one_picture_of_known_size(tmp_path: Path) -> None:
    log = _write(tmp_path / "log.jsonl", _lines())
    draw_curves(log, tmp_path / "curves.png")
    picture = read_picture(tmp_path / "curves.png")
    # loss, adversarial, l1; ab RMSE, CF, kernel distance; CDC, score
    assert picture.shape == (3 * ROW_PX, WIDTH_PX, 3)
    height, width = ROW_PX, WIDTH_PX // 3
    panels = [
        picture[row * height + 60 : (row + 1) * height - 60, column * width + 90 : (column + 1) * width - 40]
        for row in range(3)
        for column in range(3)
    ]
    assert [bool((panel < 128).any()) for panel in panels] == [True] * 8 + [False]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curves.png", "log.jsonl"]


def test_log_of_losses_alone_has_one_row(tmp_path: Path) -> None:
    log = _write(tmp_path / "log.jsonl", [{"step": step, "loss": 1 / step} for step in (1, 2, 3)])
    draw_curves(log, tmp_path / "curves.png")
    assert read_picture(tmp_path / "curves.png").shape == (ROW_PX, WIDTH_PX, 3)


def test_scores_of_the_log_are_those_of_the_figures(tmp_path: Path) -> None:
    found = read_log(_write(tmp_path / "log.jsonl", _lines()))
    expected = {step: _figures(step).score for step in range(250, 3001, 250)}
    assert found.validations["score"] == pytest.approx(expected)
    assert found.best_step() == min(expected, key=expected.__getitem__)
    assert found.stages == {"decoder": 0, "whole network": 1000, "adversarial": 2000}
    told: dict[str, object] = {"validation": {"step": 1, **_figures(1).as_json()}}
    assert read_log(_write(tmp_path / "log.jsonl", [told])).validations["score"] == {1: _figures(1).score}


def test_resumed_training_replaces_what_it_logged(tmp_path: Path) -> None:
    steps = [(10, 3.0), (20, 2.0), (30, 9.0), (20, 2.5), (30, 2.25)]
    log = _write(tmp_path / "log.jsonl", [{"step": step, "loss": loss} for step, loss in steps])
    assert read_log(log).scalars["loss"] == {10: 3.0, 20: 2.5, 30: 2.25}


def test_names_and_numbers_that_are_no_curves_do_no_harm(tmp_path: Path) -> None:
    lines: list[dict[str, object]] = [
        {"stage": "$\\frac$_{", "step": 1},
        {"step": 1, "loss": math.nan, "$a_{": 1, "host": "here", "resumed": True},
        {"step": 2, "loss": math.inf, "$a_{": 1e300},
        {"validation": {"step": 2, "ab_rmse": 3.0, "grey_ab_rmse": 0.0, "kernel": None}},
        {"best": {"step": 2}},
    ]
    log = _write(tmp_path / "log.jsonl", lines)
    found = read_log(log)
    assert set(found.scalars) == {"loss", "$a_{"}
    assert found.best_step() is None
    draw_curves(log, tmp_path / "curves.png")
    assert read_picture(tmp_path / "curves.png").shape == (ROW_PX, WIDTH_PX, 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "log.jsonl: no figures in it yet"),
        ('{"stage": "decoder", "step": 0}\n', "no figures in it yet"),
        ('{"step": 1, "loss": 2}\n{"step": 2, "lo', "line 2: not JSON"),
        ("[1, 2]\n", r"line 1: found \[1, 2\]; an object"),
        ('{"loss": 2}\n', "line 1: step: found None; a whole number"),
        ('{"step": "one", "loss": 2}\n', "line 1: step: found one"),
        ('{"validation": 3}\n', "line 1: validation: found 3"),
        ('{"validation": {"ab_rmse": 3}}\n', "line 1: step: found None"),
    ],
    ids=[
        "empty",
        "stages only",
        "torn",
        "list",
        "no step",
        "step in words",
        "no figures",
        "figures of no step",
    ],
)
def test_broken_log_is_one_clear_line(tmp_path: Path, text: str, message: str) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(text)
    with pytest.raises(SettingsError, match=message) as caught:
        draw_curves(log, tmp_path / "curves.png")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == [log]


def test_log_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    with pytest.raises(SettingsError, match=f"cannot read {re.escape(str(log))}"):
        draw_curves(log, tmp_path / "curves.png")
    log.write_bytes(b"\xff\xfe\n")
    with pytest.raises(SettingsError, match="cannot read"):
        draw_curves(log, tmp_path / "curves.png")


def test_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    log = _write(tmp_path / "log.jsonl", [{"step": 1, "loss": 1.0}])
    with pytest.raises(OutputError, match="no such folder"):
        draw_curves(log, tmp_path / "none" / "curves.png")
