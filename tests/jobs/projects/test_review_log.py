"""A review in files: nothing that was answered is lost, whoever is killed and whoever else writes."""

import json
import threading
from pathlib import Path

import pytest

from jobs.projects.review import Change
from jobs.projects.review_log import ReviewLog
from pipeline.errors import SettingsError


def comment(text: str, shot: int = 0) -> Change:
    return Change(shot=shot, field="comment", value=text)


def test_what_was_changed_is_there_for_whoever_opens_the_files(tmp_path: Path) -> None:
    log = ReviewLog(tmp_path / "review.jsonl")
    log.change([comment("dark"), Change(shot=2, field="approved", value=True)], base=0, client="a")
    log.change([comment("too dark")], base=1, client="a")
    again = ReviewLog(tmp_path / "review.jsonl")
    review, revision = again.review()
    assert revision == 2
    assert review.shots == {0: {"comment": "too dark"}, 2: {"approved": True}}
    snapshot = json.loads((tmp_path / "review.json").read_text())
    assert snapshot == {
        "revision": 2,
        "film": {},
        "shots": {"0": {"comment": "too dark"}, "2": {"approved": True}},
    }
    (line,) = again.lines_after(1, limit=10)
    assert line["revision"] == 2 and line["changes"][0]["was"] == "dark"


def test_the_later_change_wins_and_the_earlier_one_is_told_and_kept(tmp_path: Path) -> None:
    mine, theirs = ReviewLog(tmp_path / "review.jsonl"), ReviewLog(tmp_path / "review.jsonl")
    theirs.change([comment("blue coat")], base=0, client="b")
    made = mine.change([comment("green coat"), comment("sky", 1)], base=0, client="a")
    (conflict,) = made.conflicts
    assert (conflict.theirs, conflict.last.client, conflict.last.revision) == ("blue coat", "b", 1)
    assert theirs.review()[0].get(0, "comment") == "green coat"
    assert theirs.lines_after(0, limit=9)[0]["changes"][0]["value"] == "blue coat"
    assert mine.change([comment("red coat")], base=2, client="b").conflicts == ()


def test_of_changes_that_do_not_all_do_none_is_made(tmp_path: Path) -> None:
    log = ReviewLog(tmp_path / "review.jsonl")
    with pytest.raises(SettingsError, match="true or false"):
        log.change([comment("x"), Change(shot=0, field="approved", value="yes")], base=0, client="a")
    assert log.review()[1] == 0
    assert not (tmp_path / "review.json").exists()


def test_half_a_line_of_somebody_who_was_killed_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "review.jsonl"
    ReviewLog(path).change([comment("whole")], base=0, client="a")
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])
    log = ReviewLog(path)
    assert log.review()[1] == 1
    log.change([comment("next")], base=1, client="a")
    assert [json.loads(line)["revision"] for line in path.read_bytes().splitlines()] == [1, 2]
    assert ReviewLog(path).review()[0].get(0, "comment") == "next"


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "review.jsonl"
    path.write_bytes(b'{"revision": 1}\n')
    with pytest.raises(SettingsError, match="line 1 is damaged"):
        ReviewLog(path).review()


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "review.jsonl"

    def write(client: int) -> None:
        log = ReviewLog(path)
        for number in range(10):
            log.change([comment(f"{client} {number}", shot=client)], base=0, client=f"c{client}")

    threads = [threading.Thread(target=write, args=(client,)) for client in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    review, revision = ReviewLog(path).review()
    assert revision == 40
    assert [review.get(client, "comment") for client in range(4)] == [f"{client} 9" for client in range(4)]


def test_only_changes_of_colour_make_pictures_stale(tmp_path: Path) -> None:
    log = ReviewLog(tmp_path / "review.jsonl")
    log.change([Change(shot=4, field="saturation", value=0.5)], base=0, client="a")
    log.change([comment("fine")], base=1, client="a")
    assert log.colored() == (1, {4: 1})
