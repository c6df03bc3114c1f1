"""Where chroma samples lie among luma samples (the chroma site), and how planes are resampled there.

Sites have the names of ITU-T H.273 and count from the first luma sample of a chroma sample's block: `left` lies on the
first column, between the lines. Each field of an interlaced picture has its own chroma. Where the site lies between
the lines, chroma of the top field lies a quarter of the way to the field's next line and chroma of the bottom field
three quarters, so that the chroma lines of the frame lie where those of a progressive frame do.
"""

from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.media import CHROMA_SHIFTS, Chroma, Plane

Floats = npt.NDArray[np.float32]

LEFT_SITES = frozenset({"left", "topleft", "bottomleft"})
"""Sites on the first column of a block."""
TOP_SITES = frozenset({"top", "topleft"})
"""Sites on the first line of a block."""
BOTTOM_SITES = frozenset({"bottom", "bottomleft"})
"""Sites on the last line of a block."""


def chroma_size(height: int, width: int, *, chroma: Chroma) -> tuple[int, int]:
    """Lines and columns of a chroma plane; odd sizes round up."""
    across, down = CHROMA_SHIFTS[chroma]
    return -(-height >> down), -(-width >> across)


def chroma_offset(site: str, *, chroma: Chroma, field: int | None = None) -> tuple[float, float]:
    """Columns and lines from the first luma sample of a block to the chroma sample.

    `field` is 0 for the field of the even lines, 1 for that of the odd ones, and lines are then the field's.
    """
    across, down = CHROMA_SHIFTS[chroma]
    right, low = 2**across - 1, 2**down - 1
    column = 0.0 if site in LEFT_SITES else right / 2
    if site in TOP_SITES:
        return column, 0.0
    if site in BOTTOM_SITES:
        return column, float(low)
    return column, low / 2 if field is None else low * (field + 0.5) / 2


def place_at_chroma(
    small: Floats,
    into: Floats,
    *,
    shape: tuple[int, int],
    site: str,
    chroma: Chroma,
    field: int | None = None,
) -> Floats:
    """A small plane that covers a picture of (H, W) `shape`, interpolated at the chroma samples; in `into`, or anew.

    `into` has the lines of the chroma plane, or those of one field of it.
    """
    (height, width), (across, down) = shape, CHROMA_SHIFTS[chroma]
    first, step = (0, 1) if field is None else (field, 2)
    column, line = chroma_offset(site, chroma=chroma, field=field)
    pitch = (step << down, 1 << across)
    per_luma = (small.shape[0] / height, small.shape[1] / width)
    moved = _moved(
        small,
        right=(pitch[1] / 2 - 0.5 - column) * per_luma[1],
        down=(pitch[0] / 2 - 0.5 - first - step * line) * per_luma[0],
    )
    if (into.shape[0] * pitch[0], into.shape[1] * pitch[1]) == (height, width):
        return cast(Floats, cv2.resize(moved, into.shape[::-1], dst=into, interpolation=cv2.INTER_LINEAR))
    # The blocks reach beyond the picture: the scale is theirs, not that of the sizes.
    scale = (1 / (pitch[0] * per_luma[0]), 1 / (pitch[1] * per_luma[1]))
    below, right = (_lacking(*pair) for pair in zip(moved.shape, into.shape, scale, strict=True))
    grown = cv2.copyMakeBorder(moved, 0, below, 0, right, cv2.BORDER_REPLICATE)
    placed = cv2.resize(grown, None, fx=scale[1], fy=scale[0], interpolation=cv2.INTER_LINEAR)
    np.copyto(into, placed[: into.shape[0], : into.shape[1]])
    return into


def place_at_luma(
    plane: Floats, *, shape: tuple[int, int], site: str, chroma: Chroma, interlaced: bool = False
) -> Floats:
    """A chroma plane interpolated at the luma samples of its picture of (H, W) `shape`: interlaced, field by field."""
    if not interlaced or not CHROMA_SHIFTS[chroma][1]:
        return place_field_at_luma(plane, shape=shape, site=site, chroma=chroma)
    woven = np.empty(shape, np.float32)
    for parity in (0, 1):
        lines = woven[parity::2]
        if lines.size and plane.shape[0] > parity:
            lines[:] = place_field_at_luma(
                plane[parity::2], shape=(len(lines), shape[1]), site=site, chroma=chroma, field=parity
            )
        else:  # a picture of so few lines has no second line of chroma
            lines[:] = place_field_at_luma(plane, shape=(len(lines), shape[1]), site=site, chroma=chroma)
    return woven


