"""JPEG files taken apart and put together by scans: colour is added without coding the luma again.

A JPEG may store each component in scans of its own. A grey JPEG is such a scan of luma: given two more
components and their scans behind it, it is a colour JPEG (4:4:4) whose luma coefficients are those of the
grey one, bit for bit.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
DHT, SOS, DRI, COM = 0xC4, 0xDA, 0xDD, 0xFE
HUFFMAN_FRAMES = (0xC0, 0xC1, 0xC2)
"""Start of frame: baseline, extended, progressive."""
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN_END = re.compile(rb"\xff+[\x01-\xcf\xd8-\xfe]")


@dataclass(frozen=True)
class Segment:
    """One marker segment with its two marker bytes; a start of scan with its coded data behind it."""

    marker: int
    data: bytes

    @property
    def payload(self) -> bytes:
        """What follows marker and length."""
        return self.data[4:]

    @property
    def is_metadata(self) -> bool:
        """Whether it is an application segment or a comment."""
        return 0xE0 <= self.marker <= 0xEF or self.marker == COM

    @property
    def is_frame(self) -> bool:
        """Whether it is a start of frame."""
        return self.marker in _FRAMES


def segments(data: bytes) -> Iterator[Segment]:
    """The segments of the first picture in a file, up to its end marker.

    Raises ValueError where one is cut short or the picture has no end.
    """
    place = 2
    while True:
        while data[place : place + 2] == b"\xff\xff":
            place += 1
        if data[place : place + 2] == EOI:
            return
        if len(data) < place + 4 or data[place] != 0xFF:
            raise ValueError(f"no JPEG marker at byte {place}")
        marker = data[place + 1]
        (size,) = struct.unpack_from(">H", data, place + 2)
        end = place + 2 + size
        if marker == SOS:
            found = _SCAN_END.search(data, end)
            end = found.start() if found else len(data) + 1
        if end > len(data):
            raise ValueError("premature end of the JPEG picture")
        yield Segment(marker, data[place:end])
        place = end


def join_components(luma: bytes, cb: bytes, cr: bytes, *, metadata: list[bytes]) -> bytes:
    """One colour JPEG of three grey ones that have the same size, quantisation table and kind of scan.

    The metadata segments go in front; those of the three files are left out.
    """
    parts = [SOI, *metadata]
    has_restarts = False
    for number, file in enumerate((luma, cb, cr), start=1):
        if number == 2 and has_restarts:
            parts.append(struct.pack(">BBHH", 0xFF, DRI, 4, 0))
        for segment in segments(file):
            if segment.marker == SOS:
                scan = segment.data
                parts.append(scan[:5] + bytes([number]) + scan[6:])
            elif segment.marker == DHT or (number == 1 and not segment.is_metadata and not segment.is_frame):
                parts.append(segment.data)
                has_restarts = has_restarts or segment.marker == DRI
            elif segment.is_frame and number == 1:
                parts.append(_three_components(segment))
    return b"".join([*parts, EOI])


def _three_components(frame: Segment) -> bytes:
    """The start of frame with components 1 to 3, none subsampled, all with the first one's table."""
    table = frame.payload[8]
    body = frame.payload[:5] + bytes([3]) + b"".join(bytes([number, 0x11, table]) for number in (1, 2, 3))
    return struct.pack(">BBH", 0xFF, frame.marker, len(body) + 2) + body
