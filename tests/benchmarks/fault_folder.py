"""A folder in which a command is disturbed at a point, started again, and judged."""

import contextlib
import errno
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from hashlib import sha256
from importlib import import_module
from pathlib import Path

from tests.benchmarks.fault_control import Control, map_control
from tests.benchmarks.fault_points import KINDS, MODES, Outcome, Point
from tests.benchmarks.forked import fork_jobs, run_forked

_COUNT, _FAIL = 0, 1
_JOB = """\
input: film.mkv
output: out.mkv
preset: archival
segment_frames: 8
overlap_frames: 8
report_page: false
weights: weights.safetensors
color: {short_side: 128}
"""
_WORKER = ("--drain", "--poll", "0.05", "--heartbeat", "0.5", "--dead-after", "1.5", "-q")


class FaultFolder:
    """A folder in which a command is started again and again, in processes forked from this one."""

    def __init__(self, folder: Path, verb: str) -> None:
        self.verb = verb
        self._root, self._template, self._elsewhere = (folder / n for n in ("root", "template", "elsewhere"))
        self._modules = folder / "modules"
        self._place, self._tmp, self._said = self._root / "place", self._root / "tmp", folder / "said"
        self._made: list[int] = []
        self._drained: set[frozenset[tuple[str, bytes]]] = set()
        self._control = Control.from_buffer(map_control(Path(os.environ["FAULTS_CONTROL"])))
        self._control.root = os.fsencode(self._root)
        self._elsewhere.mkdir()
        self._root.mkdir()
        self._make()
        for each in ("run", verb):
            self._fresh()
            self._load_modules_of(each)
        self._fresh()
        assert self._command(verb) == 0, self._said.read_text()
        if verb == "submit":
            assert self._drain() == 0, self._said.read_text()
        self._wanted = _digest(self._place / "out.mkv")
        self._left = self._names()

    def counts(self) -> dict[str, int]:
        """How many calls of each kind an undisturbed command makes."""
        self._fresh()
        self._arm(mode=_COUNT)
        assert self._command(self.verb) == 0, self._said.read_text()
        self._control.armed = 0
        kinds = KINDS if self.verb == "verify" else KINDS[:-2]
        return {kind: n for kind, n in zip(KINDS, self._control.counts, strict=True) if kind in kinds and n}

    def try_point(self, point: Point) -> Outcome:
        """The command with a fault, then without."""
        self._fresh()
        mode = MODES.get(point.fault, _FAIL)
        number = getattr(errno, point.fault) if mode == _FAIL else 0
        self._arm(kind=KINDS.index(point.kind), number=point.number, mode=mode, error=number)
        code = self._command(self.verb, supervised=point.supervised)
        self._control.armed = 0
        self._made = list(self._control.counts)
        told = self._said.read_text(errors="replace")
        faults = [] if not self._control.fired else self._judge(code, mode, told, point)
        faults += self._repair(code)
        if faults:
            return Outcome(code=code, verdict="; ".join(faults), told=told)
        is_reached = bool(self._control.fired)
        verdict = "not reached" if not is_reached else "tolerated" if code == 0 else "ok"
        return Outcome(code=code, verdict=verdict)

    def made(self, kind: str) -> int:
        """How many calls of a kind the last disturbed command made."""
        return self._made[KINDS.index(kind)]

    def _judge(self, code: int, mode: int, told: str, point: Point) -> list[str]:
        """What is wrong with the end of a disturbed command."""
        killed = {128 + signal.SIGKILL, -signal.SIGKILL}
        allowed = {0, 1} if mode == _FAIL else {0, 1, *killed}  # 0 and 1: a child was hit, FFmpeg or a job
        faults = [] if code in allowed else [f"ended with {code}"]
        errors = [line for line in told.splitlines() if "error:" in line]
        if code == 1 and (len(errors) != 1 or "Traceback" in told):
            faults.append(f"{len(errors)} lines of error")
        if code == 0 and mode == _FAIL and self.verb in ("run", "mux"):
            faults += self._film_faults()
        if list(self._elsewhere.iterdir()):
            faults.append("wrote a report of a bug")
        return faults

    def _film_faults(self) -> list[str]:
        film = self._place / "out.mkv"
        if not film.exists():
            return ["no film"]
        return [] if _digest(film) == self._wanted else ["another film"]

    def _repair(self, code: int) -> list[str]:
        """The same command again, undisturbed; what is wrong after it."""
        is_whole = self._names() == self._left
        again = self._command(self.verb)
        told = self._said.read_text(errors="replace")
        faults = []
        if self.verb == "submit":
            if again == 1 and "is written by" in told and code != 1:  # killed once it was in the queue
                again = 0
            queue = self._queue()
            if again == 0 and queue in self._drained:
                return []
            again = again or self._drain()
        if self.verb == "worker" and again == 0:
            again = self._retry()
        if again == 1 and is_whole and "exists" in told:  # killed when all was done
            again = 0
        if again != 0:
            faults.append(f"the next one ended with {again}: {told.strip()[-300:]}")
        faults += self._film_faults()
        left = self._names() ^ self._left
        faults += [f"left or lost {sorted(left)}"] if left else []
        if self.verb == "submit" and not faults:
            self._drained.add(queue)
        return faults

    def _retry(self) -> int:
        """A job that failed is tried again; what the worker ended with."""
        for failed in (self._place / "spool" / "failed").glob("*.yaml"):
            id = failed.name.split(".")[0]
            code = self._command("retry", id, "--spool", str(self._place / "spool")) or self._drain()
            if code:
                return code
        return 0

    def _drain(self) -> int:
        return self._command("worker")

    def _queue(self) -> frozenset[tuple[str, bytes]]:
        """All files, jobs without what is random in their names and without their times."""
        spool = self._place / "spool"
        found = set()
        for path in (path for path in self._root.rglob("*") if path.is_file()):
            name = f"{path.parent}/*" if spool in path.parents and path.parent != spool else str(path)
            found.add((name, re.sub(rb'"submitted": [0-9.]+', b"", path.read_bytes())))
        return frozenset(found)

    def _names(self) -> set[str]:
        """All that lies in the place and among the temporary files; jobs without what is random in their names."""
        found = set()
        for path in self._root.rglob("*"):
            name = str(path.relative_to(self._root))
            if "/spool/" in name and path.is_file() and path.parent.name != "spool":
                state = path.parent.name
                name = f"spool/{state}/*{path.suffix}" if state not in ("logs", "seen") else ""
            found.add(name)
        return found - {""}

    def _arm(self, *, kind: int = 0, number: int = 0, mode: int, error: int = 0) -> None:
        control = self._control
        control.kind, control.number, control.mode, control.error, control.fired = (
            kind,
            number,
            mode,
            error,
            0,
        )
        control.counts = type(control.counts)()
        control.armed = 1

    def _make(self) -> None:
        """What the verb begins with, kept to be copied."""
        from fractions import Fraction

        from models.checkpoint import save_weights
        from models.networks.unet import UnetGenerator, UnetSettings
        from tests.media import make_film

        self._place.mkdir()
        self._tmp.mkdir()
        make_film(self._place / "film.mkv", frames=12, cuts=(7,), rate=Fraction(24), audio=1)
        tiny = UnetGenerator(UnetSettings(levels=3, channels=4))
        save_weights(self._place / "weights.safetensors", tiny, name="tiny", licence="none", recipe={})
        (self._place / "job.yaml").write_text(_JOB, encoding="utf-8")
        before = {"mux": ("plan", "shots"), "verify": ("run",), "worker": ("submit",)}
        for verb in before.get(self.verb, ()):
            assert self._command(verb) == 0, self._said.read_text()
        shutil.copytree(self._root, self._template)

    def _load_modules_of(self, verb: str) -> None:
        """Imports here all that a command imports, so that those forked from this process start at once."""
        self._modules.touch()
        self._command(verb)
        names = self._modules.read_text(encoding="utf-8").split()
        self._modules.unlink()
        for name in names:
            with contextlib.suppress(ImportError):  # six and others invent names of modules
                import_module(name)

    def _fresh(self) -> None:
        shutil.rmtree(self._root)
        shutil.copytree(self._template, self._root)
        for report in self._elsewhere.iterdir():
            report.unlink()

    def _command(self, verb: str, *given: str, supervised: bool = False) -> int:
        job, spool = str(self._place / "job.yaml"), str(self._place / "spool")
        arguments = {
            "verify": [str(self._place / "out.mkv"), "-q"],
            "submit": [job, "--spool", spool, "-q"],
            "worker": ["--spool", spool, *_WORKER],
            "retry": list(given),
        }.get(verb, [job, "-q"])
        return run_forked(lambda: self._main([verb, *arguments], supervised=supervised))

    def _main(self, arguments: Sequence[str], *, supervised: bool) -> int:
        from jobs.cli.main import main

        os.chdir(self._elsewhere)
        said = os.open(self._said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        for number in (1, 2):
            os.dup2(said, number)
        os.environ["TMPDIR"] = tempfile.tempdir = str(self._tmp)
        if arguments[0] == "worker":
            fork_jobs()
        code = main(arguments, supervised=supervised)
        if self._modules.exists():
            self._modules.write_text("\n".join(sys.modules), encoding="utf-8")
        return code


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
