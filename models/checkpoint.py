"""Weights and training states as safetensors: tensors and a JSON header, nothing is ever unpickled."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from models.efficient import EfficientGenerator, EfficientSettings
from models.errors import WeightsError
from models.generator import Generator
from models.guarded import GuardedGenerator
from models.unet import UnetGenerator, UnetSettings

FORMAT = 1
"""Raised when tensors or header of a weights file change their meaning."""
GENERATORS: Mapping[str, tuple[Callable[[Any], Generator], type[Any]]] = {
    "efficient": (EfficientGenerator, EfficientSettings),
    "guarded": (GuardedGenerator, EfficientSettings),
    "unet": (UnetGenerator, UnetSettings),
}
"""Every architecture by its name: what makes it, from which settings."""
DEFAULT_WEIGHTS = Path(__file__).parent / "weights" / "default.safetensors"


DEFAULT_VIVIDNESS = 1.8
"""Of weights that do not say theirs, the default weights among them."""


@dataclass(frozen=True, kw_only=True)
class WeightsInfo:
    """What a weights file says of itself."""

    path: Path
    sha256: str
    name: str
    architecture: str
    licence: str
    vividness: float
    """Factor on its ab that suits it: means are paler than what they are means of, more or less so by the training."""


def save_weights(
    path: Path,
    generator: Generator,
    *,
    name: str,
    licence: str,
    vividness: float = DEFAULT_VIVIDNESS,
    recipe: Mapping[str, Any],
) -> None:
    """Write a generator as float16, whole or not at all; all else goes into the header."""
    tensors = {key: _half(tensor) for key, tensor in generator.state_dict().items()}
    header = {
        "format": FORMAT,
        "architecture": generator.architecture,
        "settings": asdict(generator.settings),
        "name": name,
        "licence": licence,
        "vividness": vividness,
        "recipe": dict(recipe),
    }
    write_tensors(path, tensors, header)


def load_weights(path: Path) -> tuple[Generator, WeightsInfo]:
    """A generator in float32, evaluation mode, on the CPU, and what its file says of it.

    Raises WeightsError when the file is missing, damaged, or of another architecture or format.
    """
    tensors, header = read_tensors(path)
    architecture = str(header.get("architecture", "unknown"))
    if architecture not in GENERATORS or header.get("format") != FORMAT:
        found = f"architecture {architecture!r}, format {header.get('format', 'unknown')!r}"
        known = ", ".join(map(repr, GENERATORS))
        raise WeightsError(
            f"weights {path}: {found}; this version reads architectures {known}, format {FORMAT}"
        )
    try:
        generator = make_generator(architecture, header["settings"])
        generator.load_state_dict({key: tensor.float() for key, tensor in tensors.items()})
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise WeightsError(
            f"weights {path}: its tensors do not fit architecture {architecture!r}: {reason}"
        ) from error
    vividness = header.get("vividness", DEFAULT_VIVIDNESS)
    if not isinstance(vividness, int | float) or not 0.5 <= vividness <= 2:
        raise WeightsError(f"weights {path}: vividness {vividness!r}; a number from 0.5 to 2 would work")
    info = WeightsInfo(
        path=path,
        sha256=sha256(path.read_bytes()).hexdigest(),
        name=str(header.get("name", path.stem)),
        architecture=architecture,
        licence=str(header.get("licence", "unknown")),
        vividness=float(vividness),
    )
    return generator.eval().requires_grad_(False), info


def write_tensors(path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, Any]) -> None:
    """Write tensors and a JSON header beside `path`, flush them to the disk, then rename."""
    partial = path.with_name(path.name + ".partial")
    data = save(
        {key: tensor.contiguous() for key, tensor in tensors.items()},
        {"kinochrome": json.dumps(dict(header))},
    )
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors (CPU) and header that `write_tensors` wrote; WeightsError when they are not there."""
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {}).get("kinochrome", "{}"))
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a mapping)
    except FileNotFoundError as error:
        raise WeightsError(f"weights {path}: no such file") from error
    except (SafetensorError, OSError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise WeightsError(f"weights {path}: not a readable safetensors file ({error})") from error
    if not isinstance(header, dict) or not header:
        raise WeightsError(f"weights {path}: a safetensors file, but not one that Kinochrome wrote")
    return tensors, header


def make_generator(architecture: str, settings: Mapping[str, Any]) -> Generator:
    """A generator with random weights, of an architecture of `GENERATORS` with all of its settings.

    Raises ValueError where the settings are not those of this version.
    """
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()}
    make, kind = GENERATORS[architecture]
    known = {field.name for field in fields(kind)}
    if wrong := set(values) ^ known:
        raise ValueError(f"settings {sorted(wrong)} are not those of this version")
    return make(kind(**values))


def _half(tensor: Tensor) -> Tensor:
    return tensor.to(torch.float16) if tensor.is_floating_point() else tensor
