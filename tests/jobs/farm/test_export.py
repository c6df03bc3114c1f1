"""Exports to render farms: what the farm's own tools make of them, and what reaches the program in the end."""

import json
import logging
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openjd.model import (
    ParameterValue,
    ParameterValueType,
    StepDependencyGraph,
    StepParameterSpaceIterator,
    create_job,
    decode_job_template,
)
from openjd.sessions import LOG, ActionState, ActionStatus, Session, SessionState

from jobs.cli.main import main
from jobs.farm.film_job import FarmJob, make_title
from pipeline.media import Plane
from tests.media import make_film
from tests.pictures import picture

SHOTS = 5
SHOT_FRAMES = 8
HOSTILE = 'it\'s "a" $(touch pwned) `touch pwned` ;touch pwned; {{Param.Title}} %s \\n ~ äé—火 *'
LINES = "two\nopenjd_env: A=b\n# lines"
NAMES = [HOSTILE, LINES, "-rf --overwrite"]
KINOCHROME = (sys.executable, "-m", "jobs.cli.main")
ROOT = Path(__file__).parents[3]
PATHS = {"PYTHONPATH": str(ROOT)}

RECORD = """
import json, os, sys
with open(sys.argv[1], "ab", buffering=0) as log:
    log.write(json.dumps(sys.argv[2:]).encode() + b"\\n")
"""

SBATCH = """#!{python}
# Runs each job at once, as Slurm would: from a copy, its array in order, after the jobs it waits for.
import json, os, shutil, subprocess, sys
from pathlib import Path
here = Path(__file__).parent
count = len(list(here.glob("job.*"))) + 1
options = [word for word in sys.argv[1:]]
at = next(n for n, word in enumerate(options) if not word.startswith("-"))
script, words = options[at], options[at + 1:]
told = dict(word.partition("=")[::2] for word in options[:at])
after = told.get("--dependency", "afterok:").removeprefix("afterok:")
spooled = here / "slurm_script"
shutil.copy(script, spooled)
codes = [0]
if after and json.loads((here / f"job.{{after}}").read_text())["codes"] != [0]:
    codes = [1]
else:
    first, _, last = told.get("--array", "0-0").partition("%")[0].partition("-")
    for task in range(int(first), int(last) + 1):
        env = dict(os.environ, SLURM_ARRAY_TASK_ID=str(task)) if "--array" in told else dict(os.environ)
        ended = subprocess.run(["bash", spooled, *words], env=env, stdout=sys.stderr)
        codes = sorted({{*codes, ended.returncode}})
(here / f"job.{{count}}").write_text(json.dumps({{"options": options[:at], "words": words, "codes": codes}}))
print(f"{{count}};cluster")
"""


