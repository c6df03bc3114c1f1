"""The verbs about the program and the machine rather than a film: `doctor`, `completion`, `man`."""

import argparse
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.cli.options import Details
from jobs.progress.reporters import Progress, one_line
from jobs.version import VERSION
from pipeline.errors import DeviceError

if TYPE_CHECKING:
    from jobs.doctor.finding import Finding


def add_machine_verbs(add: Callable[..., argparse.ArgumentParser], *, whole: argparse.ArgumentParser) -> None:
    """Adds the verbs with their options by `add(name, call, told)`; `whole` is the parser of all verbs."""
    verb = add("doctor", doctor, "Say what works on this machine, and what to do about what does not.")
    verb.add_argument(
        "folder",
        type=Path,
        nargs="?",
        default=Path(),
        metavar="FOLDER",
        help="folder for films, work folders or a queue, e.g. on a share (default: this folder)",
    )

    def completion(arguments: argparse.Namespace, progress: Progress) -> Details:
        """Prints a script that completes the command line."""
        from jobs.shell.completion import completion as script

        return _printed("script", script(whole, arguments.shell), arguments)

    def man(arguments: argparse.Namespace, progress: Progress) -> Details:
        """Prints the manual page."""
        from jobs.shell.man_page import man_page

        return _printed("page", man_page(whole, version=VERSION), arguments)

    verb = add(
        "completion",
        completion,
        "Print a script that lets your shell complete verbs, options and names of files.",
    )
    verb.add_argument("shell", choices=("bash", "zsh", "fish"), help="your shell")
    add("man", man, "Print the manual page; `kinochrome man > kinochrome.1; man ./kinochrome.1` shows it.")


def doctor(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Prints a line for each thing that is looked at; DeviceError at the end where something needed is missing."""
    from jobs.doctor.examination import examine

    silent = arguments.json_events or arguments.openjd
    findings = []
    logging.disable(logging.INFO)  # the trial colours a film, which would be told of
    try:
        for finding in examine(arguments.folder):
            findings.append(finding)
            if not silent and not (arguments.quiet and finding.state == "ok"):
                _print_finding(finding)
    finally:
        logging.disable(logging.NOTSET)
    missing = [finding for finding in findings if finding.state == "missing"]
    if missing and silent:
        raise DeviceError.of_many(f"{finding.subject}: {finding.told}" for finding in missing)
    if missing:
        subjects = ", ".join(finding.subject for finding in missing)
        raise DeviceError(f"not ready: {subjects}; the lines above say what to do")
    return {"findings": [finding.as_json() for finding in findings]}


def _print_finding(finding: "Finding") -> None:
    print(one_line(f"{finding.state:<8} {finding.subject:<10} {finding.told}"), flush=True)
    if finding.advice:
        print(one_line(f"{'':<19} {finding.advice}"), flush=True)


def _printed(key: str, text: str, arguments: argparse.Namespace) -> Details:
    if arguments.json_events:
        return {key: text}
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
    return {}
