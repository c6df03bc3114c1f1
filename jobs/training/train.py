"""`kinochrome train CONFIG.yaml`: a folder of photos, clips or a dataset in, weights out."""

import itertools
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import asdict

import torch
from torch import Tensor

from jobs.progress.reporters import Progress, QuietProgress
from jobs.settings.training import TrainJob
from jobs.training.batches import (
    TrainingData,
    make_validation,
    read_training_data,
    samples_to_look_at,
    training_batches,
)
from jobs.training.log_writer import TrainWriter
from models.checkpoint import load_weights, save_weights
from models.errors import TrainingError
from models.networks.efficient import EfficientGenerator
from models.networks.efficientnet_lite import load_imagenet
from models.networks.gated import GatedGenerator
from models.networks.generator import Generator
from models.networks.unet import UnetGenerator
from models.training import distributed
from models.training.position import Scores
from models.training.trainer import Trainer
from models.training.validation import Validation
from models.weights_info import weights_file
from pipeline.colorize.predict import find_device
from pipeline.dataset.samples import Sample
from pipeline.dataset.training_pictures import bin_prior

WEIGHTS_NAME = "weights.safetensors"
CHECKPOINT_NAME = "checkpoint.safetensors"
_SHOWN_PICTURES = 6
_FILM_LOOKS, _BASE_LOOKS, _LOOKS_AT_ONCE = 400, 1200, 32


def train(job: TrainJob, *, progress: Progress) -> Scores:
    """Run a training, or go on with the one whose checkpoint lies in `job.out`; returns its best scores.

    Leaves in `job.out`: `weights.safetensors` (the best by validation), `checkpoint.safetensors`, `config.json`
    (resolved settings), `log.jsonl` and `tensorboard/`. Under torchrun every process calls this; process 0 writes.
    """
    device = distributed.local_device(find_device(job.device))
    with distributed.process_group(device):
        return _train(job, device, progress)


def _train(job: TrainJob, device: torch.device, progress: Progress) -> Scores:
    with ExitStack() as stack:
        if distributed.rank() == 0:
            job.out.mkdir(parents=True, exist_ok=True)
            (job.out / "config.json").write_text(job.model_dump_json(indent=1) + "\n", encoding="utf-8")
        data = read_training_data(job)
        checkpoint = job.out / CHECKPOINT_NAME
        shown = progress if distributed.rank() == 0 else QuietProgress()
        trainer = _make_trainer(job, data, device, begins=not checkpoint.exists(), progress=shown)
        if checkpoint.exists():
            trainer.load(checkpoint)
        log = None
        if distributed.rank() == 0:
            progress.note(_summary(data, trainer))
            log = stack.enter_context(closing(TrainWriter(job.out, steps=job.train.steps, progress=progress)))
        if trainer.finished and trainer.best:
            return trainer.best
        validation = make_validation(job, data)
        return trainer.fit(
            training_batches(job, data, first_step=trainer.step, stride=trainer.generator.training_stride),
            validation=validation,
            checkpoint=checkpoint,
            on_step=lambda step, losses: _note_step(log, trainer, step, losses),
            on_validation=lambda scores, best: _note_validation(
                log, job, trainer, validation, scores=scores, best=best
            ),
        )


def _make_trainer(
    job: TrainJob, data: TrainingData, device: torch.device, *, begins: bool, progress: Progress
) -> Trainer:
    torch.manual_seed(job.train.seed)
    generator = make_generator(job)
    if job.guard and data.base:
        generator = _guarded(generator)
        if begins and isinstance(generator, GatedGenerator):  # a checkpoint knows the look of the film
            _fit_look(generator, job, data, progress=progress)
    needs_prior = any(stage.cross_entropy for stage in job.train.stages)
    bins = generator.bins.numpy() if isinstance(generator, EfficientGenerator | GatedGenerator) else None
    scale = 1 / job.train.vividness if job.train.learns_shown else 1
    prior = bin_prior(data.pictures, bins, scale=scale) if needs_prior and bins is not None else None
    return Trainer(generator, settings=job.train, prior=prior, device=str(device), remembers=bool(data.base))


def make_generator(job: TrainJob) -> Generator:
    """The generator that a training starts from. Raises WeightsError or TrainingError for unfit weights."""
    if job.init not in ("imagenet", "random"):
        path = weights_file(job.init)
        generator, info = load_weights(path)
        fits = generator.learner.architecture
        if job.architecture != fits:
            raise TrainingError(
                f"init {path}: architecture {info.architecture!r}; architecture: {fits} works"
            )
        extend = job.extend
        if isinstance(generator, EfficientGenerator) and (extend.queries or extend.guided):
            generator = generator.requires_grad_(True).extended(queries=extend.queries, guided=extend.guided)
        return generator.train()
    if job.architecture == "unet":
        return UnetGenerator(job.unet)
    made = EfficientGenerator(job.efficient)
    if job.init == "imagenet":
        load_imagenet(made.encoder)
    return made


def _guarded(generator: Generator) -> Generator:
    return GatedGenerator.around(generator) if isinstance(generator, EfficientGenerator) else generator


def _fit_look(generator: GatedGenerator, job: TrainJob, data: TrainingData, *, progress: Progress) -> None:
    """From now on the generator tells the pictures to train on from those of the base."""
    seen = itertools.count(1)

    def watched(samples: Iterator[Sample]) -> Iterator[Sample]:
        for sample in samples:
            yield sample
            progress.stage("look", next(seen), _FILM_LOOKS + _BASE_LOOKS, unit="sample")

    film = watched(samples_to_look_at(job, data.pictures, count=_FILM_LOOKS))
    general = watched(samples_to_look_at(job, data.base, count=_BASE_LOOKS))
    with torch.autocast("cpu", torch.bfloat16, enabled=job.train.precision == "bf16"):
        generator.look.fit(_looks(generator, film), _looks(generator, general))


def _looks(generator: GatedGenerator, samples: Iterator[Sample]) -> Tensor:
    found = []
    while batch := list(itertools.islice(samples, _LOOKS_AT_ONCE)):
        found.append(generator.features_of(torch.stack([sample.lightness for sample in batch])))
    return torch.cat(found)


def _summary(data: TrainingData, trainer: Trainer) -> str:
    files = data.split
    line = f"{len(files.train)} files to train on, {len(files.validation)} to validate, {len(files.test)} held out"
    if data.dropped:
        line += "; left out: " + ", ".join(f"{count} {fault}" for fault, count in data.dropped.items())
    return f"{line}; going on from step {trainer.step}" if trainer.step else line


def _note_step(log: TrainWriter | None, trainer: Trainer, step: int, losses: Mapping[str, float]) -> None:
    if log:
        log.step(step, losses, stage=trainer.stage.name)


def _note_validation(
    log: TrainWriter | None,
    job: TrainJob,
    trainer: Trainer,
    validation: Validation,
    *,
    scores: Scores,
    best: bool,
) -> None:
    """Keep the weights where they are the best yet, note the figures, show a few pictures."""
    if log is None:
        return
    if best:
        recipe = {
            "init": job.init,
            "train": asdict(job.train),
            "samples": asdict(job.samples),
            "scores": asdict(scores),
        }
        save_weights(
            job.out / WEIGHTS_NAME,
            trainer.result,
            name=job.name,
            licence=job.licence,
            vividness=job.train.vividness,
            vivid_where=job.train.vivid_where,
            recipe=recipe,
        )
    log.validation(scores, best=best)
    log.pictures("grey, result, truth", validation.show(trainer.predict, count=_SHOWN_PICTURES), scores.step)
