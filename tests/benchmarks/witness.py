"""Witnesses that are not ours: FFmpeg's framemd5 and list of streams, ffprobe, mediainfo, mkvinfo, MediaConch.

python tests/benchmarks/witness.py SOURCE ARCHIVAL.mkv [SOURCE ARCHIVAL.mkv …]
python tests/benchmarks/witness.py --folder FILMS [--only NAME] [--preset access]

The second form colours each film of a folder, in one colour, before it asks, and takes a difference that the run
listed for told. MediaConch (the Debian package `mediaconch`) is asked for its own checks of EBML, Matroska and FFV1,
and for the policy beside this script. A line for each film; exit code 1 where a witness disagrees. A film whose
colours are RGB has no luma that FFmpeg knows, and only `archival` keeps luma bit for bit.
"""

import argparse
import contextlib
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.graded import color_flat
from tests.inspectors import Told, inspectors, missing, mkvinfo
from tests.listing import differences, luma_md5

POLICY = Path(__file__).with_name("ffv1_matroska.xml")
_UNKNOWN = re.compile(
    r"TrackEntry is not a valid Parent Element of 15A[A-F]\.|Parent Element of Projection(PoseRoll)?\."
)
"""Elements of RFC 9559 that MediaConch 23.03 does not know: flags (forced, hearing impaired, …), and rotation."""
NO_FILMS = frozenset({".jpg", ".md", ".tif", ".jp2", ".dpx", ".webp", ".gif"})
QUICK = ("report=false", "damage=keep-going", "allow_loss=true")
SUFFIXES = {"archival": ".mkv", "access": ".mp4", "mezzanine": ".mov", "studio": ".mxf"}
_LISTED_AS = {
    "size": "size|column|line|even|pixel",
    "aspect": "aspect|size|column|line|3D",
    "turn": "turn|orient|mirror|matrix",
    "crop": "edge|hid|crop",
    "fields": "field|interlace",
    "depth": "3D|stereo|spher|projection",
    "link": "link",
    "language": "language|stream",
    "title": "title|stream|name",
    "flag": "flag|mark|stream|default",
    "track": "stream|sound|subtitle",
    "chapter": "chapter|edition",
    "attachment": "attachment|cover",
    "tag": "tag|comment|notes",
    "tag level": "level",
}
"""For each kind of thing that an inspector tells: what a line of the run says where it is not kept."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--only", default="", help="films of the folder whose name holds this")
    parser.add_argument("--preset", choices=sorted(SUFFIXES), default="archival")
    arguments = parser.parse_args()
    disagree = asked = 0
    for source, output, said in _films(arguments):
        found = testify(source, output, said=said)
        asked += 1
        disagree += not all(
            value in (True, None) for name, value in found.items() if name not in ("frames", "listed")
        )
        print(json.dumps({"film": source.name} | found, ensure_ascii=False), flush=True)
    print(f"{asked} films, {disagree} with a witness that disagrees; {_mediaconch() or 'no MediaConch here'}")
    sys.exit(1 if disagree else 0)


def testify(source: Path, output: Path, *, said: list[str]) -> dict[str, object]:
    """What each witness says of a film and what was made of it: True, None where it cannot say, else why not."""
    before, after = luma_md5(source), luma_md5(output)
    late = max((abs(a.seconds - b.seconds) for a, b in zip(before, after, strict=False)), default=Fraction(0))
    found: dict[str, object] = {"frames": len(after), "listed": said or None}
    if output.suffix == ".mkv":
        found |= {
            "luma": None if not before else [f.md5 for f in before] == [f.md5 for f in after],
            "streams": [line for line in differences(source, output) if not _is_listed("track", said)]
            or True,
            "mediaconch": _ask_mediaconch(output),
            "policy": _ask_mediaconch(output, "-p", str(POLICY)),
        }
    is_later = any("times are" in line for line in said)
    found["times"] = (
        None if not before or is_later else len(before) == len(after) and late <= Fraction(1, 1000)
    )
    for name, ask in inspectors().items():
        if name == "mkvinfo" and not {source.suffix, output.suffix} <= {".mkv", ".webm"}:
            continue
        lost = missing(ask(source), ask(output))
        if name == "mediainfo":
            lost = [told for told in lost if not _mediainfo_errs(told, source, output)]
        found[name] = [" ".join(told) for told in lost if not _is_listed(told.kind, said)] or True
    return found


def _mediainfo_errs(told: Told, source: Path, output: Path) -> bool:
    """Whether it is a thing that MediaInfo 23.04 does not know.

    It reads neither turn nor mirror there, and in MP4 no mirror where the aspect is told: for these ffprobe is the
    witness. It heeds an order of fields without the flag that there are fields, which RFC 9559 says to ignore.
    """
    if told.kind == "turn":
        return output.suffix == ".mkv" or "mirrored" in told.text
    return (
        told.kind == "fields"
        and source.suffix == ".mkv"
        and not any(o.kind == told.kind for o in mkvinfo(source))
    )


def _is_listed(kind: str, said: list[str]) -> bool:
    return any(re.search(_LISTED_AS[kind], line) for line in said)


def _ask_mediaconch(output: Path, *arguments: str) -> object:
    """True where it passes, else the lines that it gives; None where it is not installed."""
    if _mediaconch() is None:
        return None
    done = subprocess.run(
        ["mediaconch", "-fs", *(arguments or ("-mc",)), str(output)],
        capture_output=True,
        text=True,
        check=True,
    )
    failed = [line for line in done.stdout.splitlines() if "[fail:" in line and not _UNKNOWN.search(line)]
    return True if done.stdout.startswith("pass!") or not failed else "; ".join(map(str.strip, failed))


def _mediaconch() -> str | None:
    if shutil.which("mediaconch") is None:
        return None
    return subprocess.run(
        ["mediaconch", "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()


def _films(arguments: argparse.Namespace) -> Iterator[tuple[Path, Path, list[str]]]:
    """Sources, what was made of them, and what the run listed as changed or left out."""
    for source, output in zip(arguments.pairs[::2], arguments.pairs[1::2], strict=True):
        yield source, output, []
    if arguments.folder is None:
        return
    sets = [part for text in QUICK for part in ("--set", text)]
    files = (p for p in arguments.folder.rglob("*") if p.is_file() and p.suffix.lower() not in NO_FILMS)
    for source in sorted(p for p in files if arguments.only in p.name):
        with tempfile.TemporaryDirectory() as name, contextlib.redirect_stderr(io.StringIO()) as told:
            output = Path(name) / f"out{SUFFIXES[arguments.preset]}"
            options = ["--preset", arguments.preset, *sets]
            is_done = color_flat(source, output, *options, work=Path(name) / "work") == 0
            lines = [
                line for line in told.getvalue().splitlines() if "changed: " in line or "left out: " in line
            ]
            if is_done:
                yield source, output, lines
            else:
                print(json.dumps({"film": source.name, "refused": told.getvalue().strip().splitlines()[-1:]}))


if __name__ == "__main__":
    main()
