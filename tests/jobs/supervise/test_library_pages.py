"""Pages of libraries that loading has touched are given back, and what is needed of them comes again."""

import subprocess
import sys

import pytest

PROGRAM = """
import re, ssl, zoneinfo
from pathlib import Path
import numpy as np
from jobs.supervise.library_pages import return_library_pages

def resident():
    smaps = Path("/proc/self/smaps_rollup").read_text()
    rss, own = (int(re.search(rf"{name}: +([0-9]+) kB", smaps)[1]) for name in ("Rss", "Anonymous"))
    return rss - own, own

before, own = resident()
return_library_pages()
after, still_own = resident()
values = np.linalg.svd(np.random.default_rng(1).normal(size=(64, 64)), compute_uv=False)
print(before, after, own, still_own, float(values.sum()) > 0, ssl.OPENSSL_VERSION_INFO[0] > 0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only there pages are given back")
def test_what_only_loading_needed_is_given_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=True
    )
    before, after, own, still_own, *works = done.stdout.split()
    assert int(after) < int(before) / 2
    assert int(still_own) >= int(own)  # nothing that was written is lost
    assert works == ["True", "True"]
