import io
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch

from jobs.progress.reporters import JsonProgress, QuietProgress
from jobs.settings.training import load_train_job
from jobs.training.batches import read_training_data
from jobs.training.train import CHECKPOINT_NAME, WEIGHTS_NAME, make_generator, train
from models.checkpoint import load_weights, save_weights
from models.errors import TrainingError
from models.networks.efficient import EfficientGenerator, EfficientSettings
from models.networks.gated import GatedGenerator
from pipeline.errors import SettingsError

CONFIGS = Path(__file__).parents[3] / "configs" / "train"
DEBUG = CONFIGS / "debug.yaml"


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


def test_a_training_extends_weights_and_keeps_what_is_listed_out_of_it(photos: Path, tmp_path: Path) -> None:
    init = tmp_path / "init.safetensors"
    small = EfficientGenerator(EfficientSettings(context=32, decoder=(24, 24, 24), heads=2))
    save_weights(init, small, name="small", licence="none", recipe={})
    (tmp_path / "held.csv").write_text("path,group\na/0.png,g\nb/1.png,g\n")
    cv2.imwrite(str(photos / "a" / "grey.png"), np.full((96, 96, 3), 90, np.uint8))
    config = tmp_path / "t.yaml"
    config.write_text(
        f"data: {photos}\nout: run\ninit: {init}\nloaders: 0\nextend: {{queries: 4, guided: true}}\n"
        "held_out: [held.csv]\nphotographs_only: true\nweights_by_name: {'1.*': 0.5}\n"
        "samples: {crop_px: 64, crop_sides: [64, 96], hinted: 1}\n"
        "train: {batch: 4, average: 0, precision: fp32, stages: [{name: whole, steps: 3, rate: 0.01, warmup_steps: 1,"
        " encoder_rate: 0.2, encoder_decay: 0.5, unfrozen_from: 0, l1: 1, perceptual: 1, colorful: 1}]}\n"
    )
    job = load_train_job(config)
    data = read_training_data(job)
    names = [f"{file.path.parent.name}/{file.path.name}" for file in data.split.train]
    assert names == ["a/1.png", "a/2.png", "a/3.png", "b/0.png", "b/2.png", "b/3.png"]
    assert data.weights == [0.5, 1, 1, 1, 1, 1]
    assert data.dropped == {"grey": 1}
    told = io.StringIO()
    train(job, progress=JsonProgress(told))
    assert "left out: 1 grey" in told.getvalue()
    trained, _ = load_weights(tmp_path / "run" / WEIGHTS_NAME)
    assert trained.settings == replace(small.settings, queries=4, guided=True)
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert log[-1]["validation"]["step"] == 3
    with pytest.raises(SettingsError, match=r"t\.yaml:\d+: held_out: no such file: .*none\.csv"):
        config.write_text(config.read_text().replace("held.csv", "none.csv"))
        load_train_job(config)


def test_fine_tuned_weights_leave_pictures_like_the_base_as_they_were(photos: Path, tmp_path: Path) -> None:
    """The film is light, the general pictures are dark; of those that nobody saw the same is true."""
    general = tmp_path / "general"
    general.mkdir()
    for path in photos.rglob("*.png"):
        cv2.imwrite(str(general / f"{path.parent.name}{path.name}"), _read(path) // 8)
    init = tmp_path / "init.safetensors"
    torch.manual_seed(1)
    small = EfficientGenerator(EfficientSettings(context=32, decoder=(24, 24, 24), heads=2))
    save_weights(init, small, name="small", licence="none", recipe={})
    config = tmp_path / "t.yaml"
    config.write_text(
        f"data: {photos}\nout: run\nbase: {general}\ninit: {init}\nloaders: 0\nsamples: {{crop_px: 64, aged: 0}}\n"
        "train: {batch: 4, average: 0, stages: [{name: whole, steps: 3, rate: 0.01, warmup_steps: 1}]}\n"
    )
    told = io.StringIO()
    train(load_train_job(config), progress=JsonProgress(told))
    looks = [event for event in map(json.loads, told.getvalue().splitlines()) if event.get("stage") == "look"]
    assert (looks[0]["done"], looks[-1]["done"]) == (1, looks[-1]["total"])
    weights = tmp_path / "run" / WEIGHTS_NAME
    (tuned, info), (before, _) = load_weights(weights), load_weights(init)
    assert info.architecture == "guarded"
    light, dark = _lightness(photos), _lightness(general)
    with torch.inference_mode():
        assert torch.equal(tuned(dark), before(dark))
        assert not torch.allclose(tuned(light), before(light), atol=0.1)
    again = load_train_job(config, overrides=[f"init={weights}", "guard=false", f"out={tmp_path / 'again'}"])
    assert isinstance(make_generator(again), GatedGenerator)
    train(again, progress=QuietProgress())
    with pytest.raises(TrainingError, match="architecture 'guarded'; architecture: efficient works"):
        make_generator(load_train_job(config, overrides=[f"init={weights}", "architecture=unet"]))
    plain = load_train_job(config, overrides=["guard=false", f"out={tmp_path / 'plain'}"])
    train(plain, progress=QuietProgress())
    assert load_weights(tmp_path / "plain" / WEIGHTS_NAME)[1].architecture == "efficient"


def _read(path: Path) -> npt.NDArray[np.uint8]:
    picture = cv2.imread(str(path))
    assert picture is not None
    return picture.astype(np.uint8)


def _lightness(folder: Path) -> torch.Tensor:
    """L* (N, 1, 64, 64) of a corner of each photo."""
    pictures = (_read(path).astype(np.float32) / 255 for path in folder.rglob("*.png"))
    labs = [cv2.cvtColor(picture, cv2.COLOR_BGR2LAB) for picture in pictures]
    return torch.stack([torch.from_numpy(lab[None, :64, :64, 0]) for lab in labs])


def test_a_base_needs_weights_that_know_its_colours(photos: Path, tmp_path: Path) -> None:
    overrides = [f"data={photos}", f"out={tmp_path / 'run'}", f"base={photos}", "base_share=0.5"]
    with pytest.raises(SettingsError, match="base: init imagenet: such weights know no colours to keep"):
        load_train_job(DEBUG, overrides=overrides)
