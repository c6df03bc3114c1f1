"""How far a job is, and what went wrong, by what it said."""

from pathlib import Path

import pytest

from jobs.progress.rates import Rate, parse_stage_line, stage_line
from jobs.progress.reporters import LineProgress
from jobs.projects.status import job_progress, said_lines

LOG = """\
=== attempt 1 of 3: host-1, 2026-12-01 04:00:00 +0000, kinochrome 0.1.0
rendering: 90 of 102 frames, 2.4 frames/s, 0:37 left
kinochrome: error: the disk is full
=== attempt 2 of 3: host-1, 2026-12-01 04:01:00 +0000, kinochrome 0.1.0
workers: 1 (CPU, 2 cores; --workers changes it)
reading the file: 1.2 of 1.2 GB
looking for shots: 102 of 102 frames, 80.0 frames/s
colouring: 51 of 102 frames, 8.1 frames/s, 0:06 left
"""


def test_a_line_of_a_stage_is_read_back() -> None:
    for line, seen in (
        (stage_line("scan", 1024, 2400, "frame", Rate(21.3, 64.0)), ("scan", 1024, 2400, 64.0)),
        (stage_line("scan", 7, None, "frame", Rate(None, None)), ("scan", 7, None, None)),
        (
            stage_line("fingerprint", 3 * 10**8, 12 * 10**8, "byte", Rate(85e6, 3700.0)),
            ("fingerprint", 3 * 10**8, 12 * 10**8, 3700.0),
        ),
        (stage_line("mux", 0, 1, "film", Rate(None, None)), ("mux", 0, None, None)),
    ):
        state = parse_stage_line(line)
        assert state is not None, line
        assert (state.name, state.done, state.total, state.seconds_left) == seen
    for line in ("out.mkv: 24 frames in 1.2 s, 20.0 frames/s", "kinochrome: error: colouring", ""):
        assert parse_stage_line(line) is None


def test_progress_is_that_of_the_last_attempt() -> None:
    progress = job_progress("film", LOG.splitlines())
    assert (progress.stage, progress.done, progress.total, progress.seconds_left) == ("colour", 51, 102, 6.0)
    assert 20 < progress.percent < 60
    begun = job_progress("film", LOG.splitlines()[:1])
    assert (begun.stage, begun.percent, begun.line) == ("starting", 0.0, "starts")


def test_the_line_of_a_film_says_how_far_it_is_as_a_whole(capsys: pytest.CaptureFixture[str]) -> None:
    told = LineProgress(line_seconds=0)
    told.film("a: 5 %; b.mkv", part="run")
    told.stage("scan", 102, 102)
    told.stage("colour", 51, 102)
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1].startswith("a: 5 %; b.mkv: ")
    progress = job_progress("preview", lines)
    assert (progress.stage, progress.done, progress.total) == ("colour", 51, 102)
    assert 10 < progress.percent < 60


def test_errors_are_told_once_each(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    assert said_lines(log) == ()
    log.write_text(LOG + "kinochrome: error: the disk is full\nkinochrome: warning: slow\n")
    assert said_lines(log) == ("the disk is full",)
    assert said_lines(log, kinds=("warning",)) == ("slow",)
