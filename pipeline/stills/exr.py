"""Reads OpenEXR headers, converts linear light to code values and back, and writes OpenEXR files.

A code value is light from 0 (black) to 1 (white) through the sRGB curve (IEC 61966-2-1), at 16 bits. Written as 32-bit
floats, the light of every code value gives that code value back. Light below 0 or above 1 is refused.

Attributes are kept as bytes, so that none is lost: OpenEXR 3.5.3 for Python cannot open a file whose text is not UTF-8
or whose frame rate is n/0, and prints to the terminal where a file is damaged.
"""

import re
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
import numpy.typing as npt

from pipeline.errors import SourceError
from pipeline.messages import first_few

FLOAT_FORMATS = {"grayf32le": "gray16le", "gbrpf32le": "gbrp16le"}
"""FFmpeg's pixel formats of pictures of OpenEXR files, and those that their code values have."""

Light = npt.NDArray[np.float32]
"""Linear light, 0 black to 1 white."""
_PEAK = 65535
_ZIP_BLOCK_LINES = 16
_ZIP = 3
_FLOAT = 2
_OF_PIXELS = frozenset(
    {"channels", "compression", "dataWindow", "displayWindow", "lineOrder", "tiles", "type", "chunkCount"}
)

_MAGIC = 20000630
_MOST_HEADER_BYTES = 16 << 20
_SINGLE_SCANLINE_OR_TILED = 0x200
_LONG_NAMES = 0x400
_TYPES = {1: "half", 2: "float"}
_CHANNELS = ({"Y"}, {"R", "G", "B"})


def light_to_code(light: Light) -> npt.NDArray[np.uint16]:
    """The nearest code values 0..65535 of light 0..1, same shape. Raises ValueError where light is beyond 0..1."""
    low, high = float(light.min()), float(light.max())
    if not (low >= 0 and high <= 1):  # NaN too
        raise ValueError(f"{low:.4g} to {high:.4g}")
    exact = light.astype(np.float64)
    curved = np.where(exact <= 0.0031308, exact * 12.92, 1.055 * exact ** (1 / 2.4) - 0.055)
    codes: npt.NDArray[np.uint16] = np.rint(curved * _PEAK).astype(np.uint16)
    return codes


def code_to_light(codes: npt.NDArray[np.uint16]) -> Light:
    """The light of code values, same shape; `light_to_code` gives the code values back exactly."""
    light: Light = _light_table()[codes]
    return light


def coded_picture(frame: av.VideoFrame, *, name: str) -> av.VideoFrame:
    """A picture in one of `FLOAT_FORMATS` as code values; any other picture as it is.

    Raises SourceError, which names the file `name`, where light is outside 0..1.
    """
    target = FLOAT_FORMATS.get(frame.format.name)
    if target is None:
        return frame
    coded = av.VideoFrame(frame.width, frame.height, target)
    for source, plane in zip(frame.planes, coded.planes, strict=True):
        try:
            codes = light_to_code(_rows(source, np.float32)[:, : frame.width])
        except ValueError as error:
            raise SourceError(
                f"{name}: holds light from {error}; only 0 (black) to 1 (white) can be kept: "
                "bring it into that range, e.g. by exposure, and scale it back afterwards"
            ) from error
        _rows(plane, np.uint16)[:, : frame.width] = codes
    coded.pts = frame.pts
    if frame.time_base is not None:
        coded.time_base = frame.time_base
    coded.color_trc = 13  # sRGB's
    coded.color_range = 2
    return coded


def exr_timecode(text: str) -> bytes | None:
    """The attribute `timeCode` of HH:MM:SS:FF (`;` before FF: drop frame); None where it cannot hold that."""
    match = re.fullmatch(r"([0-3][0-9]):([0-5][0-9]):([0-5][0-9])([:;])([0-3][0-9])", text)
    if match is None:
        return None
    hours, minutes, seconds, mark, frames = match.groups()
    packed = int(f"{hours}{minutes}{seconds}{frames}", 16) | (64 if mark == ";" else 0)
    return struct.pack("<II", packed, 0)


def write_exr(
    target: Path, rgb: npt.NDArray[np.uint16], *, attributes: tuple[tuple[str, str, bytes], ...]
) -> None:
    """Writes R'G'B' code values (H, W, 3) as light: three channels of 32-bit floats, compressed with ZIP.

    `attributes` are (name, type, value as in the file), written beside those of the layout of pixels. Raises OSError.
    """
    height, width = rgb.shape[:2]
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    channels = b"".join(name + b"\0" + struct.pack("<i4xii", _FLOAT, 1, 1) for name in (b"B", b"G", b"R"))
    own = {
        "channels": ("chlist", channels + b"\0"),
        "compression": ("compression", bytes([_ZIP])),
        "dataWindow": ("box2i", window),
        "displayWindow": ("box2i", window),
        "lineOrder": ("lineOrder", b"\0"),
        "pixelAspectRatio": ("float", struct.pack("<f", 1)),
        "screenWindowCenter": ("v2f", struct.pack("<2f", 0, 0)),
        "screenWindowWidth": ("float", struct.pack("<f", 1)),
    }
    own |= {name: (kind, value) for name, kind, value in attributes if name not in _OF_PIXELS}
    flags = _LONG_NAMES if any(len(name) > 31 or len(kind) > 31 for name, (kind, _) in own.items()) else 0
    head = struct.pack("<II", _MAGIC, 2 | flags)
    for name, (kind, value) in sorted(own.items()):
        head += name.encode("latin-1") + b"\0" + kind.encode("latin-1") + b"\0"
        head += struct.pack("<i", len(value)) + value
    head += b"\0"
    light = code_to_light(rgb).transpose(0, 2, 1)[:, ::-1]  # (H, channel B G R, W), as lines lie in the file
    blocks = []
    for top in range(0, height, _ZIP_BLOCK_LINES):
        packed = _packed(np.ascontiguousarray(light[top : top + _ZIP_BLOCK_LINES]).astype("<f4").tobytes())
        blocks.append(struct.pack("<ii", top, len(packed)) + packed)
    place, places = len(head) + 8 * len(blocks), []
    for block in blocks:
        places.append(place)
        place += len(block)
    target.write_bytes(head + struct.pack(f"<{len(places)}Q", *places) + b"".join(blocks))


