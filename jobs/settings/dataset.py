"""Settings of `kinochrome dataset`, from a YAML file and the command line, checked and frozen."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from jobs.settings.job_file import override_layers
from jobs.settings.layers import Layer, merge, refuse
from jobs.settings.validate import STRICT, check
from jobs.settings.yaml_file import read_yaml
from pipeline.dataset.dedup import DedupSettings
from pipeline.dataset.quality import QualitySettings
from pipeline.dataset.settings import DatasetSettings, FrameSettings
from pipeline.dataset.splits import HeldOutSettings
from pipeline.errors import SettingsError
from pipeline.plan.shots import ShotSettings


class DatasetConfig(BaseModel):
    """The sections of a dataset's settings file; every key has a default."""

    model_config = STRICT

    frames: FrameSettings = FrameSettings()
    quality: QualitySettings = QualitySettings()
    dedup: DedupSettings = DedupSettings()
    shots: ShotSettings = ShotSettings()
    held_out: HeldOutSettings = HeldOutSettings()

    def picture_settings(self) -> DatasetSettings:
        """What decides which pictures are kept."""
        return DatasetSettings(frames=self.frames, quality=self.quality, dedup=self.dedup, shots=self.shots)


@dataclass(frozen=True, kw_only=True)
class DatasetJob:
    """One dataset to make."""

    inputs: tuple[Path, ...]
    """Films, stills, and folders of both."""
    out: Path
    """Folder to write into; made where it is missing."""
    workers: int
    """Processes that read films at the same time, 1 or more."""
    config: DatasetConfig


def make_dataset_job(
    inputs: Sequence[Path],
    *,
    out: Path,
    workers: int | None = None,
    config: Path | None = None,
    overrides: Sequence[str] = (),
) -> DatasetJob:
    """The dataset that a command line asks for; without `workers` one process for each usable CPU core.

    Raises SettingsError with one line for each fault.
    """
    if workers is not None and not 1 <= workers <= 256:
        raise SettingsError(f"--workers {workers}: 1 to 256 works")
    files = [read_yaml(config, keys=DatasetConfig.model_fields)] if config is not None else []
    layers: list[Layer] = [*files, *override_layers(overrides)]
    made, faults = check(DatasetConfig, merge(layers))
    refuse(faults, order=[layer.origin(()).name for layer in layers])
    if made is None:
        raise AssertionError("settings without faults were not made")
    return DatasetJob(
        inputs=tuple(inputs),
        out=out.absolute(),
        workers=workers or len(os.sched_getaffinity(0)),
        config=made,
    )
