"""Samples/s of the loader alone, of the training step alone, and of both together.

python tests/benchmarks/train.py DATA [--config YAML] [--steps 20] [--loaders 1 2] [--device auto] [--set KEY=VALUE]

The step is that of the recipe's last stage, with its discriminator. Both together should reach 0.9 of the slower. On
CUDA the step's share of the device's peak needs its figure: --peak-tflops.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).parents[2]))

from jobs.settings.training import TrainJob, load_train_job
from jobs.training.batches import TrainingData, read_training_data, training_batches
from jobs.training.train import make_generator
from models.training.trainer import Trainer
from pipeline.colorize.predict import find_device
from pipeline.dataset.samples import Sample
from pipeline.dataset.training_pictures import bin_prior

_DEFAULT = Path(__file__).parents[2] / "configs/train/default.yaml"
_WARM_UP = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--config", type=Path, default=_DEFAULT)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--loaders", type=int, nargs="+", default=[1, 2, os.cpu_count() or 1])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--peak-tflops", type=float)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as out:
        overrides = [f"data={arguments.data.absolute()}", f"out={out}", *arguments.set]
        job = load_train_job(arguments.config, overrides=overrides)
        print(json.dumps(measure(job, arguments), indent=1))


def measure(job: TrainJob, arguments: argparse.Namespace) -> dict[str, object]:
    """All figures of one recipe on this machine."""
    device, steps = find_device(arguments.device), arguments.steps
    data = read_training_data(job)
    trainer = _last_stage(job, data, device)
    stride = trainer.generator.training_stride
    batch = next(training_batches(job, data, first_step=0, stride=stride))
    flops = _flops(trainer, batch)
    found, rates = {}, []
    for loaders in sorted(set(arguments.loaders)):
        loading = job.model_copy(update={"loaders": loaders})
        alone = _rate(
            training_batches(loading, data, first_step=0, stride=stride), None, steps, job.train.batch
        )
        step = _rate(iter(lambda: batch, None), trainer, steps, job.train.batch)  # anew: machines get warm
        rates.append(step)
        both = _rate(
            training_batches(loading, data, first_step=0, stride=stride), trainer, steps, job.train.batch
        )
        found[f"{loaders} loaders"] = {
            "loader alone": round(alone, 1),
            "step alone": round(step, 1),
            "both": round(both, 1),
            "both / slower": round(both / min(alone, step), 3),
        }
    return {
        "machine": _machine(device),
        "batch": job.train.batch,
        "crop_px": job.samples.crop_px,
        "TFLOP/s of the step": round(flops * max(rates) / job.train.batch / 1e12, 3),
        "share of peak": round(flops * max(rates) / job.train.batch / 1e12 / arguments.peak_tflops, 3)
        if arguments.peak_tflops
        else None,
        "samples/s": found,
    }


def _last_stage(job: TrainJob, data: TrainingData, device: torch.device) -> Trainer:
    torch.manual_seed(0)
    generator = make_generator(job)
    bins = getattr(generator, "bins", None)
    prior = None if bins is None else bin_prior(data.pictures[:64], bins.numpy())
    return Trainer(
        generator, settings=replace(job.train, stages=job.train.stages[-1:]), prior=prior, device=str(device)
    )


def _rate(batches: Iterator[Sample], trainer: Trainer | None, steps: int, batch: int) -> float:
    started = 0.0
    for number, samples in enumerate(islice(batches, steps + _WARM_UP)):
        if trainer:
            trainer.train_step(samples)  # gives losses as numbers, so the device has finished
        if number == _WARM_UP - 1:
            started = time.monotonic()
    return steps * batch / (time.monotonic() - started)


def _flops(trainer: Trainer, batch: Sample) -> float:
    """Floating point operations of one step, a multiplication and an addition as two."""
    with FlopCounterMode(display=False) as counter:
        trainer.train_step(batch)
    return float(counter.get_total_flops())


def _machine(device: torch.device) -> dict[str, object]:
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor()
    versions = {package: version(package) for package in ("kinochrome", "torch", "numpy", "opencv-python")}
    return {
        "device": f"{device} {name}",
        "cpus": os.cpu_count(),
        "load": os.getloadavg()[0],
        "versions": versions,
    }


if __name__ == "__main__":
    main()
