"""The build backend (PEP 517, 660): setuptools, but a wheel holds everything below the one package `kinochrome`.

In the repository `pipeline/`, `models/` and `jobs/` lie at the top, and import each other by these names; so does an
editable installation. Other packages have such names, too. So a wheel is built from a copy in which they lie below
`kinochrome/`, with `configs/` beside them, and in which `from jobs.run import film` reads `from kinochrome.jobs.run
import film`. Nothing else of a module changes, its lines keep their numbers. A module that names another one in a
string would be missed: that stops the build.
"""

import ast
import configparser
import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

ROOT = Path(__file__).parents[1]
PACKAGE = "kinochrome"
OURS = ("pipeline", "models", "jobs")
_BESIDE = ("README.md", "LICENSE", "NOTICE")
_CONFIGS = "configs/*.md, configs/**/*.yaml, configs/**/*.csv"
_MODULE_NAME = re.compile(rf"({'|'.join(OURS)})(\.[A-Za-z_]\w*)+")
_FROM = re.compile(rb"from +")

Settings = dict[str, str | list[str] | None]


def build_wheel(
    wheel_directory: str, config_settings: Settings | None = None, metadata_directory: str | None = None
) -> str:
    """Builds the wheel and returns its name, as PEP 517 wants it."""
    place = str(Path(wheel_directory).absolute())
    metadata = None if metadata_directory is None else str(Path(metadata_directory).absolute())
    with _copy():
        name: str = build_meta.build_wheel(place, config_settings, metadata)
    return name


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Settings | None = None) -> str:
    """Writes the wheel's metadata and returns the name of their folder, as PEP 517 wants it."""
    place = str(Path(metadata_directory).absolute())
    with _copy():
        name: str = build_meta.prepare_metadata_for_build_wheel(place, config_settings)
    return name


def nested_source(source: bytes, *, path: Path) -> bytes:
    """A module's text with its imports of `OURS` as they are below `PACKAGE`.

    Raises ValueError, naming `path` and line, for what cannot be written so: `import jobs.run` without `as`, or the
    name of a module in a string.
    """
    lines = source.splitlines(keepends=True)
    places: list[tuple[int, int, bytes]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and _is_ours(node.module or ""):
            start = _FROM.match(lines[node.lineno - 1], node.col_offset)
            assert start is not None
            places.append((node.lineno, start.end(), f"{PACKAGE}.".encode()))
        elif isinstance(node, ast.Import) and any(_is_ours(name.name) for name in node.names):
            (name,) = node.names  # ruff's rule E401
            if name.name in OURS:
                places.append((node.lineno, node.col_offset, f"from {PACKAGE} ".encode()))
            elif name.asname:
                places.append((name.lineno, name.col_offset, f"{PACKAGE}.".encode()))
            else:
                raise ValueError(f"{path}:{node.lineno}: import {name.name}; `from … import …` would work")
        elif isinstance(node, ast.Constant) and _names_a_module(node.value):
            raise ValueError(
                f"{path}:{node.lineno}: {node.value!r} names a module; __name__ of it would work"
            )
    for line, column, text in places:
        old = lines[line - 1]
        lines[line - 1] = old[:column] + text + old[column:]
    return b"".join(lines)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in OURS


def _names_a_module(value: object) -> bool:
    if not (isinstance(value, str) and _MODULE_NAME.fullmatch(value)):
        return False
    path = ROOT / value.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file()


@contextlib.contextmanager
def _copy() -> Iterator[None]:
    """The copy that a wheel is built from, as the working folder of the block."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="kinochrome-wheel-") as name:
        root = Path(name)
        skip = shutil.ignore_patterns("__pycache__", "*.partial", "node_modules")
        shutil.copytree(ROOT / PACKAGE, root / PACKAGE, ignore=skip)
        for folder in (*OURS, "configs"):
            shutil.copytree(ROOT / folder, root / PACKAGE / folder, ignore=skip)
        for path in (root / PACKAGE).rglob("*.py"):
            source = ROOT / path.relative_to(root / PACKAGE)
            path.write_bytes(nested_source(path.read_bytes(), path=source))
        for file in _BESIDE:
            shutil.copy2(ROOT / file, root / file)
        _write_config(root / "setup.cfg")
        os.chdir(root)
        try:
            yield
        finally:
            os.chdir(before)


def _write_config(path: Path) -> None:
    """`setup.cfg` of the copy: the packages have longer names."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    names = [name for name in config["options"]["packages"].split() if name != PACKAGE]
    config["options"]["packages"] = "\n".join(["", PACKAGE, *(f"{PACKAGE}.{name}" for name in names)])
    data = config["options.package_data"]
    config["options.package_data"] = {
        PACKAGE: _CONFIGS,
        **{f"{PACKAGE}.{name}": patterns for name, patterns in data.items()},
    }
    with path.open("w", encoding="utf-8") as file:
        config.write(file)
