"""The verbs that help to guide colours: a frame to paint over, and a sheet of takes."""

import argparse
from pathlib import Path

from jobs.cli.options import AddVerb, Details
from jobs.cli.stages import parsed_ranges, stage
from jobs.progress.reporters import Progress

_TAKES = 4


def add_guidance_verbs(add: AddVerb, *parents: argparse.ArgumentParser) -> None:
    """Adds still and takes; `parents` hold the options of `run`."""
    one = add("still", still, "Write one frame of a film as a picture, to paint on.", *parents)
    one.add_argument("job", type=Path, metavar="JOB.yaml", help="the job file of the film")
    summary = "which frame: a number from 0, a time such as 12.5s, or a timecode"
    one.add_argument("--frame", required=True, type=_place, metavar="N", help=summary)
    one.add_argument("-o", "--output", required=True, type=Path, metavar="PNG", help="file to write")
    one = add(
        "takes",
        takes,
        "Write a sheet that shows shots with other colourings to choose from, and their regions.",
        *parents,
    )
    one.add_argument("job", type=Path, metavar="JOB.yaml", help="the job file of the film")
    one.add_argument(
        "--shots",
        type=parsed_ranges,
        metavar="RANGE",
        help="which shots: 3-7,12 or 0-99:2 (default: the first 50)",
    )
    one.add_argument(
        "-n", "--count", type=int, default=_TAKES, metavar="N", help=f"takes of each shot (default: {_TAKES})"
    )
    one.add_argument("-o", "--output", required=True, type=Path, metavar="PNG|JPG", help="file to write")


def still(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Writes a frame as a PNG."""
    from jobs.run.film import run_plan
    from jobs.run.frame_still import write_frame

    overwrite, arguments.overwrite = arguments.overwrite, True  # of the picture, not of the film
    with stage(arguments, progress) as (job, work):
        run_plan(job, work=work, progress=progress)
        number = write_frame(
            job, work=work, place=arguments.frame, path=arguments.output, overwrite=overwrite
        )
    progress.note(f"{arguments.output}: frame {number}")
    return {"frame": number, "output": arguments.output}


def takes(arguments: argparse.Namespace, progress: Progress) -> Details:
    """Writes a sheet of takes."""
    from jobs.run.film import run_plan
    from jobs.run.takes_sheet import write_takes
    from jobs.settings.shots import format_ranges

    overwrite, arguments.overwrite = arguments.overwrite, True  # of the sheet, not of the film
    with stage(arguments, progress) as (job, work):
        run_plan(job, work=work, progress=progress)
        shots = write_takes(
            job,
            work=work,
            path=arguments.output,
            ranges=arguments.shots,
            count=arguments.count,
            overwrite=overwrite,
            progress=lambda done, total: progress.stage("takes", done, total, "shot"),
        )
    progress.note(f"{arguments.output}: shots {format_ranges(shots)}")
    return {"shots": format_ranges(shots), "output": arguments.output}


def _place(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text
