"""Films whose colours were given: where the colours go, what stays, and what an edit does again."""

import json
from collections.abc import Sequence
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

from jobs.cli.main import main
from jobs.progress.reporters import QuietProgress
from jobs.records.film_record import read_record
from jobs.run.film import run_job
from jobs.settings.guidance import choose_guidance
from jobs.settings.job import Job
from jobs.settings.job_file import load_job
from jobs.workdir.folder import WorkDir
from pipeline.errors import SettingsError
from pipeline.guidance.looks.paling import ANY_LIGHTNESS
from pipeline.plan.plan import scan_film
from pipeline.plan.segments import SegmentSettings
from pipeline.plan.shots import ShotSettings
from pipeline.source.probe import probe
from tests.media import make_film

FRAMES, CUT = 36, 24
SIZE = (160, 120)
Floats = npt.NDArray[np.float32]

JOB = """\
input: film.mkv
output: {output}
preset: archival
segment_frames: 16
overlap_frames: 8
overwrite: true
report_page: false
prove: false
color: {{short_side: 128}}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a film of two shots, made in grey without guidance as `plain.mkv`."""
    folder = tmp_path_factory.mktemp("guided")
    planes = [_frame(number) for number in range(FRAMES)]
    make_film(folder / "film.mkv", frames=planes, rate=Fraction(25))
    run(folder, output="plain.mkv")
    return folder


def run(folder: Path, guidance: str = "", *, output: str) -> Job:
    """Runs the film with these keys; its work folder stays, one for each output."""
    path = folder / f"{output}.yaml"
    path.write_text(JOB.format(output=output) + guidance)
    job = load_job(path)
    with WorkDir(folder / f"{output}.work", output=job.output) as work:
        run_job(job, work=work, progress=QuietProgress())
    return job


def test_a_stroke_colours_its_thing_through_its_shot_and_nothing_else(place: Path) -> None:
    run(place, _marks("red", frame=0), output="red.mkv")
    plain, red = (_lab(place / name) for name in ("plain.mkv", "red.mkv"))
    shift = np.linalg.norm(red - plain, axis=-1)
    for number in (0, 8, 16, CUT - 1):
        disc = _disc(number)
        outside = ~cv2.dilate(disc.astype(np.uint8), np.ones((15, 15), np.uint8)).astype(bool)
        assert red[number][disc][:, 0].mean() > 30, number
        assert shift[number][outside].mean() < 2, number
    assert np.array_equal(red[CUT:], plain[CUT:])


def test_an_edit_does_its_own_shots_again(place: Path) -> None:
    run(place, _marks("red", frame=0), output="edited.mkv")
    first = _published(place / "edited.mkv.work")
    run(place, _marks("blue", frame=0), output="edited.mkv")
    again = _published(place / "edited.mkv.work")[len(first) :]
    segments = json.loads((place / "edited.mkv.work" / "plan.json").read_text())["segments"]
    assert {index for _, index in again} == {n for n, part in enumerate(segments) if part[0] == 0}
    before = len(again) + len(first)
    run(place, _marks("blue", frame=0), output="edited.mkv")
    assert len(_published(place / "edited.mkv.work")) == before


def test_the_same_guidance_gives_the_same_bytes(place: Path) -> None:
    keys = "guidance: {take: 2, seed: 5, look: sepia, look_strength: 0.5}\n"
    run(place, keys, output="one.mkv")
    run(place, keys, output="two.mkv")
    run(place, keys.replace("take: 2", "take: 1"), output="three.mkv")
    digests = [
        sha256((place / name).read_bytes()).hexdigest() for name in ("one.mkv", "two.mkv", "three.mkv")
    ]
    assert digests[0] == digests[1] != digests[2]


