"""What fine-tuning gains on a film's other half, and what it costs elsewhere.

python tests/benchmarks/finetune.py DATA OUT CLIP…

Every second shot of each clip becomes a film of its own; `kinochrome dataset` and `kinochrome train
configs/train/finetune.yaml` make weights of it. Old and new weights are evaluated on frames of the other shots and on
the held-out photos of DATA, the folder that configs/train/default.yaml and configs/evaluate/heldout.csv name files of;
its training part is what is not to be forgotten.
"""

import argparse
import csv
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path

import av
import cv2
import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))

from pipeline.dataset.training_set import split_by_origin
from pipeline.plan.plan import scan_film
from pipeline.plan.segments import SegmentSettings
from pipeline.plan.shots import ShotSettings
from pipeline.source.probe import probe

ROOT = Path(__file__).parents[2]
_EVERY_FRAMES = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--odd", action="store_true", help="learn from shots 1, 3, 5… instead of 0, 2, 4…")
    parser.add_argument("--set", action="append", default=[], help="key=value of the training")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    base = make_base(arguments.data, arguments.out / "base")
    held_out = [str(arguments.data / name) for name in _held_out()]
    general = _evaluate(None, held_out)
    clips = {}
    for clip in arguments.clips:
        folder = arguments.out / clip.stem
        learned, other = halve(clip, folder, odd=arguments.odd)
        started = time.monotonic()
        _kinochrome("dataset", str(learned), "-o", str(folder / "set"))
        settings = {"data": folder / "set", "base": base, "out": folder / "training"}
        config = str(ROOT / "configs/train/finetune.yaml")
        given = [*(f"{key}={value}" for key, value in settings.items()), *arguments.set]
        _kinochrome("train", config, *(f"--set={one}" for one in given))
        minutes = (time.monotonic() - started) / 60
        weights = folder / "training" / "weights.safetensors"
        clips[clip.name] = {
            "minutes": round(minutes, 1),
            "other shots": compare(_evaluate(None, [str(other)]), _evaluate(weights, [str(other)])),
            "held-out photos": compare(general, _evaluate(weights, held_out)),
        }
    print(json.dumps({"machine": _machine(), "settings": arguments.set, "clips": clips}, indent=1))


def make_base(data: Path, out: Path) -> Path:
    """A folder of links to the general training part alone, with its manifest."""
    recipe = yaml.safe_load((ROOT / "configs/train/default.yaml").read_text())
    split = split_by_origin(
        data / "train", validation=recipe["validation_origins"], test=recipe["test_origins"]
    )
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    with (out / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "origin", "split"])
        for name, files in (("train", split.train), ("val", split.validation)):
            for entry in files:
                (out / entry.path.name).symlink_to(entry.path.absolute())
                writer.writerow([entry.path.name, entry.origin, name])
    return out


def halve(clip: Path, out: Path, *, odd: bool) -> tuple[Path, Path]:
    """A lossless film of shots 0, 2, 4…, or 1, 3, 5… if `odd`, and a folder of every fourth frame of the others."""
    shutil.rmtree(out, ignore_errors=True)
    (out / "other").mkdir(parents=True)
    plan = scan_film(probe(clip), shot_settings=ShotSettings(), segment_settings=SegmentSettings())
    is_other = [
        (index % 2 == 1) != odd for index, shot in enumerate(plan.shots) for _ in range(shot.start, shot.end)
    ]
    learned = out / f"{clip.stem}_half.mkv"
    with av.open(str(clip)) as source, av.open(str(learned), "w") as target:
        video = source.streams.video[0]
        written = target.add_stream("ffv1", rate=video.average_rate)
        written.width, written.height, written.pix_fmt = video.width, video.height, video.pix_fmt
        rate, kept = video.average_rate or Fraction(25), 0
        for number, frame in enumerate(source.decode(video)):
            if is_other[number]:
                if number % _EVERY_FRAMES == 0:
                    cv2.imwrite(str(out / "other" / f"{number:06}.png"), frame.to_ndarray(format="bgr24"))
                continue
            frame.pts, frame.time_base = kept, 1 / rate
            kept += 1
            target.mux(written.encode(frame))
        target.mux(written.encode(None))
    return learned, out / "other"


def compare(before: dict[str, float], after: dict[str, float]) -> dict[str, list[float]]:
    """[before, after, share that is gone] of every figure."""
    return {
        key: [round(before[key], 5), round(after[key], 5), round(1 - after[key] / before[key], 3)]
        for key in before
    }


def _evaluate(weights: Path | None, pictures: list[str]) -> dict[str, float]:
    chosen = ["--weights", str(weights)] if weights else []
    told = _kinochrome("evaluate", *pictures, *chosen, "--json", "--kernel-distance")
    group = json.loads(told)["groups"][0]
    return {key: group[key] for key in ("ab_rmse", "delta_cf", "psnr")} | {
        "kernel distance": group["kernel"]["result"] - group["kernel"]["truth"]
    }


def _held_out() -> list[str]:
    with (ROOT / "configs/evaluate/heldout.csv").open(encoding="utf-8", newline="") as file:
        names = [row["path"] for row in csv.DictReader(file)]
    return [name for name in names if name.endswith(".jpg")]


def _kinochrome(*arguments: str) -> str:
    print("kinochrome", *arguments[:4], "…", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "jobs.cli.main", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise SystemExit(f"kinochrome {arguments[0]}: exit code {done.returncode}")
    return done.stdout


def _machine() -> dict[str, object]:
    versions = {name: version(name) for name in ("kinochrome", "torch", "numpy")}
    return {"cpus": os.cpu_count(), "machine": platform.machine(), "versions": versions}


if __name__ == "__main__":
    main()
