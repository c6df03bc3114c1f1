"""The RGB counterpart of a grey ICC profile: its tone curve for each of three sRGB primaries.

A grey profile may not stay on a colour picture, and without its curve the tones would look different.
"""

import struct

_D50 = (0.9642, 1.0, 0.8249)
_SRGB_PRIMARIES = {  # adapted to D50, as ICC wants them
    b"rXYZ": (0.43607, 0.22249, 0.01392),
    b"gXYZ": (0.38515, 0.71687, 0.09708),
    b"bXYZ": (0.14307, 0.06061, 0.71410),
}
_D65_TO_D50 = (1.04788, 0.02292, -0.05022, 0.02959, 0.99048, -0.01707, -0.00925, 0.01508, 0.75168)


def profile_space(profile: bytes) -> str:
    """The colour space that a profile describes: `GRAY`, `RGB`, `CMYK`, …; empty where it is none."""
    if len(profile) < 132 or profile[36:40] != b"acsp":
        return ""
    return profile[16:20].decode("latin-1").strip()


def rgb_from_grey(profile: bytes) -> bytes | None:
    """An RGB matrix profile (ICC 4.2) whose greys look as they do under the grey profile.

    None where that has no curve to take over: a table instead of a curve, or one that leads to Lab.
    """
    if profile_space(profile) != "GRAY" or profile[20:24] != b"XYZ ":
        return None
    curve = _tag(profile, b"kTRC")
    if curve is None or curve[:4] not in {b"curv", b"para"}:
        return None
    tags = {
        b"desc": _text("sRGB primaries with the grey source's tone curve"),
        b"cprt": _text("No copyright, use freely"),
        b"wtpt": _xyz(_D50),
        b"chad": b"sf32\0\0\0\0" + _fixed(_D65_TO_D50),
        **{name: _xyz(values) for name, values in _SRGB_PRIMARIES.items()},
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    return _assemble(tags)


def _tag(profile: bytes, name: bytes) -> bytes | None:
    (count,) = struct.unpack_from(">I", profile, 128)
    for index in range(min(count, (len(profile) - 132) // 12)):
        signature, offset, size = struct.unpack_from(">4sII", profile, 132 + 12 * index)
        if signature == name and 12 <= size <= len(profile) - offset:
            return profile[offset : offset + size]
    return None


def _assemble(tags: dict[bytes, bytes]) -> bytes:
    """Header, tag table, data; equal tags share their data."""
    table, body = b"", b""
    places: dict[bytes, int] = {}
    start = 132 + 12 * len(tags)
    for name, data in tags.items():
        if data not in places:
            places[data] = start + len(body)
            body += data + b"\0" * (-len(data) % 4)
        table += struct.pack(">4sII", name, places[data], len(data))
    header = struct.pack(
        ">I4sI4s4s4s6H4s4sI4s4sQI12s",
        *(start + len(body), b"\0\0\0\0", 0x04200000, b"mntr", b"RGB ", b"XYZ "),
        *(2000, 1, 1, 0, 0, 0),  # a fixed date: the same source gives the same bytes
        *(b"acsp", b"\0\0\0\0", 0, b"\0\0\0\0", b"\0\0\0\0", 0, 0),
        _fixed(_D50),
    )
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def _fixed(values: tuple[float, ...]) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def _xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(values)


def _text(text: str) -> bytes:
    data = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(data), 28) + data