def test_a_still_of_the_shot_gives_its_colours(place: Path) -> None:
    rgb = np.repeat(_frame(4)[..., None], 3, axis=2)
    disc = _disc(4)
    rgb[disc] = np.clip(rgb[disc] * np.array([0.4, 0.9, 1.2]), 0, 255).astype(np.uint8)
    cv2.imwrite(str(place / "still.png"), np.ascontiguousarray(rgb[..., ::-1]))
    job = run(place, 'shots: {"0": {guidance: {references: [{file: still.png}]}}}\n', output="still.mkv")
    lab = _lab(job.output)
    for number in (4, CUT - 1):
        assert lab[number][_disc(number)][:, 1].mean() < -12, number
    guidance = read_record(job.output.with_name("still.mkv.report.json")).shots[0].guidance
    assert guidance is not None
    assert guidance.fit is not None
    assert guidance.fit > 0.5
    assert guidance.references[0].file == str(place / "still.png")


def test_a_still_of_another_shape_is_one_of_another_scene(place: Path) -> None:
    still = cv2.cvtColor(_frame(4), cv2.COLOR_GRAY2BGR)
    still[_disc(4)] = (40, 60, 200)
    cv2.imwrite(str(place / "wide.png"), cv2.resize(still, None, fx=2, fy=1))
    job = run(place, "guidance: {references: [{file: wide.png}]}\n", output="wide.mkv")
    guidance = read_record(job.output.with_name("wide.mkv.report.json")).shots[0].guidance
    assert guidance is not None
    assert [reference.file for reference in guidance.references] == [str(place / "wide.png")]


def test_a_painted_frame_colours_as_a_stroke_does(place: Path) -> None:
    assert (
        main(["still", str(place / "plain.mkv.yaml"), "--frame", "0.1s", "-o", str(place / "f.png"), "-q"])
        == 0
    )
    exported = np.asarray(cv2.imread(str(place / "f.png"), cv2.IMREAD_UNCHANGED))
    assert np.array_equal(exported, _frame(2))
    layer = np.zeros((SIZE[1], SIZE[0], 4), np.uint8)
    x, y = (round(at) for at in _centre(2))
    layer[y - 4 : y + 4, x - 9 : x + 9] = (0, 0, 255, 255)  # blue, green, red, alpha
    cv2.imwrite(str(place / "paint.png"), layer)
    job = run(place, "guidance: {overlays: [{file: paint.png, frame: 2}]}\n", output="painted.mkv")
    red, plain = _lab(job.output), _lab(place / "plain.mkv")
    assert red[2][_disc(2)][:, 0].mean() > 30
    assert red[CUT - 1][_disc(CUT - 1)][:, 0].mean() > 25
    assert np.array_equal(red[CUT:], plain[CUT:])


def test_a_sheet_of_takes(place: Path) -> None:
    job, sheet = place / "plain.mkv.yaml", place / "takes.png"
    assert main(["takes", str(job), "-n", "2", "-o", str(sheet), "-q"]) == 0
    picture = np.asarray(cv2.imread(str(sheet))).astype(int)
    colors = [np.ptp(part, axis=2).mean() for part in np.array_split(picture, 4, axis=1)]
    assert max(colors) > 5  # of regions, automatic colours, two takes
    assert main(["takes", str(job), "-n", "2", "-o", str(sheet), "-q"]) == 1
    assert main(["takes", str(job), "-n", "0", "-o", str(place / "no.png"), "-q"]) == 1
    assert main(["takes", str(job), "--shots", "9", "-o", str(place / "no.png"), "-q"]) == 1
    assert main(["still", str(job), "--frame", "99", "-o", str(place / "no.png"), "-q"]) == 1
    assert not (place / "no.png").exists()


def test_points_words_and_regions_act_on_their_own_shots(place: Path) -> None:
    x, y = _centre(4)
    keys = f"""guidance:
  marks: [{{shape: point, frame: 4, colour: [50, 40, 30], path: [[{x / SIZE[0]}, {y / SIZE[1]}]]}}]
shots:
  "1": {{guidance: {{words: {{sky: green}}, regions: {{A: [50, 30, 20]}}}}}}
"""
    plain, made = _lab(place / "plain.mkv"), _lab(run(place, keys, output="mixed.mkv").output)
    assert made[4][_disc(4)][:, 0].mean() > plain[4][_disc(4)][:, 0].mean() + 8
    assert made[CUT:][..., 0].mean() > plain[CUT:][..., 0].mean() + 3


