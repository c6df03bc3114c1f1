"""One stroke on one frame of a film: the garment takes the colour through its shot, nothing else changes.

    python tests/benchmarks/one_stroke.py FILMS [--sheet PNG]

FILMS is a folder with abomb_blast_effects_army.mp4 and his_girl_friday.mp4. Each is rendered without guidance, then
with the stroke in the same work folder. The garments were outlined by hand on three frames each: `inside` is the mean
distance of their ab from the given colour, before and after (of the soldier's jacket its front, which the car's post
parts from the sleeve); `outside` the mean shift of ab farther than 4 % of the
width from the outline; `other shots` that of the frames of all other shots. `rendered` are the segments that were done
again, of `segments`, and `shots` the shots that they are of.
"""

import argparse
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from jobs.progress.reporters import QuietProgress
from jobs.run.film import run_job
from jobs.settings.job_file import load_job
from jobs.workdir.folder import WorkDir

Floats = npt.NDArray[np.float32]
Points = tuple[tuple[float, float], ...]
_BESIDE = 0.04


@dataclass(frozen=True)
class Trial:
    """A film, a stroke in it, and where its garment lies; places in shares of the picture."""

    film: str
    frame: int
    color: str
    ab: tuple[float, float]
    stroke: Points
    outline: Points
    shifts: tuple[tuple[int, float, float], ...]
    """Frames with the outline's shift across and down."""
    shot_end: int


TRIALS = (
    Trial(
        film="abomb_blast_effects_army.mp4",
        frame=2,
        color="lab(45 -14 30)",
        ab=(-14, 30),
        stroke=((0.18, 0.6), (0.26, 0.66), (0.29, 0.62)),
        outline=(
            *((0.16, 0.53), (0.23, 0.5), (0.29, 0.57), (0.345, 0.6), (0.34, 0.66), (0.31, 0.7)),
            *((0.25, 0.745), (0.185, 0.75)),
        ),
        shifts=((2, 0, 0), (20, 0.046, 0.128), (42, -0.01, 0)),
        shot_end=44,
    ),
    Trial(
        film="his_girl_friday.mp4",
        frame=12,
        color="lab(55 -28 -8)",
        ab=(-28, -8),
        stroke=((0.82, 0.36), (0.8, 0.47), (0.71, 0.46)),
        outline=(
            *(
                (0.67, 0.306),
                (0.82, 0.3),
                (0.87, 0.383),
                (0.9, 0.497),
                (0.8, 0.51),
                (0.736, 0.51),
                (0.707, 0.574),
            ),
            *(
                (0.66, 0.587),
                (0.64, 0.497),
                (0.574, 0.638),
                (0.526, 0.7),
                (0.516, 0.676),
                (0.612, 0.497),
                (0.65, 0.383),
            ),
        ),
        shifts=((12, 0, 0), (90, -0.025, 0.01), (170, -0.02, 0)),
        shot_end=185,
    ),
)


def main() -> None:
    """Prints the figures, a line for each film."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("films", type=Path)
    parser.add_argument("--sheet", type=Path, help="also the frames before and after, with the outlines")
    arguments = parser.parse_args()
    rows = []
    for trial in TRIALS:
        with tempfile.TemporaryDirectory() as folder:
            figures, tiles = measure(trial, arguments.films, Path(folder))
        print(json.dumps({"film": trial.film} | figures), flush=True)
        rows += tiles
    if arguments.sheet:
        cv2.imwrite(str(arguments.sheet), np.vstack(rows))


def measure(trial: Trial, films: Path, folder: Path) -> tuple[dict[str, object], list[npt.NDArray[np.uint8]]]:
    """The figures of a film, and two rows of pictures (BGR): before and after."""
    path = [list(place) for place in trial.stroke]
    mark = f"{{shape: stroke, frame: {trial.frame}, colour: {trial.color}, path: {path}}}"
    before, _ = _run(trial, films, folder, "")
    after, published = _run(trial, films, folder, f"guidance: {{marks: [{mark}]}}\n")
    labs = [[_ab(frame) for frame in pictures] for pictures in (before, after)]
    inside, outside = [], []
    for number, across, down in trial.shifts:
        mask, beside = _masks(trial, before[number].shape[:2], across, down)
        plain, given = labs[0][number], labs[1][number]
        inside.append([_apart(one[mask], trial.ab) for one in (plain, given)])
        outside.append(_apart(given[~beside], plain[~beside]))
    other = [_apart(one, two) for one, two in list(zip(*labs, strict=True))[trial.shot_end :]]
    plan = json.loads((folder / "work" / "plan.json").read_text(encoding="utf-8"))
    figures: dict[str, object] = {
        "frames": [number for number, _, _ in trial.shifts],
        "inside, before and after": [[round(one, 1) for one in pair] for pair in inside],
        "outside": [round(one, 2) for one in outside],
        "other shots": round(max(other, default=0), 3),
        "rendered": len(published),
        "segments": len(plan["segments"]),
        "shots": sorted({plan["segments"][index][0] for index in published}),
    }
    rows = [
        np.hstack(
            [np.asarray(cv2.resize(pictures[number], (480, 360)), np.uint8) for number, _, _ in trial.shifts]
        )
        for pictures in (before, after)
    ]
    return figures, rows


def _run(
    trial: Trial, films: Path, folder: Path, guidance: str
) -> tuple[list[npt.NDArray[np.uint8]], set[int]]:
    """The film's frames (BGR), and the segments that this run rendered."""
    job = folder / "job.yaml"
    job.write_text(
        f"input: {(films / trial.film).resolve()}\noutput: out.mkv\npreset: archival\noverwrite: true\n"
        f"prove: false\nreport_page: false\n{guidance}",
        encoding="utf-8",
    )
    made = load_job(job)
    events = folder / "work" / "events.jsonl"
    done = len(events.read_text(encoding="utf-8").splitlines()) if events.exists() else 0
    with WorkDir(folder / "work", output=made.output) as work:
        run_job(made, work=work, progress=QuietProgress())
    lines = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()[done:]]
    capture, frames = cv2.VideoCapture(str(made.output)), []
    while True:
        ok, frame = capture.read()
        if not ok:
            break
        frames.append(np.asarray(frame, np.uint8))
    return frames, {line["index"] for line in lines if line["event"] == "published"}


def _masks(
    trial: Trial, shape: tuple[int, ...], across: float, down: float
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """(H, W) the garment without its border, and with all that lies near it."""
    height, width = shape[:2]
    outline = [((x + across) * width, (y + down) * height) for x, y in trial.outline]
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [np.array(outline).round().astype(np.int32)], 1)
    ring = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(_BESIDE * width) + 1,) * 2)
    thin = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(_BESIDE / 3 * width) + 1,) * 2)
    return cv2.erode(mask, thin).astype(bool), cv2.dilate(mask, ring).astype(bool)


def _ab(frame: npt.NDArray[np.uint8]) -> Floats:
    lab = cv2.cvtColor(frame.astype(np.float32) / np.float32(255), cv2.COLOR_BGR2Lab)
    return np.asarray(lab[..., 1:], np.float32)


def _apart(one: Floats, other: Floats | tuple[float, float]) -> float:
    return float(np.linalg.norm(one - np.asarray(other, np.float32), axis=-1).mean())


if __name__ == "__main__":
    main()
