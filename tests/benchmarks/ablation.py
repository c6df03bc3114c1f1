"""What each part of the recipe is worth: the same data, seed and number of samples, one part changed at a time.

python tests/benchmarks/ablation.py DATA OUT [--start WEIGHTS] [--only NAME…]

DATA is the folder that configs/train/default.yaml and configs/evaluate/heldout.csv name files of. Every row is
`kinochrome train`, then `kinochrome evaluate` on all held-out photos as they are and on every third of them aged
as old film. Rows that are done are not done again, and a killed training goes on; so OUT may be run again.
The last weights of each row count, not the best. With --start two more rows go on from those weights: the last
stage with its adversary and without.
"""

import argparse
import csv
import json
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))

from pipeline.dataset.degrade import age
from pipeline.dataset.samples import decode_rgb

ROOT = Path(__file__).parents[2]
_DEFAULT, _PIX2PIX = ROOT / "configs/train/default.yaml", ROOT / "configs/train/pix2pix.yaml"
_HELD_OUT = ROOT / "configs/evaluate/heldout.csv"
_Losses = dict[str, object]
Row = tuple[Path, dict[str, object]]
_COMMON: dict[str, object] = {
    "train.batch": 16,
    "train.average": 0.98,
    "train.validate_every": 250,
    "train.keep": "last",
    "samples.crop_px": 128,
    "samples.aged": 0.65,
    "validation_pictures": 100,
    "validation_clips": 2,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--start", type=Path)
    parser.add_argument("--only", nargs="+", default=[])
    arguments = parser.parse_args()
    rows = make_rows(arguments.out, arguments.start)
    names = arguments.only or list(rows)
    arguments.out.mkdir(parents=True, exist_ok=True)
    aged = make_aged(arguments.data, arguments.out / "aged")
    done = {name: run_row(name, rows[name], arguments.data, arguments.out, aged) for name in names}
    print(json.dumps({"machine": _machine(), "rows": done}, indent=1))
    print(table(done))


def make_rows(out: Path, start: Path | None) -> dict[str, Row]:
    """Configuration and settings of each row, by name; those that share their first 500 steps go on from `common`."""
    cross: _Losses = {"cross_entropy": 1}
    l1: _Losses = {"cross_entropy": 0, "l1": 20}
    both: _Losses = {"cross_entropy": 0.3, "l1": 20}
    gan = both | {"adversarial": 0.5}
    common = {"init": str(_folder(out, "common").absolute() / "weights.safetensors")}
    rows: dict[str, Row] = {
        "common": (_DEFAULT, _COMMON | {"train.stages": _first(cross)}),
        "cross-entropy": (_DEFAULT, _COMMON | common | {"train.stages": [_last(cross)]}),
        "+ L1": (_DEFAULT, _COMMON | common | {"train.stages": [_last(both)]}),
        "+ adversarial": (_DEFAULT, _COMMON | common | {"train.stages": [_last(gan)]}),
    }
    if start:
        begun = {"init": str(start.absolute())}
        rows |= {
            f"{start.stem}, then + L1": (_DEFAULT, _COMMON | begun | {"train.stages": [_last(both)]}),
            f"{start.stem}, then + adversarial": (_DEFAULT, _COMMON | begun | {"train.stages": [_last(gan)]}),
        }
    unaged = {"samples.aged": 0, "samples.titles": 0}
    frozen = {"train.stages": [*_first(cross, encoder_rate=0), _last(gan, encoder_rate=0)]}
    return rows | {
        "+ adversarial, frozen encoder": (_DEFAULT, _COMMON | frozen),
        "+ adversarial, no ageing": (
            _DEFAULT,
            _COMMON | {"train.stages": [*_first(cross), _last(gan)]} | unaged,
        ),
        "L1 only": (_DEFAULT, _COMMON | {"train.stages": [*_first(l1), _last(l1)]}),
        "pix2pix": (_PIX2PIX, _pix2pix()),
    }


def make_aged(data: Path, out: Path) -> Path:
    """Every third held-out photo with the luma of an old film and its own chroma."""
    if (out / "done").exists():
        return out
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for photo in _held_out()[::3]:
        unit = decode_rgb(data / photo).astype(np.float32) / np.float32(255)
        scale = 320 / min(unit.shape[:2])
        unit = np.asarray(
            cv2.resize(unit, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.float32
        )
        lab = np.asarray(cv2.cvtColor(unit, cv2.COLOR_RGB2Lab), np.float32)
        lab[..., 0] = age(unit, np.ascontiguousarray(lab[..., 0]), rng=rng)
        bgr = np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2BGR), 0, 1) * 255
        cv2.imwrite(str(out / f"{Path(photo).stem}.png"), np.rint(bgr).astype(np.uint8))
    (out / "done").touch()
    return out


