"""A film as a job template of Open Job Description 2023-09: three steps, the shots of the middle one in chunks.

Every string of the job is the default of a job parameter, never part of the template's own text: there `{{ }}` would
be an expression. Ranges are exact, for a template cannot learn the number of shots from its first step.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from jobs.farm.film_job import FarmJob, Stage
from pipeline.errors import SettingsError

TEMPLATE_SUFFIXES = (".json", ".yaml", ".yml")
"""What readers of templates tell their format by."""

_DEFAULT_TIMEOUT_SECONDS = 24 * 3600
_NOTICE_SECONDS = 60
_LONGEST_VALUE = 1024
_MOST_PARAMETERS = 50


def openjd_template(farm: FarmJob, path: Path) -> dict[str, Any]:
    """The template, ready for JSON or YAML, as it would stand at `path`.

    Job file and work folder are PATH parameters, which farms map from host to host, where they lie below the
    template's folder: others are refused as defaults, and become plain text. Raises SettingsError where a string
    does not fit into a parameter.
    """
    parameters, program, job = _parameters(farm, path.absolute().parent)
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "extensions": ["TASK_CHUNKING"],
        "name": "{{Param.Title}}",
        "description": "Colours a black-and-white film, shot by shot. Whatever is done is not done again.",
        "parameterDefinitions": parameters,
        "steps": [
            _step("plan", farm, [*program, "plan", *job]),
            _step("shots", farm, [*program, "shots", *job], after="plan"),
            _step("mux", farm, [*program, "mux", *job], after="shots"),
        ],
    }


def check_template_path(path: Path) -> None:
    """Raises SettingsError unless the suffix of `path` is one that readers of templates know."""
    if path.suffix not in TEMPLATE_SUFFIXES:
        raise SettingsError(
            f"-o: {path}: a template's suffix tells its format; {', '.join(TEMPLATE_SUFFIXES)} would work"
        )


def template_text(template: Mapping[str, Any], path: Path) -> str:
    """The template as JSON or YAML, as the suffix of `path` says."""
    if path.suffix == ".json":
        return json.dumps(template, indent=2, ensure_ascii=False) + "\n"
    return yaml.safe_dump(dict(template), sort_keys=False, allow_unicode=True, width=110)


def _parameters(farm: FarmJob, folder: Path) -> tuple[list[dict[str, Any]], list[str], list[str]]:
    """The parameters, and the words of every command before and after its verb."""
    found = [_text("Title", farm.title, "Name of the job.")]
    program, job = [], ["{{Param.JobFile}}"]
    for n, word in enumerate(farm.program):
        name = f"ProgramWord{n}" if n else "Program"
        found.append(_text(name, word, "What starts Kinochrome on a worker, a word each."))
        program.append(f"{{{{Param.{name}}}}}")
    found.append(_path("JobFile", farm.job_file, folder, kind="FILE", description="The job file."))
    if farm.work is not None:
        found.append(
            _path("WorkDir", farm.work, folder, kind="DIRECTORY", description="Folder of work folders.")
        )
        job.append("--work={{Param.WorkDir}}")
    for n, override in enumerate(farm.overrides, 1):
        found.append(_text(f"Set{n}", override, "A setting, key=value."))
        job.append(f"--set={{{{Param.Set{n}}}}}")
    found.append(_text("Shots", f"0-{farm.shots - 1}", "Shots to colour, e.g. 3-7,12."))
    chunk = {"name": "ShotsPerTask", "type": "INT", "default": farm.chunk, "minValue": 1}
    found.append({**chunk, "description": "Shots that one task colours."})
    if len(found) > _MOST_PARAMETERS:
        message = f"{len(farm.overrides)} settings are more than a template takes"
        raise SettingsError(f"export: {message}; put them into {farm.job_file}")
    return found, program, job


def _step(stage: Stage, farm: FarmJob, words: list[str], *, after: str | None = None) -> dict[str, Any]:
    command, *args = words
    step: dict[str, Any] = {"name": stage}
    if after is not None:
        step["dependencies"] = [{"dependsOn": after}]
    needs: dict[str, Any] = {"attributes": [{"name": "attr.worker.os.family", "anyOf": ["linux"]}]}
    if stage == "shots":
        step["parameterSpace"] = {"taskParameterDefinitions": [_chunks()]}
        args.append("--range={{Task.Param.Shot}}")
        if farm.gpus:
            needs["amounts"] = [{"name": "amount.worker.gpu", "min": farm.gpus}]
    step["hostRequirements"] = needs
    action = {
        "command": command,
        "args": [*args, "--openjd"],
        "timeout": farm.timeout_seconds or _DEFAULT_TIMEOUT_SECONDS,
        "cancelation": {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": _NOTICE_SECONDS},
    }
    return {**step, "script": {"actions": {"onRun": action}}}


def _chunks() -> dict[str, Any]:
    """The task parameter; a target run time above 0 would let a scheduler grow the chunks without a limit."""
    return {
        "name": "Shot",
        "type": "CHUNK[INT]",
        "range": "{{Param.Shots}}",
        "chunks": {
            "defaultTaskCount": "{{Param.ShotsPerTask}}",
            "targetRuntimeSeconds": 0,
            "rangeConstraint": "NONCONTIGUOUS",
        },
    }


def _text(name: str, value: str, description: str) -> dict[str, Any]:
    return {"name": name, "type": "STRING", "default": _checked(value), "description": description}


def _path(name: str, value: Path, folder: Path, *, kind: str, description: str) -> dict[str, Any]:
    below = value.relative_to(folder) if value.is_relative_to(folder) else None
    if below is None or ".." in below.parts:
        return _text(name, str(value), description)
    flow = "IN" if kind == "FILE" else "INOUT"
    found = {"name": name, "type": "PATH", "objectType": kind, "dataFlow": flow}
    return {**found, "default": _checked(str(below)), "description": description}


def _checked(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise SettingsError(
            f"export: {os.fsencode(value)!r} is not UTF-8; rename it, or link to it"
        ) from None
    if len(value) > _LONGEST_VALUE:
        message = f"{value[:40]}… has {len(value)} characters, and a template takes {_LONGEST_VALUE}"
        raise SettingsError(f"export: {message}; put it into the job file, or shorten it")
    return value
