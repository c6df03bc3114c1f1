"""Makes job files of a review: what `kinochrome run` renders is what was approved on the page.

The job file names a guidance file with all marks beside it. Both carry the revision of the review in their names and
are never changed, so that a job that waits in the queue renders what was there when it was asked for.
"""

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from jobs.projects.project import Project
from jobs.projects.render_spec import PREVIEW_PRESET, RenderSpec, output_path, work_path
from jobs.projects.review import Given, Review
from jobs.projects.root import Root
from jobs.settings.shots import format_ranges
from pipeline.atomic_files import publish
from pipeline.guidance.looks.built_in_looks import BUILT_IN

_OF_GUIDANCE = ("words", "regions", "take", "seed", "look", "look_strength", "kind")
_PATHS = ("input", "output", "work", "cache")


def write_job(
    project: Project, review: Review, spec: RenderSpec, *, root: Root, revision: int, shots: int | None
) -> Path:
    """Publishes the job file and its guidance in the project's `jobs` folder; returns the job file's path.

    `shots` is the number of shots, None before the film is planned. Raises OutputError.
    """
    folder = project.folder / "jobs"
    stem = f"{revision:06d}-{spec.what}"
    values, guidance = job_values(project, review, spec, root=root, shots=shots)
    if guidance:
        with publish(folder / f"{stem}.guidance.json") as partial:
            partial.write_text(json.dumps(guidance, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        values["guidance"] = f"{stem}.guidance.json"
    path = folder / f"{stem}.yaml"
    with publish(path) as partial:
        partial.write_text(_yaml(values), encoding="utf-8")
    return path


def job_text(project: Project, review: Review, spec: RenderSpec, *, root: Root, shots: int | None) -> str:
    """The job file with its guidance in it, for people; its paths are relative to the project's `jobs` folder."""
    values, guidance = job_values(project, review, spec, root=root, shots=shots)
    return _yaml(values | ({"guidance": guidance} if guidance else {}))


def job_values(
    project: Project, review: Review, spec: RenderSpec, *, root: Root, shots: int | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The keys of the job file, with paths relative to the `jobs` folder, and those of its guidance file."""
    folder = project.folder / "jobs"
    values: dict[str, Any] = {
        "input": os.path.relpath(root.path / project.source, folder),
        "output": os.path.relpath(output_path(project, spec), folder),
    }
    grey = review.film.get("filter") == "grey"
    if spec.what == "still":
        values["overwrite"] = True
        saturation = review.shots.get(0, {}).get("saturation", 1.0)
        values["color"] = {"saturation": 0.0 if grey else saturation}
        return values, _guidance_of_still(review)
    values |= {
        "preset": PREVIEW_PRESET if spec.what == "preview" else spec.preset,
        "overwrite": True,
        "work": os.path.relpath(work_path(project, spec), folder),
        "cache": os.path.relpath(root.home / "cache", folder),
    }
    if spec.what == "preview":
        values |= {"faststart": True, "allow_loss": True, "report_page": False, "prove": False}
    if spec.allow_loss:
        values["allow_loss"] = True
    if spec.keep_going:
        values["damage"] = "keep-going"
    if grey:
        values["color"] = {"saturation": 0.0}
    of_shots = _shots(review, spec, grey=grey, count=shots)
    if of_shots:
        values["shots"] = of_shots
    return values, _guidance_of_film(review)


def live_values(
    project: Project, review: Review, spec: RenderSpec, *, root: Root, shot: int | None = None
) -> dict[str, Any]:
    """The keys of a job with whole paths and its guidance in it: what single pictures are made of.

    With `shot`, what is given for other shots is left out: it changes nothing of this one.
    """
    if shot is not None:
        review = Review(review.film, {shot: review.shots[shot]} if shot in review.shots else {})
    values, guidance = job_values(project, review, spec, root=root, shots=None)
    folder = project.folder / "jobs"
    for name in _PATHS:
        if name in values:
            values[name] = os.path.normpath(folder / values[name])
    for given in (guidance, *(entry.get("guidance", {}) for entry in values.get("shots", {}).values())):
        for reference in given.get("references", ()):
            reference["file"] = os.path.normpath(folder / reference["file"])
    return values | ({"guidance": guidance} if guidance else {})


def queue_text(path: Path) -> str:
    """A job file as it goes into a queue, where it lies in another folder: with whole paths."""
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name in (*_PATHS, "guidance"):
        if name in values:
            values[name] = os.path.normpath(path.parent / values[name])
    return _yaml(values)


@lru_cache(maxsize=1000)
def preset_of(path: Path) -> str:
    """The preset that a job file names; empty for a still, or where the file is gone."""
    try:
        return str(yaml.safe_load(path.read_text(encoding="utf-8")).get("preset", ""))
    except (OSError, ValueError, AttributeError, yaml.YAMLError):
        return ""


def _shots(review: Review, spec: RenderSpec, *, grey: bool, count: int | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for shot, given in sorted(review.shots.items()):
        if entry := _shot(given, grey=grey):
            found[str(shot)] = entry
    if spec.only_approved and count is not None:
        left = [shot for shot in range(count) if not review.shots.get(shot, {}).get("approved")]
        for shot in left:
            found.pop(str(shot), None)
        if left:
            found[format_ranges(left)] = {"skip": True}
    return found


def _shot(given: Given, *, grey: bool) -> dict[str, Any]:
    """What a job file says of one shot."""
    for name in ("skip", "keep_original"):
        if given.get(name):
            return {name: True}
    entry: dict[str, Any] = {
        name: given[name] for name in ("skip", "keep_original", "hue_degrees") if name in given
    }
    if "saturation" in given and not grey:
        entry["saturation"] = given["saturation"]
    guidance = {name: given[name] for name in _OF_GUIDANCE if name in given}
    if references := _references(given):
        guidance["references"] = references
    return entry | ({"guidance": guidance} if guidance else {})


def _guidance_of_film(review: Review) -> dict[str, Any]:
    """What is given for the film, and the marks of all shots, which know their frames."""
    look = _look(review)
    if look:
        look["recolour"] = True  # shots in colour get it, too
    return _guidance(review.film, look, _marks(review))


def _guidance_of_still(review: Review) -> dict[str, Any]:
    given = {**review.film, **review.shots.get(0, {})}
    for name in ("words", "references"):
        both = {**review.film.get(name, {}), **review.shots.get(0, {}).get(name, {})}
        given |= {name: both} if both else {}
    return _guidance(given, _look(review), _marks(review))


def _guidance(given: Given, look: dict[str, object], marks: list[dict[str, Any]]) -> dict[str, Any]:
    guidance = look | {name: given[name] for name in (*_OF_GUIDANCE, "colours") if name in given}
    if marks:
        guidance["marks"] = marks
    if references := _references(given):
        guidance["references"] = references
    return guidance


def _look(review: Review) -> dict[str, object]:
    name = review.film.get("filter")
    return {"look": name} if name in BUILT_IN else {}


def _marks(review: Review) -> list[dict[str, Any]]:
    """The marks of all shots in the order in which they were made."""
    return [
        {key: value for key, value in mark.items() if value != ""}
        for _, given in sorted(review.shots.items())
        for mark in given.get("marks", {}).values()
    ]


def _references(given: Given) -> list[dict[str, Any]]:
    return [
        {"file": f"../references/{value['file']}"}
        | {name: value[name] for name in ("frame", "weight") if value.get(name) is not None}
        for value in given.get("references", {}).values()
    ]


def _yaml(values: dict[str, Any]) -> str:
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