@dataclass(frozen=True)
class Place:
    """A folder with a film of five shots and its job file, and a program that only notes its arguments."""

    folder: Path
    job: Path
    recorder: tuple[str, ...]
    log: Path

    def calls(self) -> list[list[str]]:
        """What the program was given, call by call."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def expected(self, *ranges: str, work: Path | None = None, sets: Sequence[str] = ()) -> list[list[str]]:
        """What it should have been given by plan, shots for each range, and mux."""
        job = [str(self.job), *([f"--work={work}"] if work else []), *(f"--set={text}" for text in sets)]
        return [["plan", *job], *(["shots", *job, f"--range={found}"] for found in ranges), ["mux", *job]]


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mkv"
    make_film(path, frames=[_frame(number) for number in range(SHOTS * SHOT_FRAMES)], audio=1)
    return path


@pytest.fixture
def place(film: Path, tmp_path: Path) -> Place:
    return _place(film, tmp_path, "film")


def test_a_template_says_what_a_farm_has_to_do(place: Place) -> None:
    path = place.folder / "film.json"
    _export("openjd", place, path, "--chunk=2", "--gpus=1", "--timeout=1.5")
    steps = _steps(json.loads(path.read_text()))
    assert list(steps) == ["plan", "shots", "mux"]
    assert [len(tasks) for tasks in steps.values()] == [1, 3, 1]
    assert [_numbers(task["Shot"]) for task in steps["shots"]] == [[0, 1], [2, 3], [4]]
    template = json.loads(path.read_text())
    needs = [step["hostRequirements"].get("amounts") for step in template["steps"]]
    assert needs == [None, [{"name": "amount.worker.gpu", "min": 1}], None]
    for step in template["steps"]:
        action = step["script"]["actions"]["onRun"]
        assert action["timeout"] == 5400
        assert action["cancelation"]["mode"] == "NOTIFY_THEN_TERMINATE"


@pytest.mark.parametrize("suffix", [".json", ".yaml"])
def test_openjd_check_accepts_a_template(place: Place, suffix: str) -> None:
    path = place.folder / f"farm{suffix}"
    _export("openjd", place, path)
    _openjd("check", path)


def test_shots_of_a_template_can_be_picked(place: Place) -> None:
    path = place.folder / "farm.yaml"
    _export("openjd", place, path, "--chunk=2")
    _openjd("run", path, "--step", "shots", "-p", "Shots=0,3-4")
    assert sorted(call[-2] for call in place.calls()) == ["--range=0,3", "--range=4"]


@pytest.mark.parametrize("name", NAMES)
def test_names_reach_the_program_from_a_template(film: Path, tmp_path: Path, name: str) -> None:
    place = _place(film, tmp_path, name)
    work, sets = place.folder / f"work {name}", _settings(name)
    path = place.folder / "film.json"
    _export("openjd", place, path, "--chunk=3", f"--work={work}", f"--set={sets[0]}")
    assert _openjd("run", path, cwd=tmp_path).count("openjd_env") == 0
    expected = [[*call, "--openjd"] for call in place.expected("0-2", "3,4", work=work, sets=sets)]
    assert place.calls() == expected
    assert list(tmp_path.rglob("pwned")) == []


def test_paths_outside_of_the_template_s_folder_are_plain(place: Place, tmp_path: Path) -> None:
    (tmp_path / "farm").mkdir()
    path = tmp_path / "farm" / "film.json"
    _export("openjd", place, path, "--chunk=5")
    _openjd("run", path)
    assert place.calls()[1][:2] == ["shots", str(place.job)]


@pytest.mark.parametrize("name", NAMES)
def test_names_reach_the_program_from_a_script(film: Path, tmp_path: Path, name: str) -> None:
    place = _place(film, tmp_path, name)
    work, sets = place.folder / f"work {name}", _settings(name)
    path = place.folder / f"{name}.sh"
    _export("slurm", place, path, "--chunk=2", f"--work={work}", f"--set={sets[0]}")
    subprocess.run(["bash", "-n", "--", path], check=True)
    _slurm(path, tmp_path)
    assert place.calls() == place.expected("0-1", "2-3", "4-4", work=work, sets=sets)
    assert list(tmp_path.rglob("pwned")) == []


def test_a_script_submits_three_jobs_in_a_row(place: Place, tmp_path: Path) -> None:
    path = place.folder / "film.sh"
    _export("slurm", place, path, "--chunk=2", "--gpus=2", "--timeout=0.5")
    jobs = _slurm(path, tmp_path, "--partition=long", LIMIT="4")
    assert [job["words"] for job in jobs] == [["plan"], ["shots"], ["mux"]]
    plan, shots, mux = (job["options"] for job in jobs)
    assert "--array=0-2%4" in shots
    assert "--gres=gpu:2" in shots
    assert not any("gres" in option or "array" in option for option in plan + mux)
    assert "--dependency=afterok:1" in shots
    assert "--dependency=afterok:2" in mux
    for options in (plan, shots, mux):
        assert {"--parsable", "--time=30", "--partition=long"} <= set(options)


def test_nothing_follows_a_stage_that_failed(place: Place, tmp_path: Path) -> None:
    path = place.folder / "film.sh"
    failing = f"{sys.executable} -c 'import sys; sys.exit(sys.argv[1] == \"shots\")'"
    _export("slurm", place, path, "--chunk=2", program=failing)
    assert [job["codes"] for job in _slurm(path, tmp_path)] == [[0], [0, 1], [1]]


def test_a_script_refuses_what_is_no_option(place: Place) -> None:
    path = place.folder / "film.sh"
    _export("slurm", place, path)
    ended = subprocess.run(["bash", path, "gpu"], capture_output=True, text=True)
    assert (ended.returncode, "'gpu'" in ended.stderr) == (2, True)
    assert os.access(path, os.X_OK)


@pytest.mark.parametrize("name", NAMES)
def test_names_reach_the_program_from_command_lists(film: Path, tmp_path: Path, name: str) -> None:
    place = _place(film, tmp_path, name)
    work, sets = place.folder / f"work {name}", _settings(name)
    _export("commands", place, tmp_path / "film.txt", "--chunk=2", f"--work={work}", f"--set={sets[0]}")
    counts = [len((tmp_path / name).read_text().splitlines()) for name in _LISTS]
    assert counts == [1, 3, 1]
    _xargs(tmp_path)
    plan, *shots, mux = place.calls()
    assert [plan, *sorted(shots), mux] == place.expected("0-1", "2-3", "4-4", work=work, sets=sets)
    assert list(tmp_path.rglob("pwned")) == []


def test_a_name_that_ends_a_line_is_refused_for_command_lists(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "film.txt"
    assert _run("export", "commands", place.job, "-o", path, "--program='a\n'") == 1
    assert "line break" in capsys.readouterr().err
    assert list(tmp_path.glob("film.*")) == []


def test_settings_mean_the_same_in_another_folder(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "grades").mkdir()
    monkeypatch.chdir(tmp_path)
    _export("commands", place, Path("film.txt"), "--set=from_proxy=grades", "--set=batch=4", "--work=.")
    _xargs(tmp_path)
    expected = place.expected(sets=[f'from_proxy="{tmp_path}/grades"', "batch=4"], work=tmp_path)
    assert place.calls()[0] == expected[0]


def test_the_film_is_planned_once(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    _export("commands", place, place.folder / "film.txt", "--work", place.folder / "work")
    plan = place.folder / "work" / "out.mkv" / "plan.json"
    before = plan.stat()
    capsys.readouterr()
    _export("slurm", place, place.folder / "film.sh", "--work", place.folder / "work")
    assert "scan" not in capsys.readouterr().err
    assert plan.stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize("farm", ["openjd", "slurm", "commands"])
def test_existing_files_are_kept_unless_told(
    place: Place, farm: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = place.folder / "film.json"
    taken = place.folder / "film.3-mux.json" if farm == "commands" else path
    taken.write_text("mine")
    assert _run("export", farm, place.job, "-o", path) == 1
    assert f"{taken} exists" in capsys.readouterr().err
    assert taken.read_text() == "mine"
    assert _run("export", farm, place.job, "-o", path, "--overwrite") == 0
    assert taken.read_text() != "mine"
    assert list(place.folder.glob("*.partial")) == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("-o", "./film.yaml", "--overwrite"), "is the job file"),
        (("-o", "film.txt"), ".json, .yaml, .yml"),
        (("-o", "none/film.json"), "no such folder"),
        (("-o", "."), "template's suffix"),
        (("-o", "x.json", "--set", f"suffix=.mkv # {'x' * 1030}"), "1024"),
        (("-o", "x.json", *(f"--set=batch={n}" for n in range(1, 60))), "59 settings"),
    ],
)
def test_what_cannot_work_is_told(
    place: Place,
    options: Sequence[str],
    told: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(place.folder)
    before = place.job.read_text()
    assert _run("export", "openjd", place.job, *options) == 1
    assert told in capsys.readouterr().err
    assert place.job.read_text() == before
    assert {path.suffix for path in place.folder.iterdir()} <= {".yaml", ".mkv", ".kinochrome", ".log", ".py"}


@pytest.mark.parametrize("option", ["--chunk=0", "--chunk=x", "--gpus=-1", "--timeout=0", "--program='"])
def test_a_wrong_option_is_2(place: Place, option: str) -> None:
    assert _run("export", "slurm", place.job, "-o", place.folder / "x.sh", option) == 2


def test_stills_are_no_work_for_a_farm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    job = tmp_path / "job.yaml"
    job.write_text("input: in\noutput: out\n")
    assert _run("export", "slurm", job, "-o", tmp_path / "x.sh") == 1
    assert "stills" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--gpus=1", "--timeout=2"])
def test_command_lists_promise_nothing_that_they_cannot_say(
    place: Place, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run("export", "commands", place.job, "-o", place.folder / "x", option) == 1
    assert "leave --gpus and --timeout out" in capsys.readouterr().err


@given(shots=st.integers(1, 3000), chunk=st.integers(1, 3000))
def test_chunks_hold_every_shot_once(shots: int, chunk: int) -> None:
    farm = FarmJob(title="x", program=("x",), job_file=Path("/x"), shots=shots, chunk=chunk)
    found = [number for text in farm.ranges() for number in _numbers(text)]
    assert found == list(range(shots))
    assert len(list(farm.ranges())) == farm.chunk_count


def test_a_title_is_one_line() -> None:
    assert make_title(LINES) == "Kinochrome two openjd_env: A=b # lines"
    assert len(make_title("x" * 500)) <= 100


@pytest.fixture(scope="session")
def whole(film: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What `run` makes of the film."""
    place = _place(film, tmp_path_factory.mktemp("whole"), "film")
    assert _run("run", place.job, "--quiet") == 0
    return (place.folder / "out.mkv").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("farm", ["openjd", "slurm", "commands"])
