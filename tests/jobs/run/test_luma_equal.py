"""The archive's promise: with `archival`, every luma plane that comes out is the one that went in."""

import itertools
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from jobs.progress.reporters import QuietProgress
from jobs.records.film_record import read_record
from jobs.run.film import run_job
from jobs.settings.job_file import make_job
from jobs.settings.output_paths import record_path
from jobs.workdir.folder import WorkDir
from pipeline.colorize.chroma_proxy import ProxyFrame, write_proxy
from pipeline.source.probe import probe
from tests.fields import field_flags, luma_sums
from tests.media import ColorTags, make_film

FRAMES = 4
_ALL = (("limited", "full"), (None, "tff", "bff"))
_CASES = [
    *itertools.product((8, 10, 12, 16), ("gray", "yuv420p"), *_ALL),
    *itertools.product((8, 10), ("yuv422p", "yuv444p"), *_ALL),
]


@pytest.mark.parametrize(("depth", "kind", "levels", "fields"), _CASES)
@pytest.mark.parametrize("size", [(65, 47)])
def test_every_luma_plane_is_the_source_s(
    tmp_path: Path,
    depth: int,
    kind: str,
    levels: Literal["limited", "full"],
    fields: Literal["tff", "bff"] | None,
    size: tuple[int, int],
) -> None:
    film, output = tmp_path / "film.mkv", tmp_path / "out.mkv"
    make_film(
        film,
        frames=FRAMES,
        size=size,
        pixel_format=kind if depth == 8 else f"{kind}{depth}le",
        color=ColorTags(range=levels),
        interlaced=fields,
    )
    before = luma_sums(film)
    assert len({md5 for _, md5 in before}) == FRAMES
    _colored(film, output)
    assert luma_sums(output) == before
    assert field_flags(output) == {None: "P", "tff": "T", "bff": "B"}[fields] * FRAMES
    made = probe(output)
    assert (made.pixel_format.depth, made.color.range) == (depth, levels)
    proof = read_record(record_path(output)).luma
    assert (proof.equal, proof.frames_equal) == (True, FRAMES)


def _colored(film: Path, output: Path) -> None:
    """Runs a job whose colours are given: no network is needed to see what becomes of the luma."""
    red = np.full((12, 16), 0.2, np.float32)
    frame = ProxyFrame(luma=np.full_like(red, 0.5), cb=-red, cr=red)
    graded = output.parent / "graded"
    graded.mkdir()
    write_proxy(graded / "000000.mkv", [(number * 40, frame) for number in range(FRAMES)], film=probe(film))
    options = {"input": str(film), "output": str(output), "preset": "archival", "from_proxy": str(graded)}
    job = make_job(options, overrides=("report_page=false",))
    with WorkDir(output.parent / "work") as work:
        run_job(job, work=work, progress=QuietProgress())
