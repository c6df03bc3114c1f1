"""What FFmpeg's own program says of a film: its streams, and the MD5 of every luma plane. Nothing of ours is asked."""

import re
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg

_STREAM = re.compile(r"  Stream #0:(\d+)\S*?(?:\[0x[0-9a-f]+\])?(?:\((\w+)\))?: (\w+): (.*)")
_HEX = re.compile(r" \([^()]* / 0x[0-9A-F]+\)")
_FLAGS = re.compile(
    r" \(((?:default|forced|dub|original|comment|lyrics|hearing impaired|attached pic)[^)]*)\)"
)
_TEXTS = ("subrip", "mov_text")


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A stream as `ffmpeg -i` lists it."""

    kind: str
    language: str
    codec: str
    details: tuple[str, ...]
    """Sample rate and layout of sound; size, with its aspect, of a picture."""
    flags: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Framed:
    """A frame as `framemd5` has it."""

    seconds: Fraction
    md5: str


def listing(path: Path) -> list[Listed]:
    """The streams of a file; data streams, which a container remakes, are not listed."""
    told = _ffmpeg("-i", f"file:{path}", check=False).stderr
    found = []
    for line in told.splitlines():
        match = _STREAM.search(line)
        if match and match[3] != "Data":
            found.append(_listed(match))
    return found


def _listed(match: "re.Match[str]") -> Listed:
    text = _HEX.sub("", match[4])
    flags = frozenset(flag for some in _FLAGS.findall(text) for flag in some.split(") ("))
    parts = [part.strip() for part in re.sub(r"\([^()]*\)", "", _FLAGS.sub("", text)).split(",")]
    codec = "text" if parts[0].split()[0] in _TEXTS else parts[0].split()[0]
    wanted: tuple[str, ...] = ()
    if match[3] == "Audio":
        wanted = tuple(part for part in parts[1:3])
    if match[3] == "Video":
        size = re.search(r"(\d+x\d+)", text)
        aspects = re.findall(r"DAR (\d+:\d+)", text)  # the codec's, then the container's
        wanted = (*((size[1],) if size else ()), *aspects[-1:])
    kind, language = match[3], match[2] or ""
    return Listed(
        kind=kind,
        language="" if language == "und" else language,
        codec=codec,
        details=wanted,
        flags=flags,
    )


def differences(source: Path, output: Path) -> list[str]:
    """One line for each stream that is not there again, or is listed otherwise; the picture's codec may differ."""
    before, after = listing(source), listing(output)
    found = []
    if len(before) != len(after):
        found.append(f"{len(before)} streams became {len(after)}")
    left = list(after)
    for stream in before:
        same = next((other for other in left if _alike(stream, other)), None)
        if same is None:
            found.append(f"no more: {stream}")
        else:
            left.remove(same)
    return found


def _alike(one: Listed, other: Listed) -> bool:
    if (one.kind, one.language) != (other.kind, other.language):
        return False
    if "attached pic" in one.flags:
        return one.codec == other.codec and "attached pic" in other.flags
    if one.flags != other.flags:
        return False
    if one.kind == "Video":
        shared = min(len(one.details), len(other.details))  # an aspect of 1:1 need not be told
        return one.details[:shared] == other.details[:shared]
    return (one.codec, one.details) == (other.codec, other.details)


def luma_md5(path: Path) -> list[Framed]:
    """Every frame's luma of the first picture that is no cover, by FFmpeg's `extractplanes`; none of RGB."""
    number = next(place for place, stream in enumerate(_pictures(path)) if "attached pic" not in stream.flags)
    done = _ffmpeg(
        *("-threads", "1"),  # several do not decode damage alike twice
        *("-noautorotate", "-copyts", "-i", f"file:{path}"),
        *("-map", f"0:v:{number}", "-fps_mode", "passthrough", "-enc_time_base", "demux"),
        *("-vf", f"extractplanes=y{_in_one_order(path, number)}", "-f", "framemd5", "-"),
        check=False,
    )
    unit, frames = Fraction(1), []
    for line in done.stdout.splitlines():
        if line.startswith("#tb 0:"):
            unit = Fraction(line.partition(":")[2].strip())
        elif line and not line.startswith("#"):
            _, _, pts, _, _, md5 = (part.strip() for part in line.split(","))
            frames.append(Framed(seconds=int(pts) * unit, md5=md5))
    return frames


def _in_one_order(path: Path, number: int) -> str:
    """What brings samples of two bytes into the order that the copy has, where the film has the other one."""
    told = _ffmpeg("-i", f"file:{path}", check=False).stderr
    found = [line for line in told.splitlines() if ": Video: " in line][number]
    depth = re.search(r" (?:gray|yuv\w+p)(9|1\d)be\b", found)
    return f",format=gray{depth[1]}le" if depth else ""


def _pictures(path: Path) -> list[Listed]:
    return [stream for stream in listing(path) if stream.kind == "Video"]


def _ffmpeg(*arguments: str, check: bool) -> "subprocess.CompletedProcess[str]":
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", *arguments]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=check)
