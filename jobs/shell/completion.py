"""Scripts by which bash, zsh and fish complete verbs, options and names of files."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import shtab

Shell = Literal["bash", "zsh", "fish"]
_FILES = {"FILM", "STILL", "FILE", "PNG", "JPEG", "YAML", "CSV", "OUT", "FOLDER", "JOB", "yaml"}


def completion(parser: argparse.ArgumentParser, shell: Shell) -> str:
    """The script for a shell; the parser is only read from afterwards, because its actions are marked here."""
    for action in _actions(parser):
        words = set(re.findall(r"\w+", str(action.metavar or "")))
        if words == {"DIR"}:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]  # where shtab looks for it
        elif action.type is Path or words & _FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    return shtab.complete(parser, shell)


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for verb in action.choices.values():
                yield from _actions(verb)
        else:
            yield action
