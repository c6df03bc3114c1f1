"""One system call fails, or a process is killed before or after it; then the same command again: the film is right.

Calls that write, sync, rename, remove, close, open or make are counted over all processes of a command, FFmpeg too,
as far as they are on files of the job or among the temporary files (`faults.c`, made by cc). A point is the n-th call
of a kind and what befalls it: ENOSPC, EIO, EDQUOT, EROFS, EMFILE, or SIGKILL for the process or for all of them. A
failure must end the command with 1 and one line, or leave the film right; whatever it was, the next command makes the
film of an undisturbed run, byte for byte, and leaves nothing else behind.

python tests/benchmarks/faults.py [--points 200] [--seed 1] [--list] [run] [mux] [verify] [submit] [worker]
"""

import argparse
import contextlib
import ctypes
import errno
import mmap
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

VERBS = ("run", "mux", "verify", "submit", "worker")
KINDS = ("write", "fsync", "rename", "unlink", "close", "open", "mkdir", "read", "open to read")
_MODES = {"kill before": 2, "kill after": 3, "kill all before": 4, "kill all after": 5}
_COUNT, _FAIL = 0, 1
_ERRORS = {
    "write": ("ENOSPC", "EIO", "EDQUOT", "EROFS"),
    "fsync": ("ENOSPC", "EIO", "EDQUOT"),
    "rename": ("ENOSPC", "EIO", "EDQUOT", "EROFS"),
    "unlink": ("EIO", "EROFS"),
    "close": ("ENOSPC", "EIO", "EDQUOT"),
    "open": ("ENOSPC", "EIO", "EDQUOT", "EROFS", "EMFILE"),
    "mkdir": ("ENOSPC", "EIO", "EDQUOT", "EROFS"),
    "read": ("EIO",),
    "open to read": ("EIO", "EMFILE"),
}
_PATIENCE_SECONDS = 120.0
_TRIES = 100
_REDRAWS = 5
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


class _Layout(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int) for name in ("armed", "kind", "number", "mode", "error", "fired")),
        ("counts", ctypes.c_int * len(KINDS)),
        ("root", ctypes.c_char * 4096),
    ]


