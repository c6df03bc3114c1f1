"""Settings of single shots: what each does to the pixels, and what is done again."""

import json
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from jobs.cli.main import main
from jobs.settings.output_paths import page_path, record_path
from models.weights_info import DEFAULT_WEIGHTS
from tests.color_films import make_color_film, scene
from tests.shot_jobs import SHOT, chroma, edit, is_near, packets, planes, run, shots_of
from tests.stages import digest, each_once, make_place, published


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a film of two shots that is coloured, on record, and whose work folder was kept."""
    folder = tmp_path_factory.mktemp("done")
    job = make_place(folder)
    job.write_text(job.read_text().replace("report: false", "keep_work: true\noverwrite: true"))
    assert main(["run", str(job), "-q"]) == 0
    return folder


@pytest.fixture
def place(done: Path, tmp_path: Path) -> Path:
    shutil.copytree(done, tmp_path / "place")
    return tmp_path / "place"


@pytest.mark.parametrize(
    ("override", "products"),
    [
        ("{saturation: 0.5}", ("video",)),
        ("{hue_degrees: 90}", ("video",)),
        ("{skip: true}", ("color", "video")),
        ("{keep_original: true}", ("color", "video")),
    ],
)
def test_editing_one_shot_does_that_shot_again_and_nothing_else(
    override: str, products: tuple[str, ...], place: Path, done: Path
) -> None:
    made = run(place, f"  1: {override}\n")
    assert made == sorted((product, index) for product in products for index in (2, 3))
    before, after = packets(done / "out.mkv"), packets(place / "out.mkv")
    assert len(before) == len(after) == 32
    assert before[:16] == after[:16]
    assert all(old != new for old, new in zip(before[SHOT], after[SHOT], strict=True))
    for old, new in zip(planes(done / "out.mkv"), planes(place / "out.mkv"), strict=True):
        np.testing.assert_array_equal(old[0], new[0])
    assert run(place, f"  1: {override}\n") == []
    run(place, "")
    assert digest(place / "out.mkv") == digest(done / "out.mkv")


def test_saturation_and_hue_are_of_that_shot(place: Path, done: Path) -> None:
    plain = chroma(done / "out.mkv")
    assert np.abs(plain).mean() > 4
    run(place, "  1: {saturation: 0.5}\n")
    assert is_near(chroma(place / "out.mkv"), plain * 0.5)
    run(place, "  1: {hue_degrees: 180, saturation: 0.25}\n")
    assert is_near(chroma(place / "out.mkv"), plain * -0.25)


def test_a_skipped_shot_stays_grey_and_is_not_predicted(place: Path) -> None:
    run(place, "  1: {skip: true}\n")
    assert not chroma(place / "out.mkv").any()
    assert chroma(place / "out.mkv", slice(0, 16)).any()
    record = json.loads(record_path(place / "out.mkv").read_bytes())
    assert [segment["color"]["device"] for segment in record["segments"]][2:] == ["", ""]
    assert shots_of(place)[1]["figures"]["colorfulness"] == 0


def test_other_weights_for_one_shot(place: Path, done: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tensors = load_file(DEFAULT_WEIGHTS)
    name = next(name for name in sorted(tensors) if tensors[name].ndim == 4)
    save_like(place / "other.safetensors", {**tensors, name: tensors[name] * 0.5})
    made = run(place, "  1: {weights: other.safetensors}\n")
    assert made == [("color", 2), ("color", 3), ("video", 2), ("video", 3)]
    assert packets(place / "out.mkv")[:16] == packets(done / "out.mkv")[:16]
    first, second = shots_of(place)
    assert first["treatment"]["weights"] is None
    assert second["treatment"]["weights"]["sha256"] == digest(place / "other.safetensors")
    (place / "other.safetensors").unlink()
    assert main(["run", str(place / "job.yaml")]) == 1
    assert "shots.1.weights: no such file" in capsys.readouterr().err


def save_like(path: Path, tensors: dict[str, Any]) -> None:
    from safetensors import safe_open

    with safe_open(DEFAULT_WEIGHTS, "numpy") as file:
        save_file(tensors, path, metadata=file.metadata())


def test_record_and_page_tell_what_a_shot_got(place: Path) -> None:
    run(place, '  "0": {hue_degrees: -10}\n  "1": {saturation: 0}\n')
    first, second = (shot["treatment"] for shot in shots_of(place))
    assert (first["hue_degrees"], first["saturation"], first["keys"]) == (-10, 1, ["shots.0.hue_degrees"])
    assert (second["saturation"], second["keys"]) == (0, ["shots.1.saturation"])
    assert shots_of(place)[1]["figures"]["colorfulness"] == 0
    page = page_path(place / "out.mkv").read_text(encoding="utf-8")
    assert "saturation 1, hue turned by -10° (by shots.0.hue_degrees)" in page
    assert "saturation 0 (by shots.1.saturation)" in page
    work = place / ".out.mkv.kinochrome"
    assert main(["report", str(work), "-q", "-o", str(place / "again.html")]) == 0
    assert (place / "again.html").read_text(encoding="utf-8") == page


def status(place: Path, capsys: pytest.CaptureFixture[str], shots: str, *options: str) -> list[str]:
    capsys.readouterr()
    assert main(["status", str(edit(place, shots)), "--json-events", *options]) == 0
    segments = json.loads(capsys.readouterr().out.splitlines()[-1])["segments"]
    assert [segment["state"] for segment in segments][:2] == ["done", "done"]
    assert segments[2]["why"] == segments[3]["why"]
    return list(segments[2]["why"].split(", video: "))


def test_status_names_the_key_that_changed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (why,) = status(place, capsys, "  1: {saturation: 0.5}\n")
    assert why == "video: shots.1.saturation was 1.0, is 0.5"
    (why,) = status(place, capsys, "", "--set", "shots.1.hue_degrees=5")
    assert why == "video: shots.1.hue_degrees was 0.0, is 5.0"
    color, video = status(place, capsys, "  1: {skip: true}\n")
    assert color == "colour: shots.1.skip: color.source was predicted, is grey"
    assert video == color.removeprefix("colour: ")
    run(place, "  1: {saturation: 0.5}\n")
    (why,) = status(place, capsys, "")
    assert why == "video: color.saturation was 0.5, is 1.0, without shots.1.saturation"
    assert status(place, capsys, "  1: {saturation: 0.5}\n") == [""]
    capsys.readouterr()
    assert main(["status", str(edit(place, "  0-1: {saturation: 0.1}\n"))]) == 0
    told = capsys.readouterr().out
    assert "again        segments 0-1: video: shots.0-1.saturation was 1.0, is 0.1" in told
    assert "again        segments 2-3: video: shots.0-1.saturation was 0.5, is 0.1" in told


def test_a_colour_film_keeps_its_planes_where_it_is_told_to(tmp_path: Path) -> None:
    """Shot 1 passes through with all three planes; shot 0 is coloured by the network."""
    source = tmp_path / "film.mkv"
    scenes = [scene(1 + number // 16, size=(64, 48), shift=number % 16) for number in range(32)]
    dark_and_light = [picture // 2 + 127 * (number // 16) for number, picture in enumerate(scenes)]
    make_color_film(source, dark_and_light, pixel_format="yuv444p10le")
    job = tmp_path / "job.yaml"
    text = "input: film.mkv\noutput: out.mkv\npreset: archival\nsegment_frames: 8\noverlap_frames: 0\nreport: false\n"
    job.write_text(
        text + "color: {short_side: 128}\nshots:\n  0: {keep_original: false}\n  1: {keep_original: true}\n"
    )
    assert main(["run", str(job), "-q"]) == 0
    for number, (mine, theirs) in enumerate(zip(planes(tmp_path / "out.mkv"), planes(source), strict=True)):
        for index in range(3):
            if index == 0 or number >= 16:
                np.testing.assert_array_equal(mine[index], theirs[index])
            else:
                assert (mine[index] != theirs[index]).any()


def test_overlapping_entries_merge_and_the_later_one_wins(place: Path) -> None:
    run(place, '  "0-1": {saturation: 0.5, hue_degrees: 20}\n  "1": {saturation: 0.25}\n')
    first, second = (shot["treatment"] for shot in shots_of(place))
    assert (first["saturation"], first["hue_degrees"]) == (0.5, 20)
    assert (second["saturation"], second["hue_degrees"]) == (0.25, 20)
    assert second["keys"] == ["shots.0-1.hue_degrees", "shots.1.saturation"]
    run(place, '  "0-1": {skip: true}\n  "1": {skip: false}\n')
    assert [shot["treatment"]["source"] for shot in shots_of(place)] == ["grey", "predicted"]


@pytest.mark.parametrize("verb", ["run", "plan", "shots", "status", "check"])
def test_a_shot_that_the_film_does_not_have_is_named_with_its_line(
    verb: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = edit(place, '  1: {skip: true}\n  "0,2-5": {saturation: 0.5}\n')
    line = path.read_text().splitlines().index('  "0,2-5": {saturation: 0.5}') + 1
    assert main([verb, str(path), "-q"]) == 1
    (told,) = capsys.readouterr().err.splitlines()
    assert f"{path}:{line}: shots.0,2-5: the film has 2 shots, 0 to 1" in told
    assert published(place / ".out.mkv.kinochrome") == each_once()


def test_workers_and_stages_do_as_a_run_does(place: Path, tmp_path: Path) -> None:
    shots = "  0: {hue_degrees: 30}\n  1: {skip: true}\n"
    run(place, shots)
    (tmp_path / "stages").mkdir()
    job = make_place(tmp_path / "stages")
    job.write_text(job.read_text() + "shots:\n" + shots)
    for verb in (["plan"], ["shots", "--range", "1"], ["shots", "--workers", "2"], ["mux"]):
        assert main([verb[0], str(job), "-q", *verb[1:]]) == 0
    assert packets(tmp_path / "stages" / "out.mkv") == packets(place / "out.mkv")


def test_a_segment_s_colour_does_not_depend_on_what_was_coloured_before(place: Path, done: Path) -> None:
    """Segments alone, each in a process of its own way, give the proxies of a whole run: nothing leaks over a cut."""
    work = place / ".out.mkv.kinochrome" / "segments"
    for index in (3, 1, 2, 0):
        shutil.rmtree(work / f"{index:06d}")
        assert main(["shots", str(place / "job.yaml"), "-q"]) == 0
    for before, after in pairwise([done / ".out.mkv.kinochrome" / "segments", work]):
        for index in range(4):
            name = f"{index:06d}/proxy.mkv"
            assert digest(before / name) == digest(after / name)
