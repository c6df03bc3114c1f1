"""The report page: well formed, complete in itself, and harmless whatever a film is called."""

import json
import re
from array import array
from base64 import b64decode, b64encode
from dataclasses import astuple
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from jobs.cli.main import main
from jobs.records.page import report_page
from jobs.review.course import Course
from jobs.review.shot_figures import ShotFigures
from jobs.review.shot_stills import ShotStills
from jobs.settings.output_paths import page_path, record_path
from tests.recorded import HOSTILE, color_film, record_of

VOID = {"meta", "img", "input"}
HOSTILE_TITLE = "</title><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with a hostile name, hostile streams, and its work folder."""
    folder = tmp_path_factory.mktemp("page")
    font = ("</dd><script>alert(2)</script>.ttf", "font/ttf", b"letters")
    tags = {"title": HOSTILE_TITLE}
    return color_film(folder, "--work", str(folder / "work"), name=HOSTILE, attachments=[font], tags=tags)


class _Page(HTMLParser):
    """What a browser would make of the page; AssertionError where a tag is not closed in its place."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((name, dict(attributes)))
        if name not in VOID:
            self.open.append(name)

    def handle_endtag(self, name: str) -> None:
        assert self.open.pop() == name

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def images(self) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == "img"]


def test_the_page_is_well_formed_and_asks_for_nothing(film: Path) -> None:
    page = _read(film)
    parsed = _Page(page)
    assert {name for name, _ in parsed.elements}.isdisjoint({"link", "iframe", "object", "base"})
    for _, attributes in parsed.elements:
        assert not {key for key in attributes if key.startswith("on")}
        assert str(attributes.get("href", "data:")).startswith("data:")
    assert all(str(image["src"]).startswith("data:image/webp;base64,") for image in parsed.images())
    css = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in css
    assert "@import" not in css
    assert "http:" not in page
    assert "https:" not in page


def test_its_own_script_runs_and_no_other_one(film: Path) -> None:
    page = _read(film)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'\"" in page
    assert "default-src 'none'" in page


def test_figures_can_be_saved(film: Path) -> None:
    saved = {
        str(attributes["download"]): b64decode(str(attributes["href"]).partition(",")[2])
        for name, attributes in _Page(_read(film)).elements
        if name == "a"
    }
    table, data = sorted(saved, reverse=True)
    assert (table.endswith(".shots.csv"), data.endswith(".figures.json")) == (True, True)
    assert len(saved[table].splitlines()) == 1 + len(record_of(film).shots)
    assert len(json.loads(saved[data])["course"]["flicker"]) == record_of(film).frames


def test_a_page_opens_with_the_verdict_and_folds_checksums_away(film: Path) -> None:
    page = _read(film)
    first = page.index('<p class="verdict good">All 40 frames are there, and every sample of brightness')
    digest = page.index(record_of(film).output.content.sha256)
    assert first < page.index('class="tiles"') < page.index("<h2>Shots, worst first") < digest
    assert page.rindex("<details>", 0, digest) > page[:digest].rfind("</details>")


def test_hostile_names_are_shown_as_they_are(film: Path) -> None:
    parsed = _Page(_read(film))
    words = "".join(parsed.words)
    assert HOSTILE.replace("\N{RIGHT-TO-LEFT OVERRIDE}", "\\u202e") in words
    assert "</dd><script>alert(2)</script>.ttf" in words
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in _read(film)


def test_pictures_are_there_and_show_colour(film: Path) -> None:
    images = _Page(_read(film)).images()
    assert len(images) == 8  # two shots, each in grey, in colour, and two small ones in colour
    for image in images:
        picture = _decode(str(image["src"]))
        if "height" in image:
            assert picture.shape[:2] == (int(str(image["height"])), int(str(image["width"])))
        spread = np.ptp(picture.astype(int), axis=-1).max()
        assert (spread > 20) if not str(image["alt"]).startswith("Before") else (spread <= 2)
    first = [str(image["alt"]).rpartition(", ")[2] for image in images if "shot 0" in str(image["alt"])]
    assert first == ["frame 11", "frame 11", "frame 0", "frame 23"]


def test_figures_and_checksums_are_on_it(film: Path) -> None:
    record, words = record_of(film), "".join(_Page(_read(film)).words)
    for digest in (record.output.content.sha256, record.source.content.sha256):
        assert digest in words
    for shot in record.shots:
        assert f"{shot.figures.colorfulness:.1f}" in words
    assert "Luma equals the source's, sample for sample, in all 40 frames." in words
    assert "A. Archivist" in words


def test_report_makes_the_same_page_again(film: Path, tmp_path: Path) -> None:
    """Pictures come from the source now, whose luma is the film's."""
    before = _read(film)
    page_path(film).unlink()
    assert main(["report", str(film.parent / "work"), "-q"]) == 0
    assert _read(film) == before
    assert main(["report", str(film.parent / "work" / film.name), "-o", str(tmp_path / "p.html"), "-q"]) == 0
    assert (tmp_path / "p.html").read_text(encoding="utf-8") == before


def test_report_tells_what_it_lacks(film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def told(work: Path) -> str:
        assert main(["report", str(work)]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        return line

    assert "no such folder" in told(tmp_path / "none")
    assert "is no work folder" in told(tmp_path)
    record = record_path(film)
    kept = record.read_bytes()
    record.unlink()
    try:
        assert "no report" in told(film.parent / "work" / film.name)
    finally:
        record.write_bytes(kept)


@pytest.mark.parametrize(("size", "shown"), [(4500, 110), (400, 720)])
def test_of_a_film_of_very_many_shots_the_first_page_is_small_and_the_second_has_the_others(
    film: Path, size: int, shown: int
) -> None:
    record = record_of(film)
    shots = [
        record.shots[0].model_copy(
            update={
                "index": number,
                "figures": ShotFigures(
                    cdc=0, cdc_grey=0, flicker=number / 100, colorfulness=9, gamut_share=0
                ),
            }
        )
        for number in range(1500)
    ]
    strip = ShotStills(frames=(0,), shown=0, width=1, height=1, grey=b"g" * size, color=b"c" * size)
    long = record.model_copy(update={"shots": shots, "segments": record.segments * 800})
    pages = report_page(
        long, [strip] * 1500, course=Course(array("f", [1, 2, 0.5] * 170_000)), name="a b.html"
    )
    assert pages.shots is not None
    first, others = (
        [int(found) for found in re.findall(r'id="shot-(\d+)"', page)] for page in astuple(pages)
    )
    assert first + others == list(range(1499, -1, -1))
    assert abs(len(first) - shown) < shown / 10
    assert len(pages.text) < 2_000_000
    assert 'href="a%20b.shots.html"' in pages.text
    assert 'href="a%20b.html"' in pages.shots
    assert pages.shots.count("<tr>") == 1 + 1500
    assert (pages.text.count("data:text/csv"), pages.shots.count("data:text/csv")) == (0, 1)
    for page in astuple(pages):
        _Page(page)


def _read(film: Path) -> str:
    return page_path(film).read_text(encoding="utf-8")


def _decode(source: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    data = np.frombuffer(b64decode(source.partition(",")[2]), np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert picture is not None
    return picture.astype(np.uint8)
