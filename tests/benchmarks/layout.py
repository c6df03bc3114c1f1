"""How straight the way through the code is: folders, floors, circles, imports upward, files on the way of `colorize`.

python tests/benchmarks/layout.py [--walk] [--json FILE]

`--walk` also colours a film of 32 frames and counts the files whose functions are entered. `tests/test_layout.py` asks
the functions here.
"""

import argparse
import ast
import configparser
import importlib
import json
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Literal

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
PACKAGES = ("pipeline", "models", "jobs", "kinochrome")
_OPTIMIZED = 0x1
"""Flag of the code of functions; bodies of modules and classes are without it."""

When = Literal["import", "call", "types"]


@dataclass(frozen=True, order=True)
class Arrow:
    """One module imports names of another."""

    source: str
    """Path of the module that imports, e.g. `jobs/run/film.py`."""
    target: str
    names: tuple[str, ...]
    when: When
    """At import, inside a function, or for the type checker only."""

    @property
    def folders(self) -> tuple[str, str]:
        """Folder of the one, folder of the other."""
        return folder_of(self.source), folder_of(self.target)


def folder_of(path: str) -> str:
    """The folder that a module lies in."""
    return path.rpartition("/")[0]


def modules() -> list[str]:
    """The paths of all modules, without those that only say what a folder is."""
    found = (path.relative_to(ROOT).as_posix() for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
    return sorted(path for path in found if not path.endswith("/__init__.py"))


@cache
def arrows() -> tuple[Arrow, ...]:
    """All imports between the modules of the packages."""
    known = {path.removesuffix(".py").replace("/", "."): path for path in modules()}
    found: dict[tuple[str, str, When], set[str]] = {}
    for source in modules():
        for module, name, when in _imports(ast.parse((ROOT / source).read_text(encoding="utf-8")), "import"):
            target = known.get(f"{module}.{name}") or known.get(module)
            if target is not None and target != source:
                found.setdefault((source, target, when), set()).add(name)
    return tuple(
        Arrow(source, target, tuple(sorted(names)), when)
        for (source, target, when), names in sorted(found.items())
    )


def _imports(node: ast.AST, when: When) -> Iterator[tuple[str, str, When]]:
    """(module, name, when) of every import in a tree."""
    if isinstance(node, ast.ImportFrom):
        yield from ((node.module or "", alias.name, when) for alias in node.names)
    elif isinstance(node, ast.Import):
        yield from ((alias.name, "", when) for alias in node.names)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        when = "call"
    elif isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        when = "types"
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, when)


def circles(pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Groups of nodes each of which can be reached from every other, largest first."""
    after: dict[str, set[str]] = {}
    for source, target in pairs:
        after.setdefault(source, set()).add(target)
        after.setdefault(target, set())
    reach = {node: _reachable(node, after) for node in after}
    left, found = set(after), list[list[str]]()
    for node in sorted(after):
        if node in left:
            group = {node} | {other for other in reach[node] if node in reach[other]}
            left -= group
            if len(group) > 1:
                found.append(sorted(group))
    return sorted(found, key=len, reverse=True)


def _reachable(start: str, after: Mapping[str, set[str]]) -> set[str]:
    seen, todo = set[str](), [start]
    while todo:
        for node in after[todo.pop()] - seen:
            seen.add(node)
            todo.append(node)
    return seen


def folder_order(found: Iterable[Arrow]) -> list[str]:
    """Folders from the bottom to the top, in the order that as few imports as possible go against."""
    weight: Counter[tuple[str, str]] = Counter()
    nodes = {folder_of(path) for path in modules()}
    for arrow in found:
        source, target = arrow.folders
        if source != target:
            weight[source, target] += 1
    home = {node: [node] for node in nodes} | {node: group for group in circles(weight) for node in group}
    order: list[str] = []

    def add(group: list[str]) -> None:
        if group[0] in order:
            return
        for source, target in sorted(weight):
            if source in group and target not in group:
                add(home[target])
        left = list(group)
        while left:  # the next of a circle is who imports least of those that are still to come
            lowest = min(left, key=lambda node: (sum(weight[node, other] for other in left), node))
            order.append(lowest)
            left.remove(lowest)

    for node in sorted(nodes):
        add(home[node])
    return order


def upward(found: Iterable[Arrow], order: list[str]) -> list[Arrow]:
    """Imports that go against the order of folders."""
    floor = {folder: number for number, folder in enumerate(order)}
    return [a for a in found if floor[a.folders[0]] < floor[a.folders[1]]]


def floors(pairs: set[tuple[str, str]]) -> int:
    """Folders on the longest chain of imports; those of a circle count as one."""
    home = {folder: group[0] for group in circles(pairs) for folder in group}
    edges: dict[str, set[str]] = {}
    for source, target in pairs:
        a, b = home.get(source, source), home.get(target, target)
        edges.setdefault(a, set()).update({b} - {a})
    heights: dict[str, int] = {}

    def height(node: str) -> int:
        if node not in heights:
            heights[node] = 1 + max((height(other) for other in edges.get(node, ())), default=0)
        return heights[node]

    return max(map(height, edges), default=1)


def walk() -> list[str]:
    """The files whose functions are entered while a small film is coloured."""
    from tests.stages import make_place

    for path in modules():
        importlib.import_module(path.removesuffix(".py").replace("/", "."))
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    module, _, name = (
        config["options.entry_points"]["console_scripts"].rpartition("=")[2].strip().partition(":")
    )
    main = getattr(importlib.import_module(module), name)
    own = {str(ROOT / path): path for path in modules()}
    entered = set[str]()

    def look(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_flags & _OPTIMIZED:
            entered.add(frame.f_code.co_filename)

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        make_place(place)
        options = ("--preset", "archival", "--set", "color.short_side=128", "--quiet")
        threading.setprofile(look)
        sys.setprofile(look)
        try:
            code = main(["colorize", str(place / "film.mkv"), "-o", str(place / "out.mkv"), *options])
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
        if code != 0:
            raise SystemExit(f"the film was not coloured: exit code {code}")
    return sorted(own[path] for path in entered & set(own))


def figures() -> dict[str, object]:
    """What is printed."""
    found = arrows()
    sizes = Counter(map(folder_of, modules()))
    between = {a.folders for a in found if a.folders[0] != a.folders[1]}
    order = folder_order(found)
    of_modules = circles((a.source, a.target) for a in found)
    at_import = circles((a.source, a.target) for a in found if a.when == "import")
    lines = sum(
        len(path.read_bytes().splitlines()) for name in PACKAGES for path in (ROOT / name).rglob("*.py")
    )
    return {
        "lines": lines,
        "modules": len(modules()),
        "folders": len(sizes),
        "largest folder": sizes.most_common(1)[0],
        "floors": floors(between),
        "circles of folders": circles(between),
        "circles of modules": of_modules,
        "circles of modules at import": at_import,
        "imports upward": [
            f"{a.source} -> {a.target}: {', '.join(a.names)} ({a.when})" for a in upward(found, order)
        ],
        "folders from the bottom": order,
    }


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--walk", action="store_true", help="colour a small film and count the files entered")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    told = figures()
    if arguments.walk:
        entered = walk()
        told |= {"files entered by colorize": len(entered), "these files": entered}
    for name, value in told.items():
        if isinstance(value, list):
            print(f"{name}: {len(value)}", *(f"  {item}" for item in value), sep="\n")
        else:
            print(f"{name}: {value}")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
