"""What ffprobe, mediainfo and mkvinfo say of a film, as plain lines; nothing of ours is asked.

A line is a kind, such as `language` or `chapter`, and a text. Only what a copy of the film should say too is there:
size, aspect, hidden edges, turn, languages, titles, flags, chapters, tags, attachments.
"""

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple


class Told(NamedTuple):
    """One thing that an inspector says."""

    kind: str
    text: str


_LANGUAGES = {
    "ger": "de",
    "deu": "de",
    "eng": "en",
    "fre": "fr",
    "fra": "fr",
    "srp": "sr",
    "jpn": "ja",
    "spa": "es",
}
_NO_LANGUAGE = ("", "und", "mis", "xxx")
_OF_THE_FILE = re.compile(
    r"(?i)encoder|encoded_?by|major_brand|minor_version|compatible_brands|duration|handler_name|vendor_id"
    r"|number_of_|bps|_statistics|service_|creation_time|timecode|metadatacreator|isvbr|device.*template|wmfsdk|itunencoding"
    r"|operational_pattern|u?id$|generation_uid|product_|toolkit_|modification_date|material_package_umid|company_name"
    r"|hdvideo|overallbitrate|wm_?encodingsettings|WM/EncodingSettings"
)
"""Names of tags that tell of the file and its coding."""


def inspectors() -> dict[str, Callable[[Path], list[Told]]]:
    """Those that are installed here, by name."""
    known = {"ffprobe": ffprobe, "mediainfo": mediainfo, "mkvinfo": mkvinfo}
    return {name: ask for name, ask in known.items() if shutil.which(name)}


def missing(before: list[Told], after: list[Told]) -> list[Told]:
    """What is said before, and not after; a text of a tag may stand inside another, as in a comment."""
    left = Counter(after)
    texts = "\n".join(told.text for told in after if told.kind == "tag")
    found = []
    for told in before:
        if left[told]:
            left[told] -= 1
        elif told.kind != "tag" or told.text.partition("=")[2] not in texts:
            found.append(told)
    return found


def ffprobe(path: Path) -> list[Told]:
    """Of FFmpeg's streams, side data, chapters and tags."""
    found = _json(
        "ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_chapters", "-show_format", path
    )
    told: list[Told] = []
    picture = next((s for s in found.get("streams", ()) if _is_picture(s)), None)
    if picture is not None:
        told += _ffprobe_picture(picture)
    for stream in found.get("streams", ()):
        if stream.get("codec_type") in ("audio", "subtitle"):
            told += _ffprobe_track(stream)
    for chapter in found.get("chapters", ()):
        title = chapter.get("tags", {}).get("title", "")
        told.append(Told("chapter", f"{float(chapter['start_time']):.2f} {title}"))
    tags = found.get("format", {}).get("tags", {})
    told += [
        Told("tag", f"{name.upper()}={value}") for name, value in tags.items() if not _OF_THE_FILE.match(name)
    ]
    return told


def _is_picture(stream: Mapping[str, Any]) -> bool:
    return stream.get("codec_type") == "video" and not stream.get("disposition", {}).get("attached_pic")


def _ffprobe_picture(stream: Mapping[str, Any]) -> Iterator[Told]:
    width, height = stream["width"], stream["height"]
    wide, _, high = stream.get("sample_aspect_ratio", "1:1").partition(":")
    aspect = Fraction(int(wide), int(high)) if int(wide) and int(high or 0) else Fraction(1)
    yield Told("size", f"{width}x{height}")
    yield Told("aspect", f"{float(aspect * width / height):.2f}")
    for data in stream.get("side_data_list", ()):
        kind = data.get("side_data_type")
        if kind == "Display Matrix":
            rows = re.findall(r"\d{8}:\s+(-?\d+)\s+(-?\d+)", data["displaymatrix"])[:2]
            yield Told("turn", " ".join(f"{int(number) / 65536:.2f}" for row in rows for number in row))
        elif kind in ("Stereo 3D", "Spherical Mapping"):
            values = (str(value) for name, value in sorted(data.items()) if name != "side_data_type")
            yield Told("depth", f"{kind}: {', '.join(values)}")
    yield from _names(stream, kind="picture")


