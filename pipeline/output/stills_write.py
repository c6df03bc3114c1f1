"""One frame of a film as a still in colour: PNG, TIFF, DPX or OpenEXR, with the metadata of the source's still."""

import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from pipeline.atomic_files import publish
from pipeline.color.chroma_siting import place_at_luma
from pipeline.color.colorimetry import Floats, chroma_scale, chroma_to_rgb, luma_coefficients
from pipeline.color.integer_luma import convert_luma
from pipeline.media import PixelFormat, Plane
from pipeline.render.output_picture import OutputPicture
from pipeline.source.chroma_planes import chroma_planes
from pipeline.stills.chroma import StillChroma, rgb_of_luma
from pipeline.stills.dpx import DEPTHS, new_dpx_head, read_dpx_head, with_rate, write_dpx
from pipeline.stills.exr import exr_timecode, read_exr_header, write_exr
from pipeline.stills.files import read_tags, write_still
from pipeline.stills.still import Still, StillTags, still_format
from pipeline.target import Target

_DEPTHS = {"dpx": DEPTHS, "exr": (16,), "png": (8, 16), "tiff": (8, 16)}
"""Bits of a sample; light in OpenEXR stands for 16."""
_BT709 = luma_coefficients("bt709")


@dataclass(frozen=True, eq=False, kw_only=True)
class StillFrame:
    """What a still is made of."""

    luma: Plane
    """(H, W), full range, at `depth`."""
    cb: Floats
    """(H, W) each, -0.5..0.5, BT.709's; used up by writing."""
    cr: Floats
    depth: int
    source: Path | None
    """The still of the source that shows this frame, where its metadata can come along."""
    timecode: str | None
    """HH:MM:SS:FF, where the film has one; that of the source's still goes before it."""
    sample_aspect: Fraction
    rate: Fraction
    statement: str
    """Says, within the still, that its colours are predicted."""


@dataclass(frozen=True, eq=False)
class _PlaneChroma(StillChroma):
    """The chroma of every pixel, as it is."""

    def rows(self, luma: Plane, start: int) -> tuple[Floats, Floats]:
        cb, cr = self.model
        return cb[start : start + len(luma)], cr[start : start + len(luma)]


def write_still_frame(path: Path, frame: StillFrame, *, kind: str) -> tuple[str, ...]:
    """Publishes the frame as a still of a kind (FFmpeg's name of its codec): luma exactly, whole or not at all.

    Returns what of the source's metadata could not be kept, a line each. Raises OutputError, and SourceError where the
    source's still cannot be read any more.
    """
    return _WRITERS[kind](path, frame)


def _with_tags(path: Path, frame: StillFrame) -> tuple[str, ...]:
    """PNG and TIFF: profile, Exif, XMP, resolution of the source's still come along, and a label goes into the XMP."""
    source = frame.source or path
    tags, compression = StillTags(), None
    if frame.source is not None:
        tags, compression = read_tags(frame.source, format=still_format(source))
    still = Still(
        path=source, format=still_format(source), luma=frame.luma, tags=tags, compression=compression
    )
    chroma = _PlaneChroma(
        size=(frame.luma.shape[0], frame.luma.shape[1]), matrix="bt709", model=(frame.cb, frame.cr)
    )
    return write_still(path, still, chroma=chroma, statement=frame.statement)


def _dpx(path: Path, frame: StillFrame) -> tuple[str, ...]:
    aspect = (frame.sample_aspect.numerator, frame.sample_aspect.denominator)
    rate = float(frame.rate)
    head = (
        new_dpx_head(timecode=frame.timecode, sample_aspect=aspect, rate=rate)
        if frame.source is None
        else with_rate(read_dpx_head(frame.source), rate)
    )
    rgb = _rgb(frame)
    with publish(path) as partial:
        write_dpx(partial, rgb, depth=frame.depth, head=head, name=path.name, statement=frame.statement)
    return ()


def _exr(path: Path, frame: StillFrame) -> tuple[str, ...]:
    attributes = {
        "pixelAspectRatio": ("float", struct.pack("<f", float(frame.sample_aspect))),
        "framesPerSecond": ("rational", struct.pack("<iI", frame.rate.numerator, frame.rate.denominator)),
    }
    if frame.timecode is not None and (packed := exr_timecode(frame.timecode)) is not None:
        attributes["timeCode"] = ("timecode", packed)
    if frame.source is not None:
        header = read_exr_header(frame.source)
        attributes |= {name: (kind, value) for name, kind, value in header.attributes}
    attributes["kinochromeColors"] = ("string", frame.statement.encode())
    rgb = _rgb(frame)
    with publish(path) as partial:
        write_exr(
            partial,
            rgb.astype(np.uint16),
            attributes=tuple((name, kind, value) for name, (kind, value) in attributes.items()),
        )
    return ()


def _rgb(frame: StillFrame) -> Plane:
    """(H, W, 3) samples at the frame's depth, whose luma is the frame's, exactly."""
    return rgb_of_luma(frame.luma, frame.cb, frame.cr, depth=frame.depth)


def stills_picture(picture: OutputPicture, output: Target) -> OutputPicture:
    """The picture in the stills of a pattern: full range, BT.709's luma, a depth that holds the rendered one."""
    depths = _DEPTHS[output.pattern.kind]
    depth = next(depth for depth in depths if depth >= picture.pixel_format.depth)
    name = {8: "rgb24", 16: "rgb48le"}.get(depth, f"gbrp{depth}le")
    color = replace(picture.color, range="full", matrix="bt709", chroma_site="unspecified")
    return replace(picture, pixel_format=PixelFormat(name=name, depth=depth, chroma="444"), color=color)


def stills_samples(
    frame: av.VideoFrame, own: Plane, picture: OutputPicture, output: Target
) -> tuple[Plane, Floats, Floats, int]:
    """Luma of the stills, at their depth and range; Cb and Cr for every sample, BT.709's; and that depth."""
    pixels, wanted = picture.pixel_format, stills_picture(picture, output).pixel_format
    luma = convert_luma(
        own,
        depth=pixels.depth,
        range=picture.color.range,
        to_depth=wanted.depth,
        to_range="full",
    )
    planes = chroma_planes(frame)
    assert planes is not None
    centre, span = chroma_scale(pixels.depth, picture.color.range)
    is_progressive = (picture.all_fields or "progressive") == "progressive" and not frame.interlaced_frame
    cb, cr = (
        place_at_luma(
            (plane.astype(np.float32) - np.float32(centre)) / np.float32(span),
            shape=(picture.height, picture.width),
            site=picture.color.chroma_site,
            chroma=pixels.chroma,
            interlaced=not is_progressive,
        )
        for plane in planes
    )
    return (
        luma,
        *_to_bt709(cb, cr, picture.color.matrix),
        wanted.depth,
    )


def _to_bt709(cb: Floats, cr: Floats, matrix: str) -> tuple[Floats, Floats]:
    """The same colour as differences from BT.709's luma."""
    kr, kb = luma_coefficients(matrix)
    if (kr, kb) == _BT709:
        return cb, cr
    rgb = chroma_to_rgb(np.zeros_like(cb), cb, cr, kr=kr, kb=kb)
    red, blue = _BT709
    luma = rgb @ np.array([red, 1 - red - blue, blue], np.float32)
    return (rgb[..., 2] - luma) / np.float32(2 - 2 * blue), (rgb[..., 0] - luma) / np.float32(2 - 2 * red)


_WRITERS: dict[str, Callable[[Path, StillFrame], tuple[str, ...]]] = {
    "dpx": _dpx,
    "exr": _exr,
    "png": _with_tags,
    "tiff": _with_tags,
}
