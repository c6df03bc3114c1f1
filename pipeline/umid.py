"""The names by which an MXF file's packages are told apart (UMID, SMPTE ST 330): FFmpeg's are all zero where it has to
write the same bytes every time, so that any two films would look like one."""

import os
from pathlib import Path

import xxhash

_LABEL = bytes.fromhex("060a2b340101010501010d0013") + bytes(3)
_NUMBER_BYTES = 15
"""The last byte of the material number tells material, file and reel apart, and stays."""
_HEADER_BYTES = 4 << 20
"""More than the header of a file takes; pictures come after it."""


def stamp_umid(path: Path, *, identity: bytes) -> None:
    """Gives the packages of an MXF file names of their own, in place; equal `identity` gives equal names."""
    number = xxhash.xxh3_128_digest(identity)[:_NUMBER_BYTES]
    unnamed = _LABEL + bytes(_NUMBER_BYTES)
    with path.open("r+b") as file:
        header = file.read(_HEADER_BYTES)
        at = header.find(unnamed)
        while at >= 0:
            file.seek(at + len(_LABEL))
            file.write(number)
            at = header.find(unnamed, at + len(unnamed))
        file.flush()
        os.fsync(file.fileno())
