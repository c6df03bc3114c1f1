"""Decides how many worker processes a machine gets, and the device of each."""

import os
from dataclasses import dataclass

import torch

from jobs.settings.job import Job

_NO_LIMIT = "1e18"  # loky ends workers whose memory grows by 300 MB; ours grows with the length of a segment


@dataclass(frozen=True, kw_only=True)
class Seat:
    """Where one worker process works."""

    visible: str | None = None
    """The one GPU that it sees (CUDA_VISIBLE_DEVICES); None where it needs none."""

    @property
    def device(self) -> str | None:
        """The device as the process has to name it; None leaves it to the job."""
        return None if self.visible is None else "cuda"

    @property
    def environment(self) -> dict[str, str]:
        """What its process gets besides our own environment."""
        gpu = {} if self.visible is None else {"CUDA_VISIBLE_DEVICES": self.visible}
        return gpu | {"LOKY_MAX_MEMORY_LEAK_SIZE": _NO_LIMIT}


def plan_seats(job: Job, *, workers: int | None) -> tuple[Seat, ...]:
    """A seat for each worker: `workers` of them, else one for each GPU that the job may use, else one.

    Several workers take turns on the GPUs. On a CPU one is enough: network and encoder use all cores as it is.
    """
    gpus = _gpus(job)
    count = workers or max(1, len(gpus))
    return tuple(Seat(visible=gpus[number % len(gpus)] if gpus else None) for number in range(count))


def describe_seats(seats: tuple[Seat, ...], *, asked: bool) -> str:
    """The choice in one line, for the user."""
    gpus = list(dict.fromkeys(seat.visible for seat in seats if seat.visible is not None))
    where = f"GPU {', '.join(gpus)}" if gpus else f"CPU, {os.cpu_count()} cores"
    why = "" if asked else "; --workers changes it"
    return f"workers: {len(seats)} ({where}{why})"


def _gpus(job: Job) -> tuple[str, ...]:
    """The GPUs that the job may use, as CUDA_VISIBLE_DEVICES names them. Makes no CUDA context."""
    if job.from_proxy is not None or job.device == "cpu" or not torch.cuda.is_available():
        return ()
    names = os.environ.get("CUDA_VISIBLE_DEVICES")
    count = torch.cuda.device_count()
    visible = [name.strip() for name in names.split(",")] if names else [str(n) for n in range(count)]
    _, colon, index = job.device.partition(":")
    return tuple(visible[int(index) : int(index) + 1] if colon else visible[:count])
