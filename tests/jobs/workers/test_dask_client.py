"""A cluster that cannot be reached is one line: nobody there, a wrong address, no certificates."""

from pathlib import Path

import pytest

from jobs.cli.main import main
from jobs.settings.job_file import load_job
from jobs.workdir.folder import WorkDir
from jobs.workers.dask_pool import check_cluster
from pipeline.errors import DeviceError
from tests.clusters import Cluster
from tests.stages import finish, make_place, start

WORK = ".out.mkv.kinochrome"


@pytest.fixture
def job(tmp_path: Path) -> Path:
    return make_place(tmp_path)


def test_absent_clusters_are_told_in_one_line(job: Path, tmp_path: Path) -> None:
    (tmp_path / "cluster").mkdir()
    with Cluster(tmp_path / "cluster") as own:
        made = load_job(job)
        with (
            WorkDir(job.parent / WORK, output=made.output, share="stage") as work,
            pytest.raises(DeviceError, match=r"no worker of the scheduler at .* within 1 s; `dask worker"),
        ):
            check_cluster(made, work=work, scheduler=own.address, patience_seconds=1)
    setup = "from jobs.workers import dask_client; dask_client._CONNECT_SECONDS = 2"
    code, _, told = finish(start("run", job, "-q", "--scheduler", own.address, setup=setup))
    assert (code, len(told.splitlines())) == (1, 1), told
    assert f"cannot reach a scheduler at {own.address} within 2 s; `dask scheduler` starts one" in told


def test_wrong_options_are_told(job: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in ("127.0.0.1:8786", "http://host:1", "tcp://host", "tcp://host:port", "tcp://:1"):
        assert main(["run", str(job), "--scheduler", wrong]) == 2
    assert "is not tcp://HOST:PORT or tls://HOST:PORT" in capsys.readouterr().err
    assert main(["run", str(job), "--scheduler", "tcp://host:1", "--workers", "2"]) == 2
    assert "not allowed with argument" in capsys.readouterr().err
    (tmp_path / "a.png").write_bytes(b"a still by its name")
    still = [str(tmp_path / "a.png"), "-o", str(tmp_path / "out.png")]
    assert main(["colorize", *still, "--scheduler", "tcp://host:1"]) == 1
    assert "--scheduler is for films" in capsys.readouterr().err


@pytest.mark.parametrize("named", [None, "none.pem"])
def test_tls_without_certificates_is_told_in_one_line(
    job: Path, tmp_path: Path, named: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    import dask
    import distributed

    assert distributed.__version__  # imported first: it brings the defaults of these settings
    names = ("ca-file", "client.cert", "client.key")
    files = {f"distributed.comm.tls.{name}": named and str(tmp_path / named) for name in names}
    with dask.config.set(files):
        assert main(["run", str(job), "-q", "--scheduler", "tls://127.0.0.1:1"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        "kinochrome: error: --scheduler tls://127.0.0.1:1: tls:// needs the client's certificates"
    )
    assert (named or "none are set") in line
    assert "set distributed.comm.tls.ca-file, distributed.comm.tls.client.cert and .key" in line
