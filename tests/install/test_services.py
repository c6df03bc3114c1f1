"""The units of systemd and the recipe of the container fit the program of this version."""

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from jobs.cli.main import make_parser
from jobs.shell.verb_names import verbs_of

INSTALL = Path(__file__).parents[2] / "install"
UNITS = sorted((INSTALL / "systemd").glob("*.service"))


def service(unit: Path) -> configparser.SectionProxy:
    config = configparser.ConfigParser(strict=False, interpolation=None)
    config.optionxform = str  # type: ignore[assignment,method-assign]
    config.read(unit, encoding="utf-8")
    return config["Service"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_starts_a_verb_with_options_that_it_has(unit: Path) -> None:
    verb = unit.stem.removeprefix("kinochrome-")
    assert verb in verbs_of(make_parser())
    values = dict(word.split("=", 1) for word in service(unit)["Environment"].split())
    head = unit.read_text(encoding="utf-8").partition("[Unit]")[0]
    values |= dict(re.findall(r"^#   (\w+)=(.*)$", head, re.MULTILINE))
    command = re.sub(r"\$\{?(\w+)\}?", lambda found: values[found[1]], service(unit)["ExecStart"])
    program, *arguments = shlex.split(command)
    assert program == "/usr/local/bin/kinochrome"
    assert make_parser().parse_args(arguments).verb == verb


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd checks its units")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_finds_no_fault_in_a_unit(unit: Path, tmp_path: Path) -> None:
    copy = tmp_path / unit.name
    text = unit.read_text(encoding="utf-8")
    copy.write_text(text.replace("/usr/local/bin/kinochrome", "/bin/true"), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_container_is_made_from_all_that_the_wheel_is_made_from() -> None:
    kept = {
        line[1:]
        for line in (INSTALL / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    backend = (INSTALL / "wheel_backend.py").read_text(encoding="utf-8")
    for name in ("pipeline", "models", "jobs", "kinochrome", "configs", "README.md", "LICENSE", "NOTICE"):
        assert name in kept
        assert f'"{name}"' in backend
    assert kept >= {"install", "setup.cfg", "pyproject.toml", "constraints.txt"}
    assert all((INSTALL.parent / name).exists() for name in kept)
