"""Scripts for Slurm: the jobs that they submit, and what these run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.farms import NAMES, Place, export, make_place, run_slurm, settings_of


@pytest.mark.parametrize("name", NAMES)
def test_names_reach_the_program_from_a_script(film: Path, tmp_path: Path, name: str) -> None:
    place = make_place(film, tmp_path, name)
    work, sets = place.folder / f"work {name}", settings_of(name)
    path = place.folder / f"{name}.sh"
    export("slurm", place, path, "--chunk=2", f"--work={work}", f"--set={sets[0]}")
    subprocess.run(["bash", "-n", "--", path], check=True)
    run_slurm(path, tmp_path)
    assert place.calls() == place.expected("0-1", "2-3", "4-4", work=work, sets=sets)
    assert list(tmp_path.rglob("pwned")) == []


def test_a_script_submits_three_jobs_in_a_row(place: Place, tmp_path: Path) -> None:
    path = place.folder / "film.sh"
    export("slurm", place, path, "--chunk=2", "--gpus=2", "--timeout=0.5")
    jobs = run_slurm(path, tmp_path, "--partition=long", LIMIT="4")
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
    export("slurm", place, path, "--chunk=2", program=failing)
    assert [job["codes"] for job in run_slurm(path, tmp_path)] == [[0], [0, 1], [1]]


def test_a_script_refuses_what_is_no_option(place: Place) -> None:
    path = place.folder / "film.sh"
    export("slurm", place, path)
    ended = subprocess.run(["bash", path, "gpu"], capture_output=True, text=True)
    assert (ended.returncode, "'gpu'" in ended.stderr) == (2, True)
    assert os.access(path, os.X_OK)
