"""Sounds that change in mid-film: the header of a copied stream says what they are at its beginning, and once.

Tapes were recorded at 48 kHz, then at 32; broadcasts go from stereo to surround. Codecs that say in every packet what
they are (AC-3, MPEG audio) lose nothing by that.
"""

import struct
from fractions import Fraction
from typing import Any

_OF_CHANNELS, _OF_LAYOUT, _OF_RATE = 1, 2, 4
"""Flags of FFmpeg's side data `param_change`."""
_ADTS_CONFIG = struct.Struct(">xxH")


class SoundChanges:
    """Looks at the packets of a film's sounds, in their order."""

    def __init__(self) -> None:
        self.found: dict[int, str] = {}
        """For each stream that changes, by its index in the file: what, and when first."""
        self._configs: dict[int, int] = {}
        """What AAC of MPEG-TS said first."""

    def see(self, packet: Any) -> None:
        """Notes the first change of the packet's stream."""
        stream = packet.stream
        if stream.type != "audio" or stream.index in self.found:
            return
        what = self._change(packet)
        if what is not None:
            at = float((packet.pts or 0) * Fraction(packet.time_base))
            self.found[stream.index] = f"{what} at {at:.3f} s"

    def _change(self, packet: Any) -> str | None:
        for data in packet.iter_sidedata():
            content = bytes(data)
            if data.data_type == "param_change" and (what := _changed_parameters(content)):
                return what
            if data.data_type == "new_extradata" and content != (
                packet.stream.codec_context.extradata or content
            ):
                return "its coding changes"
        head = bytes(packet)[:4] if packet.stream.codec_context.name.startswith("aac") else b""
        if len(head) == 4 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
            config = _ADTS_CONFIG.unpack(head)[0] & 0b1111110111000000  # profile, rate, channels
            if self._configs.setdefault(packet.stream.index, config) != config:
                return "its rate or its channels change"
        return None


def _changed_parameters(content: bytes) -> str | None:
    """In words; None where nothing of sound changes."""
    flags = int.from_bytes(content[:4], "little")
    if flags & (_OF_CHANNELS | _OF_LAYOUT):
        return "its channels change"
    if flags & _OF_RATE:
        return f"its rate changes to {int.from_bytes(content[4:8], 'little')} Hz"
    return None
