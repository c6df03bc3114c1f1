"""Fingerprints of jobs: by them a finished output is known again, and a batch sees that its settings have changed."""

from pathlib import Path
from typing import TYPE_CHECKING

from jobs.settings.shot_choices import weights_of_shots
from jobs.version import VERSION
from jobs.workdir.segment_records import fingerprint
from pipeline.plan.fingerprint import file_stamp

if TYPE_CHECKING:
    from jobs.settings.job import Job

_CHANGES_NOTHING = {"overwrite", "work", "keep_work", "operator", "bag", "limits", "cache", "cache_gb"}
"""Keys of a job that change no byte of its film."""


def job_fingerprint(job: "Job") -> str:
    """Of what a finished output depends on, with size and time of its files instead of their content."""
    values = job.model_dump(mode="json", exclude=_CHANGES_NOTHING)
    read = [path for path in (job.input, job.sound, *_weights_files(job)) if path is not None]
    files = [(str(path), *file_stamp(path)) for path in read]
    return fingerprint({"version": VERSION, "job": values, "files": files})


def settings_fingerprint(job: "Job") -> str:
    """Of the settings of a job alone, whatever its input and output, and whichever version of Kinochrome reads them."""
    values = job.model_dump(mode="json", exclude={*_CHANGES_NOTHING, "input", "output"})
    return fingerprint(
        {"job": values, "files": [(str(path), *file_stamp(path)) for path in _weights_files(job)]}
    )


def _weights_files(job: "Job") -> list[Path]:
    named = [Path(name) for name in weights_of_shots(job) if name != "default"]
    return ([] if job.weights_path is None else [job.weights_path]) + named
