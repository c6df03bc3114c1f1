"""Mutated films, coloured one by one: nothing crashes, hangs or stays behind, and what comes out decodes.

Bytes are flipped, cut, doubled, moved and zeroed, numbers set to extremes, headers swapped between films of many
containers and codecs. Everything follows from `--seed` and the number of the case. Each case is a supervised
`kinochrome colorize` in a child that is forked from this process, which has everything loaded; so a case costs
about a second. A film that can be coloured but not be put together keeps its finished segments, to go on with
another container: that is a promise, and is counted. Cases that are in DIR already are not done again; the films
of those that went wrong are kept in DIR.

python tests/benchmarks/mutants.py --out DIR [--cases 2000] [--seed 1] [--jobs 2] [--films FOLDER] [--only N]
    [--patience 1] [--summary]
"""

import argparse
import contextlib
import importlib
import json
import os
import pkgutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import jobs
import models
import pipeline
from tests.mutantcases import Case, Result, in_child
from tests.mutants import Source, make_sources

_KILL_SECONDS = 90.0
_LARGEST_SOURCE_BYTES = 120_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--films", type=Path, help="folder of further films, of which the small ones are used"
    )
    parser.add_argument(
        "--patience", type=float, default=1.0, help="factor on time limits, for a busy machine"
    )
    parser.add_argument("--only", type=int, help="this case alone, again")
    parser.add_argument("--summary", action="store_true", help="only say what the cases in DIR showed")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    log = arguments.out / f"results-{arguments.seed}.jsonl"
    if not arguments.summary:
        _load_everything()
        sources = _sources(arguments)
        wanted = range(arguments.cases) if arguments.only is None else (arguments.only,)
        known = set() if arguments.only is not None else {result["case"] for result in _read(log)}
        with log.open("a", encoding="utf-8") as file:
            for result in _do(arguments, [n for n in wanted if n not in known], sources):
                file.write(json.dumps(asdict(result)) + "\n")
                file.flush()
                for fault in result.faults:
                    print(f"{result.case} {result.source} {result.mutation}: {fault}", flush=True)
    summary = summarise(_read(log))
    print(json.dumps(summary, indent=2))
    sys.exit(1 if summary["cases with a fault"] else 0)


def summarise(results: list[dict[str, object]]) -> dict[str, object]:
    """Totals of all cases; of a case that was done again, the last result counts."""
    last = {result["case"]: result for result in results}.values()
    seconds = sorted(float(str(result["seconds"])) for result in last)
    return {
        "cases": len(last),
        "exit codes": dict(sorted(Counter(str(result["code"]) for result in last).items())),
        "films made": sum(result["code"] == 0 for result in last),
        "seconds of all cases": round(sum(seconds)),
        "CPU seconds of all cases": round(sum(float(str(result["cpu_seconds"])) for result in last)),
        "longest seconds": seconds[-1] if seconds else None,
        "work kept": sum(bool(result.get("keeps_work")) for result in last),
        "cases with a fault": sum(bool(result["faults"]) for result in last),
        "faults": [f"{result['case']}: {result['faults']}" for result in last if result["faults"]][:50],
        "sources": len({result["source"] for result in last}),
    }


def _read(log: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []


def _load_everything() -> None:
    """Imports all of Kinochrome, one thread each; no network is opened and nothing computed, so forks are safe."""
    for package in (jobs, models, pipeline):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            with contextlib.suppress(ImportError):
                importlib.import_module(found.name)
    import cv2
    import torch

    torch.set_num_threads(1)
    cv2.setNumThreads(0)


def _sources(arguments: argparse.Namespace) -> list[Source]:
    folder = arguments.out / "sources"
    folder.mkdir(exist_ok=True)
    in_child(lambda: str(len(make_sources(folder))))  # encoders start threads, which a fork must not meet
    sources = [Source(name=path.name, data=path.read_bytes()) for path in sorted(folder.iterdir())]
    if arguments.films is not None:
        found = sorted(path for path in arguments.films.iterdir() if path.is_file())
        small = [path for path in found if path.stat().st_size <= _LARGEST_SOURCE_BYTES]
        sources += [Source(name=path.name, data=path.read_bytes()) for path in small]
    return sources


def _do(arguments: argparse.Namespace, cases: list[int], sources: list[Source]) -> Iterator[Result]:
    """The results of the cases, `--jobs` at a time."""
    running: dict[int, Case] = {}
    left = iter(cases)
    while True:
        while len(running) < arguments.jobs and (number := next(left, None)) is not None:
            case = Case(number, arguments, sources)
            running[case.start()] = case
        if not running:
            return
        for pid, case in running.items():
            if time.monotonic() - case.started > _KILL_SECONDS * arguments.patience:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
        pid, status, usage = os.wait4(-1, os.WNOHANG)
        if pid in running:
            case = running.pop(pid)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            yield case.finish(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime)
        elif pid == 0:
            time.sleep(0.02)


if __name__ == "__main__":
    main()
