"""What each kind of progress shows, and text from files made fit for one line."""

import io
import json
import logging
import threading
import time
from pathlib import Path

import pytest

from jobs.progress.reporters import (
    BarProgress,
    JsonProgress,
    LineProgress,
    QuietProgress,
    logging_to,
    one_line,
)


def test_lines_come_at_the_start_now_and_then_and_at_the_end() -> None:
    stream = io.StringIO()
    progress = LineProgress(stream, line_seconds=60)
    for done in range(101):
        progress.stage("render", done, 100)
    progress.stage("render", 100, 100)
    progress.note("halved", warning=True)
    first, last, note = stream.getvalue().splitlines()
    assert first == "render: 0 of 100 frames"
    assert last.startswith("render: 100 of 100 frames, ")
    assert last.endswith("frames/s, 0:00 left")
    assert note == "kinochrome: warning: halved"


def test_json_progress_is_an_object_a_line() -> None:
    stream = io.StringIO()
    progress = JsonProgress(stream, event_seconds=0)
    progress.stage("render", 0, 10)
    time.sleep(0.01)
    progress.stage("render", 5, 10)
    progress.note("so")
    progress.finish("done", output=Path("film.mkv"))
    start, half, note, done = map(json.loads, stream.getvalue().splitlines())
    assert (start["stage"], start["done"], start["per_second"]) == ("render", 0, None)
    assert half["per_second"] > 0 and half["seconds_left"] >= 0
    assert (note["event"], note["message"]) == ("note", "so")
    assert (done["event"], done["output"]) == ("done", "film.mkv")


def test_bars_show_every_stage_and_leave_no_thread() -> None:
    stream = io.StringIO()
    progress = BarProgress(stream)

    def work(name: str) -> None:
        for done in range(21):
            progress.stage(name, done, 20)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("colour", "render")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    progress.note("a line between")
    progress.close()
    shown = stream.getvalue()
    assert "colour: 100%" in shown and "render: 100%" in shown
    assert "20/20" in shown and "frames/s" in shown
    assert "a line between" in shown


def test_quiet_tells_warnings_of_the_log_and_nothing_else() -> None:
    stream = io.StringIO()
    progress = QuietProgress(stream)
    with logging_to(progress, level=logging.WARNING):
        logging.getLogger("pipeline.colorize.predict").info("fine")
        logging.getLogger("pipeline.colorize.predict").warning("batch halved to %d", 4)
        progress.stage("render", 1, 2)
        progress.note("fine")
    assert stream.getvalue() == "kinochrome: warning: batch halved to 4\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a plain line, ä火", "a plain line, ä火"),
        ("two\nlines\r\x1b[2J", "two\\nlines\\r\\x1b[2J"),
        ("\udcff \u202e \0", "\\udcff \\u202e \\x00"),
    ],
)
def test_what_does_not_print_is_shown_as_an_escape(text: str, wanted: str) -> None:
    assert one_line(text) == wanted


@pytest.mark.parametrize("text", ["a" + 800_000 * "x" + "z", "a" + 800_000 * "\n" + "z"])
def test_a_line_without_end_has_one(text: str) -> None:
    line = one_line(text)
    assert len(line) < 14_100
    assert (line[0], line[-1]) == ("a", "z")
    assert " characters … " in line
