"""The things that are looked at, in their order: what others need comes first."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from jobs.doctor.finding import Finding
from jobs.doctor.libraries import (
    look_at_cuda,
    look_at_ffmpeg,
    look_at_packages,
    look_at_python,
    look_at_torch,
)
from jobs.doctor.storage import look_at_disk, look_at_locks
from jobs.doctor.trial import look_at_encoders, look_at_film, look_at_weights

Look = Callable[[], Finding]


def examine(folder: Path) -> Iterator[Finding]:
    """A finding for each thing, as soon as it was looked at; `folder` is where films or a queue will lie."""
    looks: tuple[tuple[str, Look], ...] = (
        ("Python", look_at_python),
        ("packages", look_at_packages),
        ("PyTorch", look_at_torch),
        ("CUDA", look_at_cuda),
        ("FFmpeg", look_at_ffmpeg),
        ("encoders", look_at_encoders),
        ("weights", look_at_weights),
        ("disk", partial(look_at_disk, folder)),
        ("locks", partial(look_at_locks, folder)),
        ("film", look_at_film),
    )
    for subject, look in looks:
        try:
            yield look()
        except (
            Exception
        ) as error:  # whatever is broken here is what is looked for; the next thing is looked at, too
            told = f"{type(error).__name__}: {error}"
            yield Finding(subject=subject, told=told, state="missing", advice=_REPAIR)


_REPAIR = "an installation made anew, as README says under Install, would help; so may another version of the package"