def _ffprobe_track(stream: Mapping[str, Any]) -> Iterator[Told]:
    yield Told("track", stream["codec_type"])
    yield from _names(stream, kind=stream["codec_type"])
    for flag, is_set in stream.get("disposition", {}).items():
        if is_set:
            yield Told("flag", f"{stream['codec_type']} {flag}")


def _names(stream: Mapping[str, Any], *, kind: str) -> Iterator[Told]:
    tags = {name.lower(): value for name, value in stream.get("tags", {}).items()}
    if (language := tags.get("language", "")) not in _NO_LANGUAGE:
        yield Told("language", f"{kind} {_LANGUAGES.get(language, language)}")
    if title := tags.get("title"):
        yield Told("title", f"{kind} {title}")


def mediainfo(path: Path) -> list[Told]:
    """Of what MediaInfo lists of the film, its tracks and its chapters."""
    found = _json("mediainfo", "--Output=JSON", path)
    told: list[Told] = []
    has_picture = False
    for track in (found.get("media") or {}).get("track", ()):
        kind = track["@type"]
        if kind == "General":
            told += _mediainfo_tags(track)
        elif kind == "Menu":
            times = ((at, title) for at, title in track.get("extra", {}).items() if at[:1] == "_")
            told += [one for at, title in times if (one := Told("chapter", f"{at} {title}")) not in told]
        elif kind == "Video" and not has_picture:
            has_picture = True
            told += _mediainfo_picture(track | _clean_aperture(path))
        elif kind in ("Audio", "Text"):
            told.append(Told("track", kind))
            if (language := track.get("Language", "")) not in _NO_LANGUAGE:
                told.append(Told("language", f"{kind} {_LANGUAGES.get(language, language)}"))
            told += [Told("title", f"{kind} {track['Title']}")] if "Title" in track else []
            told += [
                Told("flag", f"{kind} {name}") for name in ("Default", "Forced") if track.get(name) == "Yes"
            ]
    return told


def _clean_aperture(path: Path) -> dict[str, str]:
    """The `clap` of MP4 and MOV, which is not in the usual list."""
    told = _run("mediainfo", "--Output=Video;%Width_CleanAperture% %Height_CleanAperture% ", path).split()
    return dict(zip(("Width_CleanAperture", "Height_CleanAperture"), told, strict=False))


def _mediainfo_picture(track: Mapping[str, Any]) -> Iterator[Told]:
    width, height = track["Width"], track["Height"]
    is_cropped = any(name in track for name in ("Width_Offset", "Height_Offset", "Width_CleanAperture"))
    if is_cropped:  # Matroska's PixelCrop, whose size is in `Width`, or the `clap` of MP4
        shown = f"{track.get('Width_CleanAperture', width)}x{track.get('Height_CleanAperture', height)}"
        yield Told("crop", shown)
    else:
        shown = f"{track.get('Sampled_Width', width)}x{track.get('Sampled_Height', height)}"
    yield Told("size", shown)
    aspect, turn = float(track["DisplayAspectRatio"]), float(track.get("Rotation", 0))
    yield Told("aspect", f"{abs(aspect):.2f}")
    if turn or aspect < 0:
        yield Told("turn", f"{turn:.0f}{' mirrored' if aspect < 0 else ''}")
    if track.get("ScanType") in ("Interlaced", "MBAFF", "PAFF"):
        yield Told("fields", f"interlaced {track.get('ScanOrder', '')}".strip())
    if layout := track.get("MultiView_Layout"):
        yield Told("depth", layout)


_MEDIAINFO_TAGS = (
    *("Title", "Movie", "Album", "Performer", "Director", "Recorded_Date", "Comment", "Copyright", "Genre"),
    *("Description", "Track", "Season", "Part", "Composer", "Producer", "Actor", "Law_Rating", "Collection"),
)


