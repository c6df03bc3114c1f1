"""Reads a job file.

Settings come in layers, later ones win: defaults, preset, job file, `--set key=value`, the command line's own
options. Encoder options are dropped where a later layer names another codec, and those that say how hard x264 searches
where a later layer names a `preset` of x264.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jobs import presets
from jobs.settings.guidance import guidance_faults
from jobs.settings.guidance_file import with_guidance_files
from jobs.settings.job import Job
from jobs.settings.job_paths import PRESETS, absolute, path_faults, place_output, refuse_undecodable
from jobs.settings.job_stills import is_numbered
from jobs.settings.layers import Fault, Layer, Lines, Values, merge, option_layer, refuse
from jobs.settings.queue_presets import QueuePresets
from jobs.settings.validate import check
from jobs.settings.yaml_file import parse_value, parse_yaml, read_yaml
from pipeline.errors import SettingsError
from pipeline.render.encoder_options import SEARCH_OPTIONS

_OF_A_JOB = ("input", "output", "preset", "from_proxy", "work", "shots", "sound", "start_number", "guidance")


def load_job(
    path: Path,
    *,
    overrides: Sequence[str] = (),
    options: Mapping[str, object] | None = None,
    queue: QueuePresets | None = None,
) -> Job:
    """The job in a YAML file, with `key=value` overrides and then the command line's options on top.

    With `queue` it is a job of a queue: its preset has a name, or is one of the queue's. Raises SettingsError with one
    line for each fault, sorted by file and line.
    """
    layers = [read_yaml(path, keys=Job.model_fields)]
    return _resolve(layers, overrides=overrides, options=options or {}, queue=queue)


def make_job(
    options: Mapping[str, object], *, overrides: Sequence[str] = (), queue: QueuePresets | None = None
) -> Job:
    """A job without a job file: `options` are keyed by dotted keys, their paths relative to the caller.

    `queue` as in `load_job`. Raises SettingsError with one line for each fault.
    """
    return _resolve([], overrides=overrides, options=options, queue=queue)


def queue_preset(name: str, queue: QueuePresets) -> str:
    """The name or the file of a preset for a job of a queue; SettingsError, without the key, where it is none."""
    if name in PRESETS:
        return name
    path = queue.find(name)
    if path is None:
        works = ", ".join((*PRESETS, *queue.names))
        more = "" if queue.folder else ", and those of a folder that --presets gives"
        raise SettingsError(
            f"found {name[:60]!r}; in a queue a preset goes by its name: {works}{more} would work"
        )
    return str(path)


def override_layers(overrides: Sequence[str]) -> list[Layer]:
    """A layer for each `key=value`, whose value is read as YAML; SettingsError where it cannot be."""
    layers = []
    for override in overrides:
        key, equals, text = override.partition("=")
        name = f"--set {override}"
        if not equals or not key:
            raise SettingsError(f"{name}: write it as key=value, e.g. steady.strength=0.8")
        layers.append(option_layer({key.strip(): parse_value(text, name=name)}, name=name))
    return layers


def schema() -> dict[str, Any]:
    """The JSON Schema of a job file, for editors."""
    made = Job.model_json_schema()
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    made["title"] = "Kinochrome job file"
    made["required"] = ["input", "output"]
    for section in made.get("$defs", {}).values():
        section.pop("required", None)  # the preset gives what a section cannot do without
    options = made["$defs"]["EncodeSettings"]["properties"]["options"]
    made["properties"]["shots"]["additionalProperties"] = False
    options["additionalProperties"] = {"type": ["string", "number", "boolean"]}
    return made


def own_options(layers: Sequence[Layer]) -> list[Layer]:
    """The layers, less the encoder options that another codec, or a preset of the encoder, above them replaces."""
    kept: list[Layer] = []
    codec: object = None
    for layer in layers:
        encode = layer.values.get("encode")
        if isinstance(encode, dict):
            if encode.get("codec", codec) != codec:
                codec = encode["codec"]
                kept = [_with_options(below, lambda _: False) for below in kept]
            options = encode.get("options")
            if isinstance(options, dict) and "preset" in options:
                kept = [_with_options(below, lambda name: name not in SEARCH_OPTIONS) for below in kept]
        kept.append(layer)
    return kept


def options_as_text(values: Values) -> None:
    """Encoder options are text to FFmpeg; people write `crf: 18`."""
    encode = values.get("encode")
    options = encode.get("options") if isinstance(encode, dict) else None
    if isinstance(options, dict):
        for key, value in options.items():
            if isinstance(value, bool):
                options[key] = str(int(value))
            elif isinstance(value, int | float):
                options[key] = str(value)


def _resolve(
    layers: list[Layer],
    *,
    overrides: Sequence[str],
    options: Mapping[str, object],
    queue: QueuePresets | None,
) -> Job:
    file = {key: value for key, value in options.items() if key == "guidance"}  # below the keys inside it
    others = {key: value for key, value in options.items() if key not in file}
    asked = [*layers, option_layer(file), *override_layers(overrides), option_layer(others)]
    refused = [] if queue is None else _place_presets(asked, queue)
    asked = [with_guidance_files(absolute(layer)) for layer in asked]
    if is_numbered(merge(asked).values.get("output")):
        asked.insert(0, option_layer({"preset": "sequence"}, name="numbered stills"))
    refuse_undecodable(merge(asked))
    preset, faults = _read_preset(merge(asked))
    faults += refused
    merged = merge(own_options([preset, *asked]))
    merged = dataclasses.replace(merged, origins={**merged.origins, (): merge(asked).origin(())})
    refuse_undecodable(merged)
    options_as_text(merged.values)
    place_output(merged.values)
    job, found = check(Job, merged)
    blamed = {fault.key for fault in (*faults, *found)}
    faults += found
    faults += [fault for fault in path_faults(merged) if fault.key not in blamed]
    refuse(faults, order=[layer.origin(()).name for layer in (preset, *asked)])
    if job is None:
        raise AssertionError("a job without faults was not made")
    job._lines = Lines(merged.origins)
    refuse(guidance_faults(job))
    return job


def _read_preset(asked: Layer) -> tuple[Layer, list[Fault]]:
    """The layer of the preset that was asked for, with what is wrong with it; access where there is none."""
    name = asked.values.get("preset", Job.model_fields["preset"].default)
    if not isinstance(name, str) or name in PRESETS:
        return _shipped(name if isinstance(name, str) else "access"), []
    path = Path(name)
    if not path.is_file():
        message = f"no such preset or file: {name}; {', '.join(PRESETS)} or a path would work"
        return _shipped("access"), [Fault(asked.origin(("preset",)), "preset", message)]
    layer = absolute(read_yaml(path, keys=Job.model_fields, all_known=True))
    faults = [
        Fault(layer.origin((key,)), key, "belongs into a job, not into a preset")
        for key in _OF_A_JOB
        if key in layer.values
    ]
    kept = {key: value for key, value in layer.values.items() if key not in _OF_A_JOB}
    return dataclasses.replace(layer, values=kept), faults


def _shipped(name: str) -> Layer:
    data = (files(presets) / f"{name}.yaml").read_bytes()
    return parse_yaml(data, name=f"preset {name}", folder=Path(), keys=Job.model_fields)


def _place_presets(asked: list[Layer], queue: QueuePresets) -> list[Fault]:
    """Makes the presets in `asked` files of the queue; takes out, and tells, those that are none."""
    faults = []
    for index, layer in enumerate(asked):
        name = layer.values.get("preset")
        if isinstance(name, str):
            values = {key: value for key, value in layer.values.items() if key != "preset"}
            try:
                values["preset"] = queue_preset(name, queue)
            except SettingsError as error:
                faults.append(Fault(layer.origin(("preset",)), "preset", str(error)))
            asked[index] = dataclasses.replace(layer, values=values)
    return faults


def _with_options(layer: Layer, is_kept: Callable[[str], bool]) -> Layer:
    """The layer with those of its encoder options whose names are to be kept."""
    encode = layer.values.get("encode")
    options = encode.get("options") if isinstance(encode, dict) else None
    if not isinstance(encode, dict) or not isinstance(options, dict):
        return layer
    kept = {name: value for name, value in options.items() if is_kept(name)}
    return dataclasses.replace(layer, values={**layer.values, "encode": {**encode, "options": kept}})
