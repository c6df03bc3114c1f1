"""What a weights file says of itself, read without torch: its tensors are left alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from models.errors import WeightsError
from models.tensor_file import TensorFile, open_tensors, shortened

FORMAT = 1
"""Raised when tensors or header of a weights file change their meaning."""
ARCHITECTURES = ("efficient", "guarded", "unet")
"""Every architecture that this version reads."""
DEFAULT_WEIGHTS = Path(__file__).parent / "weights" / "default.safetensors"
DEFAULT_VIVIDNESS = 1.8
"""Of weights that do not say theirs, the default weights among them."""
VIVID_WHERE = ("everywhere", "unsure")
"""Which predicted colours are made vivid: all, or those that the network is unsure of."""
_LONGEST_TEXT = 1000


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
    vivid_where: str
    """One of `VIVID_WHERE`; everywhere for weights that do not say it."""


def weights_file(name: str) -> Path:
    """The file that settings mean by `default`, or by a path."""
    return DEFAULT_WEIGHTS if name == "default" else Path(name)


def read_weights_info(path: Path) -> WeightsInfo:
    """What a file says of itself, and its hash; whether its tensors fit, `models.checkpoint.load_weights` finds out.

    Raises WeightsError where the file is missing, cut short, or of another architecture or format.
    """
    with open_tensors(path, framework="np") as file:
        return describe_weights(file)


def describe_weights(file: TensorFile) -> WeightsInfo:
    """What an open file says of itself, and its hash. Raises as `read_weights_info`."""
    path, header = file.path, file.header
    architecture = header.get("architecture", "unknown")
    is_known = isinstance(architecture, str) and architecture in ARCHITECTURES
    if not is_known or header.get("format") != FORMAT:
        format = shortened(header.get("format", "unknown"))
        known = ", ".join(map(repr, ARCHITECTURES))
        raise WeightsError(
            f"weights {path}: architecture {shortened(repr(architecture))}, format {format}; "
            f"this version reads architectures {known}, format {FORMAT}"
        )
    vividness = header.get("vividness", DEFAULT_VIVIDNESS)
    if not isinstance(vividness, int | float) or not 0.5 <= vividness <= 2:
        raise WeightsError(
            f"weights {path}: vividness {shortened(vividness)}; a number from 0.5 to 2 would work"
        )
    vivid_where = header.get("vivid_where", VIVID_WHERE[0])
    if vivid_where not in VIVID_WHERE:
        known = ", ".join(VIVID_WHERE)
        raise WeightsError(f"weights {path}: vivid_where {shortened(vivid_where)}; {known} would work")
    with path.open("rb") as content:
        digest = file_digest(content, "sha256").hexdigest()
    return WeightsInfo(
        path=path,
        sha256=digest,
        name=_text(path, header, "name", path.stem),
        architecture=architecture,
        licence=_text(path, header, "licence", "unknown"),
        vividness=float(vividness),
        vivid_where=str(vivid_where),
    )


def _text(path: Path, header: Mapping[str, object], key: str, default: str) -> str:
    value = header.get(key, default)
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        found = shortened(value)
        raise WeightsError(f"weights {path}: {key} {found}; a text of up to {_LONGEST_TEXT} characters works")
    return value
