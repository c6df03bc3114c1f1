"""JPEG's Huffman code (ITU-T T.81, annex F): finds the blocks in a stream of bits, and writes blocks in another order.

The values of AC coefficients are not decoded; only where their bits begin and end.
"""

from array import array
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Table = list[int]
"""2**16 entries, by the next 16 bits of the stream. Bits 0 to 4 of an entry: the bits to skip. Bits from 5 on: for DC,
the number of bits of the value after the code; for AC, the number of coefficients to skip."""

_BROKEN = 1 << 16
"""Coefficients to skip for a code that is in no table."""
_DC_COUNTS = (0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)
_DC_SYMBOLS = 12
_DC_LENGTHS = np.repeat(np.arange(1, 17), _DC_COUNTS)
DC_TABLE = bytes(_DC_COUNTS) + bytes(range(_DC_SYMBOLS))
"""The DC table of T.81, table K.3, as a DHT segment has it: the number of codes of each length, then their values."""
_LONGEST_DC_BITS = 9 + 11
"""Of code and value together."""
_CHUNK_BLOCKS = 8192


def read_tables(payload: bytes) -> dict[tuple[int, int], Table]:
    """The Huffman tables in the payload of a DHT segment by (class, number); class 0 is DC, 1 AC."""
    tables = {}
    while len(payload) >= 17:
        counts = payload[1:17]
        symbols = payload[17 : 17 + sum(counts)]
        tables[payload[0] >> 4, payload[0] & 15] = _lookup(counts, symbols, is_ac=payload[0] >> 4 == 1)
        payload = payload[17 + len(symbols) :]
    return tables


def walk_blocks(
    parts: Sequence[bytes],
    counts: Sequence[int],
    units: list[tuple[bool, Table, Table]],
    *,
    has_ac: bool,
    is_refinement: bool,
) -> npt.NDArray[np.int64]:
    """Finds the luma blocks of a scan: (blocks, 3) int64, in the order of the stream.

    The columns are the DC coefficient, or its refinement bit, and the bits [start, end) of the AC coefficients, counted
    over all parts. `parts` are the intervals between restart markers, without byte stuffing, and `counts` the number
    of units (MCUs) in each. `units` lists the blocks of one unit: whether it is luma, its DC table, its AC table.
    Raises ValueError where the scan is damaged.
    """
    found: list[int] = []
    origin = 0
    for part, count in zip(parts, counts, strict=True):
        if is_refinement:
            bits = np.unpackbits(np.frombuffer(part, np.uint8))[: count * len(units)].reshape(
                count, len(units)
            )
            luma = bits[:, [is_luma for is_luma, _, _ in units]].ravel()
            found += np.stack([luma, np.zeros_like(luma), np.zeros_like(luma)], axis=-1).ravel().tolist()
        else:
            _walk(part, count, units, found, origin, has_ac=has_ac)
        origin += 8 * len(part)
    return np.array(found, np.int64).reshape(-1, 3)


def _walk(
    part: bytes,
    count: int,
    units: list[tuple[bool, Table, Table]],
    found: list[int],
    origin: int,
    *,
    has_ac: bool,
) -> None:
    """Adds the luma blocks of one restart interval, which begins at bit `origin`, to `found`, three numbers each."""
    padded = np.frombuffer(part + b"\xff" * 64, np.uint8).astype(np.uint32)
    joined = padded[:-3] << 24 | padded[1:-2] << 16 | padded[2:-1] << 8 | padded[3:]
    words = array("I", joined.tobytes())  # a tenth of a list's memory
    limit = 8 * len(part)
    level, place = 0, 0  # of DC, which starts anew in each interval
    for _ in range(count):
        if place > limit:
            raise ValueError("a scan is cut short")
        for is_luma, dc, ac in units:
            entry = dc[words[place >> 3] >> (16 - (place & 7)) & 0xFFFF]
            place += entry & 31
            size = entry >> 5
            if size > 15:
                raise ValueError("a code that is in no Huffman table")
            if is_luma and size:
                value = (words[place >> 3] >> (16 - (place & 7)) & 0xFFFF) >> (16 - size)
                level += value if value >> (size - 1) else value - (1 << size) + 1
            place += size
            start = place
            if has_ac:
                index = 1
                while index < 64:
                    entry = ac[words[place >> 3] >> (16 - (place & 7)) & 0xFFFF]
                    place += entry & 31
                    index += entry >> 5
                    if place > limit:
                        raise ValueError("a scan is cut short")
                if index >= _BROKEN:
                    raise ValueError("a code that is in no Huffman table")
            if is_luma:
                found += (level, origin + start, origin + place)


