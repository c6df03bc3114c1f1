"""A training job's pictures as batches: shuffled samples to learn from, fixed ones to be judged by."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatch

import torch
from torch.utils.data import DataLoader, Sampler

from jobs.settings.training import TrainJob
from models.networks.efficientnet_lite import ImageNetFeatures
from models.networks.generator import AB_STRIDE
from models.training import distributed
from models.training.validation import Pictures, Validation
from pipeline.dataset.photo_faults import only_photographs
from pipeline.dataset.samples import PhotoSamples, Picture, Sample, SampleSettings
from pipeline.dataset.training_pictures import read_pictures, read_run
from pipeline.dataset.training_set import Split, base_files, split_by_origin
from pipeline.errors import SettingsError
from pipeline.target import FILM_SUFFIXES

_CLIP_FRAMES = 12
_VALIDATION_BATCH = 32


@dataclass(frozen=True, kw_only=True)
class TrainingData:
    """The pictures of a training by what they are for."""

    split: Split
    pictures: list[Picture]
    weights: list[float]
    """How often each of the pictures is shown, beside the others."""
    dropped: Mapping[str, int]
    """How many pictures were left out, by their fault."""
    base: list[Picture]


def read_training_data(job: TrainJob) -> TrainingData:
    """Lists photos and reads the frames of clips. Raises SettingsError where there is nothing to train on."""
    split = split_by_origin(
        job.data,
        validation=job.validation_origins,
        test=job.test_origins,
        held_out=job.held_out,
        manifests=job.manifests,
    )
    base = base_files(job.base) if job.base else ()
    dropped: Mapping[str, int] = {}
    if job.photographs_only:
        kept, dropped = only_photographs(split.train)
        split = replace(split, train=tuple(kept))
    pictures: list[Picture] = []
    weights: list[float] = []
    for file in split.train:
        found = read_pictures([file], frames_per_clip=job.frames_per_clip)
        pictures += found
        weights += [_weight(file.path.name, job.weights_by_name)] * len(found)
    return TrainingData(
        split=split,
        pictures=pictures,
        weights=weights,
        dropped=dropped,
        base=read_pictures(base, frames_per_clip=job.frames_per_clip),
    )


def training_batches(job: TrainJob, data: TrainingData, *, first_step: int, stride: int) -> Iterator[Sample]:
    """This process's share of every batch from a step on, without end; the same samples however they are shared."""
    samples = PhotoSamples(
        data.pictures,
        settings=job.samples,
        seed=job.train.seed,
        stride=stride,
        base=data.base,
        base_share=job.base_share,
        weights=data.weights,
        batch=job.train.batch,
    )
    return iter(
        DataLoader(
            samples,
            batch_sampler=_Numbers(job.train.batch, first_step=first_step),
            num_workers=job.loaders,
            prefetch_factor=4 if job.loaders else None,
            # OpenCV's threads do not survive a fork
            multiprocessing_context="spawn" if job.loaders else None,
            worker_init_fn=_one_thread,
        )
    )


def samples_to_look_at(job: TrainJob, pictures: list[Picture], *, count: int) -> Iterator[Sample]:
    """Samples of pictures that a generator is to tell from others."""
    samples = PhotoSamples(pictures, settings=job.samples, seed=job.train.seed, stride=AB_STRIDE)
    return (samples[number] for number in range(count))


def make_validation(job: TrainJob, data: TrainingData) -> Validation:
    """The same un-aged, un-hinted pictures at every validation, and runs of frames of the first clips."""
    settings = replace(job.samples, crop_sides=(), smallest_crop=1, aged=0, titles=0, hinted=0)
    pictures = read_pictures(data.split.validation, frames_per_clip=1)[: job.validation_pictures]
    clips = [file.path for file in data.split.validation if file.path.suffix.lower() in FILM_SUFFIXES]
    runs = [read_run(path, count=_CLIP_FRAMES) for path in clips[: job.validation_clips]]
    return Validation(
        [
            _stacked(pictures[start : start + _VALIDATION_BATCH], settings)
            for start in range(0, len(pictures), _VALIDATION_BATCH)
        ],
        clips=[_stacked(run, settings, same_crop=True) for run in runs if len(run) > 1],
        features=ImageNetFeatures().eval(),
    )


def _weight(name: str, patterns: Mapping[str, float]) -> float:
    return next((weight for pattern, weight in patterns.items() if fnmatch(name, pattern)), 1.0)


class _Numbers(Sampler[list[int]]):
    """The numbers of this process's samples, a list for each step, without end."""

    def __init__(self, batch: int, *, first_step: int) -> None:
        count, rank = distributed.world_size(), distributed.rank()
        if batch % count:
            raise SettingsError(f"train.batch {batch}: {count} processes cannot share it evenly")
        self._batch, self._first = batch, first_step
        self._mine = range(rank * batch // count, (rank + 1) * batch // count)

    def __iter__(self) -> Iterator[list[int]]:
        step = self._first
        while True:
            yield [step * self._batch + place for place in self._mine]
            step += 1


def _stacked(pictures: list[Picture], settings: SampleSettings, *, same_crop: bool = False) -> Pictures:
    """Samples 0, 1, … of the pictures in their order; frames of a clip share one crop."""
    if same_crop:
        samples = [
            PhotoSamples([picture], settings=settings, seed=1, stride=AB_STRIDE)[0] for picture in pictures
        ]
    else:
        ordered = PhotoSamples(pictures, settings=settings, seed=1, stride=AB_STRIDE)
        samples = [ordered[number] for number in range(len(pictures))]
    return torch.stack([s.lightness for s in samples]), torch.stack([s.ab for s in samples])


def _one_thread(_worker: int) -> None:
    import cv2

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
