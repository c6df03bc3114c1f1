"""What each kind of progress shows, and text from files made fit for one line."""

import io
import json
import logging
import time
from pathlib import Path

import pytest

from jobs.progress.overall import Place
from jobs.progress.reporters import (
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
    assert first == "rendering: 0 of 100 frames"
    assert last.startswith("rendering: 100 of 100 frames, ")
    assert last.endswith("frames/s")
    assert note == "kinochrome: warning: halved"


def test_lines_of_a_film_say_how_far_it_is_and_are_few() -> None:
    stream = io.StringIO()
    progress = LineProgress(stream, line_seconds=60)
    progress.film("a\n.mkv", place=place(number=3))
    for stage in ("fingerprint", "scan", "colour", "render"):
        for done in range(0, 101, 10):
            progress.stage(stage, done, 100)
    progress.film("b.mkv", place=place(number=4))
    progress.stage("fingerprint", 0, 3_000_000_000, "byte")
    planning, colouring, other = stream.getvalue().splitlines()
    assert planning == "film 3 of 4: a\\n.mkv: 0 %; reading the file: 0 of 100 frames"
    assert colouring == "film 3 of 4: a\\n.mkv: 8 %; colouring: 0 of 100 frames"
    assert other == "film 4 of 4: b.mkv: 0 %; reading the file: 0.0 of 3.0 GB"


def place(*, number: int) -> Place:
    return Place(number=number, count=4, start=(number - 1) / 4, end=number / 4, first=0, began=0)


def test_json_of_a_film_says_how_far_it_and_the_command_are() -> None:
    stream = io.StringIO()
    progress = JsonProgress(stream, event_seconds=0)
    progress.film("a.mkv", place=place(number=3))
    progress.stage("mux", 2, 2)
    film, stage = map(json.loads, stream.getvalue().splitlines())
    assert (film["event"], film["film"], film["number"], film["count"]) == ("film", "a.mkv", 3, 4)
    assert 85 < stage["film_percent"] < 99
    assert 71 < stage["percent"] < 75
    assert stage["film_seconds_left"] is None


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


def test_an_event_is_written_in_one_piece() -> None:
    """Where a process was ended between a text and its line break, the next event stood on the same line."""
    pieces: list[str] = []

    class Pieces(io.StringIO):
        def write(self, text: str) -> int:
            pieces.append(text)
            return len(text)

    progress = JsonProgress(Pieces())
    progress.note("one")
    progress.finish("done")
    assert [piece.count("\n") for piece in pieces] == [1, 1]