def run_row(name: str, row: Row, data: Path, out: Path, aged: Path) -> dict[str, Any]:
    """Train and evaluate one row, unless its figures lie in its folder already."""
    folder = _folder(out, name)
    found = folder / "figures.json"
    if found.exists():
        known: dict[str, Any] = json.loads(found.read_text())
        return known
    config, settings = row
    values = settings | {"data": str(data / "train"), "out": str(folder)}
    started = time.monotonic()
    _kinochrome("train", str(config), *(f"--set={key}={json.dumps(value)}" for key, value in values.items()))
    seconds = time.monotonic() - started
    weights = folder / "weights.safetensors"
    figures = {
        "seconds of training": round(seconds),
        "photos": _evaluate(weights, [str(data / photo) for photo in _held_out()]),
        "aged photos": _evaluate(weights, [str(aged)]),
    }
    found.write_text(json.dumps(figures, indent=1))
    return figures


def table(rows: dict[str, dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| recipe | ab RMSE | CF (of truth) | \\|ΔCF\\| | kernel x1000 | aged: ab RMSE | aged: kernel | minutes |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in rows.items():
        photos, aged = row["photos"], row["aged photos"]
        cells = [
            name,
            f"{photos['ab_rmse']:.2f}",
            f"{photos['colorfulness']:.1f} ({photos['colorfulness'] / photos['colorfulness_truth']:.0%})",
            f"{photos['delta_cf']:.1f}",
            f"{1000 * photos['kernel']:.1f}",
            f"{aged['ab_rmse']:.2f}",
            f"{1000 * aged['kernel']:.1f}",
            f"{row['seconds of training'] / 60:.0f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _first(losses: _Losses, *, encoder_rate: float = 0.1) -> list[_Losses]:
    decoder: _Losses = {"name": "decoder", "steps": 150, "rate": 1.5e-3, "final_rate": 1.2e-3}
    whole: _Losses = {"name": "whole", "steps": 350, "rate": 1.2e-3, "final_rate": 3e-4}
    return [decoder | losses, whole | losses | {"encoder_rate": encoder_rate}]


def _last(losses: _Losses, *, encoder_rate: float = 0.1) -> _Losses:
    stage: _Losses = {"name": "last", "steps": 250, "rate": 3e-4, "encoder_rate": encoder_rate}
    return stage | {"warmup_steps": 20} | losses


def _pix2pix() -> dict[str, object]:
    """As published but for the size of its crops, on a quarter of the other rows' samples, for they cost more."""
    stage = {"name": "pix2pix", "steps": 750, "rate": 2e-4, "final_rate": 2e-4, "warmup_steps": 0}
    return {
        "train.stages": [stage | {"cross_entropy": 0, "l1": 100, "adversarial": 1}],
        "unet.levels": 7,
        "samples.crop_px": 128,
        "train.validate_every": 375,
        "train.keep": "last",
        "validation_pictures": 100,
        "validation_clips": 2,
        "validation_origins": yaml.safe_load(_DEFAULT.read_text())["validation_origins"],
        "test_origins": yaml.safe_load(_DEFAULT.read_text())["test_origins"],
    }


def _folder(out: Path, name: str) -> Path:
    return out / "".join(c if c.isalnum() else "_" for c in name)


def _evaluate(weights: Path, photos: list[str]) -> dict[str, float]:
    told = _kinochrome("evaluate", *photos, "--weights", str(weights), "--json", "--kernel-distance")
    group = json.loads(told)["groups"][0]
    kept = ("ab_rmse", "ab_rmse_grey", "colorfulness", "colorfulness_truth", "delta_cf", "psnr", "ssim")
    return {key: group[key] for key in kept} | {"kernel": group["kernel"]["result"]}


def _held_out() -> list[str]:
    with _HELD_OUT.open(encoding="utf-8", newline="") as file:
        names = [row["path"] for row in csv.DictReader(file)]
    return [name for name in names if name.endswith((".jpg", ".png", ".webp"))]


def _kinochrome(*arguments: str) -> str:
    print("kinochrome", *arguments[:8], "…", file=sys.stderr, flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "jobs.cli.main", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"kinochrome {arguments[0]}: exit code {done.returncode}")
    return done.stdout


def _machine() -> dict[str, object]:
    names = ("kinochrome", "torch", "numpy", "opencv-python")
    return {"cpus": os.cpu_count(), "machine": platform.machine()} | {
        "versions": {n: version(n) for n in names}
    }


if __name__ == "__main__":
    main()
