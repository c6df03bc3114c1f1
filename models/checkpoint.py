"""Writes and reads weights and training states as safetensors: tensors and a JSON header; nothing is ever unpickled.

`flatten` turns the nested states of networks and optimizers into the flat tensors that such a file holds, `under`
takes one of them out again.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter, ValidationError
from safetensors.torch import save
from torch import Tensor
from torch.overrides import TorchFunctionMode

from models.errors import TrainingError, WeightsError
from models.networks.efficient import EfficientGenerator, EfficientSettings
from models.networks.gated import GatedGenerator
from models.networks.generator import Generator
from models.networks.unet import UnetGenerator, UnetSettings
from models.tensor_file import HEADER_KEY, TensorFile, open_tensors, shortened
from models.weights_info import DEFAULT_VIVIDNESS, FORMAT, VIVID_WHERE, WeightsInfo, describe_weights

GENERATORS: Mapping[str, tuple[Callable[[Any], Generator], type[Any]]] = {
    "efficient": (EfficientGenerator, EfficientSettings),
    "guarded": (GatedGenerator, EfficientSettings),
    "unet": (UnetGenerator, UnetSettings),
}
"""Every one of `ARCHITECTURES`: what makes it, from which settings."""
_ADDED_SETTINGS = {"queries", "guided"}
"""Settings that have come since format 1 began; by their defaults the network is as it was."""
_ADAM_PARTS = ("step", "exp_avg", "exp_avg_sq")


def save_weights(
    path: Path,
    generator: Generator,
    *,
    name: str,
    licence: str,
    vividness: float = DEFAULT_VIVIDNESS,
    vivid_where: str = VIVID_WHERE[0],
    recipe: Mapping[str, Any],
) -> None:
    """Write a generator as float16, whole or not at all; all else goes into the header.

    Raises TrainingError where it holds a value that is no finite float16.
    """
    tensors = {key: _half(path, key, tensor) for key, tensor in generator.state_dict().items()}
    header = {
        "format": FORMAT,
        "architecture": generator.architecture,
        "settings": asdict(generator.settings),
        "name": name,
        "licence": licence,
        "vividness": vividness,
        "vivid_where": vivid_where,
        "recipe": dict(recipe),
    }
    write_tensors(path, tensors, header)


def load_weights(path: Path) -> tuple[Generator, WeightsInfo]:
    """A generator in float32, evaluation mode, on the CPU, and what its file says of it.

    The tensors get memory once their names and shapes are known to be those of the generator. Raises WeightsError when
    the file is missing, damaged, of another architecture or format, or holds NaN or infinities.
    """
    with open_tensors(path) as file:
        info = describe_weights(file)
        generator = _make_fitting(file, info.architecture)
        state = generator.state_dict()
        tensors = {key: tensor.to(state[key].dtype, copy=True) for key, tensor in file.read().items()}
        generator.load_state_dict(tensors, assign=True)
    return generator.eval().requires_grad_(False), info


def flatten(state: Mapping[Any, Any], prefix: str = "") -> dict[str, Tensor]:
    """Every tensor and number of a nested mapping under its keys, joined by dots; tensors are copies."""
    flat: dict[str, Tensor] = {}
    for key, value in state.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{name}.")
        else:
            flat[name] = torch.as_tensor(value).detach().clone()
    return flat


def under(tensors: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """The tensors whose keys begin with a name and a dot, without them."""
    prefix = f"{name}."
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


def adam_state(optimizer: torch.optim.Optimizer, keys: Iterable[str]) -> dict[str, Tensor]:
    """Tensors of the shapes that the flat state of an Adam consists of, for those parameters that `keys` tell of."""
    numbers = {key.split(".", 1)[0] for key in keys}
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    return {
        f"{number}.{part}": parameter.new_zeros(()) if part == "step" else parameter.detach()
        for number, parameter in enumerate(parameters)
        if str(number) in numbers
        for part in _ADAM_PARTS
    }


def load_optimizer(optimizer: torch.optim.Optimizer, flat: Mapping[str, Tensor]) -> None:
    """Give an optimizer the state (`flatten` of its `state_dict()["state"]`) of an earlier one."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in flat.items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict(optimizer.state_dict() | {"state": state})


def _make_fitting(file: TensorFile, architecture: str) -> Generator:
    """The generator that the file's settings ask for, on the device `meta`, once its tensors are those of the file."""
    try:
        with torch.device("meta"), _WithoutRandomValues():
            generator = make_generator(architecture, file.header.get("settings"))
            file.check(generator.state_dict())
        return generator
    except ValueError as error:
        raise WeightsError(
            f"weights {file.path}: its tensors do not fit architecture {architecture!r}: {shortened(error)}"
        ) from error


class _WithoutRandomValues(TorchFunctionMode):
    """Skips the random values that a new network gets: on the device `meta` there is nothing to fill, and torch would
    load its compiler for it, for more than a second."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        is_fill = func in (torch.Tensor.normal_, torch.Tensor.uniform_)
        if is_fill or getattr(func, "__module__", "") == "torch.nn.init":
            return args[0] if args else (kwargs or {})["tensor"]
        return func(*args, **(kwargs or {}))


def write_tensors(path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, Any]) -> None:
    """Write tensors and a JSON header beside `path`, flush them to the disk, then rename."""
    partial = path.with_name(path.name + ".partial")
    data = save(
        {key: tensor.contiguous() for key, tensor in tensors.items()},
        {HEADER_KEY: json.dumps(dict(header))},
    )
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):  # what went wrong first is what to tell
            partial.unlink(missing_ok=True)
        raise


def make_generator(architecture: str, settings: object) -> Generator:
    """A generator with random weights, of an architecture of `GENERATORS` with all of its settings, plain values.

    Settings that files of earlier versions lack are those of the networks of that time. Raises ValueError where the
    settings are not those of this version, or not of their types and ranges.
    """
    make, kind = GENERATORS[architecture]
    if not isinstance(settings, dict):
        raise ValueError(f"its settings are {shortened(settings)}; a mapping would work")
    known = {field.name for field in fields(kind)}
    if wrong := (set(settings) ^ known) - (_ADDED_SETTINGS & known - set(settings)):
        raise ValueError(f"these settings are not those of this version: {shortened(sorted(wrong))}")
    try:
        return make(TypeAdapter(kind).validate_json(json.dumps(settings), strict=True))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(("settings", *map(str, fault["loc"])))
        message = fault["msg"].removeprefix("Value error, ")
        found = "" if fault["type"] == "value_error" else f", found {shortened(fault['input'])}"
        raise ValueError(f"{place}: {message}{found}") from error


def _half(path: Path, key: str, tensor: Tensor) -> Tensor:
    if not tensor.is_floating_point():
        return tensor
    half = tensor.to(torch.float16)
    if not bool(torch.isfinite(half).all()):
        raise TrainingError(
            f"cannot write {path}: tensor {key} has values that float16 does not hold; a lower rate may help"
        )
    return half
