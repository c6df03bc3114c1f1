"""`kinochrome`: arguments to a call to an exit code. The only place that catches everything.

0 done, 1 a fault of the input or the settings, a crash or a hang of a decoder included (clear lines, no traceback),
2 a wrong command line, 3 a bug (a report file is named), 130 interrupted; 128 and the number of a signal
that killed it.
"""

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from jobs.cli import farm, films
from jobs.cli.bug_report import describe_bug, first_line
from jobs.cli.farm import add_export_options
from jobs.cli.guidance import add_guidance_verbs
from jobs.cli.machine import add_machine_verbs
from jobs.cli.options import Details, add_crew_options, add_workers_option, job_options, set_option
from jobs.cli.queue import add_presets_option, add_queue_verbs
from jobs.cli.records import add_record_verbs
from jobs.cli.stages import add_stage_verbs, add_status_verb
from jobs.cli.training import add_dataset_verb, add_evaluate_verb, recipe_help, train
from jobs.cli.web import add_serve_verb
from jobs.progress.make import make_progress
from jobs.progress.reporters import Progress, logging_to, one_line
from jobs.shell.verb_names import unknown_verb, verbs_of, with_known_verb
from jobs.supervise.heap import set_up_heaps
from jobs.supervise.idle_threads import let_idle_threads_sleep
from jobs.supervise.isolation import isolate
from jobs.supervise.signals import INTERRUPTED, INTERRUPTED_LINE, Interruption, end_with, interruptible
from jobs.version import VERSION
from jobs.workdir.cleanup import tidy_up
from pipeline.atomic_files import disk_fault
from pipeline.errors import KinochromeError

DONE, FAULT, WRONG_COMMAND, BUG = 0, 1, 2, 3
_TRUSTED = ("schema", "submit", "cancel", "retry", "worker", "train", "serve")
"""Verbs that open no film, or leave it to processes of their own."""
_BEGIN = """to begin:
  kinochrome colorize film.mkv -o film-colour.mp4    colour a film
  kinochrome colorize reels/ -o colour/              colour every film and still in a folder
  kinochrome VERB --help                             the options of a verb

exit codes: 0 done, 1 a fault of the input or the settings, 2 a wrong command line, 3 a bug, 130 interrupted"""

Verb = Callable[[argparse.Namespace, Progress], Details]


def main(argv: Sequence[str] | None = None, *, supervised: bool | None = None) -> int:
    """Runs one command line and returns its exit code.

    `supervised`, which a program that was started without `argv` is: what the verb does is done in a process of its
    own (`jobs.supervise.isolation`), and both return, to end.
    """
    set_up_heaps()
    let_idle_threads_sleep()
    arguments = with_known_verb(sys.argv[1:] if argv is None else argv)
    parser = make_parser()
    if not arguments:
        parser.print_help(sys.stderr)
        return _flushed(WRONG_COMMAND)
    if (fault := unknown_verb(arguments, verbs_of(parser))) is not None:
        print(f"kinochrome: error: {one_line(fault)}", file=sys.stderr)
        return WRONG_COMMAND
    try:
        parsed = parser.parse_args(arguments)
    except SystemExit as wanted:  # --help, --version or a wrong command line: argparse has said it all
        return _flushed(int(wanted.code or DONE))
    level = logging.WARNING if parsed.quiet else logging.DEBUG if parsed.verbose else logging.INFO
    progress = make_progress(
        quiet=parsed.quiet, json_events=parsed.json_events, openjd=parsed.openjd, verb=parsed.verb
    )

    def perform() -> int:
        with interruptible() as interruption, logging_to(progress, level=level):
            return _flushed(_run(parsed, progress, arguments, interruption))

    if parsed.verb in _TRUSTED or not (argv is None if supervised is None else supervised):
        code = perform()
    else:
        code = isolate(perform, tell=lambda code, message: _tell(progress, code, message), tidy_up=tidy_up)
    if argv is None:
        end_with(code)
    return code


