"""A film with a title card, from the command line to its colours and to what is on record."""

import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from jobs.cli.main import main
from jobs.settings.output_paths import page_path
from tests.color_films import Rgb, make_color_film, scene
from tests.recorded import SMALL, record_of

SIZE = (192, 144)
CARD, SCENE = slice(0, 12), slice(12, 24)


@pytest.mark.parametrize(
    ("settings", "is_grey"),
    [
        ((), True),
        (("cards=tint",), False),
        (('shots={"0": {skip: false}}',), False),
        (("cards=tint", 'shots={"0": {skip: true}}'), True),
        (('shots={"0": {keep_original: true}}',), True),
    ],
    ids=["default", "tint", "skip: false", "tint and skip: true", "keep_original"],
)
def test_cards_stay_neutral_unless_it_is_asked_otherwise(
    settings: tuple[str, ...], is_grey: bool, tmp_path: Path
) -> None:
    output = tmp_path / "out.mkv"
    assert main(_command(_film(tmp_path), output, settings)) == 0
    planes = _chroma(output)
    assert np.abs(planes[SCENE]).mean() > 1
    record = record_of(output)
    treatment = record.shots[0].treatment
    assert treatment is not None
    assert (treatment.source != "predicted") == is_grey
    assert np.abs(planes[CARD]).max() == 0 or not is_grey
    assert [shot.kind for shot in record.shots] == ["card", "grey"]
    assert "a title or a blank frame" in page_path(output).read_text(encoding="utf-8")
    if not settings:
        assert any("1 card shot is left grey: 0" in note for note in record.notes)


def test_a_card_with_a_tint_is_neutral_or_kept(tmp_path: Path) -> None:
    film = _film(tmp_path, tint=np.array([1.0, 0.85, 0.6]))
    wanted: list[tuple[tuple[str, ...], str]] = [((), "grey"), (("tinted=keep",), "original")]
    for number, (settings, source) in enumerate(wanted):
        output = tmp_path / f"{number}.mkv"
        assert main(_command(film, output, settings)) == 0
        first = record_of(output).shots[0]
        assert first.treatment is not None
        assert (first.kind, first.treatment.source) == ("tinted card", source)


def test_settings_of_a_card_that_stays_neutral_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film, job = _film(tmp_path), tmp_path / "job.yaml"
    job.write_text(f'input: {film.name}\noutput: out.mkv\nshots: {{"0-1": {{saturation: 0.5}}}}\n')
    assert main(["plan", str(job), "-q"]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert "shots.0-1.saturation changes nothing of shot 0 with a title" in line
    assert "skip: false" in line


def test_a_plan_of_an_older_version_is_refused_by_stages_and_made_again_by_plan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film, job, work = _film(tmp_path), tmp_path / "job.yaml", tmp_path / "work"
    work.mkdir()
    job.write_text(f"input: {film.name}\noutput: out.mkv\nwork: work\n")
    assert main(["plan", str(job), "-q"]) == 0
    (path,) = work.rglob("plan.json")
    plan = path.read_bytes()
    path.write_text(json.dumps(json.loads(plan) | {"format": 1, "shot_kinds": ["grey", "grey"]}))
    capsys.readouterr()
    assert main(["shots", str(job), "-q"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "plan.json is not a plan that this version can use" in line
    assert "plan the film again" in line
    assert main(["plan", str(job), "-q"]) == 0
    assert path.read_bytes() == plan


def _film(folder: Path, *, tint: np.ndarray[tuple[int], np.dtype[np.float64]] | None = None) -> Path:
    """Twelve frames of a title, white on black, and as many of a scene."""
    card = np.full((SIZE[1], SIZE[0]), 14, np.uint8)
    for line, text in enumerate(("The end of", "the first part")):
        cv2.putText(card, text, (20, 60 + 34 * line), 3, 0.65, 220, 1, cv2.LINE_AA)
    cards = [np.repeat(card[..., None], 3, axis=2) for _ in range(12)]
    scenes = [_grey(scene(2, size=SIZE, shift=number)) for number in range(12)]
    frames = [np.rint(frame * (1 if tint is None else tint)).astype(np.uint8) for frame in (*cards, *scenes)]
    return make_color_film(folder / "film.mkv", frames, pixel_format="yuv420p")


def _grey(rgb: Rgb) -> Rgb:
    luma = rgb @ np.array([0.2126, 0.7152, 0.0722])
    return np.repeat(np.rint(luma)[..., None], 3, axis=2).astype(np.uint8)


def _command(film: Path, output: Path, settings: tuple[str, ...]) -> list[str]:
    pairs = [part for text in (*SMALL, *settings) for part in ("--set", text)]
    return ["colorize", str(film), "-o", str(output), "-q", "--preset", "archival", *pairs]


def _chroma(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Cb and Cr around 0, all frames."""
    with av.open(str(path)) as film:
        frames = [frame.to_ndarray(format="yuv444p") for frame in film.decode(video=0)]
    return np.stack(frames).astype(np.float64)[:, 1:] - 128
