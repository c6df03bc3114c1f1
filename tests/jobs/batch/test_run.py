"""A batch of films and stills from beginning to end: what is made, kept, refused, told."""

import json
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jobs import BatchError, BatchResult, CheckedBatch, check, colorize
from jobs.batch.verify import find_records, verify_all
from jobs.cli.main import main
from pipeline.stills.files import read_still
from tests.media import make_film
from tests.programs import Program

ROOT = Path(__file__).parents[3]
SMALL = ("--set", "color.short_side=128", "--set", "report_page=false")


def still(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.tile(np.linspace(20, 230, 52).astype(np.uint8), (40, 1))).save(path)


def make_inputs(folder: Path) -> Path:
    """Two films, a broken one, two stills, a broken one, and a file that is neither."""
    (folder / "reel").mkdir(parents=True)
    make_film(folder / "a.mkv", frames=8)
    shutil.copy(folder / "a.mkv", folder / "reel" / "b.mkv")
    (folder / "reel" / "broken.mkv").write_bytes(bytes(range(256)) * 8)
    still(folder / "photos" / "p.png")
    still(folder / "photos" / "q.jpg")
    (folder / "photos" / "r.png").write_bytes(b"none")
    (folder / "notes.txt").write_text("none")
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `in`, and with `out`, where its batch is done."""
    place = tmp_path_factory.mktemp("batch")
    make_inputs(place / "in")
    code = main(["colorize", str(place / "in"), "-o", str(place / "out"), "-q", *SMALL])
    assert code == 1
    return place


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    """A copy of it; the ledger knows files by their inodes, so they are moved, not copied, within it."""
    shutil.copytree(made / "in", tmp_path / "in")
    return tmp_path


def snapshot(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_everything_is_done_but_what_is_broken_and_the_tree_is_kept(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {name for name in snapshot(made / "out") if not name.startswith(".kinochrome")}
    assert found == {
        "a.mp4",
        "a.mp4.report.json",
        "index.html",
        "photos/p.png",
        "photos/q.jpg",
        "reel/b.mp4",
        "reel/b.mp4.report.json",
    }
    assert np.array_equal(
        read_still(made / "in" / "photos" / "p.png").luma, read_still(made / "out" / "photos" / "p.png").luma
    )
    before = snapshot(made / "out")
    assert main(["colorize", str(made / "in"), "-o", str(made / "out"), *SMALL]) == 1
    said = capsys.readouterr()
    after = snapshot(made / "out")
    assert {name for name in after if after[name] != before.get(name)} <= {
        ".kinochrome/batch.jsonl",
        ".kinochrome/lock",
    }
    table = said.out.splitlines()
    assert [line.split()[:2] for line in table[:6]] == [
        ["kept", "photos/:"],
        ["failed", "r.png"],
        ["kept", "a.mp4"],
        ["kept", "reel/b.mp4"],
        ["failed", "broken.mkv"],
        [],
    ]
    assert table[6] == "3 films: 2 done before, 1 failed; 3 stills: 2 done before, 1 failed"
    assert table[7] == "left alone, neither film nor still: notes.txt"
    assert said.err.splitlines()[-1].startswith("kinochrome: error: 3 films: ")


def test_the_page_links_every_report_and_says_what_failed(made: Path) -> None:
    page = (made / "out" / "index.html").read_text(encoding="utf-8")
    for name in ("./a.mp4", "./reel/b.mp4", "./photos/p.png"):
        assert f'href="{name}"' in page
    assert "4 done, 2 failed" in page
    assert page.count(str(made / "in" / "reel" / "broken.mkv")) == 1
    assert page.count("<td>Luma ") == 2


def test_verify_of_a_folder_finds_what_changed_and_what_is_gone(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(made / "out", out)
    assert main(["verify", str(out), "-q"]) == 0
    with (out / "a.mp4").open("ab") as file:
        file.write(b"more")
    with (out / "photos" / "p.png").open("ab") as file:
        file.write(b"more")
    (out / "photos" / "q.jpg").unlink()
    (out / "reel" / "b.mp4").unlink()
    (out / "stray.mkv").write_bytes(b"x")
    found = find_records(out)
    assert [path.name for path in found.unknown] == ["stray.mkv"]
    faults = [
        fault
        for checked in verify_all(found, lambda stage, done, total: None)
        for fault in checked.verdict.faults
    ]
    assert len(faults) == 4
    for told in (
        "a.mp4: the container changed",
        "b.mp4: no such file",
        "p.png: changed",
        "q.jpg: is missing",
    ):
        assert any(told in fault for fault in faults), told
    assert main(["verify", str(out), "-q"]) == 1


def test_check_says_what_a_run_will_do_and_writes_nothing(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "job.yaml").write_text("input: in\noutput: new/out\ncolor: {short_side: 128}\n")
    before = snapshot(place)
    assert main(["check", str(place / "job.yaml"), "--workers", "1"]) == 1
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert [line.split()[:2] for line in lines[:4]] == [
        ["fails", "r.png"],
        ["run", "a.mkv"],
        ["run", "b.mkv"],
        ["fails", "broken.mkv"],
    ]
    assert any(line.startswith("about ") and "a.mkv" in line for line in lines)
    assert "2 of 6 would fail" in said.err
    for name in ("reel/broken.mkv", "photos/r.png", "a.mkv", "reel/b.mkv"):
        (place / "in" / name).unlink()
    arguments = ["check", str(place / "in"), "-o", str(place / "new"), "--json-events", *SMALL]
    assert main(arguments) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [Path(name).name for name in told["to_do"]] == ["p.png", "q.jpg"]
    assert main(["check", str(place / "in")]) == 1
    assert "-o OUT, the folder to write into, is needed too" in capsys.readouterr().err
    assert set(snapshot(place)) <= set(before)


def test_with_other_settings_or_a_changed_source_nothing_is_replaced_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    still(tmp_path / "in" / "a.png")
    still(tmp_path / "in" / "b.png")
    arguments = ["colorize", str(tmp_path / "in"), "-o", str(tmp_path / "out"), *SMALL]
    assert main([*arguments, "-q"]) == 0
    first = snapshot(tmp_path / "out")
    other = [*arguments, "--set", "color.saturation=0.5"]
    assert main(other) == 1
    assert "made with other settings; --overwrite makes it again" in capsys.readouterr().out
    (tmp_path / "in" / "b.png").write_bytes((tmp_path / "in" / "a.png").read_bytes())
    assert main(arguments) == 1
    assert "made of a source that changed since" in capsys.readouterr().out
    (tmp_path / "out" / "a.png").write_bytes(b"mine")
    assert main(arguments) == 1
    assert "this command did not make it" in capsys.readouterr().out
    assert (tmp_path / "out" / "a.png").read_bytes() == b"mine"
    assert main([*arguments, "--overwrite", "-q"]) == 0
    assert snapshot(tmp_path / "out")["b.png"] != first["b.png"]
    assert main([*arguments, "-q"]) == 0


def test_several_files_and_failures_from_python(place: Path) -> None:
    (place / "in" / "photos" / "r.png").unlink()
    sources = [place / "in" / "photos" / "p.png", place / "in" / "photos"]
    (place / "in" / "photos" / "p.png").rename(place / "first.png")
    result = colorize([place / "first.png", sources[1]], output=place / "out", color={"short_side": 128})
    assert isinstance(result, BatchResult)
    assert sorted(one.output.name for one in result.results) == ["first.png", "q.jpg"]
    (place / "in" / "photos" / "bad.png").write_bytes(b"bad")
    with pytest.raises(BatchError, match=r"1 of 2 failed: .*bad\.png") as caught:
        colorize(sources[1], output=place / "out", color={"short_side": 128})
    assert caught.value.result is not None
    assert [one.done_before for one in caught.value.result.results] == [False, True]
    checked = check(sources[1], output=place / "out", color={"short_side": 128})
    assert isinstance(checked, CheckedBatch)
    assert [path.name for path in checked.faults] == ["bad.png"]


def test_settings_of_one_film_are_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for option in (["--set", "steady.strenth=1"], ["--from-proxy", str(place)], ["--sheet", "x.png"]):
        assert main(["colorize", str(place / "in"), "-o", str(place / "out"), *option]) == 1
    said = capsys.readouterr().err
    assert said.count("unknown key") == 1
    assert "from_proxy: is of one film" in said
    assert not (place / "out").exists()


CRASH = """
import os, signal
import jobs.run.finish as finish
real = finish.run_film
def run_film(job, *arguments, **options):
    if job.input.name == "broken.mkv":
        os.kill(os.getpid(), signal.SIGSEGV)
    return real(job, *arguments, **options)
