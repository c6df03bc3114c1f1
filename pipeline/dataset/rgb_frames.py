"""A film's frames as 8-bit R'G'B' pictures: upright, with square pixels, cut to the inside of the black borders.

For training sets only. The film path never converts luma, see `pipeline.source.frame_reader`.
"""

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from pipeline.color.colorimetry import resolve_color
from pipeline.color.planes import upright
from pipeline.errors import SourceError
from pipeline.media import CHROMA_SHIFTS, FilmInfo, PictureArea
from pipeline.source.chroma_planes import spread_chroma
from pipeline.source.decoder import PictureSource

Rgb = npt.NDArray[np.uint8]
"""(H, W, 3)."""

_MATRICES: Mapping[str, Colorspace] = {
    "bt709": Colorspace.ITU709,
    "fcc": Colorspace.FCC,
    "bt470bg": Colorspace.ITU601,
    "smpte170m": Colorspace.ITU601,
    "smpte240m": Colorspace.SMPTE240M,
    "bt2020nc": Colorspace.BT2020,
}
_HDR = {"smpte2084": "PQ", "arib-std-b67": "HLG"}
_EXACT = Interpolation.AREA | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
_WHOLE = PictureArea()


def color_frames(film: FilmInfo, *, threads: bool = True) -> Iterator[av.VideoFrame]:
    """Every decodable picture that has a time, from the film's beginning; closing the result closes the film.

    `threads=False` decodes damaged films alike every time.
    """
    source = PictureSource(film)
    try:
        yield from (
            frame for frame in source.pictures(seek_pts=None, threads=threads) if frame.pts is not None
        )
    finally:
        source.close()


class ColorConverter:
    """Turns decoded pictures of one film into R'G'B' by the film's own matrix and range."""

    def __init__(self, film: FilmInfo) -> None:
        """Raises SourceError for a film whose colours are not for a common screen (HDR, rare matrices)."""
        color = resolve_color(film)
        if color.transfer in _HDR:
            raise SourceError(
                f"{film.path}: is an HDR film ({_HDR[color.transfer]}); a version graded for SDR would work"
            )
        if color.matrix not in _MATRICES:
            raise SourceError(
                f"{film.path}: its colour matrix {color.matrix!r} is not supported; {', '.join(_MATRICES)} are"
            )
        self._film = film
        self._matrix = _MATRICES[color.matrix]
        self._range = ColorRange.JPEG if color.range == "full" else ColorRange.MPEG
        self._reformatters: dict[tuple[int, int], VideoReformatter] = {}
        self._field = _FieldTaker(film.time_base)

    def to_rgb(
        self,
        picture: av.VideoFrame,
        *,
        max_lines: int | None = None,
        longest_px: int | None = None,
        area: PictureArea = _WHOLE,
    ) -> Rgb:
        """The picture inside `area`, made smaller where it has more lines or a longer side than asked for.

        Of an interlaced picture one field is taken, at half its size: two moments make no picture.
        """
        aspect, field = float(self._film.sample_aspect), None
        if picture.interlaced_frame:
            picture, aspect, field = self._field.take(picture), aspect / 2, 0
        picture = self._sited(picture, field)
        # square pixels are made by giving up samples, never by inventing them
        width, height = picture.width * min(1.0, aspect), picture.height / max(1.0, aspect)
        shown_width, shown_height = width * (area.right - area.left), height * (area.bottom - area.top)
        turns = self._film.orientation.quarter_turns
        if turns % 2:
            shown_width, shown_height = shown_height, shown_width
        scale = min(
            1.0,
            (max_lines or shown_height) / shown_height,
            (longest_px or max(shown_width, shown_height)) / max(shown_width, shown_height),
        )
        rgb = self._convert(picture, max(1, round(width * scale)), max(1, round(height * scale)))
        rgb = _inside(rgb, area)
        return upright(rgb, self._film.orientation)

    def _sited(self, picture: av.VideoFrame, field: int | None) -> av.VideoFrame:
        """The picture as swscale may have it: it knows of sites, but neither of fields nor of blocks cut at the rim."""
        across, down = CHROMA_SHIFTS.get(self._film.pixel_format.chroma, (0, 0))
        is_cut = picture.width % (1 << across) or picture.height % (1 << down)
        if not is_cut and (field is None or not down):
            return picture
        return spread_chroma(picture, site=resolve_color(self._film).chroma_site, field=field)

    def _convert(self, picture: av.VideoFrame, width: int, height: int) -> Rgb:
        # each size keeps its own tables
        reformatter = self._reformatters.setdefault((width, height), VideoReformatter())
        made = reformatter.reformat(
            picture,
            width=width,
            height=height,
            format="rgb24",
            src_colorspace=self._matrix,
            src_color_range=self._range,
            dst_color_range=ColorRange.JPEG,
            interpolation=_EXACT,
            threads=1,
        )
        return np.asarray(made.to_ndarray(), np.uint8)


class _FieldTaker:
    """Takes the top field out of interlaced pictures, chroma included."""

    def __init__(self, time_base: Fraction) -> None:
        self._time_base = time_base
        self._graph: av.filter.Graph | None = None

    def take(self, picture: av.VideoFrame) -> av.VideoFrame:
        if self._graph is None:
            self._graph = av.filter.Graph()
            source = self._graph.add_buffer(
                width=picture.width, height=picture.height, format=picture.format, time_base=self._time_base
            )
            self._graph.link_nodes(
                source, self._graph.add("field", "type=top"), self._graph.add("buffersink")
            ).configure()
        self._graph.push(picture)
        field = self._graph.pull()
        assert isinstance(field, av.VideoFrame)
        return field


def _inside(rgb: Rgb, area: PictureArea) -> Rgb:
    """The samples that lie wholly in the area, whose shares are rounded."""
    height, width = rgb.shape[:2]
    top, left = (math.ceil(share - 0.01) for share in (area.top * height, area.left * width))
    bottom, right = (math.floor(share + 0.01) for share in (area.bottom * height, area.right * width))
    return rgb[top : max(bottom, top + 1), left : max(right, left + 1)]
