"""`kinochrome export`: a planned film as a template, a script or lists of commands for a render farm."""

import contextlib
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from jobs.farm.commands import command_lists, command_paths
from jobs.farm.film_job import MOST_CHUNKS, Farm, FarmJob, default_chunk, make_title
from jobs.farm.openjd import check_template_path, openjd_template, template_text
from jobs.farm.slurm import slurm_script
from jobs.progress.reporters import Progress
from jobs.run.film import run_plan
from jobs.settings.job import Job
from jobs.settings.job_file import load_job, override_layers
from jobs.settings.job_paths import absolute
from jobs.settings.output_paths import work_folder
from jobs.workdir.folder import WorkDir
from pipeline.atomic_files import publish
from pipeline.errors import OutputError, SettingsError
from pipeline.plan.plan import Plan


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What an export wrote."""

    paths: tuple[Path, ...]
    shots: int
    chunks: int


def export_job(
    job_file: Path,
    path: Path,
    *,
    farm: Farm,
    progress: Progress,
    overrides: Sequence[str] = (),
    work: Path | None = None,
    program: Sequence[str] = (),
    chunk: int | None = None,
    gpus: int = 0,
    timeout_seconds: int | None = None,
    overwrite: bool = False,
) -> Exported:
    """Writes what a farm needs to colour the film of a job file; plans the film where that was not done yet.

    `commands` writes three files, see `command_paths`. Raises KinochromeError; then nothing was written but
    perhaps the plan.
    """
    if farm == "openjd":
        check_template_path(path)
    if farm == "commands" and (gpus or timeout_seconds):
        raise SettingsError(
            "export: a list of commands asks a farm for nothing; leave --gpus and --timeout out"
        )
    options = {} if work is None else {"work": str(work)}
    job = load_job(job_file, overrides=overrides, options=options)
    if job.is_of_stills:
        what = "folder" if job.source.kind == "folder" else "still"
        raise SettingsError(f"export: {job.input} is a {what}, which is no work for a farm; run would work")
    paths = command_paths(path) if farm == "commands" else (path,)
    _refuse_places(paths, job_file, job, overwrite=overwrite)
    plan = _plan(job, progress)
    shots = len(plan.shots)
    made = FarmJob(
        title=make_title(job.output.name),
        program=tuple(program) or _this_program(),
        job_file=job_file.absolute(),
        work=None if work is None else job.work,
        overrides=tuple(_anywhere(override) for override in overrides),
        shots=shots,
        chunk=min(chunk or default_chunk(shots=shots, frames=len(plan.timeline)), shots),
        gpus=gpus,
        threads=job.encode.threads,
        timeout_seconds=timeout_seconds,
    )
    if made.chunk_count > MOST_CHUNKS:
        message = f"{made.chunk_count} chunks are more than many a farm takes at once"
        progress.note(f"{message}; --chunk {-(-shots // MOST_CHUNKS)} makes fewer", warning=True)
    _write(dict(zip(paths, _texts(made, path, farm), strict=True)), runnable=farm == "slurm")
    return Exported(paths=paths, shots=shots, chunks=made.chunk_count)


def _texts(made: FarmJob, path: Path, farm: Farm) -> tuple[str, ...]:
    if farm == "openjd":
        return (template_text(openjd_template(made, path), path),)
    return (slurm_script(made),) if farm == "slurm" else command_lists(made)


def _plan(job: Job, progress: Progress) -> Plan:
    """The film's plan, from its work folder or made there; the run on the farm finds it."""
    folder = work_folder(job.output, work=job.work)
    with WorkDir(folder, settings=job.to_yaml(), output=job.output, share="stage") as work:
        return run_plan(job, work=work, progress=progress)


def _this_program() -> tuple[str, ...]:
    """What started us, where a farm shares our disk: the program beside this Python."""
    beside = Path(sys.executable).with_name("kinochrome")
    if beside.is_file():
        return (str(beside),)
    found = shutil.which("kinochrome")
    return (found,) if found else (sys.executable, "-m", "kinochrome")


def _anywhere(override: str) -> str:
    """A `key=value` that means the same in every folder: a relative path is made absolute."""
    (layer,) = override_layers([override])
    before, after = layer.values, absolute(layer).values
    for key, value in after.items():
        if value != before[key]:
            if isinstance(value, dict):  # of one line, without tags
                return f"{key}={json.dumps(value, ensure_ascii=False)}"
            return f"{key}={yaml.safe_dump(value, default_style=chr(34), width=sys.maxsize).strip()}"
    return override


def _refuse_places(paths: Sequence[Path], job_file: Path, job: Job, *, overwrite: bool) -> None:
    """Raises before anything is planned where a file cannot be written, or must not be."""
    others: Mapping[str, Path | None] = {
        "job file": job_file,
        "input": job.input,
        "output": job.output,
        "weights file": job.weights_path,
    }
    for path in paths:
        for name, other in others.items():
            if other is not None and path.resolve() == other.resolve():
                raise OutputError(f"-o: {path} is the {name}; another name would work")
        if path.is_dir():
            raise OutputError(f"-o: {path} is a folder; a file in it would work")
        if path.exists() and not overwrite:
            raise OutputError(f"-o: {path} exists; another name, or --overwrite would work")
        if not path.parent.is_dir():
            raise OutputError(f"-o: no such folder: {path.parent}; make it first")


def _write(texts: Mapping[Path, str], *, runnable: bool) -> None:
    """Publishes all of the files or, where one cannot be written, none."""
    with contextlib.ExitStack() as stack:
        for path, text in texts.items():
            partial = stack.enter_context(publish(path))
            partial.write_text(text, encoding="utf-8", errors="surrogateescape", newline="\n")
            if runnable:
                mode = partial.stat().st_mode
                partial.chmod(mode | (mode & 0o444) >> 2)
