"""Encoder options with paths as values: no file outside output and work folder is read, written or made.

Every option that FFmpeg lists for libx264, libx265, ffv1, prores_ks and dnxhd, of the encoder and of every encoder,
and every parameter of x264 and x265, with paths as values: all of them through `check` in one process, samples of
them through `run`, a forked process each, and through the drop folder of a worker. Before and after, everything in
the folder that is not a job's own is hashed; where strace is installed, the names that the programs open are looked
at too. A verb whose number is 0 is left out.

python tests/benchmarks/options.py [--check N] [--run 300] [--drop 300] [--seed 1] [--dir FOLDER]
"""

import argparse
import contextlib
import io
import json
import os
import platform
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from jobs.cli.main import main as kinochrome
from jobs.version import VERSION
from tests.media import make_film
from tests.optioncases import OptionCase, cases

_OWN = ("jobs", "out", "work", "spool", "drop", "logs", "tmp")
"""Folders in which files may change."""
_FOREIGN = re.compile(r"somebodys|foreign\.log|x26[45]_|\.clbin|\.mbtree|\.cutree")
"""What is in the name of each file that nobody may touch."""
_REFUSED = re.compile(r"encode\.options\.[^:]+: ")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", type=int, help="so many through check; else all")
    parser.add_argument("--run", type=int, default=300)
    parser.add_argument("--drop", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dir", type=Path, help="where the temporary folder is made")
    parser.add_argument("--these", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--verb", choices=("check", "run"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.these:
        do_all = run_all if arguments.verb == "run" else check_all
        print(json.dumps(do_all(sorted(arguments.these.iterdir()))))
        return
    with tempfile.TemporaryDirectory(dir=arguments.dir) as name:
        place = Path(name).resolve()
        everything = prepare(place)
        chance = random.Random(arguments.seed)
        report: dict[str, object] = {
            "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.release()}",
            "versions": {"kinochrome": VERSION, "python": platform.python_version()},
            "strace": shutil.which("strace") is not None,
            "cases": len(everything),
        }
        before = listing(place)
        for verb, most, do in (
            ("check", arguments.check, check),
            ("run", arguments.run, run),
            ("drop", arguments.drop, drop),
        ):
            if most == 0:
                continue
            some = everything if most is None else chance.sample(everything, min(most, len(everything)))
            started = time.monotonic()
            told = do(place, [write_job(place, number, case) for number, case in enumerate(some)])
            after = listing(place)
            report[verb] = {
                "jobs": len(some),
                **Counter(told),
                "files changed, made or gone": sorted(set(before.items()) ^ set(after.items())),
                "files opened": opened(place),
                "seconds": round(time.monotonic() - started),
            }
            shutil.rmtree(place / "jobs")
            (place / "jobs").mkdir()
    print(json.dumps(report, indent=2))


def prepare(place: Path) -> list[OptionCase]:
    """A film, files of somebody else's, and every case."""
    for folder in (*_OWN, "somebodys", "cwd", "home"):
        (place / folder).mkdir()
    make_film(place / "film.mkv", frames=9, size=(96, 64), pixel_format="yuv420p")
    (place / "somebodys" / "precious.bin").write_bytes(b"somebody's only copy")
    (place / "cwd" / "foreign.log").write_bytes(b"another one")
    there, new = place / "somebodys" / "precious.bin", place / "somebodys" / "new.bin"
    return list(cases((str(there), str(new), "../somebodys/precious.bin", "foreign.log")))


def write_job(place: Path, number: int, case: OptionCase) -> Path:
    """The job file of a case."""
    encode: dict[str, object] = {"codec": case.codec, "options": case.options}
    if case.codec in ("libx264", "libx265"):
        encode |= {"chroma": "420", "depth": 8}
    path = place / "jobs" / f"{number}.yaml"
    lines = (f"input: {place}/film.mkv", f"output: {place}/out/{number}.mov", f"work: {place}/work")
    path.write_text("\n".join((*lines, f"encode: {json.dumps(encode)}", "")))
    return path


def check(place: Path, jobs: Sequence[Path]) -> list[str]:
    """What `check` made of each, called in one process."""
    return outcomes(place, "check")


def run(place: Path, jobs: Sequence[Path]) -> list[str]:
    """What `run` made of each, in a process each, forked from one that has imported what they need."""
    return outcomes(place, "run")


def outcomes(place: Path, verb: str) -> list[str]:
    """What this script, which looks at files and calls of all its processes, says of all job files."""
    found = traced(place, [__file__, "--these", str(place / "jobs"), "--verb", verb])
    return (
        list(json.loads(found.stdout.splitlines()[-1])) if found.returncode == 0 else [found.stderr[-2000:]]
    )


def check_all(jobs: Sequence[Path]) -> list[str]:
    """The outcome of `check` for each job file."""
    found = []
    for path in jobs:
        told = io.StringIO()
        with contextlib.redirect_stderr(told), contextlib.redirect_stdout(told):
            code = kinochrome(["check", str(path)])
        found.append(outcome(code, told.getvalue()))
    return found


def run_all(jobs: Sequence[Path]) -> list[str]:
    """The outcome of `run` for each job file."""
    check_all(jobs[:1])  # imports
    found = []
    for path in jobs:
        with tempfile.TemporaryFile() as said:
            child = os.fork()
            if child == 0:
                os.dup2(said.fileno(), 1)
                os.dup2(said.fileno(), 2)
                code = 99
                try:
                    code = kinochrome(["run", str(path)], supervised=True)
                finally:
                    sys.stderr.flush()
                    os._exit(code)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            said.seek(0)
            found.append(outcome(code, said.read().decode(errors="replace")))
    return found


def drop(place: Path, jobs: Sequence[Path]) -> list[str]:
    """What a worker made of each in its drop folder."""
    for path in jobs:
        shutil.copy(path, place / "drop" / path.name)
    (place / "spool").rmdir()
    once = "import sys; from pathlib import Path; from jobs.queue.folder import Spool; Spool.make(Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", once, place / "spool"], env=environment(place), check=True)
    worker = ["-m", "jobs.cli.main", "worker", "--spool", str(place / "spool"), "--drain", "--poll", "0.2"]
    traced(place, [*worker, "--watch", str(place / "drop"), "--output-dir", str(place / "out")])
    failed = len(list((place / "spool" / "failed").iterdir()))
    logs = [path.read_text() for path in (place / "spool" / "logs").iterdir()]
    return [outcome(1, log) for log in logs] + ["not failed"] * (len(jobs) - failed)


