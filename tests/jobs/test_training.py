import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from jobs.progress import QuietProgress
from jobs.trainfile import load_train_job
from jobs.training import CHECKPOINT_NAME, WEIGHTS_NAME, make_generator, train
from models.checkpoint import DEFAULT_WEIGHTS, load_weights, save_weights
from pipeline.errors import SettingsError

CONFIGS = Path(__file__).parents[2] / "configs" / "train"
DEBUG, FINETUNE = CONFIGS / "debug.yaml", CONFIGS / "finetune.yaml"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for origin in ("a", "b", "c"):
        folder = tmp_path / "data" / origin
        folder.mkdir(parents=True)
        for number in range(4):
            small = rng.integers(0, 255, (4, 4, 3), dtype=np.uint8)
            cv2.imwrite(
                str(folder / f"{number}.png"), cv2.resize(small, (96, 96), interpolation=cv2.INTER_CUBIC)
            )
    return tmp_path / "data"


@pytest.mark.slow
def test_debug_training_leaves_weights_that_load(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    job = load_train_job(DEBUG, overrides=[f"data={photos}", f"out={out}"])
    scores = train(job, progress=QuietProgress())
    _, info = load_weights(out / WEIGHTS_NAME)
    assert info.name == "debug"
    assert scores.step in (4, 8, 12, 16, 20)
    assert sorted(p.name for p in out.iterdir()) == [
        CHECKPOINT_NAME,
        "config.json",
        "log.jsonl",
        "tensorboard",
        WEIGHTS_NAME,
    ]
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert [line["stage"] for line in lines if "stage" in line] == ["decoder", "whole", "adversarial"]
    assert [line["validation"]["step"] for line in lines if "validation" in line] == [4, 8, 12, 16, 20]
    last = next(line for line in reversed(lines) if "loss" in line)
    assert {"cross_entropy", "l1", "adversarial", "discriminator"} < set(last)
    assert train(job, progress=QuietProgress()) == scores  # a finished training is not done again


def test_a_fine_tuning_gives_weights_a_look_that_they_lack(photos: Path, tmp_path: Path) -> None:
    overrides = [f"data={photos}", f"out={tmp_path / 'run'}"]
    made = make_generator(load_train_job(FINETUNE, overrides=overrides))
    assert made.settings.look > 0
    default, _ = load_weights(DEFAULT_WEIGHTS)
    assert default.settings.look == 0
    lightness = torch.rand(1, 1, 64, 64) * 100
    with torch.inference_mode():
        assert torch.equal(made.eval()(lightness), default(lightness))
    save_weights(tmp_path / "w.safetensors", made, name="x", licence="x", recipe={})
    again = make_generator(
        load_train_job(FINETUNE, overrides=[*overrides, f"init={tmp_path / 'w.safetensors'}"])
    )
    assert again.settings == made.settings


def test_a_base_needs_weights_that_know_its_colours(photos: Path, tmp_path: Path) -> None:
    overrides = [f"data={photos}", f"out={tmp_path / 'run'}", f"base={photos}", "base_share=0.5"]
    with pytest.raises(SettingsError, match="base: init imagenet: such weights know no colours to keep"):
        load_train_job(DEBUG, overrides=overrides)


def test_faults_of_a_config_are_told_all_at_once(tmp_path: Path) -> None:
    config = tmp_path / "t.yaml"
    config.write_text(
        "data: nowhere\nout: o\ntrain:\n  stages: [{name: a, rate: 1, stesp: 5}]\n"
        "  batch: '8'\nsamples:\n  crop_px: 100\n"
    )
    with pytest.raises(SettingsError) as error:
        load_train_job(config)
    lines = str(error.value).splitlines()
    assert len(lines) == 5
    assert "t.yaml:1: data: no such folder" in lines[0]
    assert "train.stages.0.steps: this key is missing" in lines[1]
    assert "train.stages.0.stesp: unknown key; did you mean 'steps'?" in lines[2]
    assert "batch" in lines[3]
    assert "crop_px" in lines[4]
