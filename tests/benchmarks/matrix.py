"""Every film in a folder through Kinochrome: what came out, and whether it is what the table of kinds promises.

python tests/benchmarks/matrix.py FOLDER [--preset archival] [--seconds 8] [--only NAME] [--json FILE] [--flat]

Of films longer than `--seconds` a part is copied off, without coding, and taken instead. A film that is refused
has to be refused with exit code 1 and one line; one that is not, has to have every frame at its time, its luma
where the codec is lossless, and every stream. Exit code 1 where a film does not. `--flat` takes one colour instead
of the network: a quick look at all else.
"""

import argparse
import contextlib
import io
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import imageio_ffmpeg

from jobs.cli.main import main as kinochrome
from pipeline.errors import KinochromeError
from pipeline.source.probe import probe
from pipeline.support.table import cure
from tests.comparison import compare
from tests.graded import color_flat

SUFFIXES = {"archival": ".mkv", "mezzanine": ".mov", "studio": ".mxf"}
LOSING = ("access", "studio")
"""Presets whose container holds less than Matroska: a film is refused, until its loss is allowed."""
QUICK = ("color.short_side=128", "report_page=false")
NO_FILM = ("empty", "not_a_video", "audio_only", "truncated_no_moov")
"""Stems of files that are no film, and have to be refused."""
REFUSED = {"two_frames_at_zero.mkv": "does not come after"}
"""Files of the field that have to be refused, and what the line says."""
SAID = {
    "aspect_change_mpeg2.ts": "the sample aspect changes",
    "mjpeg_422_then_420.avi": "the pixel format changes",
    "ts_pts_wrap.ts": "the clock of MPEG starts anew",
    "dvd_lpcm.vob": "becomes pcm_s16le, sample for sample",
}
"""Files of the field of which something cannot be kept, and what has to be said of it with `archival`."""
NO_FILMS = frozenset({".jpg", ".md", ".tif", ".jp2", ".dpx", ".webp", ".gif"})
"""Stills and texts, which are not tried."""


@dataclass
class Row:
    """One file."""

    name: str
    code: int = 0
    line: str = ""
    """What it was refused with."""
    picture: str = ""
    """Codec, size and pixel format of what came out."""
    frames: int = 0
    pts: bool = False
    luma: bool | None = None
    """None where the codec is not lossless."""
    streams: str = ""
    """Kept of how many."""
    seconds: float = 0.0
    changes: list[str] = field(default_factory=list)
    """What the run said that it changed or left out."""
    faults: list[str] = field(default_factory=list)
    """What is not as promised."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--preset", default="archival")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--only", default="", help="films whose name holds this")
    parser.add_argument("--json", type=Path, help="also write the rows here")
    parser.add_argument("--flat", action="store_true", help="one colour, without the network")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    films = [
        p for p in sorted(arguments.folder.rglob("*")) if p.is_file() and p.suffix.lower() not in NO_FILMS
    ]
    rows = []
    for path in films:
        if arguments.only in path.name:
            rows.append(take(path, arguments))
            print(told(rows[-1]), flush=True)
    wrong = [row for row in rows if row.faults]
    done = sum(row.code == 0 for row in rows)
    print(
        f"\n{len(rows)} files: {done} done, {len(rows) - done} refused, {len(wrong)} not as promised, "
        f"{sum(row.seconds for row in rows):.0f} s"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=1), encoding="utf-8")
    sys.exit(1 if wrong else 0)


def take(path: Path, wanted: argparse.Namespace) -> Row:
    """One film coloured, and looked at."""
    row = Row(path.name)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = _part(path, folder, wanted.seconds)
        output = folder / f"out{SUFFIXES.get(wanted.preset, '.mp4')}"
        options = ["--preset", wanted.preset]
        options += [part for text in (*QUICK, *wanted.set) for part in ("--set", text)]
        started = time.monotonic()
        row.code, lines = _run(source, output, *options, flat=wanted.flat)
        if row.code == 1 and lines and cure("damaged") in lines[-1]:
            row.changes.append(f"refused at first: {lines[-1]}")
            row.code, lines = _run(source, output, *options, "--set", "damage=keep-going", flat=wanted.flat)
        if row.code == 1 and lines and wanted.preset in LOSING and "or allow the loss" in lines[-1]:
            row.changes.append(f"refused at first: {lines[-1]}")
            row.code, lines = _run(source, output, *options, "--set", "allow_loss=true", flat=wanted.flat)
        row.seconds = round(time.monotonic() - started, 2)
        row.changes += [line for line in lines if "changed: " in line or "left out: " in line]
        left = sorted({p.name for p in folder.iterdir()} - {"source", output.name})
        if row.code:
            row.line = lines[-1] if lines else ""
            _look_at_refusal(row, path, lines=lines, left=left)
        else:
            _look_at_film(row, source, output)
            lost = sum("left out: " in change for change in row.changes)
            row.faults = [f for f in row.faults if not f.startswith("no more: ")] if lost else row.faults
            if any("chapter" in change for change in row.changes):
                row.faults = [fault for fault in row.faults if not fault.startswith("chapters ")]
            expected = SAID.get(path.name, "") if wanted.preset == "archival" else ""
            if not any(expected in change for change in row.changes or [""]):
                row.faults.append(f"nothing said of what is not kept: {expected}")
    return row


def _run(source: Path, output: Path, *options: str, flat: bool) -> tuple[int, list[str]]:
    """Exit code, and what was said on the way."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        if flat:
            with tempfile.TemporaryDirectory() as work:
                code = color_flat(source, output, *options, work=Path(work))
        else:
            code = kinochrome(["colorize", str(source), "-o", str(output), *options])
    return code, said.getvalue().strip().splitlines()


