"""A training's YAML file to a checked, frozen job."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from jobs.settings.job_file import override_layers
from jobs.settings.layers import Fault, Layer, merge, refuse
from jobs.settings.validate import STRICT, check
from jobs.settings.yaml_file import read_yaml
from jobs.shipped import CONFIGS
from models.networks.efficient import EfficientSettings
from models.networks.unet import UnetSettings
from models.training.schedule import TrainSettings
from pipeline.dataset.samples import SampleSettings
from pipeline.errors import SettingsError

_PATHS = ("data", "out", "base")
_INITS = ("imagenet", "default", "random")


@dataclass(frozen=True, kw_only=True)
class Extension:
    """Parts of the `efficient` generator that came after version 2 of the weights."""

    queries: Annotated[int, Field(ge=0, le=1024)] = 0
    """Colour queries."""
    guided: bool = False
    """Whether hints are felt, and go to the logits."""


class TrainJob(BaseModel):
    """One training."""

    model_config = STRICT

    data: Path
    """Folder of photos and clips; see `pipeline.dataset.training_set`. Relative to this file, or to the caller
    with --set."""
    out: Path
    """Folder for weights, checkpoint and log; made where it is missing."""
    architecture: Literal["efficient", "unet"] = "efficient"
    """efficient, or unet: the network of pix2pix."""
    efficient: EfficientSettings = EfficientSettings()
    """Size of the `efficient` generator; weights to start from bring their own."""
    unet: UnetSettings = UnetSettings()
    """Size of the `unet` generator; weights to start from bring their own."""
    init: str = "imagenet"
    """What to start from: imagenet (the encoder; the rest at random), random, default, or a .safetensors file."""
    extend: Extension = Extension()
    """What weights to start from are given that they lack; without hints they give the same colours at first."""
    base: Path | None = None
    """Folder of general pictures whose colours a fine-tuning must not forget: they stay what `init` makes of them.
    Relative as `data`."""
    guard: bool = True
    """Whether pictures that look more like those of `base` than like the others get the colours of `init` for good,
    where there is a `base` and the architecture is efficient; their weights are twice as large. Where `init` is of such
    weights, the old ones among them stay the old ones."""
    base_share: Annotated[float, Field(ge=0, lt=1)] = 0.25
    """Share of the samples that come from `base`, where there is one."""
    name: str = "unnamed"
    """Name that the weights give themselves."""
    licence: str = "unknown"
    """Licence that the weights state."""
    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:[0-9]{1,2})?)$")] = "auto"
    """auto, cpu, cuda or cuda:N."""
    loaders: Annotated[int, Field(ge=0, le=64)] = 1
    """Processes that make samples; 0 makes them in the training process."""
    frames_per_clip: Annotated[int, Field(ge=1, le=1000)] = 12
    """Frames taken from each clip, at even distances."""
    validation_origins: tuple[str, ...] = ()
    """Patterns of origins to validate on; without any, every tenth origin is held back."""
    test_origins: tuple[str, ...] = ()
    """Patterns of origins that are neither trained on nor validated on."""
    held_out: tuple[Path, ...] = ()
    """CSV files whose column `path` names single photos and clips that are neither trained on nor validated on.
    Relative as `data`."""
    manifests: tuple[str, ...] = ()
    """Names of files in `data` that list more pictures than its manifest.csv does."""
    photographs_only: bool = False
    """Whether pictures to train on that are no photographs, or grey or of one tint, are left out; see
    `pipeline.dataset.photo_faults`."""
    weights_by_name: dict[str, Annotated[float, Field(gt=0, le=100)]] = {}
    """How often files are shown whose names fit a pattern, beside those that fit none, which have 1. The first
    pattern that fits counts."""
    validation_pictures: Annotated[int, Field(ge=1, le=10_000)] = 400
    """Most photos, and frames of clips, that are validated on."""
    validation_clips: Annotated[int, Field(ge=0, le=100)] = 4
    """Most clips whose steadiness is measured at each validation."""
    train: TrainSettings
    """The schedule."""
    samples: SampleSettings = SampleSettings()
    """How pictures become samples."""


def recipes() -> dict[str, Path]:
    """The recipes that come with Kinochrome, by name."""
    return {path.stem: path for path in sorted((CONFIGS / "train").glob("*.yaml"))}


def load_train_job(path: Path, *, overrides: Sequence[str] = ()) -> TrainJob:
    """The training in a YAML file, or in the recipe of that name, with `key=value` overrides on top.

    Raises SettingsError with one line for each fault.
    """
    layers = [
        _absolute(layer)
        for layer in (read_yaml(_recipe(path), keys=TrainJob.model_fields), *override_layers(overrides))
    ]
    merged = merge(layers)
    job, faults = check(TrainJob, merged)
    for key in ("data", "base"):
        folder = merged.values.get(key)
        if isinstance(folder, str) and not Path(folder).is_dir():
            faults.append(Fault(merged.origin((key,)), key, f"no such folder: {folder}"))
    for path in job.held_out if job else ():
        if not path.is_file():
            faults.append(Fault(merged.origin(("held_out",)), "held_out", f"no such file: {path}"))
    init = merged.values.get("init")
    if isinstance(init, str) and init not in _INITS and not Path(init).is_file():
        message = f"no such file: {init}; {', '.join(_INITS)} or a .safetensors file works"
        faults.append(Fault(merged.origin(("init",)), "init", message))
    if job is not None and job.base is not None and job.init in ("imagenet", "random"):
        message = (
            f"init {job.init}: such weights know no colours to keep; default or a .safetensors file works"
        )
        faults.append(Fault(merged.origin(("base",)), "base", message))
    refuse(faults, order=[layer.origin(()).name for layer in layers])
    if job is None:
        raise AssertionError("a training without faults was not made")
    return job


def _recipe(path: Path) -> Path:
    """The file of that name, else the recipe."""
    if path.exists() or path.suffix or len(path.parts) > 1:
        return path
    known = recipes()
    if path.name not in known:
        message = f"no such recipe or file: {path}; {', '.join(known)} or a path would work"
        raise SettingsError(message)
    return known[path.name]


def _absolute(layer: Layer) -> Layer:
    paths: dict[str, object] = {
        key: str(layer.folder.absolute() / text)
        for key in (*_PATHS, "init")
        if isinstance(text := layer.values.get(key), str) and not (key == "init" and text in _INITS)
    }
    held_out = layer.values.get("held_out")
    if isinstance(held_out, list):
        paths["held_out"] = [
            str(layer.folder.absolute() / one) if isinstance(one, str) else one for one in held_out
        ]
    return dataclasses.replace(layer, values=layer.values | paths)
