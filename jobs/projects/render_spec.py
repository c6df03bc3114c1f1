"""What is to be rendered of a project, by which preset, and where it goes."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import yaml

from jobs import presets
from jobs.projects.project import Project
from jobs.settings.job import Job
from pipeline.target import STILL_FORMATS

What = Literal["preview", "film", "still"]
PREVIEW_PRESET = "preview"
RENDER_PRESETS = ("archival", "access", "mezzanine", "studio")
"""Presets by which a film may be rendered from the page."""
_LONGEST_STEM_BYTES = 120


@dataclass(frozen=True, kw_only=True)
class RenderSpec:
    """What is to be rendered."""

    what: What
    preset: str = "archival"
    """Of a film."""
    only_approved: bool = False
    """Whether shots that are not approved stay grey."""
    allow_loss: bool = False
    """Whether streams that the container cannot hold may be left out."""
    keep_going: bool = False
    """Whether a damaged film is rendered as far as it decodes."""


def output_path(project: Project, spec: RenderSpec) -> Path:
    """The file that is rendered."""
    if spec.what == "preview":
        return project.preview
    stem, suffix = Path(project.title).stem.replace("%", "_"), Path(project.title).suffix.lower()
    if suffix not in STILL_FORMATS:  # pictures of that kind are read, and written as PNG
        suffix = ".png"
    while len(stem.encode()) > _LONGEST_STEM_BYTES:
        stem = stem[:-1]
    return project.out / f"{stem}{suffix if spec.what == 'still' else preset_suffix(spec.preset)}"


def work_path(project: Project, spec: RenderSpec) -> Path:
    """The folder of the work folder of a film or its preview: their files may have the same name."""
    return project.folder / "work" / spec.what


@cache
def preset_suffix(name: str) -> str:
    """The suffix of films that a preset makes."""
    values = yaml.safe_load((files(presets) / f"{name}.yaml").read_bytes())
    return str(values.get("suffix", Job.model_fields["suffix"].default))
