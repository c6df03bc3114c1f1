"""Two processes that share every batch train as one process does with the whole of it."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

Training = tuple[list[dict[str, float]], list[float]]

_PROGRAM = """
import json, os
import numpy as np, torch
from models.training import distributed as parallel
from models.training.adversary import AdversarySettings
from models.networks.efficient import EfficientGenerator, EfficientSettings
from models.networks.patchgan import PatchSettings
from models.training.schedule import Stage, TrainSettings
from models.training.trainer import Trainer
from pipeline.dataset.samples import Sample

torch.set_num_threads(1)
adversarial = Stage(name="b", steps=3, rate=1e-4, warmup_steps=0, encoder_rate=0.1, l1=10, adversarial=0.5)
settings = TrainSettings(
    stages=(Stage(name="a", steps=3, rate=1e-3, warmup_steps=0), adversarial),
    batch=4, precision="fp32", average=0, gradient_clip=0, validate_every=100,
    adversary=AdversarySettings(rate=1e-4, patch=PatchSettings(layers=1, channels=8)),
)
def train():
    torch.manual_seed(0)
    small = EfficientSettings(context=32, decoder=(24, 24, 24), heads=2, dropout=0)
    generator = EfficientGenerator(small)
    prior = np.full(len(generator.bins), 1 / len(generator.bins))
    trainer = Trainer(generator, settings=settings, prior=prior, device="cpu")
    mine = slice(parallel.rank() * 4 // parallel.world_size(), (parallel.rank() + 1) * 4 // parallel.world_size())
    losses = []
    for step in range(6):
        if step == 3:
            norm = trainer.generator.state_dict()["up16.convs.1.running_mean"].tolist()
            trainer._next_stage()
        rng = torch.Generator().manual_seed(step)
        level = torch.rand(4, 1, 16, 16, generator=rng)
        ab = torch.cat((level * 60 - 20, level * 80 - 40), dim=1)
        lightness = torch.nn.functional.interpolate(level * 60 + 20, scale_factor=4)
        whole = lightness, ab, torch.zeros_like(ab), torch.zeros_like(level), torch.zeros(4, dtype=torch.bool)
        batch = Sample(*(part[mine] for part in whole))
        losses.append(trainer.train_step(batch))
    return losses, norm

alone = train() if os.environ["RANK"] == "0" else None
with parallel.process_group(torch.device("cpu")):
    together = train()
if alone:
    print(json.dumps([alone, together]))
"""


@pytest.mark.slow
def test_two_processes_give_the_losses_of_one() -> None:
    (one, one_norm), (two, two_norm) = _train()
    assert [set(step) for step in one] == [set(step) for step in two]
    for alone, together in zip(one[:3], two[:3], strict=True):
        assert together == pytest.approx(alone, rel=3e-4)  # gradients of one's own half give 2e-3
    for alone, together in zip(one[3:], two[3:], strict=True):
        assert together == pytest.approx(alone, rel=3e-2)  # Adam makes much of gradients that are near 0
    assert two_norm == pytest.approx(one_norm, rel=2e-2, abs=1e-3)


def _train() -> tuple[Training, Training]:
    """Losses of each step and means of a norm: of the first process alone, then of both together."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = os.environ | {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", _PROGRAM],
            env=common | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            cwd=Path(__file__).parents[3],
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    told = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    one, two = json.loads(told[0].splitlines()[-1])
    return one, two
