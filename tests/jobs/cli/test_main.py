"""The command line: verbs, exit codes, and what is told to whom."""

import configparser
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from jobs.cli.main import main, make_parser
from models.errors import WeightsError
from pipeline.errors import SourceError

Lines = tuple[int, list[str], list[str]]

RAISE = """
import sys
from jobs.cli import main as cli, films as verbs
def schema(arguments, progress):
    {body}
verbs.schema = schema
sys.exit(cli.main(["schema"]))
"""


@pytest.fixture
def kinochrome(capsys: pytest.CaptureFixture[str]) -> "Command":
    return Command(capsys)


class Command:
    """Runs a command line in this process: exit code, lines on stdout, lines on stderr."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str | Path) -> Lines:
        code = main([str(argument) for argument in arguments])
        said = self._capsys.readouterr()
        return code, said.out.splitlines(), said.err.splitlines()


def python(code: str, *, cwd: Path | None = None, arguments: Sequence[str] = ()) -> "subprocess.Popen[str]":
    """A Python of its own that can import us, its output piped."""
    root = str(Path(__file__).parents[3])
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": root},
    )


def test_help_names_every_verb_and_ends_well(kinochrome: Command) -> None:
    code, out, err = kinochrome("--help")
    assert (code, err) == (0, [])
    for verb in ("colorize", "run", "check", "schema", "train", "evaluate"):
        assert any(line.split()[:1] == [verb] for line in out)


@pytest.mark.parametrize("module", ["kinochrome", "jobs.cli", "jobs.cli.main"])
def test_a_module_starts_it_as_the_program_does(module: str) -> None:
    root = Path(__file__).parents[3]
    command = [sys.executable, "-m", module, "run", "no.yaml"]
    found = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    assert found.returncode == 1
    assert "no.yaml" in found.stderr


def test_the_console_script_is_main() -> None:
    config = configparser.ConfigParser()
    config.read(Path(__file__).parents[3] / "setup.cfg")
    (name, _, target) = config["options.entry_points"]["console_scripts"].strip().partition(" = ")
    assert (name, EntryPoint(name, target, "console_scripts").load()) == ("kinochrome", main)


def test_version(kinochrome: Command) -> None:
    code, out, _ = kinochrome("--version")
    assert code == 0
    assert out[0].startswith("kinochrome ")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("colour", "film.mkv"),
        ("colorize", "film.mkv"),
        ("run", "job.yaml", "--quite"),
        ("run", "job.yaml", "--set", "steady"),
        ("run", "job.yaml", "--quiet", "--verbose"),
    ],
    ids=str,
)
def test_a_wrong_command_line_is_2(kinochrome: Command, arguments: tuple[str, ...]) -> None:
    code, out, err = kinochrome(*arguments)
    assert (code, out) == (2, [])
    assert "usage: kinochrome" in err[0]


def test_schema_prints_json(kinochrome: Command) -> None:
    code, out, _ = kinochrome("schema")
    assert code == 0
    assert "input" in json.loads("\n".join(out))["properties"]


def test_each_fault_of_a_job_file_is_one_line_and_nothing_is_left(
    kinochrome: Command, tmp_path: Path
) -> None:
    job = tmp_path / "job.yaml"
    job.write_text("input: none.mkv\noutput: film.mkv\nbatsh: 3\n")
    code, out, err = kinochrome("run", job)
    assert (code, out) == (1, [])
    assert err == [
        f"kinochrome: error: {job}:1: input: no such file: {tmp_path}/none.mkv",
        f"kinochrome: error: {job}:3: batsh: unknown key; did you mean 'batch'?",
    ]
    assert list(tmp_path.iterdir()) == [job]


def test_colorize_tells_faults_without_a_file(kinochrome: Command, tmp_path: Path) -> None:
    code, _, err = kinochrome(
        "colorize", tmp_path / "a.mkv", "-o", tmp_path / "b.mkv", "--set", "steady.strenth=1"
    )
    assert code == 1
    assert f"kinochrome: error: input: no such file: {tmp_path}/a.mkv" in err
    assert (
        "kinochrome: error: --set steady.strenth=1: steady.strenth: unknown key; did you mean 'strength'?"
        in err
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("data", [b"", b"this is text, whatever its name says\n" * 99], ids=["empty", "text"])
def test_a_film_that_is_none_is_one_line_and_nothing_is_left(
    kinochrome: Command, tmp_path: Path, data: bytes
) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(data)
    code, out, err = kinochrome("colorize", film, "-o", tmp_path / "out.mkv")
    assert (code, out) == (1, [])
    assert len(err) == 1
    assert err[0].startswith("kinochrome: error: ")
    assert list(tmp_path.iterdir()) == [film]
    assert film.read_bytes() == data


def test_json_events_tell_the_fault(kinochrome: Command, tmp_path: Path) -> None:
    code, out, err = kinochrome("run", tmp_path / "none.yaml", "--json-events")
    assert (code, len(err)) == (1, 1)
    (event,) = map(json.loads, out)
    assert (event["event"], event["exit_code"]) == ("failed", 1)
    assert "none.yaml" in event["message"]


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        (
            "from models.errors import WeightsError; raise WeightsError('bad weights')",
            1,
            "error: bad weights",
        ),
        ("from pipeline.errors import SourceError as E; raise E.of_many(['one', 'two'])", 1, "error: two"),
        ("from pipeline.errors import SourceError as E; raise E('a\\nb\\x1b[1m')", 1, "error: a\\nb\\x1b[1m"),
        ("raise KeyboardInterrupt", 130, "kinochrome: interrupted"),
        ("raise BrokenPipeError", 1, ""),
    ],
)
def test_what_a_verb_raises_decides_the_exit_code(tmp_path: Path, body: str, code: int, told: str) -> None:
    assert issubclass(WeightsError, ValueError) and issubclass(SourceError, ValueError)
    with python(RAISE.format(body=body), cwd=tmp_path) as process:
        out, err = process.communicate()
    assert process.returncode == code
    assert told in err
    assert "Traceback" not in err + out
    assert list(tmp_path.iterdir()) == []


def test_a_bug_writes_a_report_and_names_it(tmp_path: Path) -> None:
    with python(RAISE.format(body="{}['surprise']"), cwd=tmp_path) as process:
        _, err = process.communicate()
    assert process.returncode == 3
    (report,) = tmp_path.iterdir()
    assert len(err.splitlines()) == 1
    assert str(report) in err
    text = report.read_text(encoding="utf-8")
    for part in ("KeyError: 'surprise'", "arguments: ['schema']", "pydantic", "Python 3"):
        assert part in text


IN_A_DESTRUCTOR = """
    import time
    class Slow:
        def __del__(self):
            print('up', flush=True)
            time.sleep(1)
            print('slept', flush=True)
    Slow()
    time.sleep(60)
