"""Names and tags of any bytes: they stay data in paths, HTML, JSON, on command lines and on the terminal."""

import json
import os
from pathlib import Path

import av
import pytest

from jobs.cli.main import main
from jobs.progress.reporters import one_line
from jobs.settings.output_paths import page_path, record_path
from tests.media import make_film

ROOT = Path(__file__).parents[3]
NAME = '-it\'s "a"\n<script>alert(1) $(touch pwned) `touch pwned` %s {0} \x1b[31m ä火\u202e.mkv'
TITLE = "<script>alert(2)</script>\x1b]0;owned\x07\r\n' \" & \x01 =QQQQQQ="
BYTES = b"=\xff\xfe\x80\xc3\x28\xed="
"""Replaces `=QQQQQQ=` in the film: not UTF-8."""
SMALL = ("--set", "color.short_side=128", "--set", "device=cpu")


def make_hostile_film(path: Path) -> None:
    make_film(
        path.with_name("plain.mkv"),
        frames=4,
        pixel_format="yuv420p",
        audio=1,
        subtitles=1,
        cover=True,
        tags={"title": TITLE, "\x1b<script>": "x"},
        attachments=[("../<script>\n.txt", "text/plain", b"data")],
    )
    data = path.with_name("plain.mkv").read_bytes()
    path.with_name("plain.mkv").unlink()
    assert b"=QQQQQQ=" in data
    path.write_bytes(data.replace(b"=QQQQQQ=", BYTES))


@pytest.mark.slow
def test_a_film_of_hostile_names_and_tags_is_coloured_and_put_on_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "in\n<b>"
    folder.mkdir()
    film, out = folder / NAME, folder / f"out{NAME}"
    make_hostile_film(film)
    monkeypatch.chdir(folder)
    code = main(["colorize", f"./{NAME}", "-o", str(out), "--preset", "archival", "--json-events", *SMALL])
    said = capsys.readouterr()
    assert code == 0, said.err
    assert all(isinstance(json.loads(line), dict) for line in said.out.splitlines())
    assert all(line.isprintable() for line in (said.out + said.err).splitlines())
    assert sorted(folder.iterdir()) == sorted([film, out, record_path(out), page_path(out)])
    assert json.loads(record_path(out).read_bytes())["source"]["path"].endswith(NAME)
    page = page_path(out).read_bytes()
    own = (ROOT / "jobs" / "records" / "report.js").read_bytes()
    assert page.count(b"<script") == 1  # the page's own, the only one that its policy lets run
    assert b"<script>" + own in page
    assert b"\x1b" not in page
    assert b"\x01" not in page
    page.decode("utf-8")
    with av.open(str(out), metadata_errors="replace") as container:
        assert container.metadata["title"].startswith("<script>alert(2)</script>\x1b]0;owned\x07")
    assert main(["verify", str(out)]) == 0
    assert main(["verify", str(out), "--source", f"./{NAME}"]) == 0
    assert sorted(folder.iterdir()) == sorted([film, out, record_path(out), page_path(out)])
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.parametrize("data", [b"", b"no film\n" * 99], ids=["empty", "text"])
def test_a_fault_of_a_film_with_a_hostile_name_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes
) -> None:
    film = tmp_path / NAME
    film.write_bytes(data)
    assert main(["colorize", str(film), "-o", str(tmp_path / "out.mkv"), *SMALL]) == 1
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert out == ""
    assert line.isprintable()
    assert one_line(NAME) in line


def test_a_name_that_is_no_unicode_is_refused_with_its_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = Path(os.fsdecode(os.fsencode(tmp_path) + b"/f\xff\x80.mkv"))
    make_film(film, frames=2)
    assert main(["colorize", str(film), "-o", str(tmp_path / "out.mkv"), *SMALL]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "f\\xff\\x80.mkv" in line
    assert "a name in UTF-8 would work" in line
    assert list(tmp_path.iterdir()) == [film]
