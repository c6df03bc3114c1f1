import shlex
import subprocess
import sys

import pytest

from jobs.extras import install_command, require
from pipeline.errors import SettingsError


def test_what_is_there_is_no_fault_and_what_is_missing_names_a_command() -> None:
    require("numpy", extra="train", by="train")
    with pytest.raises(
        SettingsError, match=r"train needs the package no-such-package; .*kinochrome\[train\]"
    ):
        require("no_such_package", extra="train", by="train")


def test_the_command_is_one_for_this_python() -> None:
    program, *rest = shlex.split(install_command("train"))
    assert program == sys.executable
    done = subprocess.run([program, *rest[:2], "--version"], capture_output=True, check=False)
    assert (rest, done.returncode) == (["-m", "pip", "install", "kinochrome[train]"], 0)


def test_an_environment_without_pip_is_uv_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    assert install_command("cluster") == f"uv pip install --python {sys.executable} 'kinochrome[cluster]'"
