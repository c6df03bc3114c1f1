"""The metadata of a still that matters when it is coloured: ICC profile, XMP packet and orientation.

A grey ICC profile is not valid for a colour picture. It becomes an RGB profile with the sRGB primaries and the same
tone curve, without which the tones would look different. The XMP packet gets a label which says that the colours are
predicted; nothing else in it changes. The orientation tag stays, but the network gets the picture upright.
"""

import re
import struct
from typing import TypeVar
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt

from pipeline.stills.still import StillTags
from pipeline.stills.tiff_tags import ORIENTATION, read_exif

_D50 = (0.9642, 1.0, 0.8249)
_SRGB_PRIMARIES = {  # adapted to D50, as ICC wants them
    b"rXYZ": (0.43607, 0.22249, 0.01392),
    b"gXYZ": (0.38515, 0.71687, 0.09708),
    b"bXYZ": (0.14307, 0.06061, 0.71410),
}
_D65_TO_D50 = (1.04788, 0.02292, -0.05022, 0.02959, 0.99048, -0.01707, -0.00925, 0.01508, 0.75168)

DIGITAL_SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC's digital source type of a picture that a trained network has altered."""

_EMPTY_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
    "</rdf:RDF>\n</x:xmpmeta>\n"
    '<?xpacket end="w"?>'
)

_FLIPS = {1: (False, False), 2: (False, True), 3: (True, True), 4: (True, False)}
"""By Exif orientation 1 to 4: whether rows and columns are reversed. 5 to 8 are the same after a transposition."""

Scalar = TypeVar("Scalar", bound=np.generic)


def profile_space(profile: bytes) -> str:
    """The colour space of an ICC profile: `GRAY`, `RGB`, `CMYK`, …; empty where it is no profile."""
    if len(profile) < 132 or profile[36:40] != b"acsp":
        return ""
    return profile[16:20].decode("latin-1").strip()


def rgb_from_grey(profile: bytes) -> bytes | None:
    """An RGB matrix profile (ICC 4.2) under which greys look as they do under a grey profile.

    None where `profile` is not grey, has a table in place of a tone curve, or is connected by Lab.
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


def label_xmp(xmp: bytes | None, statement: str) -> bytes | None:
    """The XMP packet with a description that holds `statement`; None where the packet is no RDF in UTF-8.

    The description is added behind the last one, and no byte of the packet changes. It has the IPTC digital source
    type unless the packet has one. Without a packet (None) a new one is made.
    """
    try:
        packet = _EMPTY_PACKET if xmp is None else xmp.decode()
    except UnicodeDecodeError:
        return None
    ends = list(re.finditer(r"</(?:[\w.-]+:)?RDF\s*>", packet))
    if not ends:
        return None
    end = ends[-1].start()
    about = re.search(r"\brdf:about\s*=\s*(\"[^\"]*\"|'[^']*')", packet)
    source_type = ""
    if "DigitalSourceType" not in packet:
        source_type = (
            ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
            f' Iptc4xmpExt:DigitalSourceType="{DIGITAL_SOURCE}"'
        )
    description = (
        '<rdf:Description xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        f" rdf:about={about[1] if about else chr(34) * 2}"
        f' xmlns:kinochrome="urn:kinochrome:xmp:1.0/"{source_type}>'
        f"<kinochrome:Colors>{escape(statement)}</kinochrome:Colors></rdf:Description>\n"
    )
    return (packet[:end] + description + packet[end:]).encode()


def orientation(tags: StillTags) -> int:
    """The Exif orientation, 1 to 8; 1 (upright) where there is none or it is not valid."""
    ifd = read_exif(tags.exif) if tags.exif else None
    value = ifd.number(ORIENTATION, 1) if ifd else 1
    return value if 1 <= value <= 8 else 1


def turn_upright(planes: npt.NDArray[Scalar], orientation: int) -> npt.NDArray[Scalar]:
    """Planes (..., H, W) of a stored picture as a viewer shows it: (..., W, H) for orientations 5 to 8."""
    return _flip(planes.swapaxes(-2, -1) if orientation > 4 else planes, orientation)


def turn_back(planes: npt.NDArray[Scalar], orientation: int) -> npt.NDArray[Scalar]:
    """The inverse of `turn_upright`."""
    flipped = _flip(planes, orientation)
    return np.ascontiguousarray(flipped.swapaxes(-2, -1) if orientation > 4 else flipped)


def _tag(profile: bytes, name: bytes) -> bytes | None:
    """The data of a tag of a profile; None where there is none."""
    (count,) = struct.unpack_from(">I", profile, 128)
    for index in range(min(count, (len(profile) - 132) // 12)):
        signature, offset, size = struct.unpack_from(">4sII", profile, 132 + 12 * index)
        if signature == name and 12 <= size <= len(profile) - offset:
            return profile[offset : offset + size]
    return None


def _assemble(tags: dict[bytes, bytes]) -> bytes:
    """A profile of these tags: header, tag table, data; equal tags share their data."""
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
    """Numbers as s15Fixed16."""
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def _xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(values)


def _text(text: str) -> bytes:
    data = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(data), 28) + data


def _flip(planes: npt.NDArray[Scalar], orientation: int) -> npt.NDArray[Scalar]:
    down, across = _FLIPS[orientation if orientation <= 4 else orientation - 4]
    return np.ascontiguousarray(planes[..., :: -1 if down else 1, :: -1 if across else 1])
