"""A film of every kind in the table becomes what the table promises: kept, converted or refused."""

import re
from pathlib import Path

import av
import numpy as np
import pytest

from jobs.cli.main import main
from pipeline.source.frame_reader import FrameReader
from pipeline.source.luma_planes import luma_plane
from pipeline.source.probe import probe
from pipeline.support.kind import Kind
from pipeline.support.table import KINDS, markdown
from tests import kindfilms
from tests.comparison import compare
from tests.graded import color_flat
from tests.kindcases import CASES
from tests.kindchecks import Case

ROOT = Path(__file__).parents[3]


def _name(case: Case) -> str:
    return f"{case.kind} {case.source} {case.arguments[1]} {case.output}"


def test_every_row_has_a_film() -> None:
    assert {case.kind for case in CASES} == set(KINDS)


def test_every_refusal_has_a_film() -> None:
    refusing = {kind.name for kind in KINDS.values() if kind.refused}
    assert refusing - {case.kind for case in CASES if case.refused} == set()


def test_every_row_says_what_becomes_of_it() -> None:
    with pytest.raises(ValueError, match="nothing becomes"):
        Kind(name="empty", title="Empty")


def test_the_page_of_sources_shows_the_table() -> None:
    assert markdown() in (ROOT / "jobs" / "guides" / "sources.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_a_film_becomes_what_the_table_promises(
    case: Case, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "films").mkdir()
    source, output = tmp_path / "films" / case.source, tmp_path / "out" / case.output
    output.parent.mkdir()
    case.make(source)
    arguments = ["-q", *case.arguments, "--set", "report=false"]
    code = color_flat(source, output, *arguments, work=tmp_path / "work")
    told = [line for line in capfd.readouterr().err.splitlines() if "error:" in line]
    if case.refused is not None:
        assert code == 1
        assert len(told) == 1, told
        assert re.search(case.refused, told[0]), told
        assert KINDS[case.kind].cure in told[0]
        assert [path for path in output.parent.iterdir() if not path.name.startswith(".")] == []
        return
    assert code == 0, told
    found = compare(source, output)
    if case.output.endswith(".mkv"):
        assert found.faults == []
        assert found.luma
        _keeps_tags(source, output)
    assert found.frames > 0
    if case.check is not None:
        case.check(source, output)


def test_the_network_takes_a_deep_film_too(tmp_path: Path) -> None:
    kindfilms.hdr(tmp_path / "film.mkv")
    small = ("--set", "color.short_side=128", "--set", "report=false", "--preset", "archival", "-q")
    assert main(["colorize", str(tmp_path / "film.mkv"), "-o", str(tmp_path / "out.mkv"), *small]) == 0
    assert compare(tmp_path / "film.mkv", tmp_path / "out.mkv").faults == []


def test_numbered_stills_become_a_film(tmp_path: Path) -> None:
    pattern, output = tmp_path / "%06d.tif", tmp_path / "out.mkv"
    kindfilms.stills(pattern)
    small = ("--set", "color.short_side=128", "--set", "report=false", "--set", "rate=24", "-q")
    assert main(["colorize", str(pattern), "-o", str(output), "--preset", "archival", *small]) == 0
    with FrameReader(probe(output)) as reader:
        for number, frame in enumerate(reader.frames(), start=1):
            with av.open(str(tmp_path / f"{number:06d}.tif")) as still:
                np.testing.assert_array_equal(frame.luma, luma_plane(next(still.decode(video=0))))
    assert number == kindfilms.FRAMES


def _keeps_tags(source: Path, output: Path) -> None:
    before, after = (
        {key.lower(): value for key, value in probe(path).tags if key.lower() != "encoder"}
        for path in (source, output)
    )
    brands = {"major_brand", "minor_version", "compatible_brands"}
    if source.suffix != ".mxf":  # whose tags tell of the file
        assert {key: after.get(key) for key in before if key not in brands} == {
            key: value for key, value in before.items() if key not in brands
        }
    assert "predicted" in after["comment"]
