"""Combines the film's luma with the colour of its chroma proxy into the frames that are encoded.

The luma array of a frame is passed on as it is, unless the output has another depth, range or size.
"""

from collections.abc import Iterable, Iterator
from typing import cast

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
    to_8bit,
)
from pipeline.color.integer_luma import convert_luma
from pipeline.color.planes import resize_plane
from pipeline.colorize.chroma_proxy import ProxyFrame
from pipeline.colorize.grade import PLAIN, ShotTreatment, treat
from pipeline.errors import SourceError
from pipeline.fields import fields_of, merge_fields
from pipeline.media import ColorFrame, FilmInfo, Frame, Plane
from pipeline.render.output_picture import OutputPicture
from pipeline.render.source_color import pass_chroma

_RGB_LINES = 64
"""That become R'G'B' at a time."""


def render(
    frames: Iterable[Frame],
    *,
    proxy: Iterable[ProxyFrame],
    film: FilmInfo,
    output: OutputPicture,
    treatment: ShotTreatment = PLAIN,
) -> Iterator[ColorFrame]:
    """Yields a colour frame for each frame of a shot, coloured by the proxy frame of the same number.

    `frames` and `proxy` are read once, in step; both begin with the same frame of the film. Luma is the frame's own
    array where the output has the film's depth, range and size. Chroma is lowered where R'G'B' would leave 0..1. A
    treatment whose source is `original` keeps the chroma of the frames, which must have been read with it.

    Raises SourceError where there are more frames than proxy frames, or fewer, or a frame is not of the film's size.
    """
    scratch, keeps_color = Scratch(), treatment.source == "original"
    for number, frame, proxy_frame in _pairs(frames, treat(proxy, treatment), film):
        if frame.luma.shape != (film.height, film.width):
            found = "x".join(map(str, frame.luma.shape[::-1]))
            expected = f"{film.width}x{film.height}"
            raise SourceError(
                f"rendering {film.path}: frame {number} of this part is {found}, not {expected}"
            )
        colors = None if keeps_color else proxy_frame
        yield render_frame(frame, proxy=colors, film=film, output=output, scratch=scratch)


def render_frame(
    frame: Frame,
    *,
    proxy: ProxyFrame | None,
    film: FilmInfo,
    output: OutputPicture,
    scratch: Scratch | None = None,
) -> ColorFrame:
    """One frame with the colour of `proxy`, or with its own colour where `proxy` is None; see `render`.

    `scratch` is memory that frames of one size may share, one after the other.
    """
    luma = output_luma(frame, film=film, output=output)
    fields = output.all_fields or fields_of(frame)
    interlaced = fields != "progressive"
    if proxy is None:
        cb, cr = pass_chroma(
            frame.chroma,
            film=film,
            size=(output.picture_width, output.height),
            pixel_format=output.pixel_format,
            color=output.color,
            interlaced=interlaced,
        )
    else:
        cb, cr = _proxy_chroma(luma, proxy, output=output, interlaced=interlaced, scratch=scratch)
    if output.side_by_side:
        luma, cb, cr = _twice(luma), _beside_grey(cb, output), _beside_grey(cr, output)
    return ColorFrame(
        pts=frame.pts,
        luma=luma,
        cb=cb,
        cr=cr,
        is_interlaced=interlaced,
        is_top_field_first=fields == "top",
    )


def output_luma(frame: Frame, *, film: FilmInfo, output: OutputPicture) -> Plane:
    """The luma plane of one picture of the output: the frame's own array where depth, range and size are the film's.

    Both fields are merged where an interlaced frame is made lower.
    """
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
    depth, coded = output.pixel_format.depth, output.color.range
    centre, span = chroma_scale(depth, coded)
    kr, kb = luma_coefficients(output.color.matrix)
    rgb = np.empty((*frame.luma.shape, 3), np.uint8)
    for start in range(0, len(rgb), _RGB_LINES):  # in floats, a whole frame would be large
        lines = slice(start, start + _RGB_LINES)
        luma = luma_to_unit(frame.luma[lines], depth=depth, range=coded)
        cb, cr = (
            (plane[lines].astype(np.float32) - np.float32(centre)) * np.float32(1 / span)
            for plane in (frame.cb, frame.cr)
        )
        rgb[lines] = to_8bit(chroma_to_rgb(luma, cb, cr, kr=kr, kb=kb))
    return rgb


def _proxy_chroma(
    luma: Plane, proxy: ProxyFrame, *, output: OutputPicture, interlaced: bool, scratch: Scratch | None
) -> tuple[Plane, Plane]:
    """Cb and Cr planes of the output, spread from the proxy along the edges of `luma`."""
    depth, color = output.pixel_format.depth, output.color
    cb, cr = upsample_chroma(
        luma,
        cb=proxy.cb,
        cr=proxy.cr,
        depth=depth,
        chroma=output.pixel_format.chroma,
        color=color,
        interlaced=interlaced,
        scratch=scratch,
    )
    return (
        chroma_to_plane(cb, depth=depth, range=color.range),
        chroma_to_plane(cr, depth=depth, range=color.range),
    )


def _twice(plane: Plane) -> Plane:
    """The plane beside itself: (H, 2 W)."""
    return cast(Plane, np.concatenate([plane, plane], axis=1))


def _beside_grey(plane: Plane, output: OutputPicture) -> Plane:
    """A chroma plane to the right of one without colour."""
    height, width = chroma_size(output.height, output.width, chroma=output.pixel_format.chroma)
    centre, _ = chroma_scale(output.pixel_format.depth, output.color.range)
    both: Plane = np.full((height, width), centre, plane.dtype)
    both[:, width - plane.shape[1] :] = plane
    return both


def _pairs(
    frames: Iterable[Frame], proxy: Iterable[ProxyFrame], film: FilmInfo
) -> Iterator[tuple[int, Frame, ProxyFrame]]:
    """(number, frame, proxy frame), numbered from 0; SourceError unless both end together."""
    proxy_frames, count = iter(proxy), 0
    for frame in frames:
        proxy_frame = next(proxy_frames, None)
        if proxy_frame is None:
            raise SourceError(
                f"rendering {film.path}: the colour proxy ends after {count} frames, the film goes on"
            )
        yield count, frame, proxy_frame
        count += 1
    if next(proxy_frames, None) is not None:
        raise SourceError(
            f"rendering {film.path}: the film's part ends after {count} frames, its colour proxy goes on"
        )