def make_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="kinochrome",
        description="Restores colour to black-and-white films without touching the picture.",
        epilog=_BEGIN,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"kinochrome {VERSION}")
    every = _options_of_every_verb()
    job = job_options()
    settings = set_option()
    verb = parser.add_subparsers(title="verbs", metavar="VERB", required=True)

    def add(
        name: str, call: Verb, summary: str, *parents: argparse.ArgumentParser
    ) -> argparse.ArgumentParser:
        made = verb.add_parser(
            name, help=summary, description=summary, parents=[*parents, every], allow_abbrev=False
        )
        made.set_defaults(call=call, verb=name)
        return made

    summary = "Colour films and stills, or all in a folder; the same command again does what is not done yet."
    one = add("colorize", films.colorize, summary, job, settings)
    summary = "what to colour; numbered stills as scan/%%06d.dpx"
    one.add_argument("inputs", type=Path, nargs="+", metavar="FILM|STILL|FOLDER", help=summary)
    one.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="file to write, or a folder to write into"
    )
    one.add_argument(
        "--sheet", type=Path, metavar="PNG", help="also write a picture that shows shots before and after"
    )
    add_crew_options(one)
    for name, call, summary in (
        ("run", films.run, "Run a job file; the same command goes on where a run was stopped."),
        (
            "check",
            films.check,
            "Say what is wrong with a job file, a film or a folder, and how much time, disk and memory it will take.",
        ),
    ):
        one = add(name, call, summary, job, settings)
        metavar = "JOB.yaml|FILM|FOLDER" if call is films.check else "JOB.yaml"
        one.add_argument(
            "job", type=Path, metavar=metavar, help="what to check" if call is films.check else "the job file"
        )
        if call is films.check:
            add_workers_option(one)
            summary = "of a film or a folder: where colorize would write"
            one.add_argument("-o", "--output", metavar="OUT", help=summary)
        if call is films.run:
            add_crew_options(one)
            summary = "for the workers of a queue: give up where JOB.yaml is moved away"
            one.add_argument("--claimed", action="store_true", help=summary)
            add_presets_option(one)
    add_stage_verbs(add, job, settings)
    add_guidance_verbs(add, job, settings)
    add_queue_verbs(add, job=job, settings=settings)
    add_status_verb(add, job, settings)
    add_export_options(add("export", farm.export, "Write a film's work for a render farm.", settings))
    add_record_verbs(add)
    add("schema", films.schema, "Print the JSON Schema of job files, for editors.")
    add_dataset_verb(add, settings=settings)
    training = add("train", train, "Train a generator, or go on with a training.", settings)
    training.add_argument("config", type=Path, metavar="CONFIG.yaml|NAME", help=recipe_help())
    add_evaluate_verb(add)
    add_serve_verb(add)
    add_machine_verbs(add, whole=parser)
    return parser


def _options_of_every_verb() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    loudness = options.add_mutually_exclusive_group()
    loudness.add_argument("-q", "--quiet", action="store_true", help="print warnings and errors only")
    loudness.add_argument("-v", "--verbose", action="store_true", help="print every step")
    machine = options.add_mutually_exclusive_group()
    machine.add_argument(
        "--json-events", action="store_true", help="print progress as one JSON object a line, for programs"
    )
    machine.add_argument(
        "--openjd", action="store_true", help="print openjd_progress: lines, for a render farm"
    )
    return options


def _run(
    parsed: argparse.Namespace, progress: Progress, arguments: Sequence[str], interruption: Interruption
) -> int:
    """The verb, with whatever goes wrong turned into lines and an exit code."""
    try:
        with contextlib.closing(progress):
            details = parsed.call(parsed, progress)
        progress.finish("done", **details)
    except KeyboardInterrupt:
        return _tell(progress, INTERRUPTED, INTERRUPTED_LINE)
    except Exception as error:
        if interruption.is_wanted:
            return _tell(progress, INTERRUPTED, INTERRUPTED_LINE)
        return _tell_fault(error, progress, arguments)
    return DONE


def _tell_fault(error: Exception, progress: Progress, arguments: Sequence[str]) -> int:
    """What went wrong as lines, or as a report where it is a bug; returns the code."""
    if isinstance(error, BrokenPipeError):  # nobody reads any more
        return FAULT
    if isinstance(error, KinochromeError):
        result = getattr(error, "result", None)  # of a batch
        return _tell(progress, FAULT, *error.lines, details={} if result is None else result.as_json())
    if isinstance(error, MemoryError):
        message = f"there is not enough memory ({first_line(error) or 'allocation failed'})"
        return _tell(
            progress, FAULT, f"{message}; a smaller color.short_side, batch or encode.max_lines would work"
        )
    if isinstance(error, OSError) and (fault := disk_fault(error)) is not None:
        return _tell(progress, FAULT, fault)
    if _is_expected(error):
        return _tell(progress, FAULT, str(error))
    return _tell(progress, BUG, describe_bug(error, arguments))


def _tell(
    progress: Progress, code: int, *lines: str, details: Mapping[str, object] = MappingProxyType({})
) -> int:
    """The lines on stderr, and the last event with its details; returns the code."""
    begin, outcome = ("", "interrupted") if code == INTERRUPTED else ("error: ", "failed")
    with contextlib.suppress(OSError):
        for line in lines:
            print(f"kinochrome: {begin}{one_line(line) or 'failed'}", file=sys.stderr)
    with contextlib.suppress(OSError):
        progress.finish(outcome, exit_code=code, message="\n".join(map(one_line, lines)), **details)
    return code


def _is_expected(error: Exception) -> bool:
    from models.errors import ModelError

    return isinstance(error, ModelError)


def _flushed(code: int) -> int:
    """The code, once stdout has taken everything; a reader that went away is no fault worth a traceback."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code or FAULT
    except OSError as error:
        print(f"kinochrome: error: cannot write to stdout: {error.strerror}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code or FAULT
    return code


if __name__ == "__main__":
    sys.exit(main())
