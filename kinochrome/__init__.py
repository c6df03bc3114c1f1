"""Kinochrome for programs: `from kinochrome import colorize, check, verify, load_job`.

The names are those of `jobs`, which documents them; importing them is cheap, the first call loads what is heavy.
In a checkout the code lies in `pipeline/`, `models/` and `jobs/` beside this folder. In a wheel it lies below this
package (`install/wheel_backend.py` puts it there), so that nothing meets other packages of these names.
"""

from typing import TYPE_CHECKING

import jobs
from jobs import check, colorize, load_job, verify

if TYPE_CHECKING:
    from jobs import Estimate, FilmResult, Job, KinochromeError, StillsSummary, Verdict

__all__ = [
    "Estimate",
    "FilmResult",
    "Job",
    "KinochromeError",
    "StillsSummary",
    "Verdict",
    "check",
    "colorize",
    "load_job",
    "verify",
]

if not TYPE_CHECKING:  # which would take any name for one of ours

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(jobs, name)
