import os
import sys
import threading
from collections import defaultdict
from pathlib import Path

import pytest

from jobs.progress.reporters import QuietProgress
from jobs.segments.lanes import do_lanes
from jobs.segments.spec import make_spec
from jobs.segments.task import make_predictor, open_tools
from jobs.settings.job_file import make_job
from jobs.workdir.film_plan import plan_film
from jobs.workdir.folder import WorkDir
from pipeline.source.probe import probe
from tests.media import make_film


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives each thread a priority of its own")
def test_rendering_takes_what_colour_leaves_of_the_cores(tmp_path: Path) -> None:
    source = tmp_path / "film.mkv"
    make_film(source, frames=48)
    job = make_job(
        {
            "input": str(source),
            "output": str(tmp_path / "out.mkv"),
            "segment_frames": 16,
            "device": "cpu",
            "color": {"short_side": 128},
        }
    )
    film, predictor, before = probe(source), make_predictor(job), _niceness()
    niceness: defaultdict[str, set[int]] = defaultdict(set)
    with WorkDir(tmp_path / "work", output=job.output) as work:
        plan = plan_film(job, film, work=work, progress=QuietProgress())
        spec = make_spec(job, film, plan=plan, work=work, weights=predictor.weights)
        tools = open_tools(spec, predictor)
        do_lanes(tools, plan.segments, report=lambda stage, *_: niceness[stage].add(_niceness()))
    assert niceness == {"colour": {before}, "render": {min(before + 10, 19)}}
    assert _niceness() == before


def _niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
