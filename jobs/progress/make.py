"""Chooses how a command tells its progress."""

import os
import sys

from jobs.progress.openjd import OpenJdProgress
from jobs.progress.reporters import JsonProgress, LineProgress, Progress, QuietProgress
from jobs.progress.screen import ScreenProgress


def make_progress(
    *, quiet: bool = False, json_events: bool = False, openjd: bool = False, verb: str = ""
) -> Progress:
    """What fits the asker and the terminal: a farm's lines, JSON, nothing, a block at the foot of the screen, or lines
    where stderr is no terminal that could show it."""
    if openjd:
        return OpenJdProgress(verb)
    if json_events:
        return JsonProgress()
    if quiet:
        return QuietProgress()
    is_screen = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    return ScreenProgress() if is_screen else LineProgress()
