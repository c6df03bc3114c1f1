"""The pages for archivists, wranglers, studios and colourists: every command is run, in order, as it stands there."""

import re
import shlex
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

from jobs.cli.main import main
from tests.media import make_film
from tests.pictures import picture

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "jobs" / "guides"
NAMES = ("archivist", "wrangler", "studio", "colourist")
_BLOCK = re.compile(r"^```(?P<kind>\w+)(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[list[str]]:
    """The words of each command in a block, without its comment."""
    return [words for line in text.splitlines() if (words := shlex.split(line, comments=True))]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a reader tries it: a folder with a film of two shots, as a scan and as studios have it."""
    planes = [picture(number) for number in range(20)]
    planes[10:] = [251 - plane for plane in planes[10:]]
    for name in ("film.mkv", "film.mov"):
        codec = "ffv1" if name == "film.mkv" else "libx264"
        pixels = "gray" if name == "film.mkv" else "yuv420p"
        make_film(
            tmp_path / name, frames=planes, codec=codec, pixel_format=pixels, rate=Fraction(24), audio=1
        )
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow(seconds=20)
@pytest.mark.parametrize("name", NAMES)
def test_what_a_guide_says_works_as_it_stands(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = 0
    for block in _BLOCK.finditer((GUIDES / f"{name}.md").read_text(encoding="utf-8")):
        if block["kind"] == "yaml":
            if not block["info"]:  # a part of a file, to be looked at
                continue
            path = block["info"].removeprefix(" file=")
            (folder / path).write_text(block["text"], encoding="utf-8")
            continue
        assert (block["kind"], block["info"]) == ("sh", " run"), block[0]
        for words in commands(block["text"]):
            if words[0] == "kinochrome":
                words = words[: words.index("||")] if "||" in words else words
                assert main(words[1:]) == 0, (words, capsys.readouterr().err)
                ran += 1
            else:
                subprocess.run(words, check=True)
    assert ran >= 4
    assert list(folder.rglob("*.partial")) == []
    made = {
        "archivist": ("colour.mkv", "colour.mkv.report.json", "colour.mkv.report.html", "colour.mkv.bag"),
        "wrangler": ("out/a.mkv", "out/b.mp4", "a.openjd.yaml", "a.sh", "a.1-plan.txt"),
        "studio": ("dailies.mov", "graded.mov", "look.mp4"),
        "colourist": ("colour.mkv", "takes.jpg", "frame12.png"),
    }
    for path in made[name]:
        assert (folder / path).exists(), path


@pytest.mark.parametrize("page", sorted(GUIDES.glob("*.md")), ids=lambda page: page.stem)
def test_links_of_the_guides_lead_somewhere(page: Path) -> None:
    for link in _links(page):
        assert (page.parent / link).exists(), link
    assert f"jobs/guides/{page.name}" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("package", ("jobs", "pipeline", "models"))
def test_every_folder_and_every_file_that_a_map_names_is_there(package: str) -> None:
    page = ROOT / package / "README.md"
    for link in _links(page):
        assert (page.parent / link).exists(), link
    folders = {path.parent.name for path in page.parent.glob("*/__init__.py")}
    assert folders <= set(_links(page))
    files = {path.name for name in ("jobs", "pipeline", "models") for path in (ROOT / name).rglob("*.py")}
    named = {Path(name).name for name in re.findall(r"[\w/]+\.py\b", page.read_text(encoding="utf-8"))}
    assert named - files - {"test_layout.py"} == set()


def _links(page: Path) -> list[str]:
    return re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
