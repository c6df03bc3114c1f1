"""Pipes and devices where a file is read: refused in one line, and never waited for."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from jobs.cli.main import main
from jobs.settings.output_paths import record_path
from tests.media import make_film
from tests.recorded import color_film

PATIENT_SECONDS = 60


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return color_film(tmp_path_factory.mktemp("made"), "--keep-work")


@contextmanager
def not_for_ever() -> Iterator[None]:
    """Fails where the block takes longer than a minute, in an `open` for example."""

    def over(number: int, frame: FrameType | None) -> None:
        raise TimeoutError("it waits for the pipe")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(PATIENT_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """The only line that a command says before it ends with 1."""
    capsys.readouterr()
    with not_for_ever():
        assert main([*map(str, arguments), "-q"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("kinochrome: error: ")
    return line


def pipe(path: Path) -> Path:
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    return path


def test_a_pipe_in_place_of_a_report(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film = Path(shutil.copy(made, tmp_path))
    report = pipe(record_path(film))
    assert f"{report}: is a named pipe, not a regular file" in refusal(capsys, "verify", film)


def test_a_pipe_in_place_of_a_plan(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = tmp_path / "work"
    shutil.copytree(made.with_name(f".{made.name}.kinochrome"), work)
    pipe(work / "plan.json")
    assert "plan.json: is a named pipe" in refusal(capsys, "report", work)


def job(folder: Path, **keys: object) -> Path:
    make_film(folder / "film.mkv", frames=4)
    path = folder / "job.yaml"
    lines = [f"{key}: {value}" for key, value in {"input": "film.mkv", "output": "out.mkv", **keys}.items()]
    path.write_text("\n".join(lines) + "\n")
    return path


COMMANDS: dict[str, Callable[[Path, Path], list[str | Path]]] = {
    "film": lambda folder, pipe: ["colorize", pipe, "-o", folder / "out.mkv"],
    "job": lambda folder, pipe: ["run", pipe],
    "weights": lambda folder, pipe: ["run", job(folder, weights=pipe.name)],
    "weights of a shot": lambda folder, pipe: ["run", job(folder, shots=f"{{0: {{weights: {pipe.name}}}}}")],
    "preset": lambda folder, pipe: ["run", job(folder, preset=pipe.name)],
    "groups": lambda folder, pipe: ["evaluate", folder, "--groups", pipe],
    "photo": lambda folder, pipe: ["evaluate", pipe],
    "weights to evaluate": lambda folder, pipe: ["evaluate", folder / "film.mkv", "--weights", pipe],
    "training": lambda folder, pipe: ["train", pipe],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_pipe_in_place_of_what_a_command_names(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make_film(tmp_path / "film.mkv", frames=4)
    name = {"photo": "photo.jpg", "weights": "w.safetensors", "job": "pipe.yaml"}.get(command, "pipe")
    line = refusal(capsys, *COMMANDS[command](tmp_path, pipe(tmp_path / name)))
    assert name in line
    assert "no such file" not in line or command == "preset"
    assert not (tmp_path / "out.mkv").exists()
    assert not list(tmp_path.glob(".out*"))


def test_a_device_in_place_of_a_job_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert "/dev/zero: is a character device, not a regular file" in refusal(capsys, "run", "/dev/zero")
