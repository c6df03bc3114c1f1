"""One spoilt film, coloured in a process of its own, and what that shows to be wrong."""

import argparse
import contextlib
import json
import os
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from jobs.cli import main
from pipeline.errors import KinochromeError
from pipeline.source.frame_reader import FrameReader
from pipeline.source.probe import probe
from tests.mutants import Source, mutate

HANG_SECONDS = 30.0
_STALL_SECONDS = 20
_PRESETS = (("access", ".mp4"), ("archival", ".mkv"), ("mezzanine", ".mov"), ("archival", ".mkv"))


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of a case."""

    case: int
    source: str
    mutation: str
    code: int
    """The exit code; negative: the signal that ended the runner."""
    seconds: float
    cpu_seconds: float
    faults: tuple[str, ...]
    """What the case shows to be wrong; nothing where all is well."""
    keeps_work: bool
    """Whether finished segments are kept for the next try."""
    told: str
    """The last line on stderr."""


class Case:
    """One mutated film and the process that colours it."""

    def __init__(self, number: int, arguments: argparse.Namespace, sources: list[Source]) -> None:
        self.number = number
        rng = random.Random(f"{arguments.seed}/{number}")
        mutant = mutate(rng, sources)
        self.mutant = mutant
        preset, suffix = rng.choice(_PRESETS)
        self.patience = arguments.patience
        self.keep = arguments.out / "faults" / f"{number:05d}"
        self.folder = Path(tempfile.mkdtemp(prefix="mutant-"))
        self.film = self.folder / f"film{mutant.suffix}"
        self.film.write_bytes(mutant.data)
        (self.folder / "tmp").mkdir()
        (self.folder / "work").mkdir()
        self.output = self.folder / "work" / f"out{suffix}"
        self.command = [
            *("colorize", str(self.film), "-o", str(self.output), "--preset", preset),
            *("--set", "color.short_side=128", "--set", "device=cpu", "--set", "encode.threads=1"),
            *("--set", f"limits.stall_seconds={_STALL_SECONDS}", "--set", "allow_loss=true"),
        ]
        self.started = time.monotonic()

    def start(self) -> int:
        """Forks the process; returns its id."""
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            os._exit(self._run())
        return pid

    def finish(self, code: int, cpu_seconds: float) -> Result:
        """Looks at what is left."""
        seconds = time.monotonic() - self.started
        said = (self.folder / "stderr").read_text("utf-8", "replace").splitlines()
        faults, keeps_work = tuple(self._faults(code, seconds, said)), self._keeps_work(code)
        if faults:
            shutil.rmtree(self.keep, ignore_errors=True)
            shutil.copytree(self.folder, self.keep, symlinks=True)
            (self.keep / "command.json").write_text(json.dumps(self.command))
        shutil.rmtree(self.folder, ignore_errors=True)
        return Result(
            case=self.number,
            source=self.mutant.source,
            mutation=self.mutant.mutation,
            code=code,
            seconds=round(seconds, 2),
            cpu_seconds=round(cpu_seconds, 2),
            faults=faults,
            keeps_work=keeps_work,
            told=said[-1][:500] if said else "",
        )

    def _faults(self, code: int, seconds: float, said: list[str]) -> Iterator[str]:
        if code not in (0, 1):
            yield f"exit code {code}: {said[-1] if said else 'nothing said'}"
        if seconds > HANG_SECONDS * self.patience:
            yield f"took {seconds:.0f} s"
        if (self.folder / "stdout").stat().st_size:
            yield "something on stdout"
        errors = [line for line in said if line.startswith("kinochrome: error: ")]
        if len(errors) != (code == 1) or not all(line.isprintable() for line in said):
            yield f"{len(errors)} error lines in: {said}"
        if any("Traceback" in line for line in said):
            yield "a traceback"
        wanted = {
            self.output,
            *(self.output.with_name(f"{self.output.name}.report.{t}") for t in ("json", "html")),
        }
        left = {path for path in self.folder.rglob("*") if path.is_file()}
        left -= {self.film, self.folder / "stdout", self.folder / "stderr"}
        if code == 0 and not left.issuperset(wanted):
            yield f"the film or its record is not there: {sorted(map(str, left))}"
        left -= wanted if code == 0 else set()
        if self._keeps_work(code):
            left = {path for path in left if path.suffix == ".partial" or ".kinochrome" not in str(path)}
        if left:
            yield f"left behind: {sorted(str(path.relative_to(self.folder)) for path in left)}"
        if code == 0 and (told := in_child(lambda: _undecodable(self.output))):
            yield told

    def _keeps_work(self, code: int) -> bool:
        """Whether there is work to go on with: segments that are finished."""
        return code == 1 and any(self.folder.glob("work/.*.kinochrome/segments/*/done.json"))

    def _run(self) -> int:
        os.setsid()
        os.chdir(self.folder)
        os.environ["TMPDIR"] = str(self.folder / "tmp")
        tempfile.tempdir = None
        for descriptor, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(os.open(self.folder / name, os.O_WRONLY | os.O_CREAT), descriptor)
        try:
            return main.main(self.command, supervised=True)
        except BaseException:
            traceback.print_exc()
            return 70
        finally:
            sys.stdout.flush()
            sys.stderr.flush()


def _undecodable(film: Path) -> str:
    """What is wrong with a finished film; nothing where it decodes."""
    try:
        with FrameReader(probe(film)) as reader:
            count = sum(1 for _ in reader.frames())
            return f"the film is damaged: {reader.faults}" if reader.faults or not count else ""
    except KinochromeError as error:
        return f"the film does not decode: {error}"


def in_child(call: Callable[[], str]) -> str:
    """The text that the call gives in a forked process."""
    near, far = os.pipe()
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            os.write(far, call().encode()[:4000])
            os._exit(0)
        os._exit(1)
    os.close(far)
    with os.fdopen(near, "rb") as pipe:
        told = pipe.read().decode()
    _, status = os.waitpid(pid, 0)
    return told or ("" if status == 0 else f"looking at the film ended with {status}")
