import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from models.checkpoint import (
    load_weights,
    save_weights,
    write_tensors,
)
from models.errors import WeightsError
from models.networks.efficient import EfficientGenerator, EfficientSettings
from models.weights_info import DEFAULT_WEIGHTS
from tests.tensors import read_tensors


def test_weights_come_back_as_half_precision_of_what_was_saved(tmp_path: Path) -> None:
    torch.manual_seed(0)
    generator = EfficientGenerator(EfficientSettings(context=64, decoder=(32, 32, 32), heads=2))
    path = tmp_path / "w.safetensors"
    save_weights(path, generator, name="small", licence="CC0-1.0", vividness=1.25, recipe={"steps": 0})
    loaded, info = load_weights(path)
    told = info.name, info.licence, info.architecture, info.vividness
    assert told == ("small", "CC0-1.0", "efficient", 1.25)
    assert loaded.settings == generator.settings
    for key, tensor in generator.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[key], tensor, rtol=1e-3, atol=1e-4)
    assert [p.name for p in tmp_path.iterdir()] == ["w.safetensors"]


def test_default_weights_are_there_and_state_their_licence() -> None:
    generator, info = load_weights(DEFAULT_WEIGHTS)
    assert info.licence == "Apache-2.0"
    assert 0.5 <= info.vividness <= 2
    assert len(info.sha256) == 64
    assert not generator.training


def test_reading_weights_loads_no_compiler() -> None:
    """torch loads its compiler, for more than a second, to fill the random weights of a network on the device meta."""
    code = """
import sys
from models.checkpoint import load_weights
from models.weights_info import DEFAULT_WEIGHTS
load_weights(DEFAULT_WEIGHTS)
assert not {"torch._dynamo", "sympy"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=True)


@pytest.mark.parametrize("vividness", [0.1, float("nan"), 3])
def test_a_vividness_that_no_colour_bears_is_refused(tmp_path: Path, vividness: float) -> None:
    path = tmp_path / "w.safetensors"
    small = EfficientGenerator(EfficientSettings(context=64, decoder=(32, 32, 32), heads=2))
    save_weights(path, small, name="x", licence="x", vividness=vividness, recipe={})
    with pytest.raises(WeightsError, match=r"vividness .*; a number from 0\.5 to 2 would work"):
        load_weights(path)


def test_weights_say_where_they_are_vivid(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    small = EfficientGenerator(EfficientSettings(context=64, decoder=(32, 32, 32), heads=2))
    save_weights(path, small, name="x", licence="x", vivid_where="unsure", recipe={})
    assert load_weights(path)[1].vivid_where == "unsure"
    tensors, header = read_tensors(path)
    write_tensors(path, tensors, header | {"vivid_where": "at noon"})
    with pytest.raises(WeightsError, match="vivid_where at noon; everywhere, unsure would work"):
        load_weights(path)
    del header["vivid_where"]
    write_tensors(path, tensors, header)
    assert load_weights(path)[1].vivid_where == "everywhere"


def test_weights_of_version_2_know_no_queries(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    small = EfficientGenerator(EfficientSettings(context=64, decoder=(32, 32, 32), heads=2))
    save_weights(path, small, name="x", licence="x", recipe={})
    tensors, header = read_tensors(path)
    for added in ("queries", "guided"):
        del header["settings"][added]
    write_tensors(path, tensors, header)
    assert load_weights(path)[0].settings == small.settings
    del header["settings"]["heads"]
    write_tensors(path, tensors, header)
    with pytest.raises(WeightsError, match=r"not those of this version: \['heads'\]"):
        load_weights(path)


class _Bomb:
    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (Path("bomb-went-off"),))


@pytest.mark.parametrize("content", [b"", b"no tensors at all", pickle.dumps(_Bomb()), b"\xff" * 64])
def test_what_is_no_safetensors_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"w\.safetensors: not a readable safetensors file"):
        load_weights(path)
    assert not Path("bomb-went-off").exists()


def test_missing_file_foreign_file_and_other_architecture_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        load_weights(tmp_path / "none.safetensors")
    save_file({"x": torch.zeros(1)}, tmp_path / "foreign.safetensors")
    with pytest.raises(WeightsError, match="not one that Kinochrome wrote"):
        load_weights(tmp_path / "foreign.safetensors")
    write_tensors(tmp_path / "other.safetensors", {"x": torch.zeros(1)}, {"architecture": "vgg", "format": 1})
    with pytest.raises(
        WeightsError, match=r"architecture 'vgg'.*reads architectures 'efficient', 'guarded', 'unet'"
    ):
        load_weights(tmp_path / "other.safetensors")


def test_tensors_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    small = EfficientGenerator(EfficientSettings(context=64, decoder=(32, 32, 32), heads=2))
    save_weights(path, small, name="x", licence="x", recipe={})
    tensors, header = read_tensors(path)
    write_tensors(path, tensors, header | {"settings": header["settings"] | {"context": 96}})
    with pytest.raises(WeightsError, match="do not fit architecture"):
        load_weights(path)


def test_an_error_of_the_disk_that_torch_tells_is_one_of_the_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Torch raises RuntimeError where a file cannot be closed, on a share that says so late."""

    def failing(*arguments: object, **options: object) -> None:
        raise RuntimeError("Error closing file <w.safetensors>: Input/output error (5)")

    monkeypatch.setattr("models.tensor_file.safe_open", failing)
    (tmp_path / "w.safetensors").write_bytes(bytes(8))
    with pytest.raises(WeightsError, match=r"w\.safetensors: not a readable .*Input/output error"):
        load_weights(tmp_path / "w.safetensors")
