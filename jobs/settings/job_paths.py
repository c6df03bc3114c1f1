"""Resolves the paths of a job, completes the output's name, and checks whether the paths can work."""

import copy
import dataclasses
import os
import re
from collections.abc import Iterator
from pathlib import Path

from jobs.settings.guidance_file import guidance_paths, picture_faults
from jobs.settings.job_stills import input_faults, is_same_file, key_faults, name_faults, output_faults
from jobs.settings.layers import Fault, Layer, Loc, Values
from jobs.settings.output_paths import bag_in_the_way, finished_fingerprint, report_in_the_way, work_folder
from pipeline.errors import OutputError, SettingsError
from pipeline.messages import is_unicode
from pipeline.output.container_table import container_of
from pipeline.still_pattern import looks_numbered
from pipeline.target import STILL_FORMATS, Target, target_of

PRESETS = ("access", "archival", "mezzanine", "studio", "preview", "sequence")
"""Names of the presets that come with Kinochrome."""

_PATHS = ("input", "output", "preset", "weights", "from_proxy", "work", "cache", "sound")
_ADDRESS = re.compile(r"(?:^|/)([a-z][a-z0-9+.-]{1,9}):/")
_NAMES = {
    "preset": PRESETS,
    "weights": ("default",),
}
"""Values of path keys that are names, not paths."""


def absolute(layer: Layer) -> Layer:
    """The layer with its paths made absolute from the layer's own folder; `~/` is the home folder."""
    values = copy.deepcopy(layer.values)
    for loc, section in _places(values):
        key = str(loc[-1])
        value = section.get(key)
        if isinstance(value, str) and value and value not in _NAMES.get(key, ()):
            expanded = os.path.expanduser(value) if value.startswith("~/") else value  # noqa: PTH111
            # os.path, for pathlib would drop the slash that says "a folder"
            section[key] = os.path.join(layer.folder.absolute(), expanded)  # noqa: PTH118
    return dataclasses.replace(layer, values=values)


def refuse_undecodable(layer: Layer) -> None:
    """Raises SettingsError for a path that some program along the way cannot take."""
    for loc, section in _places(layer.values):
        value = section.get(str(loc[-1]))
        if isinstance(value, str) and ("\0" in value or not is_unicode(value)):
            message = f"found {_as_bytes(value)}; a name in UTF-8 would work: rename it, or link to it"
            raise SettingsError(str(Fault(layer.origin(loc), ".".join(map(str, loc)), message)))
        if isinstance(value, str) and not _fits(os.fsencode(value)):
            message = f"found a path of {len(value)} characters; 255 bytes a name and 4,095 in all would work"
            raise SettingsError(str(Fault(layer.origin(loc), ".".join(map(str, loc)), message)))


def _fits(path: bytes) -> bool:
    return len(path) <= 4095 and all(len(name) <= 255 for name in path.split(b"/"))


def _as_bytes(name: str) -> str:
    try:
        return repr(os.fsencode(name))
    except UnicodeEncodeError:  # no file system can have given us that
        return ascii(name)


def place_output(values: Values) -> None:
    """Completes `output`: into a folder goes the input's name; a name without suffix gets `suffix`.

    A still keeps its own suffix, or gets `.png` where its format is not written. The output of a folder is a
    folder, and stays as it is.
    """
    source, output, suffix = (values.get(key) for key in ("input", "output", "suffix"))
    if not isinstance(source, str) or not isinstance(output, str) or not source or not output:
        return
    given, wanted = target_of(Path(source)), target_of(Path(output))
    if not isinstance(suffix, str):
        suffix = ".mkv"
    if given.kind == "still":
        suffix = given.path.suffix if given.path.suffix.lower() in STILL_FORMATS else ".png"
    if given.kind == "folder" or wanted.is_numbered:
        return
    if output.endswith("/") or wanted.kind == "folder":
        stem = given.path.absolute().parent.name if given.is_numbered else given.path.stem
        values["output"] = str(Path(output) / f"{stem}{suffix}")
    elif not Path(output).suffix:
        values["output"] = output + suffix


def path_faults(layer: Layer) -> list[Fault]:
    """What is wrong with the paths of a job, as far as the file system shows without opening a file."""
    found: list[tuple[str, str]] = []
    values = layer.values
    paths = {key: Path(value) for key in _PATHS if isinstance(value := values.get(key), str) and value}
    source = target_of(paths["input"]) if "input" in paths else None
    found += [(key, "found an empty text; a path would work") for key in _PATHS if values.get(key) == ""]
    if source is not None:
        found += [("input", text) for text in _input_faults(source)]
    for key, check in (
        ("from_proxy", _folder_faults),
        ("weights", _file_faults),
        ("sound", _file_faults),
    ):
        if key in paths and values[key] not in _NAMES.get(key, ()):
            found += [(key, text) for text in check(paths[key])]
    if "work" in paths:
        found += [("work", text) for text in _work_faults(paths["work"])]
    if "cache" in paths:
        found += [("cache", text) for text in _work_faults(paths["cache"], what="the cache")]
    if "output" in paths:
        output, overwrite = target_of(paths["output"]), values.get("overwrite") is True
        found += [("output", text) for text in _output_faults(output, source, paths, overwrite=overwrite)]
        found += _record_faults(source, paths, values)
    found += key_faults(values)
    return [
        *(Fault(layer.origin((key,)), key, text) for key, text in found),
        *_shot_faults(layer, source),
        *picture_faults(layer),
    ]


def _input_faults(source: Target) -> Iterator[str]:
    path = source.path
    if source.is_numbered:
        yield from input_faults(path)
    elif not _is(path, "exists"):
        yield from name_faults(path) if looks_numbered(path) else (_missing(path),)
    elif not os.access(path, os.R_OK):
        yield f"not allowed to read {path}"
    elif not (path.is_file() or path.is_dir()):
        yield f"found {path}, which is neither a file nor a folder"