def test_a_farm_makes_the_film_that_run_makes(film: Path, tmp_path: Path, farm: str, whole: bytes) -> None:
    place = _place(film, tmp_path, HOSTILE)
    path = place.folder / "film.json" if farm == "openjd" else tmp_path / "film.txt"
    _export(farm, place, path, "--chunk=3", program=shlex.join(KINOCHROME))
    if farm == "openjd":
        assert "openjd_progress: 100.0" in _openjd("run", path)
    elif farm == "slurm":
        assert [job["codes"] for job in _slurm(path, tmp_path)] == [[0], [0], [0]]
    else:
        _xargs(tmp_path)
    assert (place.folder / "out.mkv").read_bytes() == whole
    assert list(tmp_path.rglob("*.partial")) == []


def test_a_farm_is_told_why_a_stage_failed(place: Place) -> None:
    path = place.folder / "film.json"
    _export("openjd", place, path, program=shlex.join(KINOCHROME))
    (place.folder / "film.mkv").unlink()
    state, message = _run_plan(json.loads(path.read_text()), place.job)
    assert state == ActionState.FAILED
    assert "film.mkv" in message


_LISTS = ("film.1-plan.txt", "film.2-shots.txt", "film.3-mux.txt")


def _place(film: Path, tmp_path: Path, name: str) -> Place:
    folder = tmp_path / name
    folder.mkdir()
    shutil.copy(film, folder / "film.mkv")
    job = folder / f"{name}.yaml"
    job.write_text(
        "input: film.mkv\noutput: out.mkv\npreset: archival\ndevice: cpu\n"
        "segment_frames: 16\noverlap_frames: 8\ncolor: {short_side: 128}\n"
    )
    (folder / "record.py").write_text(RECORD)
    log = folder / "calls.log"
    return Place(folder, job, (sys.executable, str(folder / "record.py"), str(log)), log)


