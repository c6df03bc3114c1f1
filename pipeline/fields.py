"""Fields: which frames have them, which of the two comes first, and how a film that has them is taken.

The two fields of an interlaced frame are different moments, one in its even lines and one in its odd lines. The
picture keeps them as they are; only what looks at a small picture sees both merged.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, cast

import av
import av.filter
import cv2
import numpy as np
from av.filter.context import FilterContext

from pipeline.errors import SourceError
from pipeline.media import FilmInfo, Frame, Plane

FieldOrder = Literal["progressive", "tt", "bb", "tb", "bt", "unknown"]
Fields = Literal["progressive", "top", "bottom"]
"""What a frame is: one moment, or two of which the top or the bottom field comes first."""
Interlaced = Literal["keep", "deinterlace", "refuse"]
"""What becomes of an interlaced film."""

CODES_EACH_FRAME = frozenset({"ffv1"})
"""Codecs that say of every frame what it is. The others say it once, for all frames of a stream."""
TELLING_CODECS = frozenset(
    {
        "mpeg1video",
        "mpeg2video",
        "mpeg4",
        "h264",
        "hevc",
        "vc1",
        "wmv3",
        "prores",
        "dvvideo",
        "mjpeg",
        "av1",
        "vp9",
    }
)
"""Codecs whose frames are believed when they call themselves progressive in an interlaced film."""
_MODES: dict[Fields, str] = {"progressive": "prog", "top": "tff", "bottom": "bff"}


@dataclass(frozen=True, kw_only=True)
class FieldCount:
    """How many frames of a film are what, as counted by decoding it."""

    progressive: int = 0
    top: int = 0
    bottom: int = 0


def fields_of(frame: Frame) -> Fields:
    """What the frame is."""
    if not frame.is_interlaced:
        return "progressive"
    return "top" if frame.is_top_field_first else "bottom"


def order_of(film: FilmInfo) -> Fields:
    """What the film as a whole is; a film that does not say is progressive."""
    orders: dict[FieldOrder, Fields] = {"tt": "top", "tb": "top", "bb": "bottom", "bt": "bottom"}
    return orders.get(film.field_order, "progressive")


def take_fields(film: FilmInfo, how: Interlaced) -> FilmInfo:
    """The film as it is to be read. Raises SourceError for an interlaced one that is to be refused.

    Deinterlaced, a frame stays a frame at its time; all that reads the film then sees its frames so.
    """
    if how == "refuse" and order_of(film) != "progressive":
        raise SourceError(
            f"{film.path}: is interlaced ({order_of(film)} field first), and `interlaced: refuse` is set; "
            "`interlaced: keep` or `interlaced: deinterlace` would work"
        )
    return replace(film, is_deinterlaced=True) if how == "deinterlace" else film


def refuse_fields(film: FilmInfo, count: FieldCount) -> None:
    """Raises SourceError for a film whose headers hid that frames are interlaced."""
    found = count.top + count.bottom
    if found:
        raise SourceError(
            f"{film.path}: {found} of its {found + count.progressive} frames are interlaced, and `interlaced: refuse` "
            "is set; `interlaced: keep` or `interlaced: deinterlace` would work"
        )


def as_counted(film: FilmInfo, count: FieldCount | None) -> FilmInfo:
    """The film with the field order that its frames have, whatever the headers say; None: nobody counted."""
    if count is None:
        return film
    if not count.top and not count.bottom:
        order: FieldOrder = "progressive"
    else:
        wanted: Fields = "top" if count.top >= count.bottom else "bottom"
        order = film.field_order if order_of(film) == wanted else cast(FieldOrder, wanted[0] * 2)
    return film if order == film.field_order else replace(film, field_order=order)


def seen_luma(frame: Frame) -> Plane:
    """The luma as one looks at it, to make it small: without combs, both moments in one where there are two."""
    return merge_fields(frame.luma) if frame.is_interlaced else frame.luma


def merge_fields(luma: Plane) -> Plane:
    """A picture without combs, of the same size: every line half its own field and half the other one's."""
    if luma.shape[0] < 3:
        return luma
    line = np.array([0.25, 0.5, 0.25])
    return cast(Plane, cv2.sepFilter2D(luma, -1, np.ones(1), line, borderType=cv2.BORDER_REFLECT_101))


class FieldReader:
    """Says of a film's decoded pictures what they are."""

    def __init__(self, film: FilmInfo) -> None:
        self._silent: Fields = "progressive"
        """What a picture is that calls itself progressive, or nothing."""
        if film.has_silent_frames:
            self._silent = order_of(film)
        self._base = film.time_base
        self._graphs: dict[tuple[str, int, int], tuple[av.filter.Graph, list[FilterContext]]] = {}

    def fields(self, picture: av.VideoFrame) -> Fields:
        """One moment, or the field that comes first."""
        return self._flagged(picture) if picture.interlaced_frame else self._silent

    def _flagged(self, picture: av.VideoFrame) -> Fields:
        """PyAV has no name for the order; FFmpeg's filter `select` sorts by it."""
        key = (picture.format.name, picture.width, picture.height)
        if key not in self._graphs:
            graph = av.filter.Graph()
            source = graph.add_buffer(
                width=picture.width, height=picture.height, format=picture.format, time_base=self._base
            )
            chosen = graph.add("select", "expr=interlace_type:outputs=2")
            source.link_to(chosen)
            sinks = [graph.add("buffersink"), graph.add("buffersink")]
            for output, sink in enumerate(sinks):
                chosen.link_to(sink, output)
            graph.configure()
            self._graphs[key] = graph, sinks
        graph, (top, bottom) = self._graphs[key]
        graph.vpush(picture)
        for found, sink in (("top", top), ("bottom", bottom)):
            try:
                sink.pull()
            except av.error.BlockingIOError:
                continue
            return cast(Fields, found)
        return "progressive"


class FieldMarker:
    """Says of pictures what they are, in their own flags; which PyAV can only set with a filter."""

    def __init__(self, time_base: Fraction) -> None:
        self._base = time_base
        self._graphs: dict[Fields, av.filter.Graph] = {}

    def mark(self, picture: av.VideoFrame, fields: Fields) -> av.VideoFrame:
        """The same picture, marked. All pictures have one size and format."""
        if fields not in self._graphs:
            graph = av.filter.Graph()
            source = graph.add_buffer(
                width=picture.width, height=picture.height, format=picture.format, time_base=self._base
            )
            graph.link_nodes(
                source, graph.add("setfield", _MODES[fields]), graph.add("buffersink")
            ).configure()
            self._graphs[fields] = graph
        self._graphs[fields].vpush(picture)
        return self._graphs[fields].vpull()
