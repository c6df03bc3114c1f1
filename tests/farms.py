"""A film to be exported to a render farm, and the farms' own tools, or stand-ins, that run what was exported."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jobs.cli.main import main
from pipeline.media import Plane
from tests.media import make_film
from tests.pictures import picture

SHOTS = 5
SHOT_FRAMES = 8
HOSTILE = 'it\'s "a" $(touch pwned) `touch pwned` ;touch pwned; {{Param.Title}} %s \\n ~ äé—火 *'
LINES = "two\nopenjd_env: A=b\n# lines"
NAMES = [HOSTILE, LINES, "-rf --overwrite"]
KINOCHROME = (sys.executable, "-m", "jobs.cli.main")
ROOT = Path(__file__).parents[1]
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


LISTS = ("film.1-plan.txt", "film.2-shots.txt", "film.3-mux.txt")


def make_farm_film(path: Path) -> None:
    """A film of five shots and one sound."""
    make_film(path, frames=[_frame(number) for number in range(SHOTS * SHOT_FRAMES)], audio=1)


def make_place(film: Path, tmp_path: Path, name: str) -> Place:
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


def settings_of(name: str) -> list[str]:
    """A setting for `--set`, over two lines, with a comment that a shell should not see."""
    return [f"suffix=\n.mkv # {' '.join(name.splitlines())}"]


def run_command(*words: str | Path) -> int:
    return main([str(word) for word in words])


def export(farm: str, place: Place, path: Path, *options: str | Path, program: str | None = None) -> None:
    command = program or shlex.join(place.recorder)
    assert run_command("export", farm, place.job, "-o", path, f"--program={command}", *options) == 0


def numbers(ranges: str) -> list[int]:
    found: list[int] = []
    for part in ranges.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def run_openjd(verb: str, path: Path, *options: str, cwd: Path | None = None) -> str:
    command = [sys.executable, "-m", "openjd", verb, str(path), *options]
    env = {**os.environ, **PATHS}
    ended = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def run_slurm(path: Path, tmp_path: Path, *options: str, **env: str) -> list[dict[str, Any]]:
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


def run_lists(folder: Path) -> None:
    env = {**os.environ, **PATHS}
    for name in LISTS:
        with (folder / name).open() as file:
            subprocess.run(
                ["xargs", "-d", "\n", "-n", "1", "-P", "2", "sh", "-c"], stdin=file, env=env, check=True
            )
