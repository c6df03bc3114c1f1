"""One frame of a film as a PNG, to be painted over in any program: a transparent layer of it guides colours."""

from pathlib import Path

import numpy as np

from jobs.settings.job import Job
from jobs.workdir.film_plan import open_plan
from jobs.workdir.folder import WorkDir
from pipeline.atomic_files import publish
from pipeline.color.colorimetry import luma_to_unit
from pipeline.color.picture_file import encode_picture
from pipeline.errors import OutputError, SettingsError
from pipeline.source.frame_reader import FrameReader
from pipeline.timecode import FrameNumbers, Place


def write_frame(job: Job, *, work: WorkDir, place: Place, path: Path, overwrite: bool = False) -> int:
    """Publishes the luma of a frame of the planned film as a grey PNG of the film's own size; returns its number.

    Raises SettingsError for a frame that the film does not have, OutputError for a name that does not do.
    """
    if path.suffix.lower() != ".png":
        raise OutputError(f"cannot write {path}: a frame is written as a PNG; {path.stem}.png would work")
    if path.exists() and not overwrite:
        raise OutputError(f"cannot write {path}: it exists; another name or --overwrite would work")
    film, plan = open_plan(job, work=work)
    try:
        number = FrameNumbers.of_film(film, plan.timeline, plan.shots).number(place)
    except SettingsError as error:
        raise SettingsError(f"--frame: {error}") from error
    with FrameReader(film, timeline=plan.timeline) as reader:
        (frame,) = reader.read(number, number + 1)
    unit = luma_to_unit(frame.luma, depth=film.pixel_format.depth, range=film.color.range)
    grey = (unit.clip(0, 1) * 255 + np.float32(0.5)).astype(np.uint8)
    with publish(path) as partial:
        partial.write_bytes(encode_picture(grey, ".png"))
    return number
