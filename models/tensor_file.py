"""Opens a safetensors file with our JSON header and checks names, types and shapes before any tensor gets memory."""

import json
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from safetensors import SafetensorError, safe_open

from models.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

HEADER_KEY = "kinochrome"
"""Name of our header among the metadata of a safetensors file."""
_MOST_HEADER_BYTES = 8 << 20
"""Of the header of a safetensors file: names, types and shapes of all tensors; our largest are some 200 kB."""
_MOST_JSON_BYTES = 1 << 20
"""Of our own header in it; our largest are some 10 kB."""
_DEEPEST = 20
"""Levels of mappings and lists in our own header."""
_LENGTH_BYTES = 8
_FLOATS = frozenset({"F16", "BF16", "F32", "F64"})
_INTEGERS = frozenset({"I64"})
_MOST_CHARACTERS = 200


class TensorFile:
    """An open file; `read` is to be called once `check` has accepted what it holds."""

    def __init__(self, path: Path, file: Any) -> None:
        self.path = path
        self.header = _header(path, (file.metadata() or {}).get(HEADER_KEY, ""))
        """What `write_tensors` was given beside the tensors; never empty."""
        self._file = file
        self.names = frozenset(file.keys())
        """Of all tensors."""

    def check(self, expected: "Mapping[str, Tensor]") -> None:
        """Raises ValueError, one line, unless the file holds these tensors by name, shape and kind, and no other.

        The expected ones may lie on the device `meta`. Any precision of floats fits floats.
        """
        if missing := expected.keys() - self.names:
            raise ValueError(f"{_count(missing)} missing, the first is {shortened(min(missing))}")
        if foreign := self.names - expected.keys():
            raise ValueError(f"{_count(foreign)} too many, the first is {shortened(min(foreign))}")
        for name, tensor in expected.items():
            found = self._file.get_slice(name)
            shape, expected_shape = list(found.get_shape()), list(tensor.shape)
            if shape != expected_shape:
                raise ValueError(f"tensor {name} is of shape {shortened(shape)}; {expected_shape} would fit")
            kinds = _FLOATS if tensor.is_floating_point() else _INTEGERS
            if found.get_dtype() not in kinds:
                would = ", ".join(sorted(kinds))
                raise ValueError(f"tensor {name} is of type {found.get_dtype()}; {would} would fit")

    def read(self) -> "dict[str, Tensor]":
        """All tensors, on the CPU. Raises WeightsError where a value is not a finite float32."""
        import torch

        tensors = {}
        for name in sorted(self.names):
            tensor = tensors[name] = self._file.get_tensor(name)
            if not tensor.is_floating_point():
                continue
            if wrong := tensor.numel() - int(torch.isfinite(tensor.float()).sum()):
                raise WeightsError(
                    f"weights {self.path}: {wrong:,} of the {tensor.numel():,} values of tensor {shortened(name)} "
                    "are NaN or infinite; they are damaged, or their training diverged, and other weights are needed"
                )
        return tensors


@contextmanager
def open_tensors(path: Path, *, framework: Literal["pt", "np"] = "pt") -> Iterator[TensorFile]:
    """The safetensors file at `path`, for the length of the block.

    With "np" torch is not loaded; `read` needs "pt".

    Raises WeightsError where it is missing, no regular file, damaged, or not one that Kinochrome wrote.
    """
    try:
        _check_file(path)
        with safe_open(path, framework=framework) as file:
            yield TensorFile(path, file)
    except FileNotFoundError as error:
        raise WeightsError(f"weights {path}: no such file") from error
    except (SafetensorError, OSError, RuntimeError, UnicodeDecodeError) as error:
        # what a disk says of a file that torch has mapped, or cannot close, torch tells as RuntimeError
        raise WeightsError(f"weights {path}: not a readable safetensors file ({shortened(error)})") from error


def _check_file(path: Path) -> None:
    """Before anything opens it: a pipe would block, and a long header would take memory."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise WeightsError(f"weights {path}: not a regular file; a .safetensors file would work")
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
    if length > min(_MOST_HEADER_BYTES, status.st_size):
        raise WeightsError(
            f"weights {path}: not a readable safetensors file (a header of {length:,} bytes in a file of "
            f"{status.st_size:,}; {_MOST_HEADER_BYTES:,} at most are read)"
        )


def _header(path: Path, text: str) -> dict[str, Any]:
    if not text:
        raise WeightsError(f"weights {path}: a safetensors file, but not one that Kinochrome wrote")
    if len(text) > _MOST_JSON_BYTES:
        raise WeightsError(
            f"weights {path}: its header has {len(text):,} characters; {_MOST_JSON_BYTES:,} work"
        )
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:  # JSONDecodeError, and integers of too many digits
        raise WeightsError(f"weights {path}: its header cannot be read ({shortened(error)})") from error
    if not isinstance(header, dict) or not header or not _is_shallow(header, _DEEPEST):
        raise WeightsError(
            f"weights {path}: its header is not a mapping nested {_DEEPEST} deep at most; Kinochrome did not write it"
        )
    return header


def _is_shallow(value: object, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return not inner or (levels > 0 and all(_is_shallow(part, levels - 1) for part in inner))


def _count(names: Iterable[str]) -> str:
    count = len(list(names))
    return f"{count:,} tensors are" if count > 1 else "1 tensor is"


def shortened(value: object) -> str:
    """A value of a file as text of one line and bounded length."""
    text = str(value) if isinstance(value, str | Exception) else repr(value)
    line = text.partition("\n")[0]
    return line if len(line) <= _MOST_CHARACTERS else f"{line[:_MOST_CHARACTERS]}…"
