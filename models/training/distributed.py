"""One training on several processes (`torchrun`), on one host or many: gradients, statistics and sums are shared.

Everything here does nothing in a training of one process.
"""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.nn.functional import all_reduce
from torch.nn.parallel import DistributedDataParallel


@contextmanager
def process_group(device: torch.device) -> Iterator[None]:
    """For the length of the block, the group of processes that torchrun started; nothing where it did not.

    What was trained in the block has to be let go of in it: a group that something still holds when the program ends
    may end it by a signal.
    """
    if "WORLD_SIZE" not in os.environ or int(os.environ["WORLD_SIZE"]) == 1:
        yield
        return
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield
    finally:
        gc.collect()  # parallel modules hold the group, and themselves
        dist.destroy_process_group()


def local_device(device: torch.device) -> torch.device:
    """The device of this process: on CUDA the one of its own, by LOCAL_RANK."""
    if str(device) == "cuda" and "LOCAL_RANK" in os.environ:
        return torch.device("cuda", int(os.environ["LOCAL_RANK"]))
    return device


def rank() -> int:
    """Number of this process, from 0; 0 writes files and talks."""
    return dist.get_rank() if dist.is_initialized() else 0


def world_size() -> int:
    """Number of processes."""
    return dist.get_world_size() if dist.is_initialized() else 1


def wrap(module: nn.Module) -> nn.Module:
    """The module with a forward pass whose gradients become the mean over all processes."""
    if world_size() == 1 or not any(p.requires_grad for p in module.parameters()):
        return module
    return DistributedDataParallel(module, broadcast_buffers=False)


def mean_over_processes(value: float, device: torch.device) -> float:
    """The mean of a number over all processes."""
    if world_size() == 1:
        return value
    total = torch.tensor(value, dtype=torch.float64, device=device)
    dist.all_reduce(total)
    return float(total) / world_size()


def synchronize_norms(module: nn.Module) -> None:
    """Let every BatchNorm2d of the module take its training statistics over all processes, in place."""
    if world_size() == 1:
        return
    for child in module.modules():
        for name, norm in child.named_children():
            if type(norm) is nn.BatchNorm2d:
                shared = _SharedBatchNorm(norm.num_features, eps=norm.eps, momentum=norm.momentum)
                shared.load_state_dict(norm.state_dict())
                setattr(child, name, shared)


class _SharedBatchNorm(nn.BatchNorm2d):
    """Batch normalisation over the batches of all processes; unlike SyncBatchNorm it also works on CPUs."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        sums = torch.stack((x.float().sum((0, 2, 3)), x.float().square().sum((0, 2, 3))))
        count = x.numel() // x.shape[1] * world_size()
        mean, square = all_reduce(sums) / count  # type: ignore[no-untyped-call]
        variance = (square - mean.square()).clamp_min(0)
        with torch.no_grad():
            assert self.running_mean is not None
            assert self.running_var is not None
            share = self.momentum or 0.1
            self.running_mean.lerp_(mean.detach(), share)
            self.running_var.lerp_(variance.detach() * count / max(1, count - 1), share)
        # the statistics are inputs here, so that gradients flow through them
        scale = (variance + self.eps).rsqrt() * self.weight
        shift = self.bias - mean * scale
        normal: Tensor = x.float() * scale[:, None, None] + shift[:, None, None]
        return normal.to(x.dtype)
