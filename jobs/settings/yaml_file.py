"""YAML text to plain values that remember their lines; a stricter YAML than most, for files people write.

Booleans are `true` and `false` only, numbers are plain decimals, and everything else is text: `no`, `12:30`
and dates stay what was typed. Aliases, tags and keys given twice are refused.

A file that turns out to be no settings file may be private: errors name only lines and the kind of thing that stands
there, never its text.
"""

import difflib
import re
from collections.abc import Collection
from pathlib import Path

import yaml

from jobs.settings.layers import Fault, Layer, Loc, Origin, Values, refuse
from pipeline.errors import SettingsError
from pipeline.regular_file import refuse_special_file

MAX_BYTES = 1_000_000
"""Largest settings file that is read."""
MAX_DEPTH = 12
"""Deepest nesting of mappings and lists."""
MAX_VALUES = 33_000
"""Most keys and values in all: 1,500 shots with a stroke each have 31,500."""

_NULL, _BOOL, _INT, _FLOAT, _TEXT = (
    f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str")
)
_NOT_A_VALUE = object()
_MOST_COMPARED = 200
"""Keys that are compared with those that are known; comparing takes time."""


def read_yaml(path: Path, *, keys: Collection[str], all_known: bool = False) -> Layer:
    """The mapping in a YAML file, with the line of every key.

    It is a settings file where at least half of its own keys are, or nearly are, among `keys`; with `all_known`,
    where all of them are. Raises SettingsError with one `FILE:LINE: …` line for each fault: not readable, not UTF-8,
    over 1 MB, not YAML, empty, not a mapping, no settings file, a key given twice, an alias or a tag.
    """
    refuse_special_file(path, SettingsError)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # a NUL in the name
        raise SettingsError(f"{str(path)!r}: cannot be read: {error}") from error
    return parse_yaml(data, name=str(path), folder=path.absolute().parent, keys=keys, all_known=all_known)


def parse_yaml(
    data: bytes, *, name: str, folder: Path, keys: Collection[str], all_known: bool = False
) -> Layer:
    """As `read_yaml`, for bytes that are called `name` in messages."""
    if len(data) > MAX_BYTES:
        raise SettingsError(f"{name}: larger than {MAX_BYTES // 1_000_000} MB; is this a settings file?")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError(
            f"{name}:{line}: not UTF-8 (byte 0x{data[error.start]:02x}); save it as UTF-8"
        ) from error
    node = _compose(text, name)
    if node is None:
        raise SettingsError(f"{name}:1: the file is empty; it should hold `key: value` lines")
    if not isinstance(node, yaml.MappingNode):
        raise SettingsError(
            f"{name}:{_line(node)}: found {_kind(node)}; the file should hold `key: value` lines"
        )
    _refuse_foreign(node, name, keys=keys, all_known=all_known)
    reader = _Reader(name)
    values = reader.mapping(node, ())
    refuse(reader.faults)
    return Layer(values, {(): Origin(name, 1), **reader.origins}, folder)


def parse_value(text: str, *, name: str) -> object:
    """The value that `text` would be after `key: ` in a settings file, for `--set key=value`.

    Raises SettingsError that begins with `name`.
    """
    node = _compose(text, name, numbered=False)
    if node is None:
        return None
    reader = _Reader(name)
    value = reader.value(node, ())
    refuse(Fault(Origin(name), fault.key, fault.text) for fault in reader.faults)
    return value


