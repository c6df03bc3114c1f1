"""Reads single frames of film scans, DPX (SMPTE ST 268-1) and OpenEXR, with FFmpeg.

The light of OpenEXR becomes code values, see `pipeline.stills.exr`.
"""

from pathlib import Path

import av
import numpy as np

from pipeline.errors import SourceError
from pipeline.media import Plane
from pipeline.stills.dpx import dpx_orientation, read_dpx_head
from pipeline.stills.exr import coded_picture
from pipeline.stills.header import read_still_header
from pipeline.stills.read_only.samples import check_size, luma_and_alpha, widened, widening_note
from pipeline.stills.still import SourceFormat, Still, StillTags
from pipeline.stills.tiff_tags import ORIENTATION, Ifd, TagValue, pack_exif

_DEMUXERS: dict[SourceFormat, str] = {"dpx": "dpx_pipe", "exr": "exr_pipe"}


def read_film_scan(path: Path, *, format: SourceFormat) -> Still:
    """Reads a DPX or OpenEXR still of grey or RGB, without alpha; 10 and 12 bits become 16, light becomes code values.

    Raises SourceError where it is damaged, too large or of another kind, or holds light beyond 0 to 1.
    """
    header = read_still_header(path, kind=format)
    check_size(path, header.width, header.height)
    try:
        with av.open(path, format=_DEMUXERS[format], options={"protocol_whitelist": "file"}) as container:
            frames = [frame for frame in container.decode(video=0) if isinstance(frame, av.VideoFrame)]
    except (av.FFmpegError, ValueError) as error:
        raise SourceError(f"cannot read {path}: damaged or cut short ({error})") from error
    if len(frames) != 1 or frames[0].is_corrupt:
        raise SourceError(f"cannot read {path}: damaged or cut short")
    frame = coded_picture(frames[0], name=str(path))
    bits = frame.format.components[0].bits
    stored = frame.to_ndarray()
    samples: Plane = stored.astype(np.uint8) if bits == 8 else widened(stored.astype(np.uint16), bits=bits)
    luma, alpha = luma_and_alpha(samples)
    return Still(
        path=path,
        format=format,
        luma=luma,
        alpha=alpha,
        notes=(
            *widening_note(bits),
            f"the metadata that only {format.upper()} can hold is left out",
        ),
        tags=_orientation(path) if format == "dpx" else StillTags(),
    )


def _orientation(path: Path) -> StillTags:
    """How the picture of a DPX lies, as Exif has it."""
    number = dpx_orientation(read_dpx_head(path))
    return (
        StillTags() if number == 1 else StillTags(exif=pack_exif(Ifd({ORIENTATION: TagValue.short(number)})))
    )