def _frame(number: int) -> Plane:
    """Shots that differ in light, texture and a bar at the top, so that every cut is found."""
    scene = number // SHOT_FRAMES
    luma = picture(number, scene=scene).copy()
    if scene % 2:
        luma = (251 - luma).astype(np.uint8)
    luma[: 12 * (1 + scene % 3)] = 235 if scene % 2 else 16
    return luma


def _settings(name: str) -> list[str]:
    """A setting for `--set`, over two lines, with a comment that a shell should not see."""
    return [f"suffix=\n.mkv # {' '.join(name.splitlines())}"]


def _run(*words: str | Path) -> int:
    return main([str(word) for word in words])


def _export(farm: str, place: Place, path: Path, *options: str | Path, program: str | None = None) -> None:
    command = program or shlex.join(place.recorder)
    assert _run("export", farm, place.job, "-o", path, f"--program={command}", *options) == 0


def _steps(template: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """The tasks of each step, in the order of their dependencies, as the reference implementation sees them."""
    job, _ = _create(template)
    return {
        step.name: [
            {name: value.value for name, value in task.items()}
            for task in StepParameterSpaceIterator(space=step.parameterSpace)
        ]
        for step in StepDependencyGraph(job=job).topo_sorted()
    }


def _run_plan(template: Mapping[str, Any], job_file: Path) -> tuple[ActionState, str]:
    """How the first step ends in a session of the reference implementation, and what it says of a failure."""
    job, values = _create(template, JobFile=str(job_file))
    told: list[ActionStatus] = []
    before = LOG.level
    LOG.setLevel(logging.INFO)  # a session reads what its tasks say through its log
    try:
        with Session(
            session_id="test", job_parameter_values=values, callback=lambda _, status: told.append(status)
        ) as session:
            session.run_task(step_script=job.steps[0].script, task_parameter_values={}, os_env_vars=PATHS)
            while session.state == SessionState.RUNNING:
                time.sleep(0.05)
    finally:
        LOG.setLevel(before)
    assert told[-1].state is not None
    return told[-1].state, told[-1].fail_message or ""


def _create(template: Mapping[str, Any], **given: str) -> tuple[Any, dict[str, ParameterValue]]:
    """The job that a farm would make of a template, with its parameters as far as they are not given."""
    decoded = decode_job_template(template=dict(template), supported_extensions=["TASK_CHUNKING"])
    values = {
        found["name"]: ParameterValue(
            type=ParameterValueType(found["type"]), value=given.get(found["name"], str(found["default"]))
        )
        for found in template["parameterDefinitions"]
    }
    return create_job(job_template=decoded, job_parameter_values=values), values


def _numbers(ranges: str) -> list[int]:
    found: list[int] = []
    for part in ranges.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def _openjd(verb: str, path: Path, *options: str, cwd: Path | None = None) -> str:
    command = [sys.executable, "-m", "openjd", verb, str(path), *options]
    env = {**os.environ, **PATHS}
    ended = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def _slurm(path: Path, tmp_path: Path, *options: str, **env: str) -> list[dict[str, Any]]:
    """Submits a script to a stand-in for Slurm; what each job was given and how it ended."""
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    sbatch = bin_dir / "sbatch"
    sbatch.write_text(SBATCH.format(python=sys.executable))
    sbatch.chmod(0o755)
    full = {**os.environ, "PATH": f"{bin_dir}:{os.environ['PATH']}", **PATHS, **env}
    ended = subprocess.run(
        ["bash", "--", path.name, *options], cwd=path.parent, env=full, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("submitted plan 1, shots 2 ")
    return [json.loads((bin_dir / f"job.{number}").read_text()) for number in (1, 2, 3)]


def _xargs(folder: Path) -> None:
    env = {**os.environ, **PATHS}
    for name in _LISTS:
        with (folder / name).open() as file:
            subprocess.run(
                ["xargs", "-d", "\n", "-n", "1", "-P", "2", "sh", "-c"], stdin=file, env=env, check=True
            )
