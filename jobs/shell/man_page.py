"""The page `kinochrome(1)`, in the language of `man`: roff with the macros of man(7)."""

import argparse
import re
from collections.abc import Iterator

_EXIT_CODES = (
    ("0", "All is done."),
    (
        "1",
        "A fault of the input or the settings, or a decoder that crashed or hung. A line says what would work.",
    ),
    ("2", "The command line is wrong."),
    ("3", "A bug. A line names the report to send."),
    ("130", "Interrupted. The same command goes on where it was."),
)


def man_page(parser: argparse.ArgumentParser, *, version: str) -> str:
    """The page. Put it into a file `kinochrome.1` in a folder `man1` of the manual path."""
    verbs = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    summaries = {choice.dest: choice.help or "" for choice in verbs._choices_actions}
    lines = [
        f'.TH KINOCHROME 1 "" "kinochrome {_text(version)}" "User Commands"',
        ".SH NAME",
        rf"kinochrome \- {_text(_without_stop(parser.description or ''))}",
        ".SH SYNOPSIS",
        r".B kinochrome",
        r"\fIVERB\fR [\fIOPTION\fR]... [\fIARGUMENT\fR]...",
        ".SH VERBS",
        *(
            line
            for name in verbs.choices
            for line in (".TP", rf"\fB{_text(name)}\fR", _text(summaries[name]))
        ),
        ".SH OPTIONS OF EACH VERB",
    ]
    for name, verb in verbs.choices.items():
        lines += [f'.SS "{_text(name)}"', _text(summaries[name]), ".PP", *_synopsis(verb), *_options(verb)]
    lines += [
        ".SH EXIT STATUS",
        *(line for code, why in _EXIT_CODES for line in (".TP", rf"\fB{code}\fR", why)),
    ]
    return "\n".join(lines) + "\n"


def _synopsis(verb: argparse.ArgumentParser) -> Iterator[str]:
    """The line that shows how the verb is called, its options in short."""
    yield rf"\fB{_text(verb.prog)}\fR [\fIOPTION\fR]... {_text(' '.join(_positionals(verb)))}".rstrip()


def _positionals(verb: argparse.ArgumentParser) -> Iterator[str]:
    for action in verb._actions:
        if action.option_strings:
            if action.required:
                yield f"{action.option_strings[0]} {_metavar(action)}"
        elif action.nargs in ("*", "+", "..."):
            yield f"{_metavar(action)}..."
        else:
            yield f"[{_metavar(action)}]" if action.nargs == "?" else _metavar(action)


def _options(verb: argparse.ArgumentParser) -> Iterator[str]:
    for action in verb._actions:
        if action.help is argparse.SUPPRESS or isinstance(action, argparse._HelpAction):
            continue
        if action.option_strings:
            value = "" if action.nargs == 0 else rf" \fI{_text(_metavar(action))}\fR"
            head = ", ".join(rf"\fB{_text(option)}\fR" for option in action.option_strings) + value
        elif action.help:
            head = rf"\fI{_text(_metavar(action))}\fR"
        else:
            continue
        yield from (".TP", head, _text(_help(verb, action)) or r"\&")


def _metavar(action: argparse.Action) -> str:
    if isinstance(action.metavar, tuple):
        return " ".join(action.metavar)
    if action.metavar is None and action.choices is not None:
        return "|".join(map(str, action.choices))
    return action.metavar or action.dest.upper()


def _help(verb: argparse.ArgumentParser, action: argparse.Action) -> str:
    """The help with its values filled in, as `--help` shows it."""
    return verb._get_formatter()._expand_help(action) if action.help else ""


def _without_stop(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")


def _text(text: str) -> str:
    """Plain text that roff prints as it is, on one line."""
    flat = re.sub(r"\s+", " ", text).strip().replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{flat}" if flat.startswith((".", "'")) else flat