def _part(path: Path, folder: Path, seconds: float) -> Path:
    """The film, or the first seconds of a long one, copied packet by packet."""
    try:
        claimed = probe(path).duration_seconds_from_header
    except KinochromeError:
        return path
    if claimed is None or claimed <= seconds:
        return path
    part = folder / "source" / path.name
    part.parent.mkdir()
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-i", f"file:{path}"]
    subprocess.run([*command, "-map", "0", "-c", "copy", "-t", str(seconds), f"file:{part}"], check=True)
    return part


def _look_at_refusal(row: Row, path: Path, *, lines: list[str], left: list[str]) -> None:
    errors = [line for line in lines if line.startswith("kinochrome: ")]
    if row.code != 1:
        row.faults.append(f"exit code {row.code}")
    if len(errors) != 1 and len(lines) != 1:
        row.faults.append(f"{len(lines)} lines")
    if left:
        row.faults.append(f"left behind: {', '.join(left)}")
    expected = REFUSED.get(path.name)
    if path.stem not in NO_FILM and (expected is None or expected not in row.line):
        row.faults.append("refused")


def _look_at_film(row: Row, source: Path, output: Path) -> None:
    if source.stem in NO_FILM or source.name in REFUSED:
        row.faults.append("not refused")
    found = compare(source, output)
    row.picture, row.frames, row.pts, row.luma = found.picture, found.frames, found.pts, found.luma
    row.streams = f"{found.kept}/{found.streams}"
    row.faults += found.faults


def told(row: Row) -> str:
    """The row as a line."""
    head = f"{row.name[:40]:40} {row.seconds:6.1f} s  "
    if row.code:
        return f"{head}exit {row.code}: {row.line}" + "".join(
            f"\n    NOT AS PROMISED: {f}" for f in row.faults
        )
    luma = {None: "lossy", True: "equal", False: "DIFFERS"}[row.luma]
    text = (
        f"{head}{row.picture:28} {row.frames:4} frames, pts {'equal' if row.pts else 'DIFFER'}, "
        f"luma {luma}, streams {row.streams}"
    )
    for change in row.changes:
        text += f"\n    {change}"
    return text + "".join(f"\n    NOT AS PROMISED: {fault}" for fault in row.faults)


if __name__ == "__main__":
    main()
