"""A wheel, built without the network, lies beside packages called `jobs`, `models` and `pipeline`, and works."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from pathlib import Path
from types import ModuleType

import pytest

from jobs.shipped import CONFIGS
from tests.comparison import compare
from tests.media import make_film

ROOT = Path(__file__).parents[2]
OTHERS = ("jobs", "models", "pipeline")


@pytest.fixture(scope="module")
def backend() -> ModuleType:
    spec = importlib.util.spec_from_file_location("wheel_backend", ROOT / "install" / "wheel_backend.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, unpacked as an installation unpacks it, beside other people's packages of our folders' names."""
    place = tmp_path_factory.mktemp("wheel")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-cache-dir", "--wheel-dir", str(place)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(ROOT)], check=True, timeout=300)
    (path,) = place.glob("kinochrome-*.whl")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(place / "site")
    for name in OTHERS:
        (place / "site" / name).mkdir()
        (place / "site" / name / "__init__.py").write_text(f"OWNER = 'somebody else: {name}'\n")
    return place / "site"


def python(wheel: Path, *arguments: object, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Runs Python where the wheel is installed; the checkout cannot be imported there."""
    return subprocess.run(
        [sys.executable, "-P", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(wheel), "OMP_NUM_THREADS": "1"},
    )


def test_it_holds_one_package_with_every_module_and_every_file_beside_them(wheel: Path) -> None:
    ours = [path for path in wheel.iterdir() if path.name not in OTHERS]
    assert [path.name for path in ours if not path.name.endswith(".dist-info")] == ["kinochrome"]
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    wanted = [path for path in (ROOT / "configs").rglob("*.*") if path.suffix in {".md", ".yaml", ".csv"}]
    for name in config["options"]["packages"].split():
        if name != "kinochrome":
            wanted += (ROOT / name.replace(".", "/")).glob("*.py")
    for name, patterns in config["options.package_data"].items():
        for pattern in patterns.split(","):
            found = (ROOT / name.replace(".", "/")).glob(pattern.strip())
            wanted += [path for path in found if path.is_file()]
    for path in wanted:
        assert (wheel / "kinochrome" / path.relative_to(ROOT)).is_file(), path
    (script,) = wheel.glob("*.dist-info/entry_points.txt")
    assert "kinochrome = kinochrome.__main__:main" in script.read_text()


def test_it_colours_with_two_workers_beside_packages_of_the_same_names(wheel: Path, tmp_path: Path) -> None:
    make_film(tmp_path / "film.mkv", frames=16, audio=1)
    small = [f"--set={key}" for key in ("color.short_side=128", "segment_frames=8", "overlap_frames=0")]
    arguments = ["colorize", "film.mkv", "-o", "out.mkv", "--preset", "archival", "--workers", "2", *small]
    done = python(wheel, "-m", "kinochrome", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert compare(tmp_path / "film.mkv", tmp_path / "out.mkv").faults == []


def test_its_queue_starts_its_own_module(wheel: Path, tmp_path: Path) -> None:
    """The job's process is named by a module; it fails here for a reason of its own, which its log tells."""
    make_film(tmp_path / "film.mkv", frames=2)
    (tmp_path / "job.yaml").write_text("input: film.mkv\noutput: out.mkv\n")
    assert python(wheel, "-m", "kinochrome", "submit", "--spool=q", "job.yaml", cwd=tmp_path).returncode == 0
    (tmp_path / "film.mkv").write_bytes(b"")
    python(wheel, "-m", "kinochrome", "worker", "--spool=q", "--once", cwd=tmp_path)
    (log,) = (tmp_path / "q").rglob("*.log")
    assert "film.mkv: is empty" in log.read_text() or "film.mkv" in log.read_text()
    assert "No module" not in log.read_text()


def test_programs_import_it_beside_the_others(wheel: Path, tmp_path: Path) -> None:
    code = """if True:
        import json, sys
        import jobs, kinochrome, models, pipeline
        print(json.dumps([jobs.OWNER, models.OWNER, pipeline.OWNER]))
        try:
            kinochrome.check("none.mkv", output="out.mkv")
        except kinochrome.KinochromeError as error:
            print(error)
        print({name.partition(".")[0] for name in sys.modules if name.startswith(("jobs.", "models.", "pipeline."))})
    """
    done = python(wheel, "-c", code, cwd=tmp_path)
    owners, message, taken = done.stdout.splitlines()
    assert json.loads(owners) == [f"somebody else: {name}" for name in OTHERS]
    assert "none.mkv" in message
    assert taken == "set()"


def test_its_recipes_have_names(wheel: Path, tmp_path: Path) -> None:
    done = python(wheel, "-m", "kinochrome", "train", "finetune", "--set", "out=run", cwd=tmp_path)
    assert done.returncode == 1
    assert re.search(r"data: .*(needed|missing|required)", done.stderr), done.stderr
    assert {path.stem for path in (CONFIGS / "train").glob("*.yaml")} >= {"default", "finetune"}


@pytest.mark.parametrize(
    ("text", "nested"),
    [
        ("from jobs.run import film", "from kinochrome.jobs.run import film"),
        ("if x:\n    from pipeline import (\n        a,\n    )", None),
        ("import jobs", "from kinochrome import jobs"),
        ("import jobs.run as r", "import kinochrome.jobs.run as r"),
        ("'é'; from models.lab import ab", "'é'; from kinochrome.models.lab import ab"),
        ("from . import jobs", "from . import jobs"),
        ("from jobsite import jobs", "from jobsite import jobs"),
        ("import torch", "import torch"),
        ("a = 'jobs'  # jobs.run", "a = 'jobs'  # jobs.run"),
    ],
)
def test_only_imports_of_ours_change(backend: ModuleType, text: str, nested: str | None) -> None:
    expected = nested or text.replace("from pipeline", "from kinochrome.pipeline")
    assert backend.nested_source(text.encode(), path=Path("m.py")).decode() == expected


@pytest.mark.parametrize("text", ["import jobs.run", "RUN = ('-m', 'jobs.cli.main')"])
def test_what_cannot_be_moved_stops_the_build(backend: ModuleType, text: str) -> None:
    with pytest.raises(ValueError, match=r"m\.py:1: .* would work"):
        backend.nested_source(text.encode(), path=Path("m.py"))
