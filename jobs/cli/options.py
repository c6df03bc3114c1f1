"""The options by which the command line changes a job, and the keys that they stand for."""

import argparse
import re
from typing import Protocol

from jobs.progress.reporters import Details as Details  # for the verbs too
from jobs.progress.reporters import Progress

_MOST_WORKERS = 256


def job_options() -> argparse.ArgumentParser:
    """The options that stand for keys of a job, for the parsers of verbs."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--preset",
        metavar="NAME|FILE",
        help="what kind of file to make: access, archival, mezzanine, studio, preview, sequence or a YAML file",
    )
    options.add_argument(
        "--weights", metavar="FILE", help="weights of the network: a .safetensors file, or `default`"
    )
    options.add_argument("--overwrite", action="store_true", help="replace an existing output")
    options.add_argument(
        "--allow-loss",
        action="store_true",
        help="go on where the output cannot hold a stream; the report lists what was left out",
    )
    options.add_argument(
        "--from-proxy",
        metavar="DIR",
        help="take the colours from the proxy.mkv files of this work folder, without the network",
    )
    options.add_argument("--work", metavar="DIR", help="make the work folder in DIR, and keep it")
    options.add_argument(
        "--keep-work",
        action="store_true",
        help="keep the work folder when the film is done, so that a change renders only what it touches",
    )
    summary = "frames per second of numbered stills (frames/%%06d.dpx): 24, 23.976, 24000/1001"
    options.add_argument("--rate", metavar="FPS", help=summary)
    options.add_argument("--sound", metavar="FILE", help="sound file for numbered stills")
    options.add_argument(
        "--cache",
        metavar="DIR",
        help="folder that keeps predicted colours of all films; a re-cut colours only new shots",
    )
    summary = "YAML or JSON file with colours that you give: strokes, stills, words, a take, a look"
    options.add_argument("--guidance", metavar="FILE", help=summary)
    options.add_argument(
        "--reference",
        action="append",
        metavar="STILL",
        help="a still in colour that shows the colours; may be given several times",
    )
    options.add_argument(
        "--bag", action="store_true", help="also make a BagIt bag of film and report, OUT.bag"
    )
    return options


def set_option() -> argparse.ArgumentParser:
    """`--set`, for the parsers of verbs."""
    options = argparse.ArgumentParser(add_help=False)
    summary = "change one setting, e.g. color.saturation=0.8; may be given several times"
    options.add_argument(
        "--set", action="append", default=[], type=_assignment, metavar="KEY=VALUE", help=summary
    )
    return options


def given_options(arguments: argparse.Namespace) -> dict[str, object]:
    """The options that stand for keys of a job, as far as they were given."""
    given: dict[str, object] = {}
    for key in ("preset", "weights", "from_proxy", "work", "rate", "sound", "cache", "guidance"):
        value = getattr(arguments, key)
        if value is not None:
            given[key] = str(value)
    if arguments.reference:
        given["guidance.references"] = [{"file": name} for name in arguments.reference]
    for key in ("overwrite", "allow_loss", "keep_work", "bag"):
        if getattr(arguments, key):
            given[key] = True
    return given


class AddVerb(Protocol):
    """Makes the parser of a verb."""

    def __call__(
        self, name: str, call: "Call", summary: str, *parents: argparse.ArgumentParser
    ) -> argparse.ArgumentParser:
        """The parser, with the options that every verb takes."""


class Call(Protocol):
    """What a verb does."""

    def __call__(self, arguments: argparse.Namespace, progress: Progress, /) -> Details:
        """Takes parsed arguments, returns the details of the final event."""


def add_crew_options(verb: argparse.ArgumentParser) -> None:
    """Adds `--workers` and `--scheduler`, of which one may be given."""
    one = verb.add_mutually_exclusive_group()
    add_workers_option(one)
    summary = "tcp://HOST:PORT of a Dask scheduler whose workers colour the film (default: this machine does)"
    one.add_argument("--scheduler", type=_scheduler, metavar="ADDRESS", help=summary)


def add_workers_option(verb: "argparse._ActionsContainer") -> None:
    """Adds `--workers`."""
    summary = "processes that work on a film (default: one for each GPU, or one); the result is the same"
    verb.add_argument("--workers", type=_workers, metavar="N", help=summary)


def _assignment(text: str) -> str:
    key, equals, _ = text.partition("=")
    if not equals or not key.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE, e.g. steady.strength=0.8")
    return text


def _scheduler(text: str) -> str:
    if not re.fullmatch(r"(tcp|tls)://[^\s/]+:[0-9]{1,5}", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text!r} is not tcp://HOST:PORT or tls://HOST:PORT")
    return text


def _workers(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _MOST_WORKERS):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to {_MOST_WORKERS}")
    return int(text)
