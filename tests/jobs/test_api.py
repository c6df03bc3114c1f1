"""The Python API as a pipeline engineer uses it: values come back, errors are raised, nothing is printed."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jobs import (
    BatchResult,
    CheckedBatch,
    Estimate,
    FilmResult,
    KinochromeError,
    Verdict,
    check,
    colorize,
    load_job,
    verify,
)
from pipeline.errors import SettingsError
from tests.comparison import compare
from tests.media import make_film

EXAMPLE = """\
from kinochrome import KinochromeError, check, colorize, verify

try:
    estimate = check("film.mkv", output="out.mkv", preset="archival")
    film = colorize("film.mkv", output="out.mkv", preset="archival", color={"short_side": 128})
    verdict = verify(film.output, source="film.mkv")
    stills = colorize("photos", output="coloured", progress=lambda stage, done, total: None)
except KinochromeError as error:
    raise SystemExit("\\n".join(error.lines)) from error
"""
"""As README shows it."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a small film and a folder with a still."""
    make_film(tmp_path / "film.mkv", frames=8, audio=1)
    grey = np.tile(np.linspace(20, 230, 52).astype(np.uint8), (40, 1))
    (tmp_path / "photos").mkdir()
    Image.fromarray(grey).save(tmp_path / "photos" / "a.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_colours_checks_and_verifies(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert len(EXAMPLE.splitlines()) <= 10
    assert EXAMPLE in (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    made: dict[str, object] = {}
    exec(EXAMPLE, made)
    estimate, film, verdict, stills = (made[name] for name in ("estimate", "film", "verdict", "stills"))
    assert isinstance(estimate, Estimate)
    assert estimate.film.path == place / "film.mkv"
    assert isinstance(film, FilmResult)
    assert film.output == place / "out.mkv"
    assert film.summary is not None
    assert len(film.summary.timeline) == 8
    found = compare(place / "film.mkv", film.output)
    assert (found.frames, found.luma, found.faults) == (8, True, [])
    assert isinstance(verdict, Verdict)
    assert (verdict.faults, verdict.frames) == ((), 8)
    assert isinstance(stills, BatchResult)
    (still,) = stills.results
    assert still.output == stills.output / "a.png"
    with Image.open(still.output) as image:
        assert image.mode == "RGB"
    assert sorted(path.name for path in place.iterdir()) == [
        "coloured",
        "film.mkv",
        "out.mkv",
        "out.mkv.report.html",
        "out.mkv.report.json",
        "photos",
    ]
    with film.output.open("ab") as file:
        file.write(b"more")
    assert len(verify(film.output, source=film.output).faults) == 2
    assert capfd.readouterr() == ("", "")


def test_a_job_file_is_a_job_and_progress_is_called_back(
    place: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = "{input: film.mkv, output: out.mkv, report: false, keep_work: true, color: {short_side: 128}}"
    Path("job.yaml").write_text(settings, encoding="utf-8")
    job, seen = load_job(Path("job.yaml")), list[tuple[str, int, int | None]]()
    for _ in range(2):  # what is finished is not done again
        result = colorize(job, progress=lambda *step: seen.append(step))
    assert isinstance(result, FilmResult)
    assert (result.output, result.summary) == (place / "out.mkv", None)
    assert ("render", 8, 8) in seen
    shutil.rmtree(".out.mkv.kinochrome")
    with pytest.raises(SettingsError, match="exists"):
        colorize(job)
    with pytest.raises(SettingsError, match="a job holds all its settings"):
        colorize(job, output="other.mkv")
    assert capfd.readouterr() == ("", "")


def test_faults_are_raised_and_nothing_is_written(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = sorted(place.rglob("*"))
    Path("weights.safetensors").write_bytes(b"none")
    with pytest.raises(KinochromeError, match=r"no\.mkv"):
        check("no.mkv", output="out.mkv")
    with pytest.raises(SettingsError, match="colour"):
        colorize("film.mkv", output="out.mkv", colour="much")
    with pytest.raises(SettingsError, match=r"weights\.safetensors"):
        colorize("film.mkv", output="out.mkv", weights=Path("weights.safetensors"))
    with pytest.raises(SettingsError, match="workers and scheduler are for films"):
        colorize("photos/a.png", output="coloured.png", workers=2)
    with pytest.raises(KinochromeError, match="photos"):
        colorize("photos", output="photos", overwrite=True)
    with pytest.raises(KinochromeError, match=r"film\.mkv"):
        verify("film.mkv")
    assert check("photos/a.png", output="coloured.png") is None
    checked = check("photos", output="coloured")
    assert isinstance(checked, CheckedBatch)
    assert (checked.faults, checked.seconds) == ({}, None)
    Path("weights.safetensors").unlink()
    assert sorted(place.rglob("*")) == before
    assert capfd.readouterr() == ("", "")


def test_importing_it_is_cheap() -> None:
    code = "import sys, jobs; print([m for m in ('av', 'numpy', 'pydantic', 'torch') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
