"""How often the state of a segment is read, and its files are hashed: as often as correctness asks, no oftener."""

import json
from collections import Counter
from pathlib import Path

from tests.stages import SEGMENTS, finish, make_place, start

COUNT = """
import atexit, collections, json, os, jobs.workdir.segment_records as records
opened, hashed, digest = collections.Counter(), collections.Counter(), records.file_digest
def look(event, details):
    if event == "open" and str(details[0]).endswith("done.json"):
        opened[details[0].split(os.sep)[-2]] += 1
def count(file, *how):
    hashed[os.sep.join(file.name.split(os.sep)[-2:])] += 1
    return digest(file, *how)
records.file_digest = count
sys.addaudithook(look)
atexit.register(lambda: print(json.dumps([opened, hashed]), file=sys.stderr))
"""
"""Runs first in the process of a run, and tells at its end."""


def run(job: Path, *options: str) -> tuple[Counter[str], Counter[str]]:
    """Opens of each segment's records, and hashes of each file, in one run."""
    code, _, err = finish(start("run", job, "-q", "--workers", "1", "--keep-work", *options, setup=COUNT))
    assert code == 0, err
    opened, hashed = json.loads(err.splitlines()[-1])
    return Counter(opened), Counter(hashed)


def test_a_run_reads_the_state_of_a_segment_a_few_times_only(tmp_path: Path) -> None:
    job = make_place(tmp_path)
    opened, hashed = run(job)
    names = [f"{index:06d}" for index in range(SEGMENTS)]
    # at the start for what is kept and for what is to do, before its lock, under its lock, twice at what is recorded,
    # before the film is put together
    assert opened == dict.fromkeys(names, 7)
    # when it is recorded; the proxy once more, after it was rendered from
    assert hashed == {f"{name}/proxy.mkv": 2 for name in names} | {f"{name}/video.nut": 1 for name in names}
    made = (tmp_path / "out.mkv").read_bytes()
    opened, hashed = run(job, "--overwrite")
    assert opened == dict.fromkeys(names, 4)
    assert set(hashed.values()) == {1}
    for video in tmp_path.glob(".out.mkv.kinochrome/segments/*/video.nut"):
        video.unlink()
    opened, hashed = run(job, "--overwrite")
    assert opened == dict.fromkeys(names, 6)
    assert max(hashed.values()) == 2
    assert (tmp_path / "out.mkv").read_bytes() == made
