"""Whole jobs on small films: what comes out, what is kept, and what a second run does."""

import json
from collections.abc import Iterator
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch

from jobs.cli.main import main
from jobs.progress.reporters import QuietProgress
from jobs.run.film import RunSummary, run_job
from jobs.settings.job import Job
from jobs.settings.job_file import make_job
from jobs.workdir.folder import WorkDir
from models.colorfulness import colorfulness
from pipeline.errors import SettingsError, SourceError
from pipeline.media import Plane
from pipeline.source.frame_reader import FrameReader
from pipeline.source.probe import probe
from tests.media import make_film
from tests.programs import Program

ROOT = Path(__file__).parents[3]
CLIP = ROOT / "tests" / "data" / "chaplin_street.mp4"
SMALL = ("color.short_side=128", "segment_frames=16", "overlap_frames=8")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mkv"
    make_film(path, frames=40, size=(96, 72), pixel_format="gray10le", rate=Fraction(24000, 1001), audio=1)
    return path


def test_luma_times_and_sound_are_the_films_own(film: Path, tmp_path: Path) -> None:
    summary = _run(_job(film, tmp_path / "out.mkv"), tmp_path / "work")
    before, after = _frames(film), _frames(tmp_path / "out.mkv")
    assert summary.segments == 3
    assert [pts for pts, _ in after] == [pts for pts, _ in before]
    for (_, mine), (_, theirs) in zip(after, before, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert probe(tmp_path / "out.mkv").pixel_format.name == "yuv444p10le"
    assert _sound(tmp_path / "out.mkv") == _sound(film)


def test_a_real_clip_gets_colour(tmp_path: Path) -> None:
    """The bundled street scene: not grey, and greener below than a sepia wash would be."""
    out = tmp_path / "out.mp4"
    assert main(["colorize", str(CLIP), "-o", str(out), "-q", "--set", "color.short_side=128"]) == 0
    with av.open(str(out)) as film:
        values = [
            colorfulness(frame.to_rgb().to_ndarray().astype(np.uint8)) for frame in film.decode(video=0)
        ]
    assert float(np.mean(values)) > 8


@pytest.fixture
def two_threads() -> Iterator[None]:
    """The network computes with two threads, as it does outside of tests."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
def test_an_interrupted_run_goes_on_and_gives_the_same_bytes(film: Path, tmp_path: Path) -> None:
    _run(_job(film, tmp_path / "whole.mkv"), tmp_path / "work1")
    job = _job(film, tmp_path / "out.mkv")
    for moment in (3, 20, 30):
        with pytest.raises(KeyboardInterrupt):
            _run(job, tmp_path / "work2", progress=_Interrupting("render", moment))
        assert not job.output.exists()
    _run(job, tmp_path / "work2")
    assert _digest(job.output) == _digest(tmp_path / "whole.mkv")
    published = [(event["product"], event["index"]) for event in _events(tmp_path / "work2", "published")]
    assert sorted(published) == sorted({(kind, index) for kind in ("color", "video") for index in range(3)})
    assert list(tmp_path.rglob("*.partial")) == []


def test_a_corrupt_segment_is_made_again(film: Path, tmp_path: Path) -> None:
    job = _job(film, tmp_path / "out.mkv", overwrite=True)
    _run(job, tmp_path / "work")
    digest = _digest(job.output)
    video = next((tmp_path / "work" / "segments" / "000001").glob("video.*"))
    video.write_bytes(video.read_bytes()[:-100])
    _run(job, tmp_path / "work")
    assert _digest(job.output) == digest
    again = [e for e in _events(tmp_path / "work", "published") if (e["product"], e["index"]) == ("video", 1)]
    assert len(again) == 2


def test_a_setting_of_the_rendering_does_not_predict_again(film: Path, tmp_path: Path) -> None:
    _run(_job(film, tmp_path / "out.mkv"), tmp_path / "work")
    _run(_job(film, tmp_path / "grey.mkv", "color.saturation=0"), tmp_path / "work")
    kinds = [event["product"] for event in _events(tmp_path / "work", "published")]
    assert kinds.count("color") == 3
    assert kinds.count("video") == 6
    assert _chroma(tmp_path / "grey.mkv") == (512, 512)


def test_graded_proxies_are_rendered_without_the_network(film: Path, tmp_path: Path) -> None:
    graded = tmp_path / "graded"
    for index, count in enumerate((16, 16, 8)):
        _red_film(graded / f"{index:06d}.mp4", frames=count)
    job = _job(film, tmp_path / "out.mkv", from_proxy=str(graded), weights=str(film))  # no weights to load
    _run(job, tmp_path / "work")
    cb, cr = _chroma(job.output)
    assert cr > 530 > 500 > cb
    for (_, mine), (_, theirs) in zip(_frames(job.output), _frames(film), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_proxy_of_another_length_is_named(film: Path, tmp_path: Path) -> None:
    for index, count in enumerate((16, 15, 8)):
        _red_film(tmp_path / "graded" / f"{index:06d}.mp4", frames=count)
    job = _job(film, tmp_path / "out.mkv", from_proxy=str(tmp_path / "graded"))
    with pytest.raises(SourceError, match=r"000001\.mp4.*15.*16"):
        _run(job, tmp_path / "work")
    assert not job.output.exists()


def test_a_missing_proxy_is_named(film: Path, tmp_path: Path) -> None:
    (tmp_path / "graded").mkdir()
    job = _job(film, tmp_path / "out.mkv", from_proxy=str(tmp_path / "graded"))
    with pytest.raises(SettingsError, match=r"segment 0 .* found none"):
        _run(job, tmp_path / "work")


def test_a_source_that_changes_during_the_run_is_an_error(film: Path, tmp_path: Path) -> None:
    job = _job(film, tmp_path / "out.mkv")

    class Meddler(QuietProgress):
        def stage(self, name: str, done: int, total: int | None, unit: str = "frame") -> None:
            if (name, done) == ("render", 39):
                with film.open("ab") as file:
                    file.write(b"one more reel")

    with pytest.raises(SourceError, match=r"film\.mkv.*changed"):
        _run(job, tmp_path / "work", progress=Meddler())
    assert not job.output.exists()


def test_a_full_disk_is_one_clear_line_and_nothing_half_written(film: Path, tmp_path: Path) -> None:
    command = ["colorize", str(film), "-o", str(tmp_path / "out.mkv"), "-q", "--preset", "archival"]
    command += [part for text in SMALL for part in ("--set", text)]
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))"
    code, _, told = Program(*command, setup=limit).finish()
    assert (code, len(told.splitlines())) == (1, 1), told
    assert "cannot write" in told
    assert not (tmp_path / "out.mkv").exists()
    assert list(tmp_path.rglob("*.partial")) == []


class _Interrupting(QuietProgress):
    def __init__(self, stage: str, moment: int) -> None:
        super().__init__()
        self._stage, self._moment = stage, moment

    def stage(self, name: str, done: int, total: int | None, unit: str = "frame") -> None:
        if (name, done) == (self._stage, self._moment):
            raise KeyboardInterrupt


def _job(film: Path, output: Path, *overrides: str, **options: Any) -> Job:
    values = {"input": str(film), "output": str(output), "preset": "archival", **options}
    return make_job(values, overrides=[*SMALL, *overrides])


def _run(job: Job, work_dir: Path, *, progress: QuietProgress | None = None) -> RunSummary:
    with WorkDir(work_dir, output=job.output) as work:
        return run_job(job, work=work, progress=progress or QuietProgress())


def _frames(path: Path) -> list[tuple[Fraction, Plane]]:
    film = probe(path)
    with FrameReader(film) as reader:
        return [(frame.pts * film.time_base, frame.luma) for frame in reader.frames()]


def _sound(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def _chroma(path: Path) -> tuple[float, float]:
    """Mean Cb and Cr of the first frame, in codes."""
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        planes = [np.frombuffer(bytes(plane), np.uint16).reshape(plane.height, -1) for plane in frame.planes]
        cb, cr = (float(plane[:, : frame.width].mean()) for plane in planes[1:])
    return cb, cr


def _red_film(path: Path, *, frames: int) -> None:
    path.parent.mkdir(exist_ok=True)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 32, 16, "yuv420p"
        picture = np.zeros((16, 32, 3), np.uint8)
        picture[..., 0] = 160
        for _ in range(frames):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode(None))


def _events(work: Path, kind: str) -> list[dict[str, Any]]:
    lines = (work / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == kind]


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