def _missing(path: Path) -> str:
    """Why there may be no such file: an address, or the separators of another system."""
    text = str(path)
    if address := _ADDRESS.search(text):
        return f"found an address ({address[1]}:), and only files are read; save it as a file first, and name that"
    if "\\" in text:
        other = Path(text.replace("\\", "/"))
        hint = (
            f"{other} is there and would work"
            if _is(other, "exists")
            else "here / separates the parts of a path"
        )
        return f"no such file: {path}; {hint}"
    return f"no such file: {path}"


def _file_faults(path: Path) -> Iterator[str]:
    if not _is(path, "exists"):
        yield _missing(path)
    elif not _is(path, "is_file"):
        yield f"found {path}, which is not a regular file"
    elif not os.access(path, os.R_OK):
        yield f"not allowed to read {path}"


def _folder_faults(path: Path) -> Iterator[str]:
    if not _is(path, "is_dir"):
        yield f"no such folder: {path}"


def _shot_faults(layer: Layer, source: Target | None) -> Iterator[Fault]:
    """What is wrong with the weights that single shots name, and with shots where there is no film."""
    if layer.values.get("shots") and source is not None and source.is_of_stills:
        message = f"a film has shots; {source} is a {'folder' if source.kind == 'folder' else 'still'}"
        yield Fault(layer.origin(("shots",)), "shots", message)
    for loc, section in _shot_places(layer.values):
        value = section.get("weights")
        if isinstance(value, str) and value not in ("", *_NAMES["weights"]):
            for text in _file_faults(Path(value)):
                yield Fault(layer.origin(loc), ".".join(map(str, loc)), text)


def _places(values: Values) -> Iterator[tuple[Loc, Values]]:
    """Where paths may stand: the way there, and the mapping that holds the last key."""
    yield from (((key,), values) for key in _PATHS)
    yield from _shot_places(values)
    yield from ((place.loc, place.holder) for place in guidance_paths(values))


def _shot_places(values: Values) -> Iterator[tuple[Loc, Values]]:
    """Where the weights of single shots may stand."""
    shots = values.get("shots")
    for text, override in shots.items() if isinstance(shots, dict) else ():
        if isinstance(override, dict):
            yield ("shots", text, "weights"), override


def _work_faults(path: Path, *, what: str = "the work") -> Iterator[str]:
    if _is(path, "exists") and not path.is_dir():
        yield f"found {path}, which is not a folder"
    else:
        yield from _place_faults(path, what)


def _output_faults(
    target: Target, source: Target | None, paths: dict[str, Path], *, overwrite: bool
) -> Iterator[str]:
    output = target.path
    if target.is_numbered:
        finished = finished_fingerprint(work_folder(output, work=paths.get("work")), output) is not None
        yield from output_faults(target, source=source, overwrite=overwrite, is_own=finished)
        yield from _place_faults(target.home.parent, "the output")
        return
    is_so_called = source is not None and source.kind == "film" and looks_numbered(source.path)
    if looks_numbered(output) and not is_so_called:  # a film may be called so, and then its result too
        yield from name_faults(output)
        return
    is_batch = source is not None and source.kind == "folder"  # whose outputs may lie beside their sources
    for key in ("weights",) if is_batch else ("input", "weights"):
        if key in paths and is_same_file(paths[key], output):
            yield f"found the {key} itself, {output}; another name would work"
            return
    if source is not None and source.kind == "folder":
        if _is(output, "exists") and not output.is_dir():
            yield f"found the file {output}; for a folder a folder would work"
            return
    elif _is(output, "exists"):
        if not output.is_file():
            yield f"found {output}, which is no file"
            return
        work = work_folder(output, work=paths.get("work"))
        if not overwrite and finished_fingerprint(work, output) is None:
            yield f"{output} exists; another name, or --overwrite (overwrite: true) would work"
    yield from _place_faults(output.parent, "the output")
    if source is not None and source.kind == "still" and output.suffix.lower() not in STILL_FORMATS:
        yield f"found {output}: a still is written as {', '.join(STILL_FORMATS)}"
    if source is not None and not source.is_of_stills:
        try:
            container_of(target)
        except OutputError as error:
            yield str(error)


def _record_faults(
    source: Target | None, paths: dict[str, Path], values: Values
) -> Iterator[tuple[str, str]]:
    """What is in the way of a film's report and bag; key and text."""
    output = paths["output"]
    if source is None or source.is_of_stills:
        if source is not None and source.kind == "still" and values.get("bag") is True:
            yield "bag", f"a bag is made of a film; {source} is a still"
        return
    message = report_in_the_way(output) if values.get("report") is not False else None
    if message is not None:
        yield "output", message
        return
    finished = finished_fingerprint(work_folder(output, work=paths.get("work")), output) is not None
    if values.get("bag") is True and not finished:
        message = bag_in_the_way(output, overwrite=values.get("overwrite") is True)
        if message is not None:
            yield "bag", message


def _place_faults(folder: Path, what: str) -> Iterator[str]:
    """Whether something can be written into a folder, which is made, with those above it, where it is missing."""
    there = folder
    while not _is(there, "exists") and there != there.parent:
        there = there.parent
    if not there.is_dir():
        yield f"found {there}, which is not a folder"
    elif not os.access(there, os.W_OK | os.X_OK):
        yield f"not allowed to write {what} into {there}"


def _is(path: Path, test: str) -> bool:
    """`path.exists()` and its like, but False where the system cannot even be asked (a name too long)."""
    try:
        return bool(getattr(path, test)())
    except OSError:
        return False
