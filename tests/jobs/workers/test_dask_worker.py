"""What a worker of a cluster does of itself."""

import subprocess
import sys

from tests.stages import ROOT


def test_a_worker_whose_decoder_hangs_ends_itself_and_says_so() -> None:
    code = """
import logging, time
from pathlib import Path
from jobs.workers.dask_worker import watched
from pipeline.limits import Limits
from pipeline.read_monitor import reading
logging.basicConfig()
with watched(), reading(Path("share/film.mkv"), Limits(stall_seconds=1)) as post:
    for _ in range(8):
        time.sleep(0.25)
        post.frame(7)
    print("got on", flush=True)
    time.sleep(120)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (1, "got on\n")
    assert "share/film.mkv: after 8 frames (pts 7), no progress for 1 s, so its worker" in done.stderr
