"""Node, its packages and a browser, for tests of the page. Where one is missing, the tests are left out and say so."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "jobs/web/page"
STATIC = PAGE.parent / "static"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_REQUIRED = "KINOCHROME_PAGE_TESTS"
"""Set to 1, it turns what would be left out into a failure."""


def node_tool(name: str) -> str:
    """Path of a program of the page's packages, such as `vitest`."""
    if shutil.which("node") is None:
        _leave_out("Node is not installed: the page is built and tested with Node 20")
    found = PAGE / "node_modules/.bin" / name
    if not found.exists():
        _leave_out(
            f"{PAGE.relative_to(PAGE.parents[2])}/node_modules is missing: run `npm ci` in {PAGE.name}/"
        )
    return str(found)


def browser() -> str:
    """Path of a browser that playwright-core can drive."""
    for name in _BROWSERS:
        if path := shutil.which(name):
            return path
    _leave_out(f"no browser is installed: {', '.join(_BROWSERS)} would work")
    raise AssertionError


def run(*command: str, timeout_seconds: int, **environment: str) -> str:
    """What a program of the page prints; the test fails with it where the program does."""
    done = subprocess.run(
        command,
        cwd=PAGE,
        env={**os.environ, "NO_COLOR": "1", "CI": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_seconds,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def _leave_out(reason: str) -> None:
    if os.environ.get(_REQUIRED) == "1":
        pytest.fail(f"{_REQUIRED} is set, but {reason}")
    pytest.skip(reason)
