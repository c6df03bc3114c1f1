"""Colours stills one at a time: a file to a file, a folder to a folder with the same sub-folders."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jobs.progress.reporters import Progress as RunProgress
from jobs.segments.task import make_predictor
from jobs.settings.guidance import choose_still_guidance
from jobs.settings.job import Job
from pipeline.errors import OutputError, SettingsError, SourceError
from pipeline.guidance.guided_still import guide_still
from pipeline.messages import first_few
from pipeline.stills.colorize import Floats, PredictColor, colorize_still
from pipeline.stills.read_only.formats import read_any_still
from pipeline.stills.still import still_format
from pipeline.target import STILL_FORMATS, target_of

STATEMENT = (
    "The colours of this picture are predicted by a neural network (Kinochrome); its luma is the source's."
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


StillDone = Callable[[StillResult, int], None]
"""Called after each still with its result and the number of stills in the run."""


def run_stills(
    job: Job, progress: RunProgress, *, before_still: Callable[[], None] = lambda: None
) -> StillsSummary:
    """Colours the still, or the folder of stills, of a job. Raises as `colorize_stills`, or WeightsError.

    `before_still` is called before each still and may raise to stop the run.
    """
    predictor, guidance = make_predictor(job), choose_still_guidance(job)
    done = 0

    def predict(luma: Floats) -> Floats:
        before_still()
        if guidance is None:
            return predictor.predict_pictures(luma)
        return np.stack([guide_still(picture, guidance, network=predictor) for picture in luma])

    def note(result: StillResult, total: int) -> None:
        nonlocal done
        done += 1
        progress.stage("stills", done, total, "still")
        if result.error is not None:
            progress.note(result.error, warning=True)
        for line in result.notes:
            progress.note(f"{result.output.name}: {line}")

    return colorize_stills(
        [job.input],
        job.output,
        predict=predict,
        saturation=job.color.saturation,
        overwrite=job.overwrite,
        progress=note,
    )


def colorize_stills(
    inputs: Sequence[Path],
    output: Path,
    *,
    predict: PredictColor,
    saturation: float = 1.0,
    overwrite: bool = False,
    statement: str = STATEMENT,
    progress: StillDone | None = None,
) -> StillsSummary:
    """Colours every still of `inputs` (files, or folders with all below them) and returns the result of each.

    A single file goes to the file `output`, or into it where that is a folder; a folder or several files go
    into the folder `output` under their own names and sub-folders. `statement` is written into each picture.
    A damaged still in a run of several does not stop it: it is reported, and at the end SourceError names all
    of them. Raises before anything is written: SourceError for an input that is missing or has no stills,
    OutputError for an output that exists (without `overwrite`) or is a source, SettingsError for two stills
    of one name or an output suffix that is no still's.
    """
    pairs = _pair(inputs, output)
    _check_outputs(pairs, overwrite=overwrite)
    results = []
    for source, target in pairs:
        try:
            notes = colorize_still(
                read_any_still(source),
                target,
                predict=predict,
                saturation=saturation,
                overwrite=overwrite,
                statement=statement,
            )
            result = StillResult(source=source, output=target, notes=notes)
        except SourceError as error:
            if len(pairs) == 1:
                raise
            result = StillResult(source=source, output=target, error=str(error))
        results.append(result)
        if progress is not None:
            progress(result, len(pairs))
    summary = StillsSummary(output=output, results=tuple(results))
    if summary.failed:
        reasons = first_few((result.error for result in summary.failed), separator="; ", characters=400)
        raise SourceError(f"{len(summary.failed)} of {len(pairs)} stills got no colour: {reasons}")
    return summary


def _pair(inputs: Sequence[Path], output: Path) -> list[tuple[Path, Path]]:
    """Pairs every source with its output."""
    sources, is_into_folder = [target_of(path) for path in inputs], target_of(output).kind == "folder"
    if len(sources) == 1 and sources[0].kind != "folder" and not is_into_folder:
        still_format(output)
        return [(inputs[0], output)]
    if output.exists() and not is_into_folder:
        raise OutputError(f"cannot write into {output}: it is a file, and several stills need a folder")
    pairs = []
    for source in sources:
        given = source.path
        if source.kind == "folder":
            pairs += _named(_find_stills(given, besides=output), given, output)
        else:
            pairs += _named([given], given.parent, output)
    return pairs


def _named(stills: Sequence[Path], folder: Path, output: Path) -> list[tuple[Path, Path]]:
    """Each still of a folder with its output, which has the same name; one of a format that is not written becomes a
    PNG: `a.webp` becomes `a.png`, or `a.webp.png` where the folder has another still `a`."""
    stems = Counter(still.with_suffix("") for still in stills)
    pairs = []
    for still in stills:
        name = still.relative_to(folder)
        if still.suffix.lower() not in STILL_FORMATS:
            is_alone = stems[still.with_suffix("")] == 1
            name = name.with_suffix(".png") if is_alone else name.with_name(f"{name.name}.png")
        pairs.append((still, output / name))
    return pairs


def _find_stills(folder: Path, *, besides: Path) -> list[Path]:
    """The stills in a folder and below it by name, without hidden ones and those under `besides`."""
    kept_out = besides.resolve()
    is_within = kept_out != folder.resolve()
    found = []
    for path in sorted(folder.rglob("*")):
        is_hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        is_output = is_within and path.resolve().is_relative_to(kept_out)
        if target_of(path).kind == "still" and path.is_file() and not is_hidden and not is_output:
            found.append(path)
    if not found:
        raise SourceError(f"cannot read {folder}: no still in it")
    return found


def _check_outputs(pairs: list[tuple[Path, Path]], *, overwrite: bool) -> None:
    sources: dict[Path, Path] = {}
    resolved = {source.resolve() for source, _ in pairs}
    for source, target in pairs:
        if not source.is_file():
            raise SourceError(f"cannot read {source}: {'not a file' if source.exists() else 'no such file'}")
        still_format(target)
        if target.resolve() in resolved:
            raise OutputError(f"cannot write {target}: it is a source; name another output")
        if target.exists() and not overwrite:
            raise OutputError(f"cannot write {target}: it exists; choose another name or allow overwriting")
        other = sources.setdefault(target, source)
        if other != source:
            raise SettingsError(f"{other} and {source} would both become {target}; colour them in two runs")