def traced(place: Path, arguments: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    """Runs Python with the arguments in a folder of its own, under strace where there is one."""
    command = [sys.executable, *arguments]
    if shutil.which("strace"):
        log = place / "logs" / f"{time.monotonic_ns()}"
        trace = (
            "strace",
            "-f",
            "--seccomp-bpf",
            "-qq",
            "-e",
            "trace=%file",
            "-e",
            "signal=none",
            "-s",
            "4096",
        )
        command = [*trace, "-o", str(log), *command]
    return subprocess.run(
        command, cwd=place / "cwd", env=environment(place), capture_output=True, text=True, check=False
    )


def environment(place: Path) -> dict[str, str]:
    root = str(Path(__file__).parents[2])
    own = {
        "PYTHONPATH": root,
        "HOME": str(place / "home"),
        "TMPDIR": str(place / "tmp"),
        "OMP_NUM_THREADS": "1",
    }
    return {**os.environ, **own}


def outcome(code: int, told: str) -> str:
    """`refused` where the option was named; else the exit code."""
    return "refused" if code == 1 and _REFUSED.search(told) else f"exit code {code}: {told[-200:]}"


def opened(place: Path) -> list[str]:
    """The calls with names of files that nobody may touch, of which strace knows; forgets them."""
    found = set()
    for log in (place / "logs").iterdir():
        with log.open(errors="replace") as file:
            found |= {line.partition(" ")[2].strip() for line in file if _FOREIGN.search(line)}
        log.unlink()
    return sorted(found)


def listing(place: Path) -> dict[str, tuple[int, int, str]]:
    """Size, time of change and hash of every file that is not a job's own."""
    found = {}
    for path in sorted(place.rglob("*")):
        if path.relative_to(place).parts[0] not in _OWN:
            data = path.read_bytes() if path.is_file() else b""
            about = path.stat()
            found[str(path.relative_to(place))] = (about.st_size, about.st_mtime_ns, sha256(data).hexdigest())
    return found


if __name__ == "__main__":
    main()
