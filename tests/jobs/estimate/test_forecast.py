import time
from pathlib import Path

import pytest

from jobs.cli.main import main
from jobs.estimate.forecast import error_line, expect
from jobs.progress.reporters import LineProgress
from jobs.segments.spec import find_weights, make_spec
from jobs.settings.job_file import load_job
from jobs.settings.output_paths import work_folder
from jobs.workdir.film_plan import open_plan
from jobs.workdir.folder import WorkDir
from jobs.workers.devices import plan_seats
from tests.stages import make_place


def test_an_error_is_told_with_its_sign() -> None:
    assert error_line(90, 100) == "estimated 2 min, took 2 min: -10 %"
    assert error_line(50, 40) == "estimated 50 s, took 40 s: +25 %"


def test_a_long_run_says_what_it_expects(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make_place(tmp_path)
    assert main(["plan", str(path), "-q"]) == 0
    job = load_job(path)
    work = WorkDir(work_folder(job.output), share="part")
    film, plan = open_plan(job, work=work)
    spec = make_spec(job, film, plan=plan, work=work, weights=find_weights(job))
    seats = plan_seats(job, workers=1)
    progress = LineProgress()
    started = time.monotonic()
    assert expect(spec, seats=seats, started=started, progress=progress) is None  # too short to be priced
    expected = expect(spec, seats=seats, started=started, progress=progress, least_ratio=0.1)
    assert expected is not None
    assert expected > 0
    assert "for 32 frames from here" in capsys.readouterr().err
