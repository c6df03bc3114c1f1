"""`kinochrome train CONFIG.yaml`: a folder of photos and clips in, weights out."""

import json
import logging
from collections.abc import Iterator
from dataclasses import asdict

import torch
from torch.utils.data import DataLoader

from jobs.progress import Progress
from jobs.trainfile import TrainJob
from models.checkpoint import save_weights
from models.efficient import EfficientGenerator
from models.lite0 import load_imagenet
from models.trainer import Scores, Trainer
from pipeline.predict import find_device
from pipeline.samples import PhotoSamples, Sample, SampleSettings
from pipeline.trainingset import bin_prior, read_pictures, split_by_origin

_log = logging.getLogger(__name__)
WEIGHTS_NAME = "weights.safetensors"
CHECKPOINT_NAME = "checkpoint.safetensors"


def train(job: TrainJob, *, progress: Progress) -> Scores:
    """Run a training, or go on with the one whose checkpoint lies in `job.out`; returns its best scores.

    Leaves in `job.out`: `weights.safetensors` (the best by validation), `checkpoint.safetensors`,
    `config.json` (resolved settings) and `log.jsonl` (one line per validation and per 10 steps).
    """
    job.out.mkdir(parents=True, exist_ok=True)
    (job.out / "config.json").write_text(job.model_dump_json(indent=1) + "\n", encoding="utf-8")
    split = split_by_origin(job.data, validation=job.validation_origins, test=job.test_origins)
    progress.note(
        f"{len(split.train)} files to train on, {len(split.validation)} to validate, {len(split.test)} held out"
    )
    pictures = read_pictures(split.train, frames_per_clip=job.frames_per_clip)
    torch.manual_seed(job.train.seed)
    generator = EfficientGenerator()
    load_imagenet(generator.encoder)
    prior = bin_prior(pictures, generator.bins.numpy())
    trainer = Trainer(generator, settings=job.train, prior=prior, device=str(find_device(job.device)))
    checkpoint = job.out / CHECKPOINT_NAME
    if checkpoint.exists():
        trainer.load(checkpoint)
        progress.note(f"going on from step {trainer.step}")
    return trainer.fit(
        _batches(job, pictures, first_step=trainer.step),
        validation=_validation_batches(job, read_pictures(split.validation, frames_per_clip=1)),
        checkpoint=checkpoint,
        on_step=_StepLog(job, progress),
        on_best=lambda best, scores: _save_best(job, best, scores, progress),
    )


class _StepLog:
    """Moves the bar and keeps the curve on disk."""

    def __init__(self, job: TrainJob, progress: Progress) -> None:
        self._path, self._steps, self._progress = job.out / "log.jsonl", job.train.steps, progress

    def __call__(self, step: int, loss: float) -> None:
        self._progress.stage("train", step, self._steps, unit="step")
        if step % 10 == 0:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": step, "loss": round(loss, 4)}) + "\n")


def _save_best(job: TrainJob, generator: EfficientGenerator, scores: Scores, progress: Progress) -> None:
    recipe = {"train": asdict(job.train), "samples": asdict(job.samples), "scores": asdict(scores)}
    save_weights(job.out / WEIGHTS_NAME, generator, name=job.name, licence=job.licence, recipe=recipe)
    with (job.out / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"best": asdict(scores)}) + "\n")
    progress.note(
        f"step {scores.step}: best yet, validation loss {scores.loss:.4f}, ab RMSE {scores.ab_rmse:.2f}"
    )


def _batches(job: TrainJob, pictures: list[bytes], *, first_step: int) -> Iterator[Sample]:
    size, left = job.train.batch, job.train.steps - first_step
    samples = PhotoSamples(
        pictures, settings=job.samples, seed=job.train.seed, first=first_step * size, count=left * size
    )
    return iter(
        DataLoader(
            samples,
            batch_size=size,
            num_workers=job.loaders,
            multiprocessing_context="spawn"
            if job.loaders
            else None,  # OpenCV's threads do not survive a fork
            worker_init_fn=_one_thread,
        )
    )


def _validation_batches(job: TrainJob, pictures: list[bytes]) -> list[Sample]:
    """The same un-aged, un-hinted samples at every validation."""
    settings = SampleSettings(crop_px=job.samples.crop_px, smallest_crop=1, aged=0, hinted=0)
    samples = PhotoSamples(pictures, settings=settings, seed=1, first=0, count=len(pictures))
    return list(DataLoader(samples, batch_size=job.train.batch))


def _one_thread(_worker: int) -> None:
    import cv2

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
