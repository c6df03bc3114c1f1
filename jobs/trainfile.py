"""A training's YAML file to a checked, frozen job."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from jobs.checked import STRICT, check
from jobs.jobfile import override_layers
from jobs.layers import Fault, Layer, merge, refuse
from jobs.yamlfile import read_yaml
from models.trainer import TrainSettings
from pipeline.samples import SampleSettings

_PATHS = ("data", "out")


class TrainJob(BaseModel):
    """One training."""

    model_config = STRICT

    data: Path
    """Folder of photos and clips; see `pipeline.trainingset`. Relative to this file, or to the caller with --set."""
    out: Path
    """Folder for weights, checkpoint and log; made where it is missing."""
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
    train: TrainSettings = TrainSettings()
    """The schedule."""
    samples: SampleSettings = SampleSettings()
    """How pictures become samples."""


def load_train_job(path: Path, *, overrides: Sequence[str] = ()) -> TrainJob:
    """The training in a YAML file, with `key=value` overrides on top.

    Raises SettingsError with one line for each fault.
    """
    layers = [_absolute(layer) for layer in (read_yaml(path), *override_layers(overrides))]
    merged = merge(layers)
    job, faults = check(TrainJob, merged)
    data = merged.values.get("data")
    if isinstance(data, str) and not Path(data).is_dir():
        faults.append(Fault(merged.origin(("data",)), "data", f"no such folder: {data}"))
    refuse(faults, order=[layer.origin(()).name for layer in layers])
    if job is None:
        raise AssertionError("a training without faults was not made")
    return job


def _absolute(layer: Layer) -> Layer:
    paths = {
        key: str(layer.folder.absolute() / text)
        for key in _PATHS
        if isinstance(text := layer.values.get(key), str)
    }
    return dataclasses.replace(layer, values=layer.values | paths)
