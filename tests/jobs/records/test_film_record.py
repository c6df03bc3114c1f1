"""The record of whole runs: what it says, that it is true, and that it comes and goes with its film."""

import json
import math
import os
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from jobs.cli.main import main
from jobs.progress.reporters import QuietProgress
from jobs.records.film_record import FilmRecord, read_record
from jobs.run.film import run_job
from jobs.settings.job_file import load_job
from jobs.settings.output_paths import page_path, record_path
from jobs.workdir.folder import WorkDir
from models.weights_info import DEFAULT_WEIGHTS
from pipeline.errors import OutputError, SettingsError
from pipeline.partial_files import partial_path
from pipeline.source.frame_reader import FrameReader
from pipeline.source.probe import probe
from pipeline.verify.fixity import hash_content
from tests.media import damage_film, make_film
from tests.recorded import color_film, record_of


@pytest.fixture(scope="module")
def archival(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return color_film(tmp_path_factory.mktemp("archival"))


def test_a_lossless_film_proves_its_luma(archival: Path) -> None:
    luma = record_of(archival).luma
    assert (luma.comparable, luma.equal, luma.frames, luma.frames_equal) == (True, True, 40, 40)
    assert luma.psnr_mean_db is None


def test_checksums_are_those_of_the_files(archival: Path) -> None:
    record = record_of(archival)
    source = archival.with_name("film.mkv")
    assert record.output.content.sha256 == sha256(archival.read_bytes()).hexdigest()
    assert record.source.content.sha256 == sha256(source.read_bytes()).hexdigest()
    assert record.output.content == hash_content(archival, picture_index=0)
    assert (record.source.name, record.output.path) == ("film.mkv", str(archival))
    sounds = [file.content.streams[1] for file in (record.source, record.output)]
    assert sounds[0].sha256 == sounds[1].sha256


def test_shots_and_segments_are_those_of_the_plan(archival: Path) -> None:
    record = record_of(archival)
    assert [(shot.start, shot.end) for shot in record.shots] == [(0, 24), (24, 40)]
    assert [shot.start_timecode for shot in record.shots] == ["00:00:00:00", "00:00:01:00"]
    assert record.shots[1].start_seconds == 1
    for part in record.segments:
        assert part.color is not None and part.video is not None
        assert part.color.seconds > 0
        assert part.video.attempts >= 1
    edges = [(part.shot, part.start, part.end) for part in record.segments]
    assert (edges[0][:2], edges[-1]) == ((0, 0), (1, 24, 40))
    assert all(before[2] == after[1] for before, after in pairwise(edges))


def test_it_names_weights_tools_people_and_settings(archival: Path) -> None:
    record = record_of(archival)
    assert record.weights is not None
    assert record.weights.sha256 == sha256(DEFAULT_WEIGHTS.read_bytes()).hexdigest()
    assert record.weights.licence == "Apache-2.0"
    assert record.machine.operator == "A. Archivist"
    assert record.machine.tools["av"] == av.__version__
    assert record.machine.device.startswith("cpu")
    assert record.settings["color"]["short_side"] == 128
    assert record.settings["preset"] == "archival"
    assert record.started <= record.ended
    assert record.kept == ["audio stream 1 (flac, eng)"]


def test_premis_links_the_film_to_its_source(archival: Path) -> None:
    record = record_of(archival)
    event = record.premis["events"][0]
    assert event["eventType"] == "modification"
    assert record.digital_source_type.endswith("compositeWithTrainedAlgorithmicMedia")
    roles = [link["linkingObjectRole"] for link in event["linkingObjectIdentifier"]]
    assert roles == ["source", "outcome"]
    fixity = [thing["objectCharacteristics"]["fixity"][0] for thing in record.premis["objects"]]
    assert [found["messageDigest"] for found in fixity] == [
        record.source.content.sha256,
        record.output.content.sha256,
    ]
    known = {agent["agentIdentifier"]["agentIdentifierValue"] for agent in record.premis["agents"]}
    assert {link["linkingAgentIdentifierValue"] for link in event["linkingAgentIdentifier"]} == known


def test_a_lossy_film_says_how_near_its_luma_is(tmp_path: Path) -> None:
    output = color_film(tmp_path, "--preset", "access", name="out.mp4", pixel_format="yuv420p")
    luma = record_of(output).luma
    assert (luma.comparable, luma.equal, luma.frames) == (True, False, 40)
    assert luma.psnr_mean_db is not None and luma.psnr_min_db is not None
    assert 30 < luma.psnr_min_db <= luma.psnr_mean_db
    assert luma.psnr_mean_db == pytest.approx(_mean_psnr(tmp_path / "film.mkv", output), abs=0.01)


def test_a_preview_is_not_comparable_and_prove_can_be_left_out(tmp_path: Path) -> None:
    preview = color_film(tmp_path, "--preset", "preview", name="preview.mp4", pixel_format="yuv420p")
    assert record_of(preview).luma.reason == "source and result stand side by side"
    plain = color_film(tmp_path, "--set", "prove=false", "--set", "report_page=false")
    assert record_of(plain).luma.reason == "prove: false"
    assert record_of(plain).luma.equal is None
    assert not page_path(plain).exists()


def test_without_a_report_there_is_none_and_an_old_one_goes(tmp_path: Path) -> None:
    output = color_film(tmp_path)
    assert record_path(output).exists()
    assert page_path(output).exists()
    color_film(tmp_path, "--overwrite", "--set", "report=false")
    assert not record_path(output).exists()
    assert not page_path(output).exists()


def test_what_is_in_the_way_is_told_before_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_film(tmp_path / "film.mkv")
    own = tmp_path / "out.mkv.report.json"
    own.write_text("my own notes")
    command = ["colorize", str(tmp_path / "film.mkv"), "-o", str(tmp_path / "out.mkv"), "--overwrite"]
    assert main(command) == 1
    told = f"kinochrome: error: output: {own} is in the way, and no report of Kinochrome's; move it"
    assert told in capsys.readouterr().err
    assert own.read_text() == "my own notes"


def test_a_name_too_long_for_a_report_is_told_before_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_film(tmp_path / "film.mkv")
    name = "x" * 240 + ".mkv"  # a film can have that name, its report cannot
    assert main(["colorize", str(tmp_path / "film.mkv"), "-o", str(tmp_path / name), "-q"]) == 1
    assert "a shorter name would work" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["film.mkv"]


def test_a_report_that_cannot_be_written_is_an_error_and_there_is_no_film(tmp_path: Path) -> None:
    """A folder that takes the report's name while the film is made, as nobody would."""
    output = color_film(tmp_path, "--work", str(tmp_path / "work"))
    record_path(output).unlink()
    page_path(output).unlink()
    output.unlink()

    class Meddler(QuietProgress):
        def stage(self, name: str, done: int, total: int | None, unit: str = "frame") -> None:
            if name == "prove" and done == 40:
                record_path(output).mkdir()

    job = load_job(tmp_path / "work" / "out.mkv" / "job.yaml")
    with (
        WorkDir(tmp_path / "work" / "out.mkv", settings=job.to_yaml(), output=output) as work,
        pytest.raises(OutputError, match=r"cannot write .*out\.mkv\.report\.json: there is a folder"),
    ):
        run_job(job, work=work, progress=Meddler(), workers=1)
    assert not output.exists()
    assert list(tmp_path.rglob("*.partial")) == []


def test_colours_from_proxies_have_no_weights(tmp_path: Path) -> None:
    color_film(tmp_path, "--work", str(tmp_path / "work"))
    work = tmp_path / "work" / "out.mkv"
    record = record_of(color_film(tmp_path, "--from-proxy", str(work), name="graded.mkv"))
    assert (record.weights, record.machine.device) == (None, "none")
    assert [part.color for part in record.segments] == [None] * len(record.segments)
    assert record.luma.equal
    assert record.shots[0].figures == record_of(tmp_path / "out.mkv").shots[0].figures


def test_warnings_of_a_damaged_source_are_on_record(tmp_path: Path) -> None:
    make_film(tmp_path / "whole.mkv", codec="libx264", pixel_format="yuv420p", b_frames=0, frames=24)
    damage_film(tmp_path / "whole.mkv", tmp_path / "film.mkv", packets={9})
    record = record_of(color_film(tmp_path, "--set", "damage=keep-going"))
    assert [told for told in record.warnings if "damaged" in told]
    assert record.luma.equal


def test_what_a_killed_run_left_beside_the_film_goes(tmp_path: Path) -> None:
    """A run that was killed while it wrote film, record or page; no process has that number."""
    for name in ("out.mkv", "out.mkv.report.json", "out.mkv.report.html"):
        (tmp_path / partial_path(Path(name)).name.replace(f".{os.getpid()}.", ".4194305.")).touch()
    kept = tmp_path / "other.mkv.host.1.partial"
    kept.touch()
    color_film(tmp_path)
    assert list(tmp_path.glob("*.partial")) == [kept]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "other"}, "not a report of Kinochrome's"),
        ({"format": 4}, "a report of format 4; this version reads format 1, 2 and 3"),
        ({"frames": 41}, "damaged report: .*no hash for each frame"),
        ({"luma": 3}, "damaged report: luma"),
    ],
    ids=str,
)
def test_a_record_that_is_none_is_one_clear_line(
    archival: Path, tmp_path: Path, change: dict[str, object], told: str
) -> None:
    values = json.loads(record_path(archival).read_bytes())
    path = tmp_path / "other.report.json"
    path.write_text(json.dumps(values | change))
    with pytest.raises(SettingsError, match=told) as error:
        read_record(path)
    assert "\n" not in str(error.value)


def test_a_record_survives_being_read_and_written(archival: Path) -> None:
    record = record_of(archival)
    assert FilmRecord.model_validate_json(record.model_dump_json()) == record


def _mean_psnr(source: Path, output: Path) -> float:
    """Of the mean squared error of luma, by hand."""
    errors = []
    with FrameReader(probe(source)) as one, FrameReader(probe(output)) as other:
        for before, after in zip(one.frames(), other.frames(), strict=True):
            errors.append(float(np.mean((before.luma.astype(float) - after.luma.astype(float)) ** 2)))
    return 10 * math.log10(255**2 / float(np.mean(errors)))
