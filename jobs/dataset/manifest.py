"""What a set says of itself: `manifest.csv`, a row for each picture, and `summary.json`, counts rule by rule."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from typing import Any

from jobs.dataset.records import Failure
from jobs.dataset.selection import Entry, Picture, Selection
from pipeline.dataset.quality import SCORE_NAMES
from pipeline.dataset.select_frames import RULES
from pipeline.dataset.splits import SPLITS

DUPLICATE = "duplicate"
"""The last rule: the set has this picture already."""
_COLUMNS = (
    *("path", "split", "origin", "licence", "film", "film_sha256", "shot", "pts", "time_base"),
    *("width", "height", "dhash", *SCORE_NAMES, "why"),
)


def manifest_text(selection: Selection) -> str:
    """The manifest as CSV; paths are relative to it."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for picture in selection.pictures:
        kept = picture.kept
        writer.writerow(
            {
                "path": kept.file,
                "split": picture.split,
                "origin": picture.origin,
                "licence": picture.licence,
                "film": picture.film,
                "film_sha256": picture.source.sha256,
                "shot": kept.shot,
                "pts": kept.pts,
                "time_base": picture.time_base,
                "width": kept.width,
                "height": kept.height,
                "dhash": kept.dhash,
                **kept.scores,
                "why": kept.why,
            }
        )
    return text.getvalue()


def summarise(
    entries: Sequence[Entry], selection: Selection, failures: Sequence[Failure], *, settings: dict[str, Any]
) -> dict[str, Any]:
    """Counts before and after each rule, of the whole set and of each film; splits, failures, settings."""
    kept, twice = _by_source(selection.pictures), _by_source([picture for picture, _ in selection.duplicates])
    films = []
    for entry in entries:
        record = entry.record
        hashes = {source.sha256 for source in record.sources}
        films.append(
            {
                "name": entry.files[0].path.name
                if record.kind == "film"
                else f"{entry.files[0].path.parent.name}/",
                "kind": record.kind,
                "sha256": record.sources[0].sha256 if record.kind == "film" else None,
                "pictures": record.pictures,
                "shots": record.shots if record.kind == "film" else None,
                "left_out": {**record.dropped_by_rule, DUPLICATE: sum(twice[h] for h in hashes)},
                "kept": sum(kept[h] for h in hashes),
            }
        )
    return {
        "pictures": sum(entry.record.pictures for entry in entries),
        "kept": len(selection.pictures),
        "rules": count_rules(entries, selection),
        "splits": {
            split: {
                "pictures": sum(picture.split == split for picture in selection.pictures),
                "origins": len({p.origin.split(" : ")[0] for p in selection.pictures if p.split == split}),
                "files": len({p.source.sha256 for p in selection.pictures if p.split == split}),
            }
            for split in SPLITS
        },
        "films": films,
        "failed": [failure.model_dump() for failure in failures],
        "settings": settings,
    }


def count_rules(entries: Sequence[Entry], selection: Selection) -> list[dict[str, Any]]:
    """How many pictures there were before and after each rule, in the order in which they are applied."""
    rows, left = [], sum(entry.record.pictures for entry in entries)
    for rule in (*RULES, DUPLICATE):
        out = (
            len(selection.duplicates)
            if rule == DUPLICATE
            else sum(entry.record.dropped_by_rule[rule] for entry in entries)
        )
        rows.append({"rule": rule, "before": left, "left_out": out, "after": left - out})
        left -= out
    return rows


def as_table(rules: Sequence[dict[str, Any]]) -> str:
    """The counts as lines for people."""
    lines = [f"{'rule':16}{'before':>9}{'left out':>10}{'after':>9}"]
    lines += [f"{row['rule']:16}{row['before']:>9}{row['left_out']:>10}{row['after']:>9}" for row in rules]
    return "\n".join(lines) + "\n"


def _by_source(pictures: Sequence[Picture]) -> Counter[str]:
    return Counter(picture.source.sha256 for picture in pictures)
