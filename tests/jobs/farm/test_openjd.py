"""Templates of Open Job Description: what its reference implementation makes of them."""

import json
import logging
import shlex
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from openjd.model import (
    ParameterValue,
    ParameterValueType,
    StepDependencyGraph,
    StepParameterSpaceIterator,
    create_job,
    decode_job_template,
)
from openjd.sessions import LOG, ActionState, ActionStatus, Session, SessionState

from tests.farms import KINOCHROME, NAMES, PATHS, Place, export, make_place, numbers, run_openjd, settings_of


def test_a_template_says_what_a_farm_has_to_do(place: Place) -> None:
    path = place.folder / "film.json"
    export("openjd", place, path, "--chunk=2", "--gpus=1", "--timeout=1.5")
    steps = _steps(json.loads(path.read_text()))
    assert list(steps) == ["plan", "shots", "mux"]
    assert [len(tasks) for tasks in steps.values()] == [1, 3, 1]
    assert [numbers(task["Shot"]) for task in steps["shots"]] == [[0, 1], [2, 3], [4]]
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
    export("openjd", place, path)
    run_openjd("check", path)


def test_shots_of_a_template_can_be_picked(place: Place) -> None:
    path = place.folder / "farm.yaml"
    export("openjd", place, path, "--chunk=2")
    run_openjd("run", path, "--step", "shots", "-p", "Shots=0,3-4")
    assert sorted(call[-2] for call in place.calls()) == ["--range=0,3", "--range=4"]


@pytest.mark.parametrize("name", NAMES)
def test_names_reach_the_program_from_a_template(film: Path, tmp_path: Path, name: str) -> None:
    place = make_place(film, tmp_path, name)
    work, sets = place.folder / f"work {name}", settings_of(name)
    path = place.folder / "film.json"
    export("openjd", place, path, "--chunk=3", f"--work={work}", f"--set={sets[0]}")
    assert run_openjd("run", path, cwd=tmp_path).count("openjd_env") == 0
    expected = [[*call, "--openjd"] for call in place.expected("0-2", "3,4", work=work, sets=sets)]
    assert place.calls() == expected
    assert list(tmp_path.rglob("pwned")) == []


def test_paths_outside_of_the_template_s_folder_are_plain(place: Place, tmp_path: Path) -> None:
    (tmp_path / "farm").mkdir()
    path = tmp_path / "farm" / "film.json"
    export("openjd", place, path, "--chunk=5")
    run_openjd("run", path)
    assert place.calls()[1][:2] == ["shots", str(place.job)]


def test_a_farm_is_told_why_a_stage_failed(place: Place) -> None:
    path = place.folder / "film.json"
    export("openjd", place, path, program=shlex.join(KINOCHROME))
    (place.folder / "film.mkv").unlink()
    state, message = _run_plan(json.loads(path.read_text()), place.job)
    assert state == ActionState.FAILED
    assert "film.mkv" in message


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