class _Loader(yaml.SafeLoader):
    """Composes nodes with our own rules for what a plain scalar is."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = self._count = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            raise yaml.composer.ComposerError(
                None,
                None,
                "found an alias; write the value out",
                event.start_mark,  # type: ignore[arg-type]
            )
        self._depth += 1
        self._count += 1
        if self._count > MAX_VALUES:
            raise yaml.composer.ComposerError(
                None, None, f"more than {MAX_VALUES:,} keys and values", event.start_mark
            )
        if self._depth > MAX_DEPTH:
            raise yaml.composer.ComposerError(
                None, None, f"nested more than {MAX_DEPTH} deep; settings need 3 at most", event.start_mark
            )
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


for _tag, _pattern, _first in (
    (_NULL, r"~|null|", ["~", "n", ""]),
    (_BOOL, r"true|false", list("tf")),
    (_INT, r"[-+]?[0-9]{1,18}", list("-+0123456789")),
    (_FLOAT, r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan", list("-+.0123456789")),
):
    _Loader.add_implicit_resolver(_tag, re.compile(rf"(?:{_pattern})\Z"), _first)


def _compose(text: str, name: str, *, numbered: bool = True) -> yaml.Node | None:
    loader = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = error.problem or error.context or "cannot be understood"
        place = Origin(name, (mark.line + 1 if mark else 1) * numbered)
        raise SettingsError(str(Fault(place, "", f"not readable as YAML: {_plainer(message)}"))) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        found = f"the character U+{ord(text[error.position]):04X}"
        raise SettingsError(f"{name}:{line}: not readable as YAML: found {found}") from error
    finally:
        if loader is not None:
            loader.dispose()
    return node if isinstance(node, yaml.Node) else None


def _plainer(problem: str) -> str:
    """What PyYAML says, without what it quotes of the file; its tokens (`'<scalar>'`) and signs it waited for stay."""
    if "'\\t'" in problem:
        return "found a tab; blanks in its place would work"
    quoted = r" (['\"])(?!<).*\2"
    problem = re.sub(f"(character|handle|anchor|alias){quoted}", r"\1", problem)
    return re.sub(f"(found|got){quoted}", r"\1 something else", problem)


def _refuse_foreign(node: yaml.MappingNode, name: str, *, keys: Collection[str], all_known: bool) -> None:
    """Raises SettingsError where this is no settings file."""
    foreign: list[yaml.Node] = []
    for key_node, _ in node.value:
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
        is_known = key in keys or (len(foreign) < _MOST_COMPARED and _is_near(key, keys))
        if not is_known:
            foreign.append(key_node)
    if foreign and (all_known or 2 * len(foreign) > len(node.value)):
        examples = ", ".join([*keys][:3])
        many = f"{len(foreign)} of its {len(node.value)} keys are unknown, the first of them here"
        message = "its only key is unknown" if len(node.value) == 1 else many
        raise SettingsError(
            f"{name}:{_line(foreign[0])}: no settings file: {message}; keys such as {examples} would work"
        )


def _is_near(key: str, keys: Collection[str]) -> bool:
    return bool(difflib.get_close_matches(key[:100], keys, 1, cutoff=0.7))


class _Reader:
    """Turns nodes into plain values, and notes lines and faults on the way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.faults: list[Fault] = []
        self.origins: dict[Loc, Origin] = {}

    def mapping(self, node: yaml.MappingNode, loc: Loc) -> Values:
        values: Values = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._fault(key_node, loc, f"found {_kind(key_node)} as a key; a key is a word")
                continue
            here = (*loc, key_node.value)
            if key_node.value in values:
                self._fault(key_node, here, f"given twice, first in line {self.origins[here].line}")
                continue
            self.origins[here] = Origin(self.name, _line(key_node))
            values[key_node.value] = self.value(value_node, here)
        return values

    def value(self, node: yaml.Node, loc: Loc) -> object:
        if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
            return self.mapping(node, loc)
        if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            for index, item in enumerate(node.value):
                self.origins[*loc, index] = Origin(self.name, _line(item))
            return [self.value(item, (*loc, index)) for index, item in enumerate(node.value)]
        value = _scalar(node.tag, node.value) if isinstance(node, yaml.ScalarNode) else _NOT_A_VALUE
        if value is _NOT_A_VALUE:
            self._fault(
                node, loc, f"found the tag {node.tag.replace('tag:yaml.org,2002:', '!!')}; leave it out"
            )
        return value

    def _fault(self, node: yaml.Node, loc: Loc, text: str) -> None:
        self.faults.append(Fault(Origin(self.name, _line(node)), ".".join(map(str, loc)), text))


def _scalar(tag: str, text: str) -> object:
    if tag == _TEXT:
        return text
    if tag == _NULL:
        return None
    try:
        if tag == _BOOL:
            return {"true": True, "false": False}[text]
        if tag == _INT:
            return int(text)
        if tag == _FLOAT:
            return float(text.replace(".inf", "inf").replace(".nan", "nan"))
    except (KeyError, ValueError):  # an explicit tag on something else: `!!int x`
        return _NOT_A_VALUE
    return _NOT_A_VALUE


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        return "a text"
    return "a mapping" if isinstance(node, yaml.MappingNode) else "a list"