"""
"""Python drops what a handler raises there."""


@pytest.mark.parametrize(
    "body",
    ["import time; print('up', flush=True); time.sleep(60)", IN_A_DESTRUCTOR],
    ids=["asleep", "dropped"],
)
def test_sigterm_ends_as_ctrl_c_does(tmp_path: Path, body: str) -> None:
    with python(RAISE.format(body=body), cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=50)
    assert process.returncode == 130
    assert out == ""
    assert err.splitlines() == ["kinochrome: interrupted; the same command goes on from here"]


def test_a_signal_after_the_last_word_changes_no_exit_code(tmp_path: Path) -> None:
    code = """
import atexit, sys, time
from jobs.cli.main import main
sys.argv = ["kinochrome", "submit", "none.yaml", "--spool", "none"]
atexit.register(lambda: (print("up", flush=True), time.sleep(60)))
sys.exit(main())
"""
    with python(code, cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=50)
    assert process.returncode == 1
    assert len(err.splitlines()) == 1


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    with python("import sys; from jobs.cli.main import main; sys.exit(main(['schema']))") as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
    assert process.returncode == 1
    assert err == ""


def test_help_and_faults_load_neither_torch_nor_the_detector(tmp_path: Path) -> None:
    code = "import sys; from jobs.cli.main import main; main(sys.argv[1:]); print(*sys.modules)"
    with python(code, arguments=["run", str(tmp_path / "none.yaml"), "--quiet"]) as process:
        out, _ = process.communicate()
    assert {"torch", "scenedetect"}.isdisjoint(out.split())


def test_a_command_line_is_parsed_before_anything_large_is_loaded() -> None:
    code = "import sys; from jobs.cli.main import main; main(['--version']); print(*sys.modules)"
    with python(code) as process:
        out, _ = process.communicate()
    assert {"numpy", "av", "cv2", "torch"}.isdisjoint(out.split())


def test_signal_handlers_and_log_handlers_are_as_they_were(kinochrome: Command, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM), logging.getLogger("pipeline").handlers[:]
    kinochrome("run", tmp_path / "none.yaml", "-v")
    assert (signal.getsignal(signal.SIGTERM), logging.getLogger("pipeline").handlers) == before


def test_main_works_outside_the_main_thread(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(main(["run", str(tmp_path / "none.yaml")])))
    thread.start()
    thread.join()
    assert codes == [1]
    assert "cannot be read" in capsys.readouterr().err


def test_options_may_not_be_abbreviated() -> None:
    with pytest.raises(SystemExit):
        make_parser().parse_args(["run", "job.yaml", "--over"])