def _mediainfo_tags(track: Mapping[str, Any]) -> Iterator[Told]:
    for name in _MEDIAINFO_TAGS:
        if name in track:
            yield Told("tag", f"{name.upper()}={track[name]}")
    for name, value in track.get("extra", {}).items():
        if name == "Attachments":
            yield from (Told("attachment", one) for one in value.split(" / "))
        elif not _OF_THE_FILE.match(name) and name not in _MEDIAINFO_OWN:
            yield Told("tag", f"{name.upper()}={value}")


_MEDIAINFO_OWN = (
    "ErrorDetectionType",
    "CRC_Error_Pos",
    "IsTruncated",
    "ConformanceErrors",
    "ConformanceWarnings",
    "ConformanceInfos",
    "FileExtension_Invalid",
)


def mkvinfo(path: Path) -> list[Told]:
    """Of a Matroska file's own elements; nothing of another file's."""
    if path.suffix.lower() not in (".mkv", ".webm", ".mka"):
        return []
    lines = _run("mkvinfo", path).splitlines()
    told, part, simple = [], "", ""
    for line in lines:
        level, _, text = line.partition("+ ")
        name, _, value = text.partition(": ")
        if len(level) == 1:
            part = name
        if part in ("Tracks", "Segment information", "Chapters", "Attachments") and name in _MKVINFO:
            kind, plain = _MKVINFO[name]
            if not (name == "Language" and value in _NO_LANGUAGE) and value not in plain:
                told.append(Told(kind, f"{name}: {value}"))
        elif part == "Tags" and name == "Name":
            simple = value
        elif part == "Tags" and name in ("String", "Binary") and not _OF_THE_FILE.match(simple):
            told.append(Told("tag", f"{simple.upper()}={value}"))
        elif part == "Tags" and name == "Target type value" and value != "50":
            told.append(Told("tag level", value))
    return told


_MKVINFO: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "Title": ("tag", ()),
    "Next segment UID": ("link", ()),
    "Previous segment UID": ("link", ()),
    "Name": ("title", ()),
    "Language": ("language", ()),
    "Language (IETF BCP 47)": ("language", ("und", "en", "de", "fr")),
    '"Default track" flag': ("flag", ("1",)),
    '"Enabled" flag': ("flag", ("1",)),
    '"Forced display" flag': ("flag", ("0",)),
    '"Commentary" flag': ("flag", ("0",)),
    '"Original language" flag': ("flag", ("0",)),
    '"Hearing impaired" flag': ("flag", ("0",)),
    '"Visual impaired" flag': ("flag", ("0",)),
    "Pixel width": ("size", ()),
    "Pixel height": ("size", ()),
    "Pixel crop left": ("crop", ("0",)),
    "Pixel crop right": ("crop", ("0",)),
    "Pixel crop top": ("crop", ("0",)),
    "Pixel crop bottom": ("crop", ("0",)),
    "Stereo mode": ("depth", ("0 (mono)",)),
    "Projection type": ("depth", ("0 (rectangular)",)),
    "Projection's roll rotation": ("turn", ("0",)),
    "Interlaced": ("fields", ("0", "2 (progressive)", "2")),
    "Edition flag hidden": ("chapter", ("0",)),
    "Edition flag ordered": ("chapter", ("0",)),
    "Chapter time start": ("chapter", ()),
    "Chapter string": ("chapter", ()),
    "Chapter language": ("chapter", ("und", "eng")),
    "Chapter flag hidden": ("chapter", ("0",)),
    "Chapter flag enabled": ("chapter", ("1",)),
    "File name": ("attachment", ()),
    "MIME type": ("attachment", ()),
    "File description": ("attachment", ()),
}
"""Elements that a copy should have too: what a difference in them is called, and values that are the default."""


def _json(*command: str | Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_run(*command) or "{}")
    return found


def _run(*command: str | Path) -> str:
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, errors="replace", check=False
    )
    return done.stdout
