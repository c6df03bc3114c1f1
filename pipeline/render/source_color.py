"""Converts the source's own chroma to the format of the output; unchanged where both are the same."""

import numpy as np

from pipeline.color.chroma_siting import chroma_size
from pipeline.color.colorimetry import chroma_scale, chroma_to_plane
from pipeline.color.planes import resampled_chroma
from pipeline.media import ColorDescription, FilmInfo, PixelFormat, Plane


def pass_chroma(
    planes: tuple[Plane, Plane] | None,
    *,
    film: FilmInfo,
    size: tuple[int, int],
    pixel_format: PixelFormat,
    color: ColorDescription,
    interlaced: bool = False,
) -> tuple[Plane, Plane]:
    """Cb and Cr planes of a frame of `film` for an output picture of (width, height) `size`.

    Returns `planes` themselves where the output has the film's size, depth, range and subsampling; else new arrays,
    resampled and scaled, uint8 for 8 bits and uint16 for more. None (a frame without colour) gives planes without
    colour. Where `interlaced`, each field is resampled for itself.
    """
    depth, chroma = pixel_format.depth, pixel_format.chroma
    if planes is None:
        centre, _ = chroma_scale(depth, color.range)
        shape = chroma_size(size[1], size[0], chroma=chroma)
        grey = np.full(shape, centre, np.uint8 if depth == 8 else np.uint16)
        return grey, grey.copy()
    own = "444" if film.pixel_format.chroma == "rgb" else film.pixel_format.chroma
    is_kept = own == chroma and size == (film.width, film.height)
    if is_kept and (film.pixel_format.depth, film.color.range) == (depth, color.range):
        return planes
    centre, span = chroma_scale(film.pixel_format.depth, film.color.range)
    to_centre, to_span = chroma_scale(depth, color.range)
    low, high = (np.float32((code - to_centre) / to_span) for code in (0, 2**depth - 1))
    made = []
    for plane in planes:
        unit = (plane.astype(np.float32) - np.float32(centre)) * np.float32(1 / span)
        if not is_kept:
            unit = resampled_chroma(
                unit, film=film, size=size, pixel_format=pixel_format, interlaced=interlaced
            )
        made.append(chroma_to_plane(np.clip(unit, low, high), depth=depth, range=color.range))
    return made[0], made[1]