def test_colours_come_with_the_lightness_that_they_were_named_with(place: Path) -> None:
    """So that a dark one can pale on light things; grey is meant at any lightness."""
    keys = """guidance:
  marks:
    - {frame: 3, colour: navy, path: [[0.5, 0.5]]}
    - {frame: 3, colour: neutral, path: [[0.1, 0.1]]}
  words: {sky: "lab(70 -3 -25)"}
  regions: {A: navy}
"""
    path = place / "named.yaml"
    path.write_text(JOB.format(output="named.mkv") + keys)
    film = probe(place / "film.mkv")
    plan = scan_film(film, shot_settings=ShotSettings(), segment_settings=SegmentSettings())
    guidance = choose_guidance(load_job(path), film, plan)[0]
    assert guidance
    (_, navy), (_, neutral) = guidance.marks
    assert navy.lightness == pytest.approx(13, abs=0.1)
    assert neutral.lightness == ANY_LIGHTNESS
    assert list(guidance.words["sky"]) == [70, -3, -25]
    assert guidance.regions["A"] == pytest.approx((13, 47.5, -64.7), abs=0.1)


def test_a_dark_colour_pales_at_a_point_on_a_light_thing(place: Path) -> None:
    """The wall is light, the disc in front of it is dark; both get a point of one colour."""
    x, y = _centre(4)
    points = ", ".join(
        f"{{shape: point, frame: 4, colour: darkgreen, path: [[{across / SIZE[0]}, {down / SIZE[1]}]]}}"
        for across, down in ((x, y), (140, 20))
    )
    made = _lab(run(place, f"guidance: {{marks: [{points}]}}\n", output="green.mkv").output)[4]
    wall, disc = (
        float(
            np.linalg.norm(
                made[round(down) - 2 : round(down) + 3, round(across) - 2 : round(across) + 3], axis=-1
            ).mean()
        )
        for across, down in ((140, 20), (x, y))
    )
    assert 15 < wall < 0.75 * disc


def test_a_stroke_keeps_its_colour_beside_a_point(place: Path) -> None:
    stroke = _marks("red", frame=0)
    point = f"{{shape: point, frame: 0, colour: green, path: [[{140 / SIZE[0]}, {20 / SIZE[1]}]]}}"
    both = stroke.replace("marks: [", f"marks: [{point}, ")
    alone, beside = (
        _lab(run(place, keys, output=name).output)
        for keys, name in ((stroke, "alone.mkv"), (both, "beside.mkv"))
    )
    for number in (0, 12):
        disc = _disc(number)
        np.testing.assert_allclose(
            beside[number][disc].mean(axis=0), alone[number][disc].mean(axis=0), atol=4
        )
    assert beside[0][15:25, 130:150].mean(axis=(0, 1))[0] < -10


def test_too_many_key_frames_are_one_line(place: Path) -> None:
    marks = ", ".join(f"{{frame: {number}, colour: red, path: [[0.5, 0.5]]}}" for number in range(CUT))
    keys = f"guidance: {{marks: [{marks}], references: [{{file: foreign.png}}]}}\n"
    foreign = np.random.default_rng(5).integers(0, 255, (60, 90, 3), np.uint8)
    cv2.imwrite(str(place / "foreign.png"), cv2.GaussianBlur(foreign, (0, 0), 3))
    with pytest.raises(SettingsError, match="24 in all would work") as caught:
        run(place, keys, output="many.mkv")
    assert "\n" not in str(caught.value)
    assert not (place / "many.mkv").exists()


def test_too_many_colours_on_a_frame_are_told_with_the_frame(place: Path) -> None:
    marks = ", ".join(f"{{frame: 5, colour: [50, {n}, 3], path: [[0.5, 0.5]]}}" for n in range(33))
    with pytest.raises(
        SettingsError, match="guidance of frame 5: its marks have 33 colours and boxes; 32 would"
    ):
        run(place, f"guidance: {{marks: [{marks}]}}\n", output="colours.mkv")
    assert not (place / "colours.mkv").exists()


