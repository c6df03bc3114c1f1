"""Reads what the decoded pictures of a film say of themselves, and notes where one says something else."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

import av
import av.error
import av.filter

from pipeline.source.color_tags import MATRICES, PRIMARIES, TRANSFERS, frame_range
from pipeline.source.ffmpeg_log import INFO, listening
from pipeline.source.picture_tags import TAG_NAMES, PictureTags, TagChange
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
"""Side data of decoded pictures that pictures which are coded anew do not carry, by PyAV's name."""


class TagReader:
    """Looks at the pictures of a film as they are decoded; one that comes again is passed over."""

    def __init__(self) -> None:
        self._aspects = _AspectReader()
        self._copiers: dict[_Key, av.filter.Graph] = {}
        self._last_pts: int | None = None
        self._count = 0
        self._told: dict[str, str] = {}
        self._first: dict[str, str] = {}
        self._seen: dict[str, Counter[str]] = {name: Counter() for name in TAG_NAMES}
        self._changes: list[TagChange] = []
        self._left_out: set[str] = set()

    def watch(
        self, pictures: Iterable[av.VideoFrame], *, is_damaged: bool = False
    ) -> Iterator[av.VideoFrame]:
        """The pictures as they are.

        Where a picture is damaged, a decoder may leave the samples that its buffer held before. PyAV keeps a picture
        whose side data was asked for until Python collects garbage, and another buffer would be used; so of damaged
        films copies are looked at.
        """
        for picture in pictures:
            pts = picture.pts
            if pts is not None and (self._last_pts is None or pts > self._last_pts):
                self._look(self._copied(picture) if is_damaged else picture, pts)
                self._last_pts, self._count = pts, self._count + 1
            yield picture

    def result(self) -> PictureTags | None:
        """What was seen; None where all pictures say the same and carry nothing else."""
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
            "orientation": str(picture_orientation(picture)) or "upright",
        }
        for name, value in tags.items():
            self._seen[name][value] += 1
        if tags == self._told:
            return
        for name, value in tags.items():
            if self._told and self._told[name] != value and len(self._changes) < _MOST_CHANGES:
                self._changes.append(TagChange(name=name, frame=self._count, pts=pts, after=value))
        self._first = self._first or tags
        self._told = tags


def _moves(pan_scan: bytes) -> bool:
    """Whether the window of FFmpeg's AVPanScan (id, width, height, three places) lies off the middle."""
    return any(pan_scan[12:24])


class _AspectReader:
    """The sample aspect of single pictures, for which PyAV has no name.

    FFmpeg's filter `scale` makes a picture that is so many columns wide as the aspect has thousandths, which is told
    apart quickly; where it changes, `showinfo` tells it exactly in the log.
    """

    def __init__(self) -> None:
        self._quick: dict[_Key, av.filter.Graph | None] = {}
        self._exact: dict[_Key, av.filter.Graph] = {}
        self._known: dict[int, str] = {}

    def read(self, picture: av.VideoFrame) -> str:
        """As `4:3`; an unknown one is `1:1`."""
        columns = self._columns(picture)
        if columns is None:
            return self._ask(picture)
        if columns not in self._known:
            self._known[columns] = self._ask(picture)
        return self._known[columns]

    def _columns(self, picture: av.VideoFrame) -> int | None:
        """The aspect's thousandths; None where FFmpeg cannot scale such pictures."""
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

    def _ask(self, picture: av.VideoFrame) -> str:
        key = _key(picture)
        if key not in self._exact:
            self._exact[key] = _graph(picture, "showinfo", "checksum=0")
        with listening(INFO) as log:
            self._exact[key].vpush(picture)
            self._exact[key].vpull()
        told = re.search(r" sar:(\d+)/(\d+)", "".join(text for _, who, text in log if who == "showinfo"))
        return f"{told[1]}:{told[2]}" if told is not None and int(told[1]) and int(told[2]) else "1:1"


_Key = tuple[str, int, int]


def _key(picture: av.VideoFrame) -> _Key:
    return picture.format.name, picture.width, picture.height


def _graph(picture: av.VideoFrame, name: str, options: str) -> av.filter.Graph:
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=picture.width, height=picture.height, format=picture.format, time_base=Fraction(1, 1000)
    )
    graph.link_nodes(source, graph.add(name, options or None), graph.add("buffersink")).configure()
    return graph
