"""Guidance in a file of its own: where its faults are told, and what its paths are relative to."""

import json
from pathlib import Path

import pytest

from jobs.settings.job_file import load_job, make_job
from pipeline.errors import SettingsError

JOB = "input: film.mkv\noutput: out.mkv\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "film.mkv").write_bytes(b"a film")
    return tmp_path


def _job(place: Path, keys: str) -> Path:
    path = place / "job.yaml"
    path.write_text(JOB + keys)
    return path


def test_a_file_stands_for_its_keys(place: Path) -> None:
    folder = place / "colours"
    folder.mkdir()
    (folder / "still.png").write_bytes(b"a still")
    (folder / "given.yaml").write_text("take: 2\nreferences: [{file: still.png}]\n")
    job = load_job(_job(place, "guidance: colours/given.yaml\n"), overrides=["guidance.take=3"])
    assert job.guidance is not None
    assert job.guidance.take == 3
    assert job.guidance.references[0].file == str(folder / "still.png")


def test_json_as_programs_write_it(place: Path) -> None:
    mark = {"shape": "stroke", "frame": 3, "colour": "navy", "path": [[0.25, 0.5], [0.75, 0.5]]}
    (place / "strokes.json").write_text(json.dumps({"marks": [mark] * 3000}))
    job = load_job(_job(place, 'shots: {"0-2": {guidance: strokes.json}}\n'))
    guidance = job.shots["0-2"].guidance
    assert guidance is not None
    assert len(guidance.marks) == 3000
    assert guidance.marks[0].path == ((0.25, 0.5), (0.75, 0.5))


def test_ten_thousand_faults_are_not_ten_thousand_lines(place: Path) -> None:
    mark = {"frame": 0, "colour": "nvay", "path": [[0.5, 0.5]]}
    (place / "strokes.json").write_text(json.dumps({"marks": [mark] * 10_000}))
    with pytest.raises(SettingsError) as caught:
        load_job(_job(place, "guidance: strokes.json\n"))
    lines = str(caught.value).splitlines()
    assert len(lines) == 101
    assert "did you mean 'navy'" in lines[0]
    assert lines[-1] == "and 9,900 more faults"


def test_the_command_line_s_stills_come_beside_a_file(place: Path) -> None:
    (place / "given.yaml").write_text("take: 2\n")
    (place / "still.png").write_bytes(b"a still")
    options = {
        "input": str(place / "film.mkv"),
        "output": str(place / "out.mkv"),
        "guidance": str(place / "given.yaml"),
        "guidance.references": [{"file": str(place / "still.png")}],
    }
    job = make_job(options)
    assert job.guidance is not None
    assert (job.guidance.take, len(job.guidance.references)) == (2, 1)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("given.yaml", "take: 2\nmarks:\n- {frame: 1, colour: navy, path: [[0.5, 1.5]]}\n", "given.yaml:3: "),
        ("given.yaml", "take: 2\nlook: sepya\n", "given.yaml:2: guidance.look: "),
        (
            "given.yaml",
            "take: 2\nwordz: {sky: blue}\n",
            "given.yaml:2: guidance.wordz: unknown key; did you mean",
        ),
        ("given.yaml", "colours: {a: a}\ntake: 1\n", "given.yaml:1: guidance.colours.a: "),
        ("given.yaml", "take: 1\nreferences: [{file: none.png}]\n", "no such file: "),
        ("given.json", '{"marks": [{"frame": 1,}]}', "given.json:1: not readable as JSON"),
        ("given.json", "[1, 2]", "given.json: no guidance: keys such as colours"),
        (
            "given.json",
            '{"marks": [{"frame": 1, "path": [[0, 0]], "colour": "navi"}]}',
            "did you mean 'navy'",
        ),
        (
            "given.json",
            '{"take": ' + "[" * 100_000 + "]" * 100_000 + "}",
            "given.json:1: not readable as JSON",
        ),
        ("given.json", '{"take": NaN}', "take: "),
        ("given.json", '{"take": 1, "take": 2}', "given.json: the key 'take' stands twice"),
        (
            "given.json",
            '{"marks": [{"frame": 1.5, "path": [[0, 0]], "colour": "red"}]}',
            "given.json: guidance.marks.0.frame: found 1.5; a whole number or a text would work",
        ),
        (
            "given.yaml",
            "take: 1\nwords: {sky: [50, 3]}\n",
            "given.yaml:2: guidance.words.sky: found a list; a text or a list of three numbers would work",
        ),
        (
            "given.yaml",
            "take: 1\nwords:\n  B: navy\n",
            "given.yaml:3: guidance.words.B: 'B' is the letter of",
        ),
    ],
)
def test_a_fault_names_file_and_place_in_one_line(place: Path, name: str, text: str, told: str) -> None:
    (place / name).write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_job(_job(place, f"guidance: {name}\n"))
    assert told in str(caught.value)
    assert len(caught.value.lines) == 1
    assert all(len(line) < 500 for line in caught.value.lines)


def test_a_file_that_is_not_there_is_told_where_it_is_named(place: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"job\.yaml:5: shots\.0\.guidance: .*none\.yaml: cannot be read: No such"
    ):
        load_job(_job(place, "shots:\n  0:\n    guidance: none.yaml\n"))


def test_a_foreign_file_is_not_echoed(place: Path) -> None:
    (place / "secret").write_text("root:x:0:0:secret word\nother: line\nthird: thing\n")
    with pytest.raises(SettingsError) as caught:
        load_job(_job(place, "guidance: secret\n"))
    assert "secret word" not in str(caught.value)
    assert "x:0:0" not in str(caught.value)
