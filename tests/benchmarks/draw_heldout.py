"""Draw the pictures that configs/evaluate/heldout-pictures.csv holds out: a fifth of some groups, by a fixed seed.

python tests/benchmarks/draw_heldout.py DATA > configs/evaluate/heldout-pictures.csv

DATA is the folder with `train/photos2`. A picture's place in the draw is a hash of the seed and of its name, so that a
group that grows keeps most of what was drawn.
"""

import csv
import sys
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path

_SEED = "version 3"
_SHARE = 0.2
_GROUPS = {
    "everyday": ("nipsadv_*", "stock_*", "openimg_*", "coco*_*"),
    "faces": ("sa_fairface_*", "pixaport_*"),
}
_PHOTOS = "train/photos2"


def main() -> None:
    data = Path(sys.argv[1])
    with (data / "train" / "photos2_manifest.csv").open(encoding="utf-8", newline="") as file:
        origins = {Path(row["path"]).name: row["origin"].split(" : ")[0] for row in csv.DictReader(file)}
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("path", "group", "split-origin"))
    for group, patterns in _GROUPS.items():
        drawn = [name for pattern in patterns for name in draw([n for n in origins if fnmatch(n, pattern)])]
        writer.writerows((f"{_PHOTOS}/{name}", group, origins[name]) for name in sorted(drawn))


def draw(names: list[str]) -> list[str]:
    """A fifth of the names."""
    ranked = sorted(names, key=lambda name: sha256(f"{_SEED}:{name}".encode()).digest())
    return ranked[: round(_SHARE * len(names))]


if __name__ == "__main__":
    main()
