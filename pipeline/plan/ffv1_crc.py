"""Checks the checksums inside FFV1 pictures (RFC 9043), whose failure FFmpeg's decoder only writes into its log.

A packet of FFV1 version 3 is a row of slices. Each ends with its length and, where the film was made with `slicecrc`,
with a CRC over all of it. The stream's header says whether it has one, in FFV1's own range code.
"""

import zlib
from functools import lru_cache

from pipeline.messages import first_few

_CONTEXT_SIZE = 32
_CRC_BYTES = 5
_LENGTH_BYTES = 3
_CUSTOM_TABLE = 2
_QUANT_TABLES = 5
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_ONES = 0xFFFFFFFF


def has_slice_crc(extradata: bytes) -> bool:
    """Whether the pictures of a stream with this header carry slice CRCs; False for headers that cannot be read."""
    if len(extradata) < 6 or _crc(extradata):
        return False
    try:
        return _read_error_check(_RangeDecoder(extradata[:-4]))
    except (ValueError, IndexError):
        return False


def broken_slices(packet: bytes) -> str | None:
    """What is wrong with a picture that carries CRCs, e.g. `slices 2, 3 of 16 fail their CRC`; None if nothing."""
    spans = _spans(packet)
    if spans is None:
        return "the slices' lengths do not add up"
    failed = [str(number) for number, (start, end) in enumerate(spans) if _crc(packet[start:end])]
    if not failed:
        return None
    name, verb = ("slice", "fails its") if len(failed) == 1 else ("slices", "fail their")
    return f"{name} {first_few(failed)} of {len(spans)} {verb} CRC"


def _spans(packet: bytes) -> list[tuple[int, int]] | None:
    """Start and end of every slice, found from the last one backwards; None where they do not tile the packet."""
    spans: list[tuple[int, int]] = []
    end, tail = len(packet), _LENGTH_BYTES + _CRC_BYTES
    while end > 0:
        if end < tail:
            return None
        start = end - tail - int.from_bytes(packet[end - tail : end - _CRC_BYTES])
        if start < 0:
            return None
        spans.append((start, end))
        end = start
    return spans[::-1] or None


def _crc(data: bytes) -> int:
    """CRC-32 of polynomial 0x04C11DB7, most significant bit first, from 0: 0 for data that ends with its own CRC."""
    return zlib.crc32(data.translate(_MIRRORED), _ONES) ^ _ONES


def _read_error_check(coder: "_RangeDecoder") -> bool:
    """The header's `ec`, which stands behind almost everything else."""
    state = bytearray([128]) * _CONTEXT_SIZE
    version = coder.symbol(state)
    if version < 3:
        return False
    coder.symbol(state)  # micro version
    if coder.symbol(state) >= _CUSTOM_TABLE:
        for _ in range(255):
            coder.symbol(state, signed=True)
    coder.symbol(state)  # colour space
    coder.symbol(state)  # bits of a sample
    coder.bit(state, 0)  # chroma planes
    coder.symbol(state)
    coder.symbol(state)
    coder.bit(state, 0)  # transparency
    coder.symbol(state)
    coder.symbol(state)
    counts = [_read_quant_tables(coder) for _ in range(coder.symbol(state))]
    for count in counts:
        if coder.bit(state, 0):
            own = [bytearray([128]) * _CONTEXT_SIZE for _ in range(_CONTEXT_SIZE)]
            for _ in range(count):
                for context in own:
                    coder.symbol(context, signed=True)
    return coder.symbol(state) > 0


def _read_quant_tables(coder: "_RangeDecoder") -> int:
    """Passes over one set of tables; returns its number of contexts."""
    count = 1
    for _ in range(_QUANT_TABLES):
        state, filled, levels = bytearray([128]) * _CONTEXT_SIZE, 0, 0
        while filled < 128:
            filled += coder.symbol(state) + 1
            levels += 1
        count *= 2 * levels - 1
    return (count + 1) // 2


class _RangeDecoder:
    """The binary range decoder of RFC 9043, section 3.8.1, with the default state transitions."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 2
        self._low, self._range = int.from_bytes(data[:2]), 0xFF00

    def bit(self, state: bytearray, index: int) -> bool:
        """The next bit, whose context is `state[index]`."""
        ones = _transitions()
        part = self._range * state[index] >> 8
        self._range -= part
        is_one = self._low >= self._range
        if is_one:
            self._low -= self._range
            self._range = part
            state[index] = ones[state[index]]
        else:
            state[index] = (256 - ones[256 - state[index]]) & 255
        if self._range < 0x100:
            self._range <<= 8
            self._low <<= 8
            if self._at < len(self._data):
                self._low += self._data[self._at]
            self._at += 1
            if self._at > len(self._data) + 8:
                raise ValueError("the header ends early")
        return is_one

    def symbol(self, state: bytearray, *, signed: bool = False) -> int:
        """The next number."""
        if self.bit(state, 0):
            return 0
        bits = 0
        while self.bit(state, 1 + min(bits, 9)):
            bits += 1
            if bits > 31:
                raise ValueError("a number of more than 32 bits")
        value = 1
        for place in range(bits - 1, -1, -1):
            value += value + self.bit(state, 22 + min(place, 9))
        return -value if signed and self.bit(state, 11 + min(bits, 10)) else value


@lru_cache(maxsize=1)
def _transitions() -> tuple[int, ...]:
    """The state that follows each when a one was read (RFC 9043, section 3.8.1.3), built as FFmpeg builds it."""
    one, factor, most = 1 << 32, int(0.05 * (1 << 32)), 256 - 8
    table = [0] * 257
    last, share = 0, one // 2
    for _ in range(128):
        state = max((256 * share + one // 2) >> 32, last + 1)
        if last and last < 256 and state <= most:
            table[last] = state
        share += ((one - share) * factor + one // 2) >> 32
        last = state
    for state in range(256 - most, most + 1):
        if not table[state]:
            share = (state * one + 128) >> 8
            share += ((one - share) * factor + one // 2) >> 32
            table[state] = min(max((256 * share + one // 2) >> 32, state + 1), most)
    return tuple(table)
