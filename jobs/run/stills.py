"""Colours stills one at a time, a file to a file; folders of them are a batch (`jobs.batch`)."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jobs.progress.reporters import Progress as RunProgress
from jobs.segments.guidance_pictures import check_guidance_pictures
from jobs.segments.task import make_predictor
from jobs.settings.guidance import choose_still_guidance
from jobs.settings.guidance_file import error_of_shot
from jobs.settings.job import Job
from pipeline.errors import OutputError, SettingsError, SourceError
from pipeline.guidance.guided_still import guide_still
from pipeline.guidance.hints.sketch import is_on_white_paper
from pipeline.stills.colorize import Floats, PredictColor, colorize_still
from pipeline.stills.read_only.formats import read_any_still
from pipeline.stills.still import still_format

STATEMENT = (
    "The colours of this picture are predicted by a neural network (Kinochrome); its luma is the source's."
)
_WHITE_PAPER = (
    "the paper of this drawing is white, and stays so: white takes no colour without becoming darker; paper of light "
    "grey (#d9d9d9) would take the colours that are given"
)


@dataclass(frozen=True, kw_only=True)
class StillResult:
    """The result of one still."""

    source: Path
    output: Path
    notes: tuple[str, ...] = ()
    """What could not be kept unchanged, a line each."""
    error: str | None = None
    """Why it could not be coloured, in one line; None if it was."""


@dataclass(frozen=True, kw_only=True)
class StillsSummary:
    """The results of all stills of a run, in order."""

    output: Path
    """The output file or folder."""
    results: tuple[StillResult, ...]

    @property
    def failed(self) -> tuple[StillResult, ...]:
        """The stills that could not be coloured."""
        return tuple(result for result in self.results if result.error is not None)


class StillColorist:
    """The network and the given colours of a job, ready for any of its stills."""

    def __init__(self, job: Job) -> None:
        """Raises WeightsError, SettingsError."""
        check_guidance_pictures(job, None)
        self._predictor, self._guidance = make_predictor(job), choose_still_guidance(job)
        self._job, self._saturation = job, job.color.saturation

    def color(
        self, source: Path, target: Path, *, overwrite: bool, before: Callable[[], None] = lambda: None
    ) -> tuple[str, ...]:
        """As `colorize_file`; `before` is called before anything is predicted and may raise."""
        notes: list[str] = []

        def predict(luma: Floats) -> Floats:
            before()
            if self._guidance is None:
                return self._predictor.predict_pictures(luma)
            if self._guidance.kind == "sketch" and is_on_white_paper(luma):
                notes.append(_WHITE_PAPER)
            try:
                return np.stack(
                    [guide_still(picture, self._guidance, network=self._predictor) for picture in luma]
                )
            except SettingsError as error:
                raise error_of_shot(
                    error, self._job, shot=0, shot_count=1, where=f"colouring {source}"
                ) from error

        found = colorize_file(
            source, target, predict=predict, saturation=self._saturation, overwrite=overwrite
        )
        return (*found, *notes)


def check_still(job: Job) -> None:
    """Reads the still of a job and the colours that are given. Raises as the run would."""
    choose_still_guidance(job)
    check_guidance_pictures(job, None)
    read_any_still(job.input)


def run_still(
    job: Job, progress: RunProgress, *, before_still: Callable[[], None] = lambda: None
) -> StillsSummary:
    """Colours the still of a job. Raises as `colorize_file`, or WeightsError.

    `before_still` is called before anything is predicted and may raise to stop the run.
    """
    progress.stage("network", 0, 1)
    colorist = StillColorist(job)
    progress.stage("network", 1, 1)
    progress.stage("stills", 0, 1, "still")
    notes = colorist.color(job.input, job.output, overwrite=job.overwrite, before=before_still)
    progress.stage("stills", 1, 1, "still")
    for line in notes:
        progress.note(f"{job.output.name}: {line}")
    progress.note(f"{job.output}: coloured")
    result = StillResult(source=job.input, output=job.output, notes=notes)
    return StillsSummary(output=job.output, results=(result,))


def colorize_file(
    source: Path,
    target: Path,
    *,
    predict: PredictColor,
    saturation: float = 1.0,
    overwrite: bool = False,
    statement: str = STATEMENT,
) -> tuple[str, ...]:
    """Colours one still; `statement` is written into the picture. Returns what could not be kept, a line each.

    Raises before anything is written: SourceError for an input that is missing or no still, OutputError for an output
    that exists (without `overwrite`), is the source, or has a suffix that is no still's.
    """
    if not source.is_file():
        raise SourceError(f"cannot read {source}: {'not a file' if source.exists() else 'no such file'}")
    still_format(target)
    if target.exists() and target.samefile(source):
        raise OutputError(f"cannot write {target}: it is a source; name another output")
    if target.exists() and not overwrite:
        raise OutputError(f"cannot write {target}: it exists; choose another name or allow overwriting")
    return colorize_still(
        read_any_still(source),
        target,
        predict=predict,
        saturation=saturation,
        overwrite=overwrite,
        statement=statement,
    )
