"""Nested states of networks and optimizers as the flat tensors that a safetensors file holds, and back."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


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


def load_optimizer(optimizer: torch.optim.Optimizer, flat: Mapping[str, Tensor]) -> None:
    """Give an optimizer the state (`flatten` of its `state_dict()["state"]`) of an earlier one."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in flat.items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict(optimizer.state_dict() | {"state": state})
