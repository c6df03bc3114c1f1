"""Weights files that are damaged or made to harm: one clear error each, and no more memory than the file is large."""

import json
import os
import random
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.checkpoint import (
    load_weights,
    save_weights,
    write_tensors,
)
from models.errors import ModelError, TrainingError, WeightsError
from models.networks.efficient import EfficientGenerator, EfficientSettings
from models.networks.unet import UnetGenerator, UnetSettings
from models.weights_info import DEFAULT_WEIGHTS
from tests.tensors import read_tensors

SMALL = EfficientSettings(context=16, decoder=(8, 8, 8), heads=2)
KEYS = ["format", "architecture", "settings", "name", "licence", "vividness", "recipe"]
SETTINGS = ["context", "decoder", "heads", "dropout", "levels", "channels", "batch_statistics"]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**40), max_value=10**40)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["efficient", "guarded", "unet"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(SETTINGS), inner, max_size=4),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    save_weights(path, EfficientGenerator(SMALL), name="small", licence="CC0-1.0", recipe={})
    return path


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a network that is made within a millisecond."""
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_weights(
        path, UnetGenerator(UnetSettings(levels=2, channels=2)), name="tiny", licence="CC0-1.0", recipe={}
    )
    return path


@contextmanager
def little_memory(most_bytes: int = 400 << 20) -> Iterator[None]:
    """Fails where the block raises the peak of this process's memory by more."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown < most_bytes, f"{grown:,} bytes"


def changed(path: Path, **header: object) -> Path:
    """Beside `path`, the same file with other entries in its header."""
    tensors, found = read_tensors(path)
    other = path.with_name("changed.safetensors")
    write_tensors(other, tensors, found | header)
    return other


def refused(path: Path) -> str:
    """The one line that says why."""
    with pytest.raises(WeightsError) as caught:
        load_weights(path)
    line = str(caught.value)
    assert str(path) in line
    assert "\n" not in line
    assert len(line) < len(str(path)) + 500
    return line


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_weights_that_are_no_numbers_are_refused(small: Path, tmp_path: Path, value: float) -> None:
    tensors, header = read_tensors(small)
    tensors["logits.bias"][3:5] = value
    path = tmp_path / "w.safetensors"
    write_tensors(path, tensors, header)
    assert "2 of the 260 values of tensor logits.bias are NaN or infinite" in refused(path)


def test_weights_beyond_half_precision_are_not_written(tmp_path: Path) -> None:
    generator = EfficientGenerator(SMALL)
    generator.state_dict()["logits.bias"][0] = 1e6
    with pytest.raises(TrainingError, match=r"tensor logits\.bias has values that float16 does not hold"):
        save_weights(tmp_path / "w.safetensors", generator, name="x", licence="x", recipe={})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"context": 4096, "decoder": [4096, 4096, 4096], "heads": 1}, "tensor .* is of shape"),
        ({"context": 150_000}, "context: channels from 1 to 4096 work"),
        ({"decoder": [10**30, 8, 8]}, "decoder: channels from 1 to 4096 work"),
        ({"decoder": [8, 8]}, "settings.decoder"),
        ({"heads": 3}, "heads: a divisor of context, 16, works"),
        ({"heads": 0}, "heads: a divisor"),
        ({"context": "16"}, r"settings\.context: Input should be a valid integer, found 16"),
        ({"queries": 5_000}, "queries: a number from 0 to 1024 works"),
        ({"queries": 2.5}, r"settings\.queries: Input should be a valid integer"),
        ({"queries": float("inf")}, r"settings\.queries: Input should be"),
        ({"guided": 1}, r"settings\.guided: Input should be a valid boolean, found 1"),
        ({"queries": 8}, "tensors are missing, the first is queries"),
        ({"dropout": float("nan")}, "dropout: a share from 0 to 1 works"),
    ],
)
def test_settings_that_the_tensors_are_not_of_get_no_memory(
    small: Path, asked: dict[str, object], told: str
) -> None:
    _, header = read_tensors(small)
    with little_memory():
        line = refused(changed(small, settings=header["settings"] | asked))
    assert "its tensors do not fit architecture 'efficient'" in line
    with pytest.raises(WeightsError, match=told):
        load_weights(small.with_name("changed.safetensors"))


def test_the_default_weights_with_settings_of_a_huge_network_get_no_memory(tmp_path: Path) -> None:
    """9 MB that asked for more than 120 GB."""
    copy = tmp_path / "w.safetensors"
    copy.write_bytes(DEFAULT_WEIGHTS.read_bytes())
    _, header = read_tensors(copy)
    with little_memory():
        assert "channels from 1 to 4096 work" in refused(
            changed(copy, settings=header["settings"] | {"context": 90_000})
        )