def test_marks_on_a_shot_that_stays_grey_are_told(place: Path) -> None:
    notes: list[str] = []

    class Listener(QuietProgress):
        def note(self, text: str, *, warning: bool = False) -> None:
            notes.append(text)

    path = place / "idle.yaml"
    path.write_text(JOB.format(output="idle.mkv") + _marks("red", frame=0) + 'shots: {"0": {skip: true}}\n')
    job = load_job(path)
    with WorkDir(place / "idle.work", output=job.output) as work:
        run_job(job, work=work, progress=Listener())
    assert any("marks and painted frames change nothing of shot 0" in note for note in notes)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (
            "guidance: {marks: [{frame: 99, colour: red, path: [[0, 0]]}]}",
            r"marks\.0\.frame: found 99; the film has 36 frames",
        ),
        (
            'shots: {"1": {guidance: {marks: [{frame: 3, colour: red, path: [[0, 0]]}]}}}',
            r"which is in shot 0 \(frames 0 to 23\)",
        ),
        (
            "guidance: {marks: [{frame: 9s, colour: red, path: [[0, 0]]}]}",
            r"found 9s; the film ends after 1\.440s",
        ),
        (
            "guidance: {marks: [{frame: noon, colour: red, path: [[0, 0]]}]}",
            r"'noon'; a frame's number from 0",
        ),
        ("guidance: {marks: [{frame: 1, colour: nvay, path: [[0, 0]]}]}", r"did you mean 'navy'"),
        ("guidance: {words: {sky: blu}}", r"guidance\.words\.sky.*did you mean 'blue'"),
        (
            "guidance: {words: {A: navy}}",
            r"guidance\.words\.A: 'A' is the letter of a region; under `regions:`",
        ),
        (
            "guidance: {colours: {ours: nvay}, words: {sky: ours}, regions: {A: ours}}",
            r"guidance\.colours\.ours.*did you mean 'navy'",
        ),
        (
            'shots: {"0": {guidance: {regions: {Q: red}}}}',
            r"shots\.0\.guidance\.regions\.Q: colouring .*film\.mkv, shot 0,.* no such region here; A",
        ),
    ],
)
def test_what_does_not_fit_the_film_is_one_line_with_its_place(place: Path, keys: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told) as caught:
        run(place, keys + "\n", output="wrong.mkv")
    assert str(caught.value).startswith(str(place / "wrong.mkv.yaml") + ":")
    assert "\n" not in str(caught.value)
    assert not (place / "wrong.mkv").exists()


def _marks(color: str, *, frame: int) -> str:
    x, y = _centre(frame)
    path = [[(x - 8) / SIZE[0], y / SIZE[1]], [(x + 8) / SIZE[0], y / SIZE[1]]]
    return f"guidance: {{marks: [{{shape: stroke, frame: {frame}, colour: {color}, path: {path}}}]}}\n"


def _centre(number: int) -> tuple[float, float]:
    return 50 + 1.5 * number, 60 + 0.5 * number


def _disc(number: int) -> npt.NDArray[np.bool_]:
    x, y = _centre(number)
    down, across = np.mgrid[: SIZE[1], : SIZE[0]]
    return np.asarray(np.hypot(across - x, down - y) < 24)


def _frame(number: int) -> npt.NDArray[np.uint8]:
    """A dark disc that moves over a light, uneven wall; after the cut, another picture."""
    random = np.random.default_rng(1 if number < CUT else 2)
    coarse = random.uniform(150, 200, (6, 8)).astype(np.float32)
    if number >= CUT:
        coarse = 250 - coarse[::-1]
    luma = cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC)
    if number < CUT:
        luma[_disc(number)] = 90 + luma[_disc(number)] / 20
    return luma.clip(16, 235).astype(np.uint8)


def _lab(path: Path) -> Floats:
    """a and b (N, H, W, 2) of every frame."""
    with av.open(str(path)) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    labs = [cv2.cvtColor(frame.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2Lab) for frame in frames]
    return np.stack(labs)[..., 1:].astype(np.float32)


def _published(work: Path) -> Sequence[tuple[str, int]]:
    events = [json.loads(line) for line in (work / "events.jsonl").read_text().splitlines()]
    return [(event["product"], event["index"]) for event in events if event["event"] == "published"]
