"""Logs of jobs: bounded, with beginning and end, and patient with a share."""

from pathlib import Path

from jobs.queue.job_log import JobLog, last_line


def test_a_log_keeps_beginning_and_end_and_says_what_is_missing(tmp_path: Path) -> None:
    log = JobLog(tmp_path / "job.log", limit_bytes=200_000)
    for number in range(40_000):
        log.add(b"line %d\n" % number)
        if number % 1000 == 0:
            log.flush()
    log.flush()
    text = log.path.read_text()
    lines = text.splitlines()
    assert log.path.stat().st_size < 300_000
    assert lines[0] == "line 0"
    assert lines[-1] == log.last_line == last_line(log.path) == "line 39999"
    assert any("bytes left out" in line for line in lines)
    assert all(line.startswith(("line ", "[... ")) for line in lines)
    assert [path.name for path in tmp_path.iterdir()] == ["job.log"]


def test_what_cannot_be_written_waits_for_the_share(tmp_path: Path) -> None:
    log = JobLog(tmp_path / "share" / "job.log")
    log.say("before")
    log.add(b"x" * 1000 + b"\n")
    assert not log.path.exists()
    log.path.parent.mkdir()
    log.flush()
    assert log.path.read_text() == "before\n" + "x" * 1000 + "\n"


def test_the_last_line_is_the_last_that_says_something(tmp_path: Path) -> None:
    log = JobLog(tmp_path / "job.log")
    log.add(b"render: 1\rrender: 2\r\n\n")
    log.add(b"\n")
    assert log.last_line == "render: 2"
    log.add(b"\xff broken\n")
    log.flush()
    assert log.last_line == last_line(log.path) == "\ufffd broken"
    assert last_line(tmp_path / "none.log") == ""
