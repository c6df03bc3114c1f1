"""Witnesses that are not ours: FFmpeg's framemd5 of the luma, its list of streams, and MediaConch.

python tests/benchmarks/witness.py SOURCE ARCHIVAL.mkv [SOURCE ARCHIVAL.mkv …]
python tests/benchmarks/witness.py --folder FILMS [--only NAME]

The second form colours each film of a folder with `archival`, in one colour, before it asks. MediaConch (the Debian
package `mediaconch`) is asked for its own checks of EBML, Matroska and FFV1, and for the policy beside this script. A
line for each film; exit code 1 where a witness disagrees. A film whose colours are RGB has no luma that FFmpeg knows.
"""

import argparse
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
from tests.listing import differences, luma_md5

POLICY = Path(__file__).with_name("ffv1_matroska.xml")
_UNKNOWN = re.compile(
    r"TrackEntry is not a valid Parent Element of 15A[A-F]\.|Parent Element of Projection(PoseRoll)?\."
)
"""Elements of RFC 9559 that MediaConch 23.03 does not know: flags (forced, hearing impaired, …), and rotation."""
QUICK = ("report=false", "damage=keep-going")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--only", default="", help="films of the folder whose name holds this")
    arguments = parser.parse_args()
    disagree = asked = 0
    for source, output in _pairs(arguments):
        found = testify(source, output)
        asked += 1
        disagree += not all(
            value is True or value is None for name, value in found.items() if name != "frames"
        )
        print(json.dumps({"film": source.name} | found), flush=True)
    print(f"{asked} films, {disagree} with a witness that disagrees; {_mediaconch() or 'no MediaConch here'}")
    sys.exit(1 if disagree else 0)


def testify(source: Path, output: Path) -> dict[str, object]:
    """What each witness says of a film and what was made of it: True, None where it cannot say, else why not."""
    before, after = luma_md5(source), luma_md5(output)
    late = max((abs(a.seconds - b.seconds) for a, b in zip(before, after, strict=False)), default=Fraction(0))
    return {
        "frames": len(after),
        "luma": None if not before else [f.md5 for f in before] == [f.md5 for f in after],
        "times": None if not before else late <= Fraction(1, 1000),
        "streams": differences(source, output) or True,
        "mediaconch": _ask_mediaconch(output),
        "policy": _ask_mediaconch(output, "-p", str(POLICY)),
    }


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


def _pairs(arguments: argparse.Namespace) -> Iterator[tuple[Path, Path]]:
    yield from zip(arguments.pairs[::2], arguments.pairs[1::2], strict=True)
    if arguments.folder is None:
        return
    sets = [part for text in QUICK for part in ("--set", text)]
    for source in sorted(p for p in arguments.folder.rglob("*") if p.is_file() and arguments.only in p.name):
        with tempfile.TemporaryDirectory() as name:
            output = Path(name) / "out.mkv"
            options = ["-q", "--preset", "archival", *sets]
            if color_flat(source, output, *options, work=Path(name) / "work") == 0:
                yield source, output


if __name__ == "__main__":
    main()
