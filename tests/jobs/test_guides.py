"""The pages for archivists, wranglers and studios: every command on them is run, in order, as it stands there."""

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
NAMES = ("archivist", "wrangler", "studio")
_BLOCK = re.compile(r"^```(?P<kind>\w+)(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[list[str]]:
    """The words of each command in a block, without its comment."""
    return [words for line in text.splitlines() if (words := shlex.split(line, comments=True))]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a reader tries it: a folder with a film of two shots, as a scan and as studios have it."""
    planes = [picture(number) for number in range(32)]
    planes[16:] = [251 - plane for plane in planes[16:]]
    for name in ("film.mkv", "film.mov"):
        codec = "ffv1" if name == "film.mkv" else "libx264"
        pixels = "gray" if name == "film.mkv" else "yuv420p"
        make_film(
            tmp_path / name, frames=planes, codec=codec, pixel_format=pixels, rate=Fraction(24), audio=1
        )
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_what_a_guide_says_works_as_it_stands(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = 0
    for block in _BLOCK.finditer((GUIDES / f"{name}.md").read_text(encoding="utf-8")):
        if block["kind"] == "yaml":
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
    }
    for path in made[name]:
        assert (folder / path).exists(), path


@pytest.mark.parametrize("name", NAMES)
def test_links_of_the_guides_lead_somewhere(name: str) -> None:
    text = (GUIDES / f"{name}.md").read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (GUIDES / link).exists(), link
    for page in (ROOT / "README.md", ROOT / "jobs" / "README.md"):
        assert f"guides/{name}.md" in page.read_text(encoding="utf-8")