@pytest.mark.parametrize("asked", [{"levels": 10**9}, {"channels": 10**6}, {"levels": 12, "channels": 1024}])
def test_a_unet_of_endless_levels_gets_no_memory(tiny: Path, asked: dict[str, int]) -> None:
    assert load_weights(tiny)[1].architecture == "unet"
    _, header = read_tensors(tiny)
    with little_memory():
        refused(changed(tiny, settings=header["settings"] | asked))


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("architecture", ["efficient"], r"architecture \['efficient'\], format 1"),
        ("architecture", {"efficient": 1}, r"architecture \{'efficient': 1\}"),
        ("architecture", "e" * 100_000, "this version reads architectures"),
        ("format", 10**400, "this version reads"),
        ("settings", [1, 2], r"its settings are \[1, 2\]; a mapping would work"),
        ("settings", None, "a mapping would work"),
        ("settings", {f"x{number}": 1 for number in range(10_000)}, "settings are not those of this version"),
        ("name", {"a": 1}, "name .* a text of up to 1000 characters works"),
        ("licence", "x" * 10_000, "licence .* a text of up to 1000 characters works"),
        ("vividness", 10**400, "vividness 1000.* a number from 0.5 to 2 would work"),
        ("vividness", "2", "vividness 2; a number from 0.5 to 2 would work"),
        ("recipe", "x" * (2 << 20), "its header has .* characters"),
    ],
)
def test_headers_of_other_kinds_are_one_line(tiny: Path, key: str, value: object, told: str) -> None:
    with pytest.raises(WeightsError, match=told):
        load_weights(changed(tiny, **{key: value}))
    refused(tiny.with_name("changed.safetensors"))


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "[" * 30 + "]" * 30, "[1]", "7", '"x"', "{}", "{", "9" * 5000]
)
def test_a_header_that_is_no_mapping_is_one_line(tiny: Path, text: str) -> None:
    refused(with_json(tiny, text))


def with_json(path: Path, text: str) -> Path:
    """Beside `path`, the same file with other text in place of our header."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header["__metadata__"]["kinochrome"] = text
    made = json.dumps(header).encode()
    made += b" " * (-len(made) % 8)
    other = path.with_name("text.safetensors")
    other.write_bytes(len(made).to_bytes(8, "little") + made + data[8 + length :])
    return other


def test_deep_nesting_inside_a_header_is_one_line(tiny: Path) -> None:
    _, header = read_tensors(tiny)
    for depth in (21, 300, 900, 990, 100_000):
        text = json.dumps(header | {"format": 0}).replace(
            '"format": 0', f'"format": {"[" * depth}{"]" * depth}'
        )
        refused(with_json(tiny, text))


def test_a_header_longer_than_any_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    with path.open("wb") as file:
        file.write((90 << 20).to_bytes(8, "little"))
        file.truncate(100 << 20)
    with little_memory(60 << 20):
        assert "a header of 94,371,840 bytes" in refused(path)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "w.safetensors")
    assert "not a regular file" in refused(tmp_path / "w.safetensors")


def test_integers_in_place_of_floats_are_refused(small: Path, tmp_path: Path) -> None:
    tensors, header = read_tensors(small)
    path = tmp_path / "w.safetensors"
    write_tensors(path, tensors | {"logits.bias": torch.zeros(260, dtype=torch.int64)}, header)
    assert "tensor logits.bias is of type I64; BF16, F16, F32, F64 would fit" in refused(path)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.sampled_from(KEYS), value=JSON)
def test_any_value_in_the_header_loads_or_is_refused(tiny: Path, key: str, value: Any) -> None:
    with little_memory():
        loads_or_is_refused(changed(tiny, **{key: value}))


@settings(max_examples=100, deadline=None)
@given(key=st.sampled_from(SETTINGS[3:]), value=JSON)
def test_any_value_in_the_settings_loads_or_is_refused(tiny: Path, key: str, value: Any) -> None:
    _, header = read_tensors(tiny)
    with little_memory():
        loads_or_is_refused(changed(tiny, settings=header["settings"] | {key: value}))


def test_any_damage_to_the_file_loads_or_is_refused(tiny: Path, tmp_path: Path) -> None:
    data = tiny.read_bytes()
    rng = random.Random(7)
    path = tmp_path / "w.safetensors"
    length = int.from_bytes(data[:8], "little")
    with little_memory():
        for _ in range(300):
            damaged = bytearray(data)
            for _ in range(rng.choice([1, 1, 4])):
                damaged[
                    rng.choice([rng.randrange(8), rng.randrange(8, length), rng.randrange(len(data))])
                ] = rng.choice(b'0123456789{}[]":,\xff\x00\x7fa')
            path.write_bytes(damaged[: rng.choice([len(data)] * 4 + [rng.randrange(len(data))])])
            loads_or_is_refused(path)


def loads_or_is_refused(path: Path) -> None:
    try:
        load_weights(path)
    except ModelError as error:
        assert isinstance(error, WeightsError)
        assert "\n" not in str(error)
        assert len(str(error)) < len(str(path)) + 500