def place_field_at_luma(
    plane: Floats, *, shape: tuple[int, int], site: str, chroma: Chroma, field: int | None = None
) -> Floats:
    """The chroma of a progressive picture, or of one field, interpolated at that one's luma samples: (H, W) `shape`."""
    placed = plane
    for axis, (shift, offset) in enumerate(
        zip(CHROMA_SHIFTS[chroma], chroma_offset(site, chroma=chroma, field=field), strict=True)
    ):
        if shift:
            placed = _stretched(placed, axis=1 - axis, count=shape[1 - axis], step=1 << shift, offset=offset)
    return placed


def luma_at_chroma(luma: Plane, *, chroma: Chroma, site: str, field: int | None = None) -> Plane:
    """Luma at the chroma samples of a picture, or of one field of it whose lines `luma` then is."""
    across, down = CHROMA_SHIFTS[chroma]
    left = bool(across) and site in LEFT_SITES
    _, line = chroma_offset(site, chroma=chroma, field=field)
    if down == 1 and line not in (0.0, 0.5):
        if luma.shape[0] % 2:
            luma = np.concatenate([luma, luma[-1:]])
        luma = cast(Plane, cv2.addWeighted(luma[0::2], 1 - line, luma[1::2], line, 0))
        down = 0
    return shrink_to_chroma(luma, across=across, down=down, left=left, top=bool(down) and site in TOP_SITES)


def shrink_to_chroma(luma: Plane, *, across: int, down: int, left: bool = False, top: bool = False) -> Plane:
    """Luma at the chroma samples: the mean of their block, or 1-2-1 around the sample that they lie on.

    The sizes round up; the last column and line are repeated.
    """
    if not across and not down:
        return luma
    block_width, block_height = 1 << across, 1 << down
    height, width = -(-luma.shape[0] >> down), -(-luma.shape[1] >> across)
    lead_across, lead_down = block_width // 2 * left, block_height // 2 * top
    padded = luma
    extra = (height * block_height - luma.shape[0], width * block_width - luma.shape[1])
    if lead_across or lead_down or any(extra):
        padded = cast(
            Plane, cv2.copyMakeBorder(luma, lead_down, extra[0], lead_across, extra[1], cv2.BORDER_REPLICATE)
        )
    # at half the size both are the mean, and linear is the fast one
    method = cv2.INTER_AREA if max(across, down) > 1 else cv2.INTER_LINEAR
    parts = [
        cv2.resize(
            padded[y : y + height * block_height, x : x + width * block_width],
            (width, height),
            interpolation=method,
        )
        for y in sorted({0, lead_down})
        for x in sorted({0, lead_across})
    ]
    while len(parts) > 1:
        parts = [cv2.addWeighted(p, 0.5, q, 0.5, 0) for p, q in zip(parts[::2], parts[1::2], strict=True)]
    return cast(Plane, parts[0])


def _lacking(samples: int, needed: int, scale: float) -> int:
    """How many samples to add so that scaling gives `needed` of them, and changes their number: else OpenCV ignores
    the scale."""
    added = 0
    while round((samples + added) * scale) < needed or (
        scale != 1 and round((samples + added) * scale) == samples + added
    ):
        added += 1
    return added


def _stretched(plane: Floats, *, axis: int, count: int, step: int, offset: float) -> Floats:
    """`count` samples along the axis, of which every `step`th, from `offset` on, is one of the plane's."""
    last = plane.shape[axis] - 1
    made = np.empty((count, plane.shape[1]) if axis == 0 else (plane.shape[0], count), np.float32)
    for phase in range(min(step, count)):  # samples of one phase have the same two weights
        into = made[phase::step] if axis == 0 else made[:, phase::step]
        first, share = divmod((phase - offset) / step, 1)
        before = int(first) + np.arange(into.shape[axis])
        np.multiply(plane.take(before.clip(0, last), axis), np.float32(1 - share), out=into)
        if share:
            into += plane.take((before + 1).clip(0, last), axis) * np.float32(share)
    return made


def _moved(plane: Floats, *, right: float, down: float) -> Floats:
    """The plane with its content moved by a part of a sample, at most 1 either way."""
    for axis, shift in ((1, right), (0, down)):
        if abs(shift) < 1e-9:
            continue
        source = plane if axis == 0 else plane.T
        moved = source.copy()
        share = np.float32(abs(shift))
        if shift > 0:
            moved[1:] += share * (source[:-1] - source[1:])
        else:
            moved[:-1] += share * (source[1:] - source[:-1])
        plane = moved if axis == 0 else np.ascontiguousarray(moved.T)
    return plane
