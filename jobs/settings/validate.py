"""Plain values to a checked model: every fault at once, each with its line and with what would work.

Values are checked in pydantic's strict JSON mode: `"8"` is no number and `true` is not 1, while stages' own
frozen dataclasses serve as sections just as they are and go on checking themselves when made.
"""

import dataclasses
import difflib
import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from jobs.settings.layers import Fault, Layer, Loc, Values
from pipeline.errors import SettingsError

Model = TypeVar("Model", bound=BaseModel)

STRICT = ConfigDict(
    extra="forbid",
    frozen=True,
    strict=True,
    allow_inf_nan=False,
    use_attribute_docstrings=True,
    validate_default=True,
)
"""Configuration of every model that settings are read into; sections without their own inherit it."""

_WANTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "`key: value` pairs",
    "model_type": "`key: value` pairs",
    "dataclass_type": "`key: value` pairs",
}
_OF_UNIONS: dict[Any, str] = {
    int: "a whole number",
    str: "a text",
    tuple[float, float, float]: "a list of three numbers",
}
_OF_THE_KEY = "[key]"
"""In pydantic's way to a fault: it is the key of a mapping, not its value."""
_MOST_FAULTS = 200
"""Of one section, or of the whole, that are told: nobody reads more, and finding what to say of each takes time."""
_MOST_KEYS = 7
"""That are told where none is like the unknown one."""
_SHORTEST_WORD = 3
"""That may be the beginning of a key."""
_UNKNOWN_KEY = frozenset({"extra_forbidden", "unexpected_keyword_argument"})
_MISSING = frozenset({"missing", "missing_argument", "missing_keyword_only_argument"})


def check(model: type[Model], layer: Layer) -> tuple[Model | None, list[Fault]]:
    """The model that the layer's values make, or None and every fault that was found in them."""
    faults: dict[Loc, Fault] = {}
    made = None
    try:
        made = model.model_validate_json(json.dumps(layer.values))
    except ValidationError as error:
        alone = islice(_one_by_one(model, layer.values), _MOST_FAULTS)
        for loc, values in (((), layer.values), *alone):
            _collect(model, values, within=loc, layer=layer, faults=faults)
        if not faults:  # never: the whole is among those that were looked at
            raise AssertionError(f"a fault without a place: {error}") from error
    return made, _without_echoes(faults)


def _one_by_one(model: type[BaseModel], values: Values) -> Iterator[tuple[Loc, Values]]:
    """Each key of each section alone, with only the keys that its section cannot do without.

    A section checks its ranges when it is made, which ends at its first fault and does not happen at all
    beside a wrong type: so each key has to speak for itself.
    """
    for name, section in values.items():
        info = model.model_fields.get(name)
        if info is None or not isinstance(section, dict):
            continue
        for loc, kind, part in _sections((name,), _without_none(info.annotation), section):
            needed = {field.name for field in dataclasses.fields(kind) if _is_required(field)}
            for key in part:
                kept = {other: value for other, value in part.items() if other == key or other in needed}
                inner = kept if len(loc) == 1 else {loc[1]: kept}
                yield (*loc, key), {**_required(model, values), name: inner}


def _sections(loc: Loc, kind: Any, section: Values) -> Iterator[tuple[Loc, Any, Values]]:
    """The dataclasses among a section: itself, or each of those that it maps names to; with way and values."""
    if dataclasses.is_dataclass(kind):
        yield loc, kind, section
    elif _mapped(kind) is not None:
        for key, part in section.items():
            if isinstance(part, dict):
                yield from _sections((*loc, key), _mapped(kind), part)


def _mapped(kind: Any) -> Any:
    """What a mapping type maps to; None for other types."""
    is_mapping = get_origin(kind) in (dict, Mapping)
    return get_args(kind)[1] if is_mapping else None


def _required(model: type[BaseModel], values: Values) -> Values:
    return {
        name: values[name]
        for name, info in model.model_fields.items()
        if info.is_required() and name in values
    }


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _collect(
    model: type[BaseModel], values: Values, *, within: Loc, layer: Layer, faults: dict[Loc, Fault]
) -> None:
    try:
        model.model_validate_json(json.dumps(values))
    except ValidationError as error:
        for detail in error.errors(include_url=False)[:_MOST_FAULTS]:
            loc = tuple(part for part in detail["loc"] if part != _OF_THE_KEY)
            keys = _keyed(detail)
            if keys:
                for way, text in islice(keys.items(), _MOST_FAULTS):
                    inner = (*loc, *way)
                    shown = ".".join(map(str, inner))
                    faults.setdefault(inner, Fault(layer.origin(inner), shown, text))
                continue
            union = _union_around(model, loc)
            if union is not None:
                loc, wanted = union
                text = f"found {_shown(_value_at(values, loc))}; {wanted} would work"
            else:
                loc, text = _narrowed(model, loc, _message(model, detail, loc=loc))
            is_key = len(loc) < len(detail["loc"])
            if within and loc == within[:-1] and not is_key:  # the section as a whole refused this one key
                loc, text = _narrowed(model, within, text)
            if not within or loc[: len(within)] == within:
                shown = ".".join(map(str, loc))
                faults.setdefault(loc, Fault(layer.origin(loc), shown, text))


