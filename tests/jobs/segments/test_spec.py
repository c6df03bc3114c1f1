import subprocess
import sys
from pathlib import Path

import pytest
import torch

from jobs.segments.spec import check_weights, find_weights, shot_weights
from jobs.settings.job_file import make_job
from models.checkpoint import save_weights
from models.errors import WeightsError
from models.networks.efficient import EfficientGenerator, EfficientSettings
from models.weights_info import DEFAULT_WEIGHTS, read_weights_info
from tests.media import make_film


def test_status_is_told_without_torch() -> None:
    code = "import jobs.run.status, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], check=True)


def test_damaged_weights_of_a_shot_are_told_of_before_anything_is_done(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    small = EfficientGenerator(EfficientSettings(context=16, decoder=(8, 8, 8), heads=2))
    save_weights(path, small, name="small", licence="CC0-1.0", recipe={})
    data = bytearray(path.read_bytes())
    data[-2:] = torch.tensor([float("nan")], dtype=torch.float16).numpy().tobytes()
    path.write_bytes(data)
    make_film(tmp_path / "f.nut")
    values = {"input": str(tmp_path / "f.nut"), "output": str(tmp_path / "out.mkv")}
    job = make_job(values | {"shots": {"0": {"weights": str(path)}}})
    assert find_weights(job) == read_weights_info(DEFAULT_WEIGHTS)
    assert list(shot_weights(job)) == [str(path)]
    check_weights(job.model_copy(update={"shots": {}}), own=True)
    with pytest.raises(WeightsError, match="NaN or infinite"):
        check_weights(job, own=False)