finish.run_film = run_film
"""


@pytest.mark.slow
def test_a_crash_costs_one_film_and_a_kill_nothing_that_was_done(place: Path) -> None:
    (place / "in" / "photos" / "r.png").unlink()
    command = ["colorize", str(place / "in"), "-o", str(place / "out"), "--json-events", *SMALL]
    killed = Program(*command, setup=CRASH, supervised=True, cwd=place)
    until = time.monotonic() + 300
    while not (place / "out" / "a.mp4").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    killed.kill()
    killed.finish()
    done = snapshot(place / "out")
    code, out, err = Program(*command, setup=CRASH, supervised=True, cwd=place).finish()
    assert code == 1, err
    after = snapshot(place / "out")
    assert after["a.mp4"] == done["a.mp4"]
    assert after["photos/p.png"] == done["photos/p.png"]
    assert "reel/b.mp4" in after
    assert "a library crashed (SIGSEGV)" in err + out
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["film"] for event in events if event["event"] == "film"][-2:] == ["b.mkv", "broken.mkv"]
    assert events[-1]["event"] == "failed"
    states = {Path(one["source"]).name: one["state"] for one in events[-1]["results"]}
    assert states == {
        "p.png": "kept",
        "q.jpg": "kept",
        "a.mkv": "kept",
        "b.mkv": "done",
        "broken.mkv": "failed",
    }
    assert not list((place / "out").rglob("*.partial"))
