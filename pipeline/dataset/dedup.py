"""Finds near-duplicates: frames that hardly differ from the frame before, and pictures that a set holds already.

Within a shot frames are compared by subtraction (`difference`). Over a whole set they are compared by a 64-bit
difference hash (Krawetz 2013, "Kind of like that"), in an index that need not compare every pair of pictures.
"""

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.errors import SettingsError

Rgb = npt.NDArray[np.uint8]
"""(H, W, 3)."""

HASH_THUMB_PX = 8
"""Side of the thumbs that confirm what the hash says."""

_HASH_BITS = 64
_BANDS = 4
_BAND_BITS = _HASH_BITS // _BANDS


@dataclass(frozen=True, kw_only=True)
class DedupSettings:
    """When two pictures are one too many. Raises SettingsError for values that cannot work."""

    luma_difference: float = 12.0
    """A frame whose mean absolute luma difference from the last kept frame of its shot is below this (of 255),
    and whose chroma difference is below the next, is a near-duplicate; 0 keeps every frame."""
    chroma_difference: float = 6.0
    """The same for Cb and Cr."""
    hash_distance: int = 6
    """Pictures of the set whose 64-bit hashes differ in no more bits than this are duplicates, 0 to 15, if they
    also pass the next two; -1 keeps every picture."""
    hash_luma_difference: float = 32.0
    """Alike hashes with a larger mean luma difference (8x8 samples, of 255) are of two pictures, not one."""
    hash_chroma_difference: float = 8.0
    """The same for Cb and Cr, which the hash does not see: another coat is another picture."""

    def __post_init__(self) -> None:
        names = ("luma_difference", "chroma_difference", "hash_luma_difference", "hash_chroma_difference")
        for name in names:
            if not 0 <= getattr(self, name) <= 255:
                raise SettingsError(f"{name} {getattr(self, name)}: a number from 0 to 255 works")
        if not -1 <= self.hash_distance < _BAND_BITS:
            raise SettingsError(f"hash_distance {self.hash_distance}: bits from -1 to {_BAND_BITS - 1} work")


class Difference(NamedTuple):
    """How far two pictures are from each other, in 8-bit steps."""

    luma: float
    chroma: float

    def __str__(self) -> str:
        return f"luma {self.luma:.1f}, chroma {self.chroma:.1f}"


Thumb = npt.NDArray[np.uint8]
"""(side, side, 3): full-range Y', Cr, Cb of a picture."""


def thumb(rgb: Rgb, *, side_px: int = 32) -> Thumb:
    """What of an 8-bit RGB picture, of any size and shape, is compared with others."""
    small = cv2.resize(rgb, (side_px, side_px), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb).astype(np.uint8)


def difference(a: Thumb, b: Thumb) -> Difference:
    """Mean absolute difference of luma, and of both chroma components together, of two thumbs of one size."""
    away = np.abs(a.astype(np.int16) - b)
    return Difference(float(away[..., 0].mean()), float(away[..., 1:].mean()))


def is_near_duplicate(away: Difference, settings: DedupSettings) -> bool:
    """Whether two frames of one shot, so far apart, are one too many."""
    return away.luma < settings.luma_difference and away.chroma < settings.chroma_difference


def is_same_picture(a: Thumb, b: Thumb, settings: DedupSettings) -> bool:
    """Whether two pictures with alike hashes are duplicates, by their thumbs of `HASH_THUMB_PX`."""
    away = difference(a, b)
    return away.luma < settings.hash_luma_difference and away.chroma < settings.hash_chroma_difference


def difference_hash(rgb: Rgb) -> int:
    """64 bits: whether each of 8x8 luma samples is darker than its right neighbour, rows from the top.

    It stays alike when a picture is scaled, compressed, brightened or given another contrast.
    """
    luma = cv2.resize(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), (9, 8), interpolation=cv2.INTER_AREA)
    return int.from_bytes(np.packbits(luma[:, 1:] > luma[:, :-1]).tobytes(), "big")


class HashIndex:
    """Hashes with what they stand for, found again by any hash that differs in few enough bits.

    Multi-index hashing (Norouzi, Punjani & Fleet 2012, section 3.1): two hashes that differ in r bits agree,
    in at least one of four bands, up to r // 4 bits. So only such bands are looked up, exactly.
    """

    def __init__(self, *, distance: int) -> None:
        """`distance` is the most bits that may differ; below 0 nothing is ever found."""
        self._distance = distance
        self._hashes: list[int] = []
        self._bands: tuple[dict[int, list[int]], ...] = tuple(defaultdict(list) for _ in range(_BANDS))

    def __len__(self) -> int:
        return len(self._hashes)

    def add(self, code: int) -> int:
        """Takes a hash and returns its number, from 0."""
        number = len(self._hashes)
        self._hashes.append(code)
        for band, part in zip(self._bands, _parts(code), strict=True):
            band[part].append(number)
        return number

    def find(self, code: int) -> tuple[int, ...]:
        """Numbers of all hashes near enough, the nearest first, the older of equally near ones first."""
        if self._distance < 0:
            return ()
        flips = _flips(self._distance // _BANDS)
        found = {
            number
            for band, part in zip(self._bands, _parts(code), strict=True)
            for flip in flips
            for number in band.get(part ^ flip, ())
        }
        ranked = sorted(((self._hashes[number] ^ code).bit_count(), number) for number in found)
        return tuple(number for distance, number in ranked if distance <= self._distance)


def _parts(code: int) -> tuple[int, ...]:
    return tuple(code >> shift & (1 << _BAND_BITS) - 1 for shift in range(0, _HASH_BITS, _BAND_BITS))


@cache
def _flips(most_bits: int) -> tuple[int, ...]:
    """Every 16-bit number of at most so many bits."""
    places = range(_BAND_BITS)
    return tuple(
        sum(1 << place for place in chosen)
        for bits in range(most_bits + 1)
        for chosen in combinations(places, bits)
    )
