"""Reads the tags of every decoded picture of a film, and records where they change."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

import av
import av.error
import av.filter

from pipeline.source.color_tags import MATRICES, PRIMARIES, TRANSFERS, frame_range
from pipeline.source.ffmpeg_log import INFO, listening
from pipeline.source.picture_tags import TAG_NAMES, PictureTags, TagChange, told_orientation
from pipeline.source.unnamed_metadata import picture_orientation, side_data

_MOST_CHANGES = 200
_ASPECT_STEPS = 1000
_MOST_COLUMNS = 16384
_LEFT_OUT: Mapping[str, str] = {
    "A53_CC": "closed captions (EIA-608, CEA-708) in the coded picture",
    "AFD": "active format description",
    "PANSCAN": "pan and scan",
    "S12M_TIMECODE": "timecode in the coded picture",
    "STEREO3D": "note that the picture is in 3D",
    "SPHERICAL": "note that the picture is a sphere",
    "MASTERING_DISPLAY_METADATA": "note on the mastering display",
    "CONTENT_LIGHT_LEVEL": "note on the light level",
    "AMBIENT_VIEWING_ENVIRONMENT": "note on the viewing environment",
    "DYNAMIC_HDR_PLUS": "HDR10+ metadata",
    "DYNAMIC_HDR_VIVID": "HDR Vivid metadata",
    "DOVI_METADATA": "Dolby Vision metadata",
    "DOVI_RPU_BUFFER": "Dolby Vision metadata",
    "ICC_PROFILE": "colour profile (ICC)",
}
"""Side data of decoded pictures that is lost when they are coded again: PyAV's name, and words for the report."""


class TagReader:
    """Reads the tags of the pictures of one film, in order of time; a picture that is decoded again counts once."""

    def __init__(self) -> None:
        self._aspects = _AspectReader()
        self._copiers: dict[_Key, av.filter.Graph] = {}
        self._last_pts: int | None = None
        self._count = 0
        self._latest: dict[str, str] = {}
        self._first: dict[str, str] = {}
        self._seen: dict[str, Counter[str]] = {name: Counter() for name in TAG_NAMES}
        self._changes: list[TagChange] = []
        self._left_out: set[str] = set()

    def watch(
        self, pictures: Iterable[av.VideoFrame], *, is_damaged: bool = False
    ) -> Iterator[av.VideoFrame]:
        """Yields the pictures unchanged and reads the tags of each.

        With `is_damaged` the tags are read from copies. In damaged areas a decoder may leave what its buffer held
        before. PyAV keeps a picture whose side data was read until Python collects garbage, so that the decoder would
        use another buffer and give other samples.
        """
        for picture in pictures:
            pts = picture.pts
            if pts is not None and (self._last_pts is None or pts > self._last_pts):
                self._look(self._copied(picture) if is_damaged else picture, pts)
                self._last_pts, self._count = pts, self._count + 1
            yield picture

    def result(self) -> PictureTags | None:
        """The changes that were found; None where all pictures have the same tags and no side data is lost."""
        names = [name for name in TAG_NAMES if any(change.name == name for change in self._changes)]
        left_out = tuple(dict.fromkeys(text for kind, text in _LEFT_OUT.items() if kind in self._left_out))
        if not names and not left_out:
            return None
        return PictureTags(
            first={name: self._first[name] for name in names},
            most={name: self._seen[name].most_common(1)[0][0] for name in names},
            changes=tuple(self._changes),
            left_out=left_out,
        )

    def _copied(self, picture: av.VideoFrame) -> av.VideoFrame:
        key = _key(picture)
        if key not in self._copiers:
            self._copiers[key] = _graph(picture, "copy", "")
        self._copiers[key].vpush(picture)
        return self._copiers[key].vpull()

    def _look(self, picture: av.VideoFrame, pts: int) -> None:
        for kind, data in (side_data(picture) or {}).items():
            if kind in _LEFT_OUT and (kind != "PANSCAN" or _moves(data)):
                self._left_out.add(kind)
        tags = {
            "sample aspect": self._aspects.read(picture),
            "range": frame_range(picture),
            "matrix": MATRICES.get(picture.colorspace, "unspecified"),
            "primaries": PRIMARIES.get(picture.color_primaries, "unspecified"),
            "transfer": TRANSFERS.get(picture.color_trc, "unspecified"),
            "pixel format": picture.format.name,
            "orientation": told_orientation(picture_orientation(picture)),
        }
        for name, value in tags.items():
            self._seen[name][value] += 1
        if tags == self._latest:
            return
        for name, value in tags.items():
            if self._latest and self._latest[name] != value and len(self._changes) < _MOST_CHANGES:
                self._changes.append(TagChange(name=name, frame=self._count, pts=pts, after=value))
        self._first = self._first or tags
        self._latest = tags


def _moves(pan_scan: bytes) -> bool:
    """Whether the window of FFmpeg's AVPanScan (id, width, height, three positions) is off the centre."""
    return any(pan_scan[12:24])


class _AspectReader:
    """Reads the sample aspect ratio of single pictures, which PyAV does not give.

    FFmpeg's filter `scale` makes a picture whose width is the aspect in thousandths, which is fast. For each new width
    `showinfo` logs the exact ratio.
    """

    def __init__(self) -> None:
        self._quick: dict[_Key, av.filter.Graph | None] = {}
        self._exact: dict[_Key, av.filter.Graph] = {}
        self._known: dict[int, str] = {}

    def read(self, picture: av.VideoFrame) -> str:
        """The sample aspect ratio, e.g. `4:3`; `1:1` where the picture has none."""
        columns = self._columns(picture)
        if columns is None:
            return self._exact_ratio(picture)
        if columns not in self._known:
            self._known[columns] = self._exact_ratio(picture)
        return self._known[columns]

    def _columns(self, picture: av.VideoFrame) -> int | None:
        """The aspect in thousandths; None where FFmpeg cannot scale pictures of this format."""
        key = _key(picture)
        try:
            if key not in self._quick:
                size = f"w='clip(round(sar*{_ASPECT_STEPS}),1,{_MOST_COLUMNS})':h=1:eval=frame:flags=neighbor"
                self._quick[key] = _graph(picture, "scale", size)
            graph = self._quick[key]
            if graph is None:
                return None
            graph.vpush(picture)
            return graph.vpull().width
        except (av.error.FFmpegError, NotImplementedError):
            self._quick[key] = None
            return None

    def _exact_ratio(self, picture: av.VideoFrame) -> str:
        """The ratio as `showinfo` logs it."""
        key = _key(picture)
        if key not in self._exact:
            self._exact[key] = _graph(picture, "showinfo", "checksum=0")
        with listening(INFO) as log:
            self._exact[key].vpush(picture)
            self._exact[key].vpull()
        found = re.search(r" sar:(\d+)/(\d+)", "".join(text for _, who, text in log if who == "showinfo"))
        return f"{found[1]}:{found[2]}" if found is not None and int(found[1]) and int(found[2]) else "1:1"


_Key = tuple[str, int, int]


def _key(picture: av.VideoFrame) -> _Key:
    """What a filter graph is made for: pixel format, width and height."""
    return picture.format.name, picture.width, picture.height


def _graph(picture: av.VideoFrame, name: str, options: str) -> av.filter.Graph:
    """One filter of FFmpeg's for pictures of this size and format."""
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=picture.width, height=picture.height, format=picture.format, time_base=Fraction(1, 1000)
    )
    graph.link_nodes(source, graph.add(name, options or None), graph.add("buffersink")).configure()
    return graph