@dataclass(frozen=True, kw_only=True)
class ExrHeader:
    """The header of a file with one picture, grey or RGB, whose data window is its display window."""

    width: int
    height: int
    what: str
    """Type of the samples and channels, in words for messages."""
    attributes: tuple[tuple[str, str, bytes], ...]
    """(name, type, value as in the file) of all attributes, in their order."""


def read_exr_header(path: Path) -> ExrHeader:
    """The header of an OpenEXR file.

    Raises SourceError for deep or several pictures, other channels than Y or R, G and B, integer samples, and a data
    window other than the display window; ValueError or struct.error where it is no OpenEXR file; OSError.
    """
    with path.open("rb") as file:
        magic, version = struct.unpack("<II", file.read(8))
        if magic != _MAGIC:
            raise ValueError("its first bytes are not those of an OpenEXR")
        if version & ~(0xFF | _SINGLE_SCANLINE_OR_TILED | _LONG_NAMES):
            raise SourceError(
                f"{path}: an OpenEXR of several or of deep pictures; one flat picture would work"
            )
        attributes = _attributes(file)
    values = {name: value for name, _, value in attributes}
    channels = _channels(values.get("channels", b""))
    names, types = set(channels), {_TYPES.get(kind) for kind in channels.values()}
    if names not in _CHANNELS or None in types or len(types) != 1:
        found = first_few(sorted(names)) or "none"
        raise SourceError(
            f"{path}: an OpenEXR with the channels {found}; Y alone or R, G and B, all half or all float, would work"
        )
    data, display = (struct.unpack("<4i", values[name]) for name in ("dataWindow", "displayWindow"))
    if data != display:
        raise SourceError(
            f"{path}: its data window {data} is not its display window {display}; crop or fill it to what is shown"
        )
    return ExrHeader(
        width=data[2] - data[0] + 1,
        height=data[3] - data[1] + 1,
        what=f"OpenEXR, {types.pop()}, {'grey' if len(names) == 1 else 'RGB'}",
        attributes=tuple(attributes),
    )


def _packed(data: bytes) -> bytes:
    """OpenEXR's ZIP: even bytes before odd ones, differences, deflate; the data itself where ZIP is not shorter."""
    flat = np.frombuffer(data, np.uint8)
    parted = np.concatenate([flat[::2], flat[1::2]])
    steps = parted.copy()
    steps[1:] = parted[1:] - parted[:-1] + np.uint8(128)
    packed = zlib.compress(steps.tobytes(), 4)
    return packed if len(packed) < len(data) else data


def _rows(plane: Any, dtype: type[Any]) -> npt.NDArray[Any]:
    """The lines of a plane, padding at their ends included; a view."""
    flat = np.frombuffer(plane, np.uint8)
    return flat.reshape(-1, plane.line_size)[: plane.height].view(dtype)


@lru_cache(maxsize=1)
def _light_table() -> Light:
    """The light of every code value."""
    code = np.arange(_PEAK + 1) / _PEAK
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _attributes(file: BinaryIO) -> list[tuple[str, str, bytes]]:
    """All attributes of a header; leaves the file at its end."""
    found: list[tuple[str, str, bytes]] = []
    left = _MOST_HEADER_BYTES
    while name := _text(file):
        kind = _text(file)
        (size,) = struct.unpack("<i", file.read(4))
        left -= max(size, 0) + 16
        if size < 0 or left < 0:
            raise ValueError("an attribute of its header has no possible size")
        value = file.read(size)
        if len(value) != size:
            raise ValueError("its header is cut off")
        found.append((name, kind, value))
    for required in ("channels", "dataWindow", "displayWindow"):
        if all(name != required for name, _, _ in found):
            raise ValueError(f"its header has no {required}")
    return found


def _text(file: BinaryIO) -> str:
    """A name of up to 255 bytes that ends with a zero."""
    found = bytearray()
    while (byte := file.read(1)) != b"\0":
        if not byte or len(found) == 255:
            raise ValueError("a name in its header does not end")
        found += byte
    return found.decode("latin-1")


def _channels(value: bytes) -> dict[str, int]:
    """The number of the sample type of each channel by its name; 0 for a subsampled channel."""
    found, start = {}, 0
    while value[start : start + 1].strip(b"\0"):
        end = value.index(b"\0", start)
        kind, across, down = struct.unpack_from("<i4xii", value, end + 1)
        found[value[start:end].decode("latin-1")] = kind if (across, down) == (1, 1) else 0
        start = end + 17
    return found
