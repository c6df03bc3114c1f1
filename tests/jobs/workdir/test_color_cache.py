"""Colour found by content: re-cut films predict nothing again, and come out as if they had."""

import json
import shutil
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from jobs.cli.main import main
from jobs.workdir.color_cache import luma_digest
from pipeline.media import Plane
from tests.media import make_film
from tests.stages import digest, events

SHOT = 16
"""Frames of each shot; two segments."""


def shot(scene: int, *, frames: int = SHOT) -> list[Plane]:
    """Clouds that drift; each scene has its own, and another brightness than its neighbours."""
    rng = np.random.default_rng(scene)
    clouds = cv2.resize(rng.uniform(100, 600, (6, 8)).astype(np.float32), (64, 48)) + 120 * (scene % 4)
    return [np.roll(clouds, number // 2, axis=1).astype(np.uint16) for number in range(frames)]


def film(path: Path, scenes: Sequence[int], **options: object) -> Path:
    """A film of these scenes in this order."""
    frames = [plane for scene in scenes for plane in shot(scene)]
    make_film(path, frames=frames, pixel_format="gray10le", **options)  # type: ignore[arg-type]
    return path


def color(source: Path, output: Path, *options: str, cache: Path | None = None, code: int = 0) -> list[bool]:
    """Colours a film; returns of each segment, in the order of work, whether its colour was found in the cache."""
    work = output.parent / "work"
    work.mkdir(exist_ok=True)
    sets = ["segment_frames=8", "overlap_frames=8", "report=false", "color.short_side=128", *options]
    where = ["--cache", str(cache)] if cache else []
    arguments = [
        "colorize",
        str(source),
        "-o",
        str(output),
        "-q",
        "--preset",
        "archival",
        "--work",
        str(work),
    ]
    assert main([*arguments, *where, *(part for text in sets for part in ("--set", text))]) == code
    made = [event for event in events(work / output.name, "published") if event["product"] == "color"]
    return [event["from_cache"] for event in made]


def proxies(output: Path) -> list[str]:
    folder = output.parent / "work" / output.name / "segments"
    return [digest(path) for path in sorted(folder.glob("*/proxy.mkv"))]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a cache that holds the three shots of a film."""
    folder = tmp_path_factory.mktemp("known")
    source = film(folder / "film.mkv", (1, 2, 3), rate=Fraction(24), audio=1)
    assert color(source, folder / "out.mkv", cache=folder / "cache") == [False] * 6
    return folder


@pytest.fixture
def cache(known: Path, tmp_path: Path) -> Path:
    """A copy of the cache that a test may spoil."""
    shutil.copytree(known / "cache", tmp_path / "cache")
    return tmp_path / "cache"


def test_a_recut_film_predicts_nothing_again(cache: Path, tmp_path: Path) -> None:
    """Shots swapped and one removed, in another container, at another rate, starting elsewhere."""
    cut = film(tmp_path / "cut.nut", (3, 1), rate=Fraction(25), start=77)
    assert color(cut, tmp_path / "found.mkv", cache=cache) == [True] * 4
    assert color(cut, tmp_path / "predicted.mkv") == [False] * 4
    assert proxies(tmp_path / "found.mkv") == proxies(tmp_path / "predicted.mkv")
    assert digest(tmp_path / "found.mkv") == digest(tmp_path / "predicted.mkv")


def test_only_the_shots_that_are_new_are_predicted(cache: Path, tmp_path: Path) -> None:
    longer = film(tmp_path / "longer.mkv", (2, 5, 1))
    assert color(longer, tmp_path / "a.mkv", cache=cache) == [True, True, False, False, True, True]
    assert color(longer, tmp_path / "b.mkv", cache=cache) == [True] * 6
    assert digest(tmp_path / "a.mkv") == digest(tmp_path / "b.mkv")


@pytest.mark.parametrize(
    "options",
    [
        ("steady.strength=0.5",),
        ("color.temperature=0.6",),
        ("color.vividness=1.2",),
        ("color.short_side=160",),
        ("batch=4",),
        ("precision=fp32", "batch=2"),
        ("overlap_frames=0",),
    ],
)
def test_other_settings_predict_anew(options: tuple[str, ...], cache: Path, tmp_path: Path) -> None:
    source = film(tmp_path / "one.mkv", (2,))
    assert color(source, tmp_path / "out.mkv", *options, cache=cache) == [False, False]


def test_settings_of_rendering_and_other_presets_predict_nothing(cache: Path, tmp_path: Path) -> None:
    source = film(tmp_path / "one.mkv", (2,))
    sets = ("color.saturation=0.5", "encode.codec=libx264", "encode.chroma='420'", "encode.depth=8")
    assert color(source, tmp_path / "out.mkv", *sets, cache=cache) == [True, True]


def test_one_other_sample_is_another_content(cache: Path, tmp_path: Path) -> None:
    frames = shot(2)
    frames[3][20, 20] += 1
    make_film(tmp_path / "one.mkv", frames=frames, pixel_format="gray10le")
    assert color(tmp_path / "one.mkv", tmp_path / "out.mkv", cache=cache) == [False, False]
    frames[3][20, 20] -= 1
    make_film(tmp_path / "two.mkv", frames=frames, pixel_format="gray10le")
    assert color(tmp_path / "two.mkv", tmp_path / "out2.mkv", cache=cache) == [True, True]


def test_a_damaged_entry_is_found_and_done_again(
    cache: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = film(tmp_path / "cut.mkv", (3, 1))
    for index, path in enumerate(sorted(cache.glob("??/*.proxy"))):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data if index % 2 else data[: len(data) // 2])
    assert color(source, tmp_path / "a.mkv", cache=cache) == [False] * 4
    assert caplog.text.count("damaged, and made again") == 4
    assert color(source, tmp_path / "b.mkv", cache=cache) == [True] * 4
    assert color(source, tmp_path / "c.mkv") == [False] * 4
    assert digest(tmp_path / "a.mkv") == digest(tmp_path / "b.mkv") == digest(tmp_path / "c.mkv")


def test_an_entry_of_other_pictures_is_not_believed(cache: Path, tmp_path: Path) -> None:
    """As if two films had the same 64-bit hashes: the lumas themselves are hashed again."""
    for path in cache.glob("??/*.proxy"):
        line, _, data = path.read_bytes().partition(b"\n")
        path.write_bytes(json.dumps(json.loads(line) | {"luma": "0" * 32}).encode() + b"\n" + data)
    source = film(tmp_path / "cut.mkv", (3, 1))
    assert color(source, tmp_path / "a.mkv", cache=cache) == [False] * 4
    assert color(source, tmp_path / "b.mkv", cache=cache) == [True] * 4
    assert proxies(tmp_path / "a.mkv") == proxies(tmp_path / "b.mkv")


def test_an_entry_under_another_name_is_not_believed(cache: Path, tmp_path: Path) -> None:
    """Two segments of a short shot look at the same frames, and keep different ones."""
    entries = sorted(cache.glob("??/*.proxy"))
    contents = [path.read_bytes() for path in entries]
    for path, data in zip(entries, contents[1:] + contents[:1], strict=True):
        path.write_bytes(data)
    assert color(film(tmp_path / "cut.mkv", (3, 1)), tmp_path / "a.mkv", cache=cache) == [False] * 4


def test_several_workers_use_the_cache(cache: Path, known: Path, tmp_path: Path) -> None:
    cut = film(tmp_path / "cut.mkv", (2, 4, 3))
    work = tmp_path / "work"
    work.mkdir()
    job = tmp_path / "job.yaml"
    job.write_text(
        "input: cut.mkv\noutput: out.mkv\npreset: archival\nsegment_frames: 8\noverlap_frames: 8\nwork: work\n"
        "report: false\ncolor: {short_side: 128}\ncache: cache\ncache_gb: 0.5\n"
    )
    assert cut.exists()
    assert main(["run", str(job), "-q", "--workers", "2"]) == 0
    found = {e["index"]: e["from_cache"] for e in events(work / "out.mkv", "published") if "from_cache" in e}
    assert found == {0: True, 1: True, 2: False, 3: False, 4: True, 5: True}


def test_the_run_and_the_record_tell_what_was_found(
    cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = film(tmp_path / "cut.mkv", (3, 4))
    arguments = [
        "colorize",
        str(source),
        "-o",
        str(tmp_path / "out.mkv"),
        "--preset",
        "archival",
        "--cache",
        str(cache),
    ]
    for text in ("segment_frames=8", "overlap_frames=8", "color.short_side=128"):
        arguments += ["--set", text]
    assert main(arguments) == 0
    assert f"the colour of 2 of 4 segments was found in {cache}" in capsys.readouterr().err
    record = json.loads((tmp_path / "out.mkv.report.json").read_bytes())
    assert [s["color"]["is_from_cache"] for s in record["segments"]] == [True, True, False, False]
    assert {s["color"]["device"] for s in record["segments"]} == {record["machine"]["device"]}
    assert "from the cache" in (tmp_path / "out.mkv.report.html").read_text(encoding="utf-8")


def test_a_cache_that_cannot_be_written_costs_only_work(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = film(tmp_path / "one.mkv", (1,))
    (tmp_path / "cache").mkdir()
    for name in range(256):
        (tmp_path / "cache" / f"{name:02x}").write_bytes(b"in the way")
    assert color(source, tmp_path / "out.mkv", cache=tmp_path / "cache") == [False, False]
    assert caplog.text.count("cannot be used") == 1


def test_the_digest_tells_size_sample_type_and_samples() -> None:
    plane = np.arange(48, dtype=np.uint8).reshape(6, 8)
    others: list[Plane] = [plane.reshape(8, 6), plane.view(np.uint16), plane[::-1]]
    digests = [luma_digest(one) for one in (plane, *others)]
    assert len(set(digests)) == 4
    assert luma_digest(np.asfortranarray(plane)) == digests[0]