def _narrowed(model: type[BaseModel], loc: Loc, text: str) -> tuple[Loc, str]:
    """The place that a section's own message names with its first word, and what the message says of it."""
    first, _, rest = text.partition(" ")
    key = first.rstrip(":").removeprefix(".".join(map(str, loc)) + ".")
    if key in _keys_at(model, loc):
        loc = (*loc, key)
    elif not loc or key != loc[-1]:
        return loc, text
    value, colon, cure = rest.partition(": ")
    plain = bool(colon) and not first.endswith(":") and " " not in value
    return loc, f"found {value}; {cure}" if plain else rest


def _without_echoes(faults: dict[Loc, Fault]) -> list[Fault]:
    """Without what a section says as a whole where one of its keys is already blamed."""
    return [
        fault
        for loc, fault in faults.items()
        if not any(len(other) > len(loc) and other[: len(loc)] == loc for other in faults if loc)
    ]


def _keyed(detail: ErrorDetails) -> Mapping[tuple[str, ...], str]:
    """What a section says of its keys one by one; empty where it speaks as a whole."""
    error = detail.get("ctx", {}).get("error")
    return error.keys if isinstance(error, SettingsError) else {}


def _message(model: type[BaseModel], detail: ErrorDetails, *, loc: Loc) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _UNKNOWN_KEY:
        return _unknown_key(model, loc)
    if kind in _MISSING:
        return f"this key is missing; write `{loc[-1]}: …`"
    if kind == "value_error":
        return str(context["error"])
    found = _shown(detail["input"])
    if kind == "literal_error":
        choices = _choices(model, loc)
        return f"found {found}; {_listed(choices)} would work{_near(str(detail['input']), choices)}"
    if kind == "greater_than_equal":
        return f"found {found}; {context['ge']} or more would work"
    if kind == "less_than_equal":
        return f"found {found}; {context['le']} or less would work"
    if kind in _WANTED:
        return f"found {found}; {_WANTED[kind]} would work"
    return f"found {found}; {detail['msg'].removeprefix('Input ')}"


def _unknown_key(model: type[BaseModel], loc: Loc) -> str:
    """What to say about a key that nobody knows, with the one that was most likely meant."""
    key, known = str(loc[-1]).lower().replace("-", "_"), _keys_at(model, loc[:-1])
    near = difflib.get_close_matches(key, known, 1, cutoff=0.6)
    if not near and len(key) >= _SHORTEST_WORD:
        near = [name for name in known if name.startswith(key)][:1]
    if not near and len(loc) == 1:
        near = [f"{name}.{key}" for name in known if key in _keys_at(model, (name,))][:1]
    if near:
        return f"unknown key; did you mean {near[0]!r}?"
    if len(known) <= _MOST_KEYS:
        return f"unknown key; the keys here are {', '.join(known)}"
    return "unknown key, and none is like it; configs/README.md lists all keys"


def _near(found: str, choices: list[str]) -> str:
    near = difflib.get_close_matches(found, choices, 1, cutoff=0.7)
    return f"; did you mean {near[0]!r}?" if near else ""


def _listed(choices: list[str]) -> str:
    return " or ".join((", ".join(choices[:-1]), choices[-1])) if len(choices) > 1 else "".join(choices)


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {value[:60]!r}"
    if isinstance(value, Mapping):
        return "`key: value` pairs"
    return "a list" if isinstance(value, list) else f"{value}"


def _type_at(model: type[BaseModel], loc: Loc) -> Any:
    """The annotation of the key at `loc`, through tuples of one kind; None where the way ends in anything else."""
    here: Any = model
    for part in loc:
        here = _without_none(here)
        if isinstance(here, type) and issubclass(here, BaseModel):
            info: FieldInfo | None = here.model_fields.get(str(part))
            here = None if info is None else info.annotation
        elif dataclasses.is_dataclass(here):
            here = next((field.type for field in dataclasses.fields(here) if field.name == part), None)
        elif _mapped(here) is not None:
            here = _mapped(here)
        elif isinstance(part, int) and get_origin(here) is tuple:
            here = get_args(here)[0]
        else:
            return None
    return _without_none(here)


def _without_none(kind: Any) -> Any:
    """What a type is where it is not None; a union of several other types stays one."""
    others = [part for part in get_args(kind) if part is not type(None)]
    return others[0] if type(None) in get_args(kind) and len(others) == 1 else kind


def _union_around(model: type[BaseModel], loc: Loc) -> tuple[Loc, str] | None:
    """The way to a value that may be of several types, where `loc` leads into one of these, and what they are."""
    for length in range(1, len(loc)):
        kinds = [kind for kind in get_args(_type_at(model, loc[:length])) if kind is not type(None)]
        if kinds and all(kind in _OF_UNIONS for kind in kinds):
            return loc[:length], _listed([_OF_UNIONS[kind] for kind in kinds])
    return None


def _value_at(values: Values, loc: Loc) -> object:
    here: Any = values
    for part in loc:
        here = here[part]
    return here


def _keys_at(model: type[BaseModel], loc: Loc) -> list[str]:
    here = _type_at(model, loc)
    if isinstance(here, type) and issubclass(here, BaseModel):
        return list(here.model_fields)
    return [field.name for field in dataclasses.fields(here)] if dataclasses.is_dataclass(here) else []


def _choices(model: type[BaseModel], loc: Loc) -> list[str]:
    schema = TypeAdapter(_type_at(model, loc)).json_schema()
    branches = [schema, *schema.get("anyOf", [])]
    return [
        str(value)
        for branch in branches
        for value in branch.get("enum", [branch.get("const", [])])
        if value != []
    ]
