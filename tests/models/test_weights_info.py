import subprocess
import sys
from pathlib import Path

import pytest

from models.checkpoint import GENERATORS, load_weights
from models.errors import WeightsError
from models.weights_info import ARCHITECTURES, DEFAULT_WEIGHTS, read_weights_info, weights_file


def test_a_file_says_the_same_of_itself_whether_its_tensors_are_read_or_not() -> None:
    assert read_weights_info(DEFAULT_WEIGHTS) == load_weights(DEFAULT_WEIGHTS)[1]
    assert weights_file("default") == DEFAULT_WEIGHTS


def test_every_architecture_that_is_named_can_be_made() -> None:
    assert set(GENERATORS) == set(ARCHITECTURES)


def test_what_a_file_says_of_itself_is_read_without_torch() -> None:
    code = """
import sys
from models.weights_info import DEFAULT_WEIGHTS, read_weights_info
read_weights_info(DEFAULT_WEIGHTS)
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=True)


def test_a_file_that_is_cut_short_or_missing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(DEFAULT_WEIGHTS.read_bytes()[:-1])
    with pytest.raises(WeightsError, match="not a readable safetensors file"):
        read_weights_info(path)
    with pytest.raises(WeightsError, match="no such file"):
        read_weights_info(tmp_path / "none.safetensors")