@dataclass(frozen=True, kw_only=True)
class Point:
    """The n-th call of a kind, and what befalls it."""

    kind: str
    number: int
    fault: str
    supervised: bool

    def __str__(self) -> str:
        return f"{self.kind} {self.number}{', supervised' if self.supervised else ''}"

    def redrawn(self, count: int, rng: random.Random) -> "Point":
        """The same fault at another of the calls, of which a command made only so many."""
        return replace(self, number=rng.randint(1, max(1, count)))


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a point."""

    code: int
    verdict: str
    """`ok`, `tolerated` (the command went on), `not reached`, or what is wrong."""
    told: str = ""


class Bench:
    """A folder in which a command is started again and again, in processes forked from this one."""

    def __init__(self, folder: Path, verb: str) -> None:
        self.verb = verb
        self._root, self._template, self._elsewhere = (folder / n for n in ("root", "template", "elsewhere"))
        self._modules = folder / "modules"
        self._place, self._tmp, self._said = self._root / "place", self._root / "tmp", folder / "said"
        self._made: list[int] = []
        self._drained: set[frozenset[tuple[str, bytes]]] = set()
        self._control = _Layout.from_buffer(_map(Path(os.environ["FAULTS_CONTROL"])))
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
        mode = _MODES.get(point.fault, _FAIL)
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
        return _forked(lambda: self._main([verb, *arguments], supervised=supervised))

    def _main(self, arguments: Sequence[str], *, supervised: bool) -> int:
        from jobs.cli.main import main

        os.chdir(self._elsewhere)
        said = os.open(self._said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        for number in (1, 2):
            os.dup2(said, number)
        os.environ["TMPDIR"] = tempfile.tempdir = str(self._tmp)
        if arguments[0] == "worker":
            _fork_jobs()
        code = main(arguments, supervised=supervised)
        if self._modules.exists():
            self._modules.write_text("\n".join(sys.modules), encoding="utf-8")
        return code


def _map(path: Path) -> mmap.mmap:
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), ctypes.sizeof(_Layout))


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _forked(call: Callable[[], int]) -> int:
    """What a call returns, in a process and a session of its own; negative where a signal ended it."""
    child = os.fork()
    if child == 0:
        code = 99
        try:
            os.setsid()
            code = call()
            sys.stdout.flush()
            sys.stderr.flush()
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(code)
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid or time.monotonic() > until:
            break
        time.sleep(0.005)
    with contextlib.suppress(ProcessLookupError):
        for _ in range(1000):  # until nothing that it left is there, FFmpeg most of all
            os.killpg(child, signal.SIGKILL)
            time.sleep(0.005)
    if not pid:
        os.waitpid(child, 0)
        return 98
    return os.waitstatus_to_exitcode(status)


def _fork_jobs() -> None:
    """Lets a worker fork its jobs, which are the same then as if it had started them, but for a second of imports."""
    from jobs.cli import queued_job
    from jobs.queue import child

    class Popen:
        """As much of `subprocess.Popen` as a worker uses."""

        def __init__(self, command: Sequence[str], **options: Any) -> None:
            self.returncode: int | None = None
            (below, stdin), (stdout, above) = os.pipe(), os.pipe()
            self.pid = os.fork()
            if self.pid == 0:
                code = 99
                try:
                    os.setsid()
                    for number, descriptor in ((0, below), (1, above), (2, above)):
                        os.dup2(descriptor, number)
                    for descriptor in (below, stdin, stdout, above):
                        os.close(descriptor)
                    code = queued_job.main(command[command.index("jobs.cli.queued_job") + 1 :])
                    sys.stderr.flush()
                finally:
                    os._exit(code)
            os.close(below)
            os.close(above)
            self.stdin, self.stdout = open(stdin, "wb"), open(stdout, "rb")  # noqa: PTH123, SIM115

        def wait(self) -> int:
            if self.returncode is None:
                self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            return self.returncode

        def send_signal(self, number: int) -> None:
            os.kill(self.pid, number)

    forking = SimpleNamespace(Popen=Popen, PIPE=subprocess.PIPE, STDOUT=subprocess.STDOUT)
    vars(child)["subprocess"] = forking


def choose(counts: dict[str, int], number: int, rng: random.Random) -> list[Point]:
    """Points spread evenly over the kinds of calls, half of them failures; none twice where there are enough."""
    points: list[Point] = []
    for _ in range(number):
        drawn = (draw(counts, rng) for _ in range(_TRIES))
        points.append(next((point for point in drawn if point not in points), draw(counts, rng)))
    return points


def draw(counts: dict[str, int], rng: random.Random) -> Point:
    """One point."""
    kind = rng.choice(sorted(counts))
    fault = rng.choice((rng.choice(_ERRORS[kind]), rng.choice(sorted(_MODES))))
    return Point(kind=kind, number=rng.randint(1, counts[kind]), fault=fault, supervised=rng.random() < 0.5)


def reach(bench: Bench, point: Point, rng: random.Random) -> tuple[Point, Outcome]:
    """Tries a point; another one where this command, or this worker with its heartbeats, made fewer calls."""
    for _ in range(_REDRAWS):
        outcome = bench.try_point(point)
        if outcome.verdict != "not reached":
            break
        point = point.redrawn(bench.made(point.kind), rng)
    return point, outcome


def main() -> None:
    """Tries the points that the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("verbs", nargs="*", metavar="VERB", help=", ".join(VERBS))
    parser.add_argument("--points", type=int, default=200, help="of each verb")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="of calls, not all of them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="tell every point, not only what is wrong")
    arguments = parser.parse_args()
    if "FAULTS_CONTROL" not in os.environ:
        sys.exit(_preloaded())

    wrong = 0
    for verb in arguments.verbs or VERBS:
        with tempfile.TemporaryDirectory(prefix="faults-") as name:
            bench = Bench(Path(name).resolve(), verb)
            counts = bench.counts()
            print(f"{verb}: {counts}", flush=True)
            counts = {kind: count for kind, count in counts.items() if kind in arguments.kinds}
            table: dict[tuple[str, str], Counter[str]] = {}
            rng = random.Random(arguments.seed)
            for chosen in choose(counts, arguments.points, rng):
                point, outcome = reach(bench, chosen, rng)
                is_right = outcome.verdict in ("ok", "tolerated", "not reached")
                wrong += not is_right
                column = table.setdefault((point.kind, point.fault), Counter())
                column[outcome.verdict if is_right else "WRONG"] += 1
                if arguments.list or not is_right:
                    print(f"{verb}\t{point}\t{point.fault}\t{outcome.code}\t{outcome.verdict}", flush=True)
                if not is_right:
                    print("".join(f"    | {line}\n" for line in outcome.told.splitlines()[-12:]), flush=True)
        for (kind, fault), column in sorted(table.items()):
            told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(column.items()))
            print(f"{verb}\t{kind}\t{fault}\t{told}", flush=True)
        total = sum((column for column in table.values()), Counter[str]())
        print(f"{verb}: {dict(total)}", flush=True)
    sys.exit(1 if wrong else 0)


def _preloaded() -> int:
    """This script again, with the library that counts and hits the calls."""
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        library, control = Path(name, "faults.so"), Path(name, "control")
        source = Path(__file__).with_suffix(".c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
        control.write_bytes(bytes(ctypes.sizeof(_Layout)))
        env = {
            **os.environ,
            "LD_PRELOAD": str(library),
            "FAULTS_CONTROL": str(control),
            "OMP_NUM_THREADS": "1",
        }
        return subprocess.run([sys.executable, *sys.argv], env=env, check=False).returncode


if __name__ == "__main__":
    main()
