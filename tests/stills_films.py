"""Films of numbered stills, made on the fly: whose luma a test knows sample for sample."""

import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.video.codeccontext import VideoCodecContext

from pipeline.media import Plane
from pipeline.stills.dpx import new_dpx_head
from tests.pictures import fill_frame, picture

CODECS = {".dpx": "dpx", ".exr": "exr", ".png": "png", ".tif": "tiff", ".tiff": "tiff"}


def make_stills(
    pattern: Path,
    *,
    pixel_format: str,
    count: int = 12,
    first: int = 1,
    size: tuple[int, int] = (64, 48),
    cut: int | None = None,
) -> list[Plane]:
    """Writes `count` stills with FFmpeg's encoder of the suffix, named `str(pattern) % number`; returns their luma.

    `pixel_format` is the encoder's; floats hold the light of 16-bit code values. RGB has R = G = B.
    """
    pattern.parent.mkdir(parents=True, exist_ok=True)
    planes = []
    for number in range(count):
        scene = 0 if cut is None or number < cut else 1
        depth = 16 if "f32" in pixel_format else av.VideoFormat(pixel_format).components[0].bits
        luma = picture(number, size=size, depth=depth, full_range=True, scene=scene)
        planes.append(luma)
        path = pattern.parent / (pattern.name % (first + number))
        path.write_bytes(_still(luma, CODECS[pattern.suffix], pixel_format))
    return planes


def lie_as(path: Path, directions: int) -> None:
    """Makes a DPX say in which directions its samples and lines go, by the number of SMPTE ST 268-1."""
    data = path.read_bytes()
    number = directions.to_bytes(2, "big" if data[:4] == b"SDPX" else "little")
    path.write_bytes(data[:768] + number + data[770:])


def write_grey_dpx(path: Path, luma: Plane, *, depth: int, timecode: str | None = None) -> None:
    """A DPX of grey as scanners write it, big-endian: 10 bits three to a word, 12 bits at the top of 16."""
    height, width = luma.shape
    head = bytearray(new_dpx_head(timecode=timecode, sample_aspect=(1, 1), rate=24.0))
    head[0:4] = b"SDPX"
    if depth == 10:
        words = np.zeros((height, -(-width // 3) * 3), np.uint32)
        words[:, :width] = luma
        words = words.reshape(-1, 3)
        data = (words[:, 0] << 2 | words[:, 1] << 12 | words[:, 2] << 22).astype(">u4").tobytes()
    else:
        data = (luma.astype(np.uint16) << (16 - depth)).astype(">u2").tobytes()
    for offset, value, size in (
        (4, 2048, 4),
        (16, 2048 + len(data), 4),
        (20, 1, 4),
        (24, 1664, 4),
        (28, 384, 4),
        (768, 0, 2),
        (770, 1, 2),
        (772, width, 4),
        (776, height, 4),
        (780, 0, 4),
        (804, 1 if depth in (10, 12) else 0, 2),
        (806, 0, 2),
        (808, 2048, 4),
    ):
        head[offset : offset + size] = value.to_bytes(size, "big")
    head[8:16] = b"V1.0\0\0\0\0"
    head[800:804] = bytes([6, 2, 2, depth])
    path.write_bytes(bytes(head) + data)


def write_sound(path: Path, *, seconds: Fraction) -> None:
    """A WAV file with a tone."""
    count = round(seconds * 48000)
    tone = (8000 * np.sin(np.arange(count) * (2 * np.pi * 220 / 48000))).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48000)
        file.writeframes(tone.tobytes())


def read_still(path: Path) -> av.VideoFrame:
    """The picture in a still, as FFmpeg decodes it."""
    with av.open(str(path).replace("%", "%%"), format="image2", options={"pattern_type": "none"}) as file:
        return next(file.decode(video=0))


def code_light(light: npt.NDArray[np.float32], pixel_format: str) -> bytes:
    """An OpenEXR file whose channels all hold this light (H, W)."""
    frame = av.VideoFrame(light.shape[1], light.shape[0], pixel_format)
    for plane in frame.planes:
        rows = np.zeros((plane.height, plane.line_size // 4), np.float32)
        rows[:, : light.shape[1]] = light
        plane.update(rows.tobytes())
    return _coded(frame, "exr")


def _still(luma: Plane, codec: str, pixel_format: str) -> bytes:
    if "f32" not in pixel_format:
        return _coded(fill_frame(luma, pixel_format), codec)
    code = luma / 65535
    light = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    return code_light(light.astype(np.float32), pixel_format)


def _coded(frame: av.VideoFrame, codec: str) -> bytes:
    context = av.codec.CodecContext.create(codec, "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = frame.width, frame.height, frame.format.name
    context.time_base = Fraction(1, 24)
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])
