"""Colour tags: FFmpeg's names for the numbers of ITU-T H.273, and the tags of a decoded frame."""

from collections.abc import Mapping
from typing import Literal

import av
from av.video.codeccontext import VideoCodecContext

from pipeline.media import ColorDescription
from pipeline.source.luma_planes import describe_pixels

MATRICES: Mapping[int, str] = {
    0: "gbr",
    1: "bt709",
    4: "fcc",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "ycgco",
    9: "bt2020nc",
    10: "bt2020c",
    11: "smpte2085",
    12: "chroma-derived-nc",
    13: "chroma-derived-c",
    14: "ictcp",
}
"""FFmpeg's names of the matrix coefficients by their number in H.273; 2, and any that is not here, is `unspecified`."""
PRIMARIES: Mapping[int, str] = {
    1: "bt709",
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "film",
    9: "bt2020",
    10: "smpte428",
    11: "smpte431",
    12: "smpte432",
    22: "ebu3213",
}
"""The same for the colour primaries."""
TRANSFERS: Mapping[int, str] = {
    1: "bt709",
    4: "gamma22",
    5: "gamma28",
    6: "smpte170m",
    7: "smpte240m",
    8: "linear",
    9: "log100",
    10: "log316",
    11: "iec61966-2-4",
    12: "bt1361e",
    13: "iec61966-2-1",
    14: "bt2020-10",
    15: "bt2020-12",
    16: "smpte2084",
    17: "smpte428",
    18: "arib-std-b67",
}
"""The same for the transfer characteristics."""

_FULL_RANGE = 2
"""FFmpeg's number (AVCOL_RANGE_JPEG)."""


def describe_color(context: VideoCodecContext, frame: av.VideoFrame, *, chroma_site: str) -> ColorDescription:
    """The colour tags of a frame; where it has none, those of the stream's header (`context`).

    RGB is of full range. Without a tag, grey counts as full range, as in FFmpeg, and everything else as limited.
    """
    return ColorDescription(
        matrix=_name(MATRICES, frame.colorspace, context.colorspace),
        primaries=_name(PRIMARIES, frame.color_primaries, context.color_primaries),
        transfer=_name(TRANSFERS, frame.color_trc, context.color_trc),
        range=frame_range(frame, header=context.color_range),
        chroma_site=chroma_site,
    )


def frame_range(frame: av.VideoFrame, *, header: int = 0) -> Literal["limited", "full"]:
    """The range of a frame's samples; `header` is FFmpeg's number in the header, for frames without a tag."""
    name, code = frame.format.name, frame.color_range or header
    chroma = describe_pixels(name).chroma
    untagged_full = name.startswith("yuvj") or chroma == "gray"
    is_full = chroma == "rgb" or code == _FULL_RANGE or (code == 0 and untagged_full)
    return "full" if is_full else "limited"


def _name(names: Mapping[int, str], *codes: int) -> str:
    """The name of the first code that has one."""
    return next((names[code] for code in codes if code in names), "unspecified")
