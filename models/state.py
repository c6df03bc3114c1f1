"""Nested states of networks and optimizers as the flat tensors that a safetensors file holds, and back."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

_ADAM_PARTS = ("step", "exp_avg", "exp_avg_sq")


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
