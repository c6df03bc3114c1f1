"""Films in colour that get a look: luma stays, colours change where that is asked for, and it is on record."""

from hashlib import sha256
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

from jobs.cli.main import main
from jobs.records.film_record import FilmRecord, read_record
from jobs.settings.job_file import load_job
from jobs.settings.shot_choices import choose_treatments
from pipeline.plan.plan import scan_film
from pipeline.plan.segments import SegmentSettings
from pipeline.plan.shots import ShotSettings
from pipeline.source.probe import probe
from tests.color_films import Rgb, make_color_film, scene

FRAMES = 10
"""Of each of the two shots: in grey, and in colour; each is two segments."""
GIVEN = "guidance: {look: amber, look_strength: 0.9, take: 2, seed: 3}\n"
JOB = """\
input: film.mkv
output: {output}
preset: archival
overwrite: true
segment_frames: 8
overlap_frames: 8
color: {{short_side: 128}}
"""
Floats = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a film of a shot in grey and one in colour, made without guidance as `plain.mkv`."""
    folder = tmp_path_factory.mktemp("recolour")
    frames = [scene(1 + number // FRAMES, shift=number) for number in range(2 * FRAMES)]
    frames[:FRAMES] = [_grey(frame) for frame in frames[:FRAMES]]
    make_color_film(folder / "film.mkv", frames, pixel_format="yuv420p")
    assert run(folder, "", output="plain.mkv") == 0
    return folder


def run(folder: Path, keys: str, *, output: str) -> int:
    path = folder / f"{output}.yaml"
    path.write_text(JOB.format(output=output) + keys)
    return main(["run", str(path), "-q"])


@pytest.fixture(scope="module")
def amber(place: Path) -> FilmRecord:
    assert run(place, f"{GIVEN[:-2]}, recolour: true}}\n", output="amber.mkv") == 0
    return read_record(place / "amber.mkv.report.json")


def test_a_look_changes_colours_and_no_luma(place: Path, amber: FilmRecord) -> None:
    before, after = _planes(place / "film.mkv"), _planes(place / "amber.mkv")
    assert [frame[0] for frame in after] == [frame[0] for frame in before]
    assert amber.luma.equal
    for lab in _lab(place / "amber.mkv")[FRAMES:]:
        hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))[np.hypot(lab[..., 1], lab[..., 2]) > 15]
        assert len(hue) > 500
        assert np.quantile(np.abs(hue - 74), 0.9) < 12  # of amber's dye; the film is rounded to 8 bits


def test_without_the_key_colours_that_a_film_has_stay_to_the_bit(place: Path, amber: FilmRecord) -> None:
    assert run(place, GIVEN, output="look.mkv") == 0
    source, look, made = (_planes(place / name) for name in ("film.mkv", "look.mkv", "amber.mkv"))
    assert look[FRAMES:] == source[FRAMES:]
    assert look[:FRAMES] == made[:FRAMES]  # what is predicted gets the look either way
    assert look[:FRAMES] != _planes(place / "plain.mkv")[:FRAMES]


def test_guidance_of_which_nothing_is_used_says_so(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(place, 'shots: {"1": {guidance: {look: amber}}}\n', output="idle.mkv") == 0
    assert "recolour: true would give the look to shots that are in colour" in capsys.readouterr().err
    assert run(place, 'shots: {"0": {guidance: {look: amber}}}\n', output="used.mkv") == 0
    assert "recolour" not in capsys.readouterr().err


def test_it_is_on_record(place: Path, amber: FilmRecord) -> None:
    shots = [
        (shot.treatment.source, shot.guidance.look)
        for shot in amber.shots
        if shot.treatment and shot.guidance
    ]
    assert shots == [("predicted", "amber"), ("recoloured", "amber")]
    page = (place / "amber.mkv.report.html").read_text(encoding="utf-8")
    assert "own colour, changed by a look" in page
    assert "look amber, strength 0.9" in page
    assert any("1 colour shot is recoloured by the look: 1" in note for note in amber.notes)
    with av.open(str(place / "amber.mkv")) as film:
        tags = " ".join(film.metadata.values())
    assert "Colours that the source had were changed by a look." in tags
    assert main(["verify", str(place / "amber.mkv"), "-q"]) == 0


def test_shots_say_it_for_themselves(place: Path) -> None:
    plain = _planes(place / "plain.mkv")
    one = 'shots: {"1": {guidance: {look: neutral, recolour: true}}}\n'
    assert run(place, one, output="one.mkv") == 0
    made = _planes(place / "one.mkv")
    assert made[:FRAMES] == plain[:FRAMES]
    assert all(set(plane) == {128} for frame in made[FRAMES:] for plane in frame[1:])
    treatment = read_record(place / "one.mkv.report.json").shots[1].treatment
    assert treatment is not None
    assert treatment.keys == ["shots.1.guidance", "shots.1.guidance.recolour"]


@pytest.mark.parametrize(
    ("film", "shot", "source"),
    [
        ("look: sepia, recolour: true", "", "recoloured"),
        ("look: sepia, recolour: true", "keep_original: true", "original"),
        ("look: sepia, recolour: true", "keep_original: false", "predicted"),
        ("look: sepia, recolour: true", "guidance: {recolour: false}", "original"),
        ("look: sepia, recolour: true, look_strength: 0", "", "original"),
        ("look: sepia", "guidance: {recolour: true}", "recoloured"),
        ("recolour: true", "guidance: {look: sepia}", "recoloured"),
        ("look: sepia", "guidance: {look: rose}", "original"),
    ],
)
def test_what_becomes_of_a_shot_in_colour(place: Path, film: str, shot: str, source: str) -> None:
    path = place / "choice.yaml"
    path.write_text(JOB.format(output="no.mkv") + f'guidance: {{{film}}}\nshots: {{"1": {{{shot}}}}}\n')
    plan = scan_film(
        probe(place / "film.mkv"), shot_settings=ShotSettings(), segment_settings=SegmentSettings()
    )
    grey, colour = choose_treatments(load_job(path), plan)
    assert (grey.treatment.source, colour.treatment.source) == ("predicted", source)


def test_two_workers_make_the_same_film(place: Path, amber: FilmRecord) -> None:
    path = place / "two.yaml"
    path.write_text(JOB.format(output="two.mkv") + f"{GIVEN[:-2]}, recolour: true}}\n")
    assert main(["run", str(path), "-q", "--workers", "2"]) == 0
    one, two = (sha256((place / name).read_bytes()).hexdigest() for name in ("amber.mkv", "two.mkv"))
    assert one == two


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("guidance: {recolour: true}", "guidance.recolour: true needs a look; look: sepia would work"),
        ("guidance: {recolour: sepia, look: sepia}", "guidance.recolour"),
        ("guidance: {recolor: true, look: sepia}", "recolour"),
    ],
)
def test_a_wrong_key_is_one_line(
    place: Path, keys: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(place, keys + "\n", output="wrong.mkv") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert "wrong.mkv.yaml" in line
    assert not (place / "wrong.mkv").exists()


def test_stills_have_no_colours_of_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cv2.imwrite(str(tmp_path / "still.png"), scene(1))
    (tmp_path / "look.yaml").write_text("look: sepia\nrecolour: true\n")
    arguments = ["colorize", str(tmp_path / "still.png"), "-o", str(tmp_path / "out.png")]
    assert main([*arguments, "--guidance", str(tmp_path / "look.yaml"), "-q"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "recolour: is for films" in line
    assert not (tmp_path / "out.png").exists()


def _grey(rgb: Rgb) -> Rgb:
    luma = np.rint(rgb @ np.array([0.2126, 0.7152, 0.0722]))
    return np.repeat(luma[..., None], 3, axis=2).astype(np.uint8)


def _planes(path: Path) -> list[list[bytes]]:
    """The samples of every plane of every frame."""
    with av.open(str(path)) as film:
        return [[_samples(plane) for plane in frame.planes] for frame in film.decode(video=0)]


def _samples(plane: av.video.plane.VideoPlane) -> bytes:
    rows = np.frombuffer(bytes(plane), np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width].tobytes()


def _lab(path: Path) -> list[Floats]:
    """CIELAB (H, W, 3) of every frame."""
    with av.open(str(path)) as film:
        frames = [frame.to_ndarray(format="rgb24", src_colorspace="itu709") for frame in film.decode(video=0)]
    return [
        np.asarray(cv2.cvtColor(frame.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2Lab), np.float32)
        for frame in frames
    ]
