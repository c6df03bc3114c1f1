"""Films whose chroma tells its own place, subsampled by FFmpeg's filters: `zscale`, which is zimg, and `scale`.

Cb rises from column to column and Cr from line to line, evenly, at 16 bits. So what is read of a film at a sample of
luma says which column and which line it was taken from, to a few thousandths. In an interlaced film the two fields are
unlike: in the bottom field both fall, and a reader that mixes fields is far off.
"""

import subprocess
from pathlib import Path
from typing import Literal

import imageio_ffmpeg
import numpy as np
import numpy.typing as npt

from pipeline.media import CHROMA_SHIFTS, Chroma

Doubles = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint16]
Fields = Literal["tff", "bff"] | None

WIDE = (66, 48)
"""Columns and lines that are subsampled; a film of an odd size is cut out of it."""
_SPAN = 0.4
"""Of chroma, -0.5..0.5, over the picture."""
_LIMITED = 224 << 8


def ffmpeg(raw: bytes, *, pixel_format: str, size: tuple[int, int], filters: str, output: list[str]) -> bytes:
    """What FFmpeg makes of one raw picture."""
    shape = f"{size[0]}x{size[1]}"
    source = ["-f", "rawvideo", "-pix_fmt", pixel_format, "-s", shape, "-r", "25", "-i", "-"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *source, "-vf", filters, *output]
    return subprocess.run(command, input=raw, stdout=subprocess.PIPE, check=True).stdout


def make_place_film(
    path: Path, *, chroma: Chroma, site: str, fields: Fields, size: tuple[int, int], matrix: str = "bt709"
) -> None:
    """An FFV1 film of one frame of 16 bits, limited range, tagged with its matrix, site and fields."""
    planes = _subsampled(chroma, site, fields)
    (width, height), (across, down) = size, CHROMA_SHIFTS[chroma]
    shapes = [(height, width), *[(-(-height >> down), -(-width >> across))] * 2]
    raw = b"".join(
        np.ascontiguousarray(plane[: shape[0], : shape[1]]).tobytes()
        for plane, shape in zip(planes, shapes, strict=True)
    )
    tags = ["-colorspace", matrix, "-color_range", "tv", "-chroma_sample_location", site]
    filters = f"setparams=range=tv:colorspace={matrix}:field_mode={fields or 'prog'}"
    ffmpeg(
        raw,
        pixel_format=f"yuv{chroma}p16le",
        size=size,
        filters=filters,
        output=["-c:v", "ffv1", *tags, str(path)],
    )


def places(cb: Doubles, cr: Doubles, *, fields: Fields) -> tuple[Doubles, Doubles]:
    """The columns and the lines that Cb and Cr, -0.5..0.5 at every sample of luma, were taken from."""
    found = []
    for plane, count in ((cb, WIDE[0]), (cr, WIDE[1])):
        place = (plane / _SPAN + 0.5) * (count - 1)
        if fields is not None:
            place[1::2] = count - 1 - place[1::2]
        found.append(place)
    return found[0], found[1]


def greatest_error(cb: Doubles, cr: Doubles, *, fields: Fields, margin: int = 6) -> float:
    """How far, in samples of luma, the worst sample of both is from its own place; the rim of the picture apart."""
    columns, lines = places(cb, cr, fields=fields)
    inner = np.s_[margin:-margin, margin:-margin]
    off_columns = (columns - np.arange(columns.shape[1]))[inner]
    off_lines = (lines - np.arange(lines.shape[0])[:, None])[inner]
    return float(max(np.abs(off_columns).max(), np.abs(off_lines).max()))


def _full(fields: Fields) -> list[Codes]:
    """Y, Cb and Cr of 4:4:4 at 16 bits, limited range."""
    width, height = WIDE
    cb = np.tile((np.arange(width) / (width - 1) - 0.5) * _SPAN, (height, 1))
    cr = np.tile(((np.arange(height) / (height - 1) - 0.5) * _SPAN)[:, None], (1, width))
    if fields is not None:
        cb[1::2], cr[1::2] = -cb[1::2], -cr[1::2]
    grain = np.random.default_rng(0).integers(-1500, 1500, (height, width))  # spreads the rounding to 8 bits
    luma = (32768 + grain).astype(np.uint16)
    return [luma, *(np.rint(plane * _LIMITED + 32768).astype(np.uint16) for plane in (cb, cr))]


def _subsampled(chroma: Chroma, site: str, fields: Fields) -> list[Codes]:
    full, by_field = _full(fields), fields is not None and CHROMA_SHIFTS[chroma][1] > 0
    if not by_field:
        return _converted(full, f"zscale=chromal={site}:filter=bilinear:dither=none", chroma)
    if site == "topleft":  # zimg knows no fields, but on the first line of a field there is nothing to know
        filters = f"zscale=chromal={site}:filter=bilinear:dither=none"
        halves = [_converted([plane[parity::2] for plane in full], filters, chroma) for parity in (0, 1)]
        return [np.stack(pair, axis=1).reshape(-1, pair[0].shape[1]) for pair in zip(*halves, strict=True)]
    flags = "bilinear+accurate_rnd+full_chroma_inp"
    filters = f"setfield={fields},scale=interl=1:out_chroma_loc={site}:flags={flags}"
    return _converted(full, filters, chroma)


def _converted(planes: list[Codes], filters: str, chroma: Chroma) -> list[Codes]:
    (height, width), (across, down) = planes[0].shape, CHROMA_SHIFTS[chroma]
    name = f"yuv{chroma}p16le"
    data = ffmpeg(
        b"".join(np.ascontiguousarray(plane).tobytes() for plane in planes),
        pixel_format="yuv444p16le",
        size=(width, height),
        filters=f"{filters},format={name}",
        output=["-f", "rawvideo", "-pix_fmt", name, "-"],
    )
    shapes = [(height, width), *[(height >> down, width >> across)] * 2]
    ends = np.cumsum([shape[0] * shape[1] for shape in shapes])[:-1]
    parts = np.split(np.frombuffer(data, "<u2"), ends)
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