def code_blocks(blocks: npt.NDArray[np.int64], bits: npt.NDArray[np.uint8], *, is_refinement: bool) -> bytes:
    """The bytes, without byte stuffing, of a scan of `blocks`, which are as `walk_blocks` gives them, in any order.

    `bits` (n,) of 0 and 1 are those that the blocks point into. DC differences are coded with DC_TABLE. Raises
    ValueError for a difference that has no code there.
    """
    if is_refinement:
        return _packed(blocks[:, 0].astype(np.uint8))
    difference = np.diff(blocks[:, 0], prepend=0)
    size = np.frexp(np.abs(difference))[1]
    if size.max() >= _DC_SYMBOLS:
        raise ValueError("a DC difference beyond what JPEG allows")
    value = np.where(difference > 0, difference, difference + (1 << size) - 1)
    word = _dc_codes()[size] << size | value
    lengths = _DC_LENGTHS[size] + size
    out, rest = [], np.zeros(0, np.uint8)
    for start in range(0, len(blocks), _CHUNK_BLOCKS):
        chunk = slice(start, start + _CHUNK_BLOCKS)
        joined = np.concatenate([rest, _joined(word[chunk], lengths[chunk], blocks[chunk, 1:], bits)])
        whole = len(joined) // 8 * 8
        out.append(np.packbits(joined[:whole]).tobytes())
        rest = joined[whole:]
    return b"".join([*out, _packed(rest)])


def _joined(
    word: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.int64],
    ac: npt.NDArray[np.int64],
    bits: npt.NDArray[np.uint8],
) -> npt.NDArray[np.uint8]:
    """The bits of some blocks: for each its DC `word` of `lengths` bits, then `bits[start:end]` of `ac`."""
    ac_lengths = ac[:, 1] - ac[:, 0]
    ends = np.cumsum(lengths + ac_lengths)
    starts = ends - lengths - ac_lengths
    out = np.empty(ends[-1], np.uint8)
    for index in range(min(_LONGEST_DC_BITS, int(lengths.max()))):
        there = lengths > index
        out[starts[there] + index] = word[there] >> (lengths[there] - 1 - index) & 1
    before = np.cumsum(ac_lengths) - ac_lengths
    counter = np.arange(ac_lengths.sum())
    to = counter + np.repeat(starts + lengths - before, ac_lengths)
    out[to] = bits[counter + np.repeat(ac[:, 0] - before, ac_lengths)]
    return out


def _packed(bits: npt.NDArray[np.uint8]) -> bytes:
    """Bits as bytes; the last one is filled up with ones, as JPEG asks for."""
    return np.packbits(np.concatenate([bits, np.ones(-len(bits) % 8, np.uint8)])).tobytes()


def _dc_codes() -> npt.NDArray[np.int64]:
    """The codes of DC_TABLE."""
    codes, code, before = [], 0, 0
    for length in _DC_LENGTHS.tolist():
        code <<= length - before if before else 0
        codes.append(code)
        code, before = code + 1, length
    return np.array(codes)


def _lookup(counts: bytes, symbols: bytes, *, is_ac: bool) -> Table:
    """The Table of a Huffman code: the number of codes of each length from 1 to 16, and their symbols."""
    table = np.full(1 << 16, _BROKEN << 5, np.int64)
    place = 0
    lengths = np.repeat(np.arange(1, 17), list(counts)).tolist()
    for length, symbol in zip(lengths, symbols, strict=False):
        size, run = symbol & 15, symbol >> 4
        entry = length | symbol << 5
        if is_ac:
            step = run + 1 if size or run == 15 else 64
            entry = length + size | step << 5
        end = place + (1 << (16 - length))
        table[place:end] = entry
        place = end
    found: Table = table.tolist()
    return found
