"""What other programs see of a film's fields and luma: FFmpeg's own, run as a program."""

import re
import subprocess
from pathlib import Path

import imageio_ffmpeg


def field_flags(path: Path) -> str:
    """A letter for each frame: `P` progressive, `T` or `B` first."""
    told = _ffmpeg("-i", path, "-map", "0:v:0", "-vf", "showinfo=checksum=0", "-f", "null", "-").stderr
    return "".join(re.findall(r" i:([PTB]) ", told))


def header_order(path: Path) -> str:
    """The field order that the picture's headers tell, in FFmpeg's words."""
    told = _ffmpeg("-i", path, "-t", "0", "-f", "null", "-").stderr
    line = next(line for line in told.splitlines() if "Stream #0" in line and "Video" in line)
    found = re.search(r"progressive|(top|bottom) (coded )?first( \(swapped\))?", line)
    return found[0] if found else ""


def luma_sums(path: Path) -> list[tuple[str, str]]:
    """Time in seconds and MD5 of the luma plane of every frame."""
    shown = ("-vf", "extractplanes=y", "-f", "framemd5", "-")
    told = _ffmpeg("-copyts", "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", *shown).stdout
    (top, bottom) = next(
        line.split()[-1].split("/") for line in told.splitlines() if line.startswith("#tb 0")
    )
    lines = [line.split(",") for line in told.splitlines() if not line.startswith("#")]
    return [(f"{int(line[2]) * int(top) / int(bottom):.3f}", line[-1].strip()) for line in lines]


def _ffmpeg(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True)
