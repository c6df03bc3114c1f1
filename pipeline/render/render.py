"""Combines the film's luma and the proxy's colour into the frames that the encoder gets.

Luma arrays are passed on as they are, unless another depth, range or size is asked for.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, cast

import numpy as np
import numpy.typing as npt

from pipeline.color.chroma_siting import chroma_size
from pipeline.color.chroma_upsample import Scratch, upsample_chroma
from pipeline.color.colorimetry import (
    chroma_scale,
    chroma_to_plane,
    chroma_to_rgb,
    luma_coefficients,
    luma_to_unit,
    resolve_color,
    to_8bit,
)
from pipeline.color.planes import resize_plane
from pipeline.colorize.chroma_proxy import ProxyFrame
from pipeline.colorize.grade import PLAIN, ShotTreatment, treat
from pipeline.errors import SettingsError, SourceError
from pipeline.fields import Fields, fields_of, merge_fields, order_of
from pipeline.media import CHROMA_SHIFTS, ColorDescription, ColorFrame, FilmInfo, Frame, PixelFormat, Plane
from pipeline.render.source_color import pass_chroma


@dataclass(frozen=True, kw_only=True)
class OutputPicture:
    """What the rendered frames are."""

    width: int
    """Of the whole picture: both halves where they stand side by side."""
    height: int
    pixel_format: PixelFormat
    """Depth and chroma subsampling of the planes."""
    color: ColorDescription
    """What the planes mean, without gaps; the encoder tags the stream so."""
    side_by_side: bool = False
    """Left half: the source's grey picture. Right half: the result."""
    all_fields: Fields | None = None
    """What every frame is, where the codec says it once for all; None: each frame says it of itself."""

    def __post_init__(self) -> None:
        if self.pixel_format.chroma not in CHROMA_SHIFTS:
            works = ", ".join(CHROMA_SHIFTS)
            raise SettingsError(f"chroma {self.pixel_format.chroma!r} cannot be rendered; {works} can")

    @property
    def picture_width(self) -> int:
        """Columns of one picture: half of the width where two stand side by side."""
        return self.width // 2 if self.side_by_side else self.width


