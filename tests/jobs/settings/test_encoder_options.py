"""Encoder options in job files: no way to a file, whichever command reads them and however it is run."""

from pathlib import Path

import pytest

from jobs.cli.main import main
from jobs.progress.reporters import LineProgress
from jobs.queue.drop_folder import DropFolder, DropSettings
from jobs.queue.folder import Spool
from tests.media import make_film

PRECIOUS = b"somebody's only copy"


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    """A file that nobody may touch, beside a film and the folders that jobs need."""
    for name in ("out", "drop"):
        (tmp_path / name).mkdir()
    make_film(tmp_path / "film.mkv", frames=9, size=(96, 64), pixel_format="yuv420p")
    path = tmp_path / "precious.bin"
    path.write_bytes(PRECIOUS)
    return path


def job_file(precious: Path, codec: str, options: str, *, folder: str = "") -> Path:
    """A job file that names the precious file where `options` says FILE."""
    place = precious.parent
    path = place / folder / "job.yaml"
    path.write_text(
        f"input: {place}/film.mkv\noutput: {place}/out/film.mkv\ncolor: {{short_side: 128}}\n"
        f"encode:\n  codec: {codec}\n  chroma: '420'\n  depth: 8\n  options:\n"
        + options.replace("FILE", str(precious))
    )
    return path


OPTIONS = [
    ("libx264", "    x264-params: dump-yuv=FILE\n", "x264-params: dump-yuv: not on the list"),
    ("libx264", "    x264opts: dump-yuv=FILE\n", "x264opts: dump-yuv: not on the list"),
    ("libx264", "    x264-params: pass=1:stats=FILE\n", "stats: not on the list"),
    ("libx264", "    stats: FILE\n    flags: +pass1\n", "encode.options.flags: not on the list"),
    ("libx264", "    x264-params: cqmfile=FILE\n", "cqmfile: not on the list"),
    ("libx265", "    x265-params: csv=FILE:log-level=none\n", "csv: not on the list"),
]


@pytest.mark.parametrize("verb", ["check", "run"])
@pytest.mark.parametrize(("codec", "options", "told"), OPTIONS)
def test_no_option_reaches_a_file(
    precious: Path, capsys: pytest.CaptureFixture[str], verb: str, codec: str, options: str, told: str
) -> None:
    job = job_file(precious, codec, options)
    before = sorted(precious.parent.rglob("*"))
    assert main([verb, str(job)]) == 1
    assert precious.read_bytes() == PRECIOUS
    assert sorted(precious.parent.rglob("*")) == before
    lines = [line for line in capsys.readouterr().err.splitlines() if told in line]
    assert lines
    assert "job.yaml:9: encode.options." in lines[0] or "job.yaml:10: encode.options." in lines[0]


def test_the_command_line_reaches_no_file_either(precious: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = job_file(precious, "libx264", "    crf: 18\n")
    override = f"encode.options.x264-params=dump-yuv={precious}"
    assert main(["check", str(job), "--set", override]) == 1
    assert precious.read_bytes() == PRECIOUS
    assert f"--set {override}: encode.options.x264-params: dump-yuv: " in capsys.readouterr().err


@pytest.mark.parametrize(("codec", "options", "told"), OPTIONS)
def test_no_dropped_job_reaches_a_file(precious: Path, codec: str, options: str, told: str) -> None:
    job_file(precious, codec, options, folder="drop")
    spool = Spool.make(precious.parent / "spool")
    drop = DropFolder(
        precious.parent / "drop", settings=DropSettings(output_dir=precious.parent / "out", poll_seconds=0)
    )
    for _ in range(2):
        drop.look(spool, LineProgress())
    (entry,) = spool.entries()
    assert entry.state == "failed"
    assert told in spool.log_path(entry.id).read_text()
    assert precious.read_bytes() == PRECIOUS
