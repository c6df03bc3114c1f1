"""Progress on a queue: which lines a worker of Open Job Description reads, and which must never look like one."""

import io
import re

import pytest

from jobs.cli.main import main
from jobs.progress.openjd import OpenJdProgress


class Told:
    """An OpenJdProgress that is asked all the time, and what a worker would read."""

    def __init__(self, verb: str, *, seconds: float = 0.0) -> None:
        self._stream = io.StringIO()
        self.progress = OpenJdProgress(verb, self._stream, status_seconds=seconds, progress_seconds=seconds)

    def lines(self, kind: str) -> list[str]:
        """What follows `openjd_KIND: ` on each line."""
        start = f"openjd_{kind}: "
        return [line.removeprefix(start) for line in self.all() if line.startswith(start)]

    def all(self) -> list[str]:
        """Every line as a worker would split them: at any kind of line end."""
        return re.split(r"[\n\r]+", self._stream.getvalue())


def test_progress_rises_to_100_only_when_the_work_is_done() -> None:
    told = Told("run")
    for stage, total, unit in (("fingerprint", 900, "byte"), ("scan", 24, "frame")):
        for done in range(0, total + 1, total // 3):
            told.progress.stage(stage, done, total, unit)
    for done in range(25):
        told.progress.stage("colour", done, 24)
        told.progress.stage("render", max(0, done - 8), 24)
    told.progress.stage("mux", 0, 1, "film")
    for done in range(25):
        told.progress.stage("prove", done, 24)
    told.progress.stage("mux", 1, 1, "film")
    percents = [float(text) for text in told.lines("progress")]
    assert percents == sorted(set(percents))
    assert percents[-1] < 100
    assert sum(10 < percent < 95 for percent in percents) > 20
    told.progress.finish("done", output="out.mkv")
    assert told.lines("progress")[-1] == "100.0"


@pytest.mark.parametrize(("verb", "stage"), [("plan", "scan"), ("shots", "render"), ("mux", "prove")])
def test_a_stage_that_was_left_out_counts_as_done(verb: str, stage: str) -> None:
    told = Told(verb)
    told.progress.stage(stage, 1, 2)
    told.progress.stage(stage, 2, 2)
    assert [float(text) for text in told.lines("progress")] == [50.0, 99.0]


def test_status_says_what_is_done_and_how_fast() -> None:
    told = Told("shots")
    told.progress.stage("colour", 0, 240)
    told.progress.stage("colour", 120, 240)
    assert re.fullmatch(
        r"colouring: 120 of 240 frames, [\d.,]+ frames/s, \d+:\d\d left", told.lines("status")[-1]
    )


def test_lines_are_rare() -> None:
    told = Told("shots", seconds=3600)
    for done in range(10_000):
        told.progress.stage("colour", done, 10_000)
    assert len(told.lines("progress")) <= 1
    assert len(told.lines("status")) == 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\v", "\u2028", "\x85"])
def test_no_text_passes_for_a_line_of_the_protocol(end: str) -> None:
    hostile = f"film{end}openjd_env: A=b{end}openjd_progress: 7{end}openjd_fail: {'x' * 3000}"
    told = Told("shots")
    told.progress.stage(hostile, 0, 9)
    told.progress.note(hostile)
    told.progress.note(hostile, warning=True)
    told.progress.finish("failed", message=hostile)
    assert told.lines("env") == []
    assert told.lines("progress") == []
    assert [text[:20] for text in told.lines("fail")] == ["film; openjd_env: A="]
    assert max(map(len, told.all())) <= 1000


def test_names_that_are_not_unicode_are_told() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    OpenJdProgress("plan", stream).note("film\udcff.mkv")
    stream.seek(0)
    assert stream.read() == "kinochrome: film\\udcff.mkv\n"


def test_a_fault_of_a_job_is_a_fail_line_and_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "none.yaml", "--openjd"]) == 1
    said = capsys.readouterr()
    assert said.out.startswith("openjd_fail: ")
    assert "none.yaml" in said.out
    assert said.err.startswith("kinochrome: error: ")


def test_json_and_openjd_are_one_too_many() -> None:
    assert main(["schema", "--openjd", "--json-events"]) == 2
