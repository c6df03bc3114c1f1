"""Deinterlaces pictures with FFmpeg's `bwdif`: one picture for each, with the same time and depth.

The filter needs the picture before and the picture after, so a picture comes out when the next one goes in, and the
last one at the end. Progressive pictures pass untouched.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import av
import av.error
import av.filter
import numpy as np

from pipeline.errors import SourceError
from pipeline.fields import FieldMarker, FieldReader
from pipeline.media import FilmInfo
from pipeline.source.luma_planes import describe_pixels, luma_plane

NEEDED_BEFORE_FRAMES = 1
"""Pictures to decode before a range, so that its first picture comes out as when the film is read whole."""
_LEAST_SIZE = (3, 4)
"""Columns and lines that the filter needs at least."""


def deinterlaced(pictures: Iterable[av.VideoFrame], film: FilmInfo) -> Iterator[av.VideoFrame]:
    """Yields consecutive pictures of the film deinterlaced, each with its pts and the film's time base.

    Pictures without a pts are left out. Raises SourceError for a film of fewer than 3 columns or 4 lines.
    """
    if film.width < _LEAST_SIZE[0] or film.height < _LEAST_SIZE[1]:
        raise SourceError(
            f"{film.path}: {film.width}x{film.height} is too small to be deinterlaced; `interlaced: keep` would work"
        )
    fields, marker = FieldReader(film), FieldMarker(film.time_base)
    graph: av.filter.Graph | None = None
    is_grey, fed_format = False, ""
    for picture in pictures:
        if picture.pts is None:
            continue
        key = f"{picture.format.name} {picture.width}x{picture.height}"
        is_other, was_grey = key != fed_format, is_grey
        is_grey = describe_pixels(picture.format.name).chroma == "gray"
        kind, fed = fields.fields(picture), _carrier(picture) if is_grey else picture
        if graph is None or is_other:
            if graph is not None:
                yield from _pulled(graph, film, is_grey=was_grey, flush=True)
            graph, fed_format, marker = _graph(fed, film), key, FieldMarker(film.time_base)
        fed.time_base = film.time_base
        graph.vpush(marker.mark(fed, kind))
        yield from _pulled(graph, film, is_grey=is_grey)
    if graph is not None:
        yield from _pulled(graph, film, is_grey=is_grey, flush=True)


def _graph(picture: av.VideoFrame, film: FilmInfo) -> av.filter.Graph:
    """The filter for pictures of this size and format."""
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=picture.width, height=picture.height, format=picture.format, time_base=film.time_base
    )
    filtered = graph.add("bwdif", "mode=send_frame:parity=auto:deint=interlaced")
    graph.link_nodes(source, filtered, graph.add("buffersink")).configure()
    return graph


def _pulled(
    graph: av.filter.Graph, film: FilmInfo, *, is_grey: bool, flush: bool = False
) -> Iterator[av.VideoFrame]:
    """Yields the pictures that are ready; with `flush`, all that are left."""
    if flush:
        graph.vpush(None)
    while True:
        try:
            made = graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        assert made.pts is not None and made.time_base is not None
        made.pts, made.time_base = round(made.pts * Fraction(made.time_base) / film.time_base), film.time_base
        yield _grey(made) if is_grey else made


def _carrier(picture: av.VideoFrame) -> av.VideoFrame:
    """A grey picture in a format of its depth that the filter takes; chroma, if the format has any, is undefined."""
    depth = describe_pixels(picture.format.name).depth
    format_name = {8: "gray", 16: "gray16le"}.get(depth, f"yuv420p{depth}le")
    return picture if picture.format.name == format_name else _with_luma(picture, format_name)


def _grey(picture: av.VideoFrame) -> av.VideoFrame:
    """The luma of a picture made by `_carrier` and filtered, in a grey format."""
    pixels = describe_pixels(picture.format.name)
    return picture if pixels.chroma == "gray" else _with_luma(picture, f"gray{pixels.depth}le")


def _with_luma(picture: av.VideoFrame, format: str) -> av.VideoFrame:
    """A picture of another format with the same luma and pts; its chroma is undefined."""
    made = av.VideoFrame(picture.width, picture.height, format)
    luma = luma_plane(picture)
    target: Any = made.planes[0]  # has the buffer protocol, which its type does not say
    rows = np.frombuffer(target, luma.dtype).reshape(picture.height, -1)
    rows[:, : picture.width] = luma
    made.pts = picture.pts
    return made
