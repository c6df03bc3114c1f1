"""Spoilt films of many containers and codecs: read, or refused with one line. See `benchmarks/mutants.py`, too."""

import json
from pathlib import Path
from random import Random

import numpy as np
import pytest

from jobs.cli.main import main
from pipeline.errors import SourceError
from pipeline.limits import Limits
from pipeline.read_monitor import board
from pipeline.source.frame_reader import FrameReader, luma_hash
from pipeline.source.probe import probe
from pipeline.timeline import Timeline
from tests.media import make_film
from tests.mutants import Source, make_sources, mutate

_CASES = 120
_WITHOUT_NOISE = ("av1.mkv", "hevc10.mkv")
"""Their encoders write to the terminal."""


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Source]:
    return make_sources(tmp_path_factory.mktemp("sources"), besides=_WITHOUT_NOISE)


def test_spoilt_films_are_read_or_refused_with_a_line(sources: list[Source], tmp_path: Path) -> None:
    outcomes = set()
    for case in range(_CASES):
        mutant = mutate(Random(case), sources)
        film = tmp_path / f"{case}{mutant.suffix}"
        film.write_bytes(mutant.data)
        try:
            with FrameReader(probe(film, limits=Limits(frames=200))) as reader:
                outcomes.add(sum(1 for _ in reader.frames()) > 0)
        except SourceError as error:
            outcomes.add(False)
            assert str(error).startswith(str(film))
            assert "\n" not in str(error)
        assert board().places() == []
        film.unlink()
    assert outcomes == {True, False}


@pytest.mark.parametrize("name", ["mpeg4.avi", "wmv.asf", "h264.ts"])
def test_what_was_mended_once_is_mended_alike_again(sources: list[Source], tmp_path: Path, name: str) -> None:
    """A decoder mended a picture otherwise when it was read for the second time, and the film was refused."""
    film = tmp_path / name
    (source,) = [source for source in sources if source.name == name]
    faults = 0
    for case in range(30):
        data, rng = bytearray(source.data), Random(case)
        for _ in range(6):
            data[rng.randrange(len(data) // 4, len(data))] ^= 1 << rng.randrange(8)
        film.write_bytes(data)
        try:
            with FrameReader(probe(film)) as reader:
                frames = list(reader.frames())
                faults += len(reader.faults)
        except SourceError:  # its times are broken, too
            continue
        timeline = Timeline(
            pts=np.array([frame.pts for frame in frames], np.int64),
            luma_hash=np.array([luma_hash(frame.luma) for frame in frames], np.uint64),
        )
        with FrameReader(probe(film), timeline=timeline) as reader:
            again = list(reader.read(0, len(frames)))
        assert all(np.array_equal(one.luma, other.luma) for one, other in zip(frames, again, strict=True))
    assert faults


def test_a_mutant_follows_from_its_seed(sources: list[Source]) -> None:
    one, again = (mutate(Random("3/14"), sources) for _ in range(2))
    assert one == again
    assert len({mutate(Random(case), sources).data for case in range(20)}) == 20


def test_a_film_that_is_refused_leaves_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It was left with the plan, where a damaged film was refused after it had been looked through."""
    film = tmp_path / "film.nut"
    make_film(film)
    film.write_bytes(film.read_bytes()[:-3000])
    asked = ("--set", "damage=stop", "--set", "device=cpu", "--set", "color.short_side=128", "-q")
    assert main(["colorize", str(film), "-o", str(tmp_path / "out.mkv"), *asked]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "warning" not in line]
    assert line.startswith(f"kinochrome: error: {film}: ")
    assert list(tmp_path.iterdir()) == [film]


def test_a_film_that_does_not_decode_as_planned_leaves_no_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was left with a segment that had been begun and held nothing; here it is the plan that is wrong."""
    film, job = tmp_path / "film.mkv", tmp_path / "job.yaml"
    make_film(film)
    job.write_text(
        "input: film.mkv\noutput: out.mkv\ndevice: cpu\ncolor: {short_side: 128}\n", encoding="utf-8"
    )
    assert main(["plan", str(job), "-q"]) == 0
    plan_path = tmp_path / ".out.mkv.kinochrome" / "plan.json"
    plan = json.loads(plan_path.read_text(encoding="utf-8"))
    plan["luma_hash"] = plan["luma_hash"][:-16] + "0" * 16
    plan_path.write_text(json.dumps(plan), encoding="utf-8")
    assert main(["run", str(job), "-q"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "frame 23 (pts 920) does not decode as it did when the film was planned" in line
    assert sorted(tmp_path.iterdir()) == [film, job]