def output_picture(
    film: FilmInfo,
    *,
    pixel_format: PixelFormat,
    range: Literal["source", "limited", "full"] = "source",
    max_lines: int | None = None,
    side_by_side: bool = False,
    all_fields: Fields | None = None,
    chroma_site: str | None = None,
) -> OutputPicture:
    """The picture that a film is rendered to: its own size, unless it has more lines than `max_lines`.

    Chroma lies where the film's does, unless `chroma_site` says where; a picture made smaller has no fields.
    A smaller picture keeps the aspect and has even sizes. Raises SettingsError for a chroma or a matrix that
    cannot be rendered to.
    """
    color = resolve_color(film)
    if range != "source":
        color = replace(color, range=range)
    if chroma_site is not None:
        color = replace(color, chroma_site=chroma_site)
    width, height = film.width, film.height
    if max_lines is not None and height > max_lines:
        height = max(max_lines // 2 * 2, 2)
        width = max(round(film.width * height / film.height / 2) * 2, 2)
        all_fields = "progressive"
    if side_by_side:
        width = 2 * (width + width % 2)
    return OutputPicture(
        width=width,
        height=height,
        pixel_format=pixel_format,
        color=color,
        side_by_side=side_by_side,
        all_fields=all_fields,
    )


def as_coded(film: FilmInfo, output: OutputPicture) -> FilmInfo:
    """The film with the field order that its rendered frames have: none where they were made progressive."""
    is_progressive = order_of(film) == "progressive" or output.all_fields == "progressive"
    return replace(film, field_order="progressive") if is_progressive else film


def render(
    frames: Iterable[Frame],
    *,
    proxy: Iterable[ProxyFrame],
    film: FilmInfo,
    output: OutputPicture,
    treatment: ShotTreatment = PLAIN,
) -> Iterator[ColorFrame]:
    """One colour frame for every frame of a shot, in order, with the colour of the proxy frame of the same number.

    The luma array is the frame's own where depth, range and size are the film's. Chroma is inside the gamut
    of the luma it lies on; colour that is the source's own is as the frames bring it. Raises SourceError where frames
    and proxy frames do not pair one to one or a frame is not of the film's size.
    """
    scratch, is_own = Scratch(), treatment.source == "original"
    for number, frame, colour in _pairs(frames, treat(proxy, treatment), film):
        if frame.luma.shape != (film.height, film.width):
            found = "x".join(map(str, frame.luma.shape[::-1]))
            expected = f"{film.width}x{film.height}"
            raise SourceError(
                f"rendering {film.path}: frame {number} of this part is {found}, not {expected}"
            )
        yield render_frame(frame, proxy=None if is_own else colour, film=film, output=output, scratch=scratch)


def render_frame(
    frame: Frame,
    *,
    proxy: ProxyFrame | None,
    film: FilmInfo,
    output: OutputPicture,
    scratch: Scratch | None = None,
) -> ColorFrame:
    """One frame in colour, in its own where `proxy` is None; see `render`."""
    depth = output.pixel_format.depth
    size = (output.picture_width, output.height)
    luma = output_luma(frame, film=film, output=output)
    fields = output.all_fields or fields_of(frame)
    interlaced = fields != "progressive"
    if proxy is None:
        plane_cb, plane_cr = pass_chroma(
            frame.chroma,
            film=film,
            size=size,
            pixel_format=output.pixel_format,
            color=output.color,
            interlaced=interlaced,
        )
    else:
        planes = upsample_chroma(
            luma,
            cb=proxy.cb,
            cr=proxy.cr,
            depth=depth,
            chroma=output.pixel_format.chroma,
            color=output.color,
            interlaced=interlaced,
            scratch=scratch,
        )
        plane_cb, plane_cr = (
            chroma_to_plane(plane, depth=depth, range=output.color.range) for plane in planes
        )
    if output.side_by_side:
        plane_cb, plane_cr = _beside_grey(plane_cb, output), _beside_grey(plane_cr, output)
        luma = _twice(luma)
    return ColorFrame(
        pts=frame.pts,
        luma=luma,
        cb=plane_cb,
        cr=plane_cr,
        is_interlaced=interlaced,
        is_top_field_first=fields == "top",
    )


def output_luma(frame: Frame, *, film: FilmInfo, output: OutputPicture) -> Plane:
    """The luma of one picture of the output: the frame's own where depth, range and size are the film's."""
    luma, size = frame.luma, (output.picture_width, output.height)
    if luma.shape != size[::-1]:
        is_merged = frame.is_interlaced and size[1] < film.height
        luma = resize_plane(merge_fields(luma) if is_merged else luma, size)
    return convert_luma(
        luma,
        depth=film.pixel_format.depth,
        range=film.color.range,
        to_depth=output.pixel_format.depth,
        to_range=output.color.range,
    )


def as_rgb(frame: ColorFrame, *, output: OutputPicture) -> npt.NDArray[np.uint8]:
    """R'G'B' (H, W, 3) of a frame that was rendered as `output` with a chroma sample for each of luma."""
    depth, range = output.pixel_format.depth, output.color.range
    centre, span = chroma_scale(depth, range)
    luma = luma_to_unit(frame.luma, depth=depth, range=range)
    cb, cr = (
        (plane.astype(np.float32) - np.float32(centre)) * np.float32(1 / span)
        for plane in (frame.cb, frame.cr)
    )
    kr, kb = luma_coefficients(output.color.matrix)
    return to_8bit(chroma_to_rgb(luma, cb, cr, kr=kr, kb=kb))


def convert_luma(
    plane: Plane,
    *,
    depth: int,
    range: Literal["limited", "full"],
    to_depth: int,
    to_range: Literal["limited", "full"],
) -> Plane:
    """Luma at another depth and range: exact where it gets deeper, to the nearest number where not.

    Returns `plane` itself where nothing changes. Limited to limited is a shift, so headroom is kept.
    """
    if (depth, range) == (to_depth, to_range):
        return plane
    if range == to_range == "limited" and to_depth > depth:
        shifted: Plane = np.left_shift(plane, to_depth - depth, dtype=np.uint16)
        return shifted
    converted: Plane = _luma_table(depth, range, to_depth, to_range)[plane]
    return converted


@lru_cache(maxsize=8)
def _luma_table(
    depth: int, range: Literal["limited", "full"], to_depth: int, to_range: Literal["limited", "full"]
) -> Plane:
    value = np.arange(2**depth, dtype=np.int64)
    (black, span), (to_black, to_span) = (
        (0, 2**bits - 1) if kind == "full" else (16 << (bits - 8), 219 << (bits - 8))
        for bits, kind in ((depth, range), (to_depth, to_range))
    )
    nearest = ((value - black) * to_span * 2 + span) // (2 * span) + to_black
    table: Plane = np.clip(nearest, 0, 2**to_depth - 1).astype(np.uint8 if to_depth == 8 else np.uint16)
    return table


def _twice(plane: Plane) -> Plane:
    return cast(Plane, np.concatenate([plane, plane], axis=1))


def _beside_grey(plane: Plane, output: OutputPicture) -> Plane:
    height, width = chroma_size(output.height, output.width, chroma=output.pixel_format.chroma)
    centre, _ = chroma_scale(output.pixel_format.depth, output.color.range)
    both: Plane = np.full((height, width), centre, plane.dtype)
    both[:, width - plane.shape[1] :] = plane
    return both


def _pairs(
    frames: Iterable[Frame], proxy: Iterable[ProxyFrame], film: FilmInfo
) -> Iterator[tuple[int, Frame, ProxyFrame]]:
    """Frame and proxy frame of every number; ends when both do."""
    colours, number = iter(proxy), 0
    for number, frame in enumerate(frames, start=1):
        colour = next(colours, None)
        if colour is None:
            raise SourceError(
                f"rendering {film.path}: the colour proxy ends after {number - 1} frames, the film goes on"
            )
        yield number - 1, frame, colour
    if next(colours, None) is not None:
        raise SourceError(
            f"rendering {film.path}: the film's part ends after {number} frames, its colour proxy goes on"
        )
