"""Damage of a film: one entry for each damaged frame or place, gathered from packets and decoder, and its
description.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np

from pipeline.errors import SourceError
from pipeline.media import FilmInfo
from pipeline.still_pattern import parse_pattern

DamageKind = Literal["lost", "concealed", "crc", "file", "broken off"]
"""Of a frame: `lost`, there is no picture; `concealed`, the decoder made up a part; `crc`, a checksum in it fails.
`file`: between frames. `broken off`: nothing comes after it."""
DamagePolicy = Literal["stop", "keep-going"]
"""`stop`: a damaged film is not coloured. `keep-going`: it is, as far as it decodes, and the damage is listed."""

_LEAST_ROOM = 0.75
"""Of the usual distance between frames, on both sides of one that is missing."""
_MOST_TOLD = 20
_LONGEST_TOLD = 200


@dataclass(frozen=True, kw_only=True)
class Damage:
    """One damaged place."""

    pts: int | None
    """Of the frame, in the film's time base; of the last frame before it for `file` and `broken off`. None where no
    time is known."""
    fault: DamageKind
    told: str
    """What was found, one line."""

    def line(self, time_base: Fraction) -> str:
        """`pts 200 (8.000 s): lost: Invalid data found`."""
        message = f"{self.fault}: {self.told}"
        if self.pts is None:
            return message
        where = "after pts" if self.fault in ("file", "broken off") else "pts"
        return f"{where} {self.pts} ({float(self.pts * time_base):.3f} s): {message}"


def gather_damage(
    packets: Iterable[Damage],
    faults: Iterable[tuple[int | None, str]],
    *,
    pts: Sequence[int],
    packet_pts: Sequence[int] = (),
) -> tuple[Damage, ...]:
    """Merges the faults that packets and decoder report into one list by time, with one entry for each frame.

    `faults` are the decoder's, (pts, message); `pts` are the times of all decoded frames, in order. A frame that is not
    among them is `lost`, and so is a packet that gave no frame.
    """
    times = frozenset(pts)
    last = max(times)
    frames: dict[int, Damage] = {}
    between: dict[tuple[int | None, str], Damage] = {}
    found = [Damage(pts=time, fault="concealed", told=text) for time, text in faults]
    silent = "the decoder made no picture of it and said nothing"
    found += [Damage(pts=time, fault="lost", told=silent) for time in _without_picture(packet_pts, pts)]
    for damage in (*packets, *found):
        damage = replace(damage, told=damage.told[:_LONGEST_TOLD])
        if damage.fault == "broken off":
            between[last, damage.fault] = replace(damage, pts=last)
        elif damage.fault == "file" or damage.pts is None:
            between.setdefault((damage.pts, damage.fault), damage)
        else:
            lost = damage.pts not in times
            frames.setdefault(damage.pts, replace(damage, fault="lost") if lost else damage)
    if (last, "broken off") in between:  # which says it all
        between = {
            key: each for key, each in between.items() if each.fault != "file" or (each.pts or 0) < last
        }
    both = (*frames.values(), *between.values())
    return tuple(sorted(both, key=lambda damage: last if damage.pts is None else damage.pts))


def name_stills(damage: Sequence[Damage], film: FilmInfo) -> tuple[Damage, ...]:
    """The damage of numbered stills with the name of each still; that of other films as it is."""
    if film.sequence is None:
        return tuple(damage)
    pattern, first = parse_pattern(film.path), film.sequence.first
    return tuple(
        each
        if each.pts is None
        else replace(each, told=f"{pattern.path(first + each.pts).name}: {each.told}")
        for each in damage
    )


def refuse_damage(damage: Sequence[Damage], *, film: str, time_base: Fraction, policy: DamagePolicy) -> None:
    """Raises SourceError for a damaged film, which the policy `stop` does not let through."""
    if damage and policy == "stop":
        raise SourceError(
            f"{film}: is damaged in {_places(damage)}, the first {damage[0].line(time_base)}; another copy, or "
            "damage: keep-going, would work"
        )


def describe_damage(damage: Sequence[Damage], *, time_base: Fraction) -> str:
    """`damaged in 3 places: pts …; pts …; …`, of at most 20 places, as one line."""
    lines = "; ".join(each.line(time_base) for each in damage[:_MOST_TOLD])
    more = len(damage) - _MOST_TOLD
    return f"damaged in {_places(damage)}: {lines}" + (f"; and {more} more" if more > 0 else "")


def _without_picture(packet_pts: Sequence[int], pts: Sequence[int]) -> list[int]:
    """Times of packets between which and the frames around them there is room for another frame.

    So the second field of a picture does not count, nor what cannot be shown before the first frame and after the last.
    """
    if len(pts) < 2 or not len(packet_pts):
        return []
    times = np.asarray(pts, np.int64)
    packets = np.setdiff1d(np.asarray(packet_pts, np.int64), times)
    packets = packets[(packets > times[0]) & (packets < times[-1])]
    after = np.searchsorted(times, packets)
    room = _LEAST_ROOM * float(np.median(np.diff(times)))
    fits = (packets - times[after - 1] >= room) & (times[after] - packets >= room)
    return [int(time) for time in packets[fits]]


def _places(damage: Sequence[Damage]) -> str:
    return "1 place" if len(damage) == 1 else f"{len(damage)} places"
