"""What a terminal shows while a command works, and what is left on it."""

import io
import re
import threading
import time

import pytest

from jobs.progress.overall import Place
from jobs.progress.screen import ScreenProgress


class Screen(io.StringIO):
    """A terminal that knows the two commands that the block needs."""

    def lines(self) -> list[str]:
        """What stands on it now."""
        shown, row = [""], 0
        for part in re.split("(\x1b\\[[0-9]*[AJ]|[\n\r])", self.getvalue()):
            if part.endswith("A") and part.startswith("\x1b"):
                row -= int(part[2:-1])
            elif part == "\x1b[J":
                shown = [*shown[:row], ""]
            elif part == "\n":
                row += 1
                shown += [""] * (row + 1 - len(shown))
            elif part and part != "\r":
                shown[row] = part
        return [line for line in shown if line]


@pytest.mark.parametrize("width", [80, 140])
def test_one_line_for_the_film_and_one_for_the_stage(width: int) -> None:
    screen = Screen()
    progress = ScreenProgress(screen, columns=width)
    progress.film("a very long name of a film, with year and reel, 1922, reel 3 of 8.mkv")
    try:
        for stage, done, unit in (("fingerprint", 2_400_000_000, "byte"), ("scan", 2400, "frame")):
            progress.stage(stage, 0, done + 1, unit)
            progress.stage(stage, done, done + 1, unit)  # a header claimed one more than there is
        progress.stage("render", 0, 2400)
        progress.stage("colour", 0, 2400)
        progress.stage("colour", 1200, 2400)
        time.sleep(0.15)
        progress.stage("render", 240, 2400)
        film, stage_line = screen.lines()
    finally:
        progress.close()
    assert re.fullmatch(r"a very .*….* of 8\.mkv  31 % ━+─+  colouring", film)
    assert stage_line == "  colouring 1,200 of 2,400 frames · rendering 240 of 2,400 frames"
    assert max(len(film), len(stage_line)) <= width
    assert screen.lines() == []


def test_notes_stay_in_their_order_and_the_block_goes() -> None:
    screen = Screen()
    progress = ScreenProgress(screen, columns=80)
    progress.film("a.mkv")
    progress.note("two\nlines", warning=True)
    progress.stage("render", 1, 2)
    progress.note("a.mkv: 2 frames")
    assert screen.lines()[:2] == ["kinochrome: warning: two\\nlines", "a.mkv: 2 frames"]
    progress.close()
    assert screen.lines() == ["kinochrome: warning: two\\nlines", "a.mkv: 2 frames"]


def test_several_films_have_a_line_of_their_own() -> None:
    screen = Screen()
    progress = ScreenProgress(screen, columns=80)
    began = time.monotonic() - 60
    place = Place(number=3, count=12, start=0.25, end=0.5, first=0.0, began=began)
    progress.film("a.mkv", place=place)
    shown = screen.lines()[0]
    progress.close()
    assert re.fullmatch(r"film 3 of 12  25 % ━+─+  3:00 left for all", shown)


def test_the_block_lives_while_nothing_is_reported_and_no_thread_is_left() -> None:
    screen = Screen()
    progress = ScreenProgress(screen, columns=80)
    progress.film("a.mkv")
    progress.stage("network", 0, 1)
    before = len(screen.getvalue())
    deadline = time.monotonic() + 20  # usually 1.5 s
    while not screen.lines()[1].startswith("  loading the network … 0:0") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(screen.getvalue()) > before
    assert screen.lines()[1].startswith("  loading the network … 0:0")
    progress.close()
    assert "progress" not in {thread.name for thread in threading.enumerate()}


def test_stages_of_other_verbs_are_bars_and_finished_ones_go() -> None:
    screen = Screen()
    progress = ScreenProgress(screen, columns=80)
    progress.stage("hash", 0, 10, "film")
    progress.stage("hash", 10, 10, "film")
    time.sleep(0.15)
    progress.stage("train", 1024, 3000, "step")
    (shown,) = screen.lines()
    progress.close()
    assert re.fullmatch(r"train  34 % ━+─+  1,024 of 3,000 steps", shown)


def test_a_terminal_without_these_characters_gets_others() -> None:
    data = io.BytesIO()
    progress = ScreenProgress(io.TextIOWrapper(data, encoding="ascii"), columns=80)
    progress.film("ä.mkv")
    deadline = time.monotonic() + 20
    while b"####" not in data.getvalue() and time.monotonic() < deadline:
        progress.stage("render", 1, 2)
        time.sleep(0.05)
    progress.close()
    assert b"\\xe4.mkv" in data.getvalue()
    assert b"####" in data.getvalue()
