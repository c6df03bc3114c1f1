"""Reads metadata of films that PyAV does not give, most of it from FFmpeg's log, some from the packets."""

import math
import re
import struct
from pathlib import Path
from typing import Any

import av
import av.bitstream
import av.error
import av.filter
from av.container import InputContainer
from av.video.stream import VideoStream

from pipeline.media import UPRIGHT, Crop, Orientation
from pipeline.source.ffmpeg_log import INFO, listening
from pipeline.source.open_media import open_media, read_packets
from pipeline.source.tag_text.quicktime import box_of_file, boxes

_MATRIX = "DISPLAYMATRIX"
_MATRIX_TERMS = struct.Struct("=9i")
_EXACT = 1 / 1024
"""Tolerance of the terms of a display matrix, which are rounded to 1/65536, compared with a rotation's."""
_GRAIN_HEADERS = {
    "av1": r"film_grain_params_present +\S+ = 1",
    "h264": r"film_grain_characteristics_cancel_flag +\S+ = 0",
    "hevc": r"film_grain_characteristics_cancel_flag +\S+ = 0",
}
"""By FFmpeg's name of the codec: the line of `trace_headers` that announces film grain, as a regular expression."""


def picture_orientation(frame: av.VideoFrame) -> Orientation:
    """The orientation of a decoded picture, by its display matrix."""
    found = side_data(frame)
    return Orientation(degrees=-frame.rotation % 360) if found is None else orientation_of(found.get(_MATRIX))


def orientation_of(display_matrix: bytes | None) -> Orientation:
    """The orientation in FFmpeg's display matrix (nine 32-bit integers); upright for None, or a matrix of scale 0."""
    if display_matrix is None or len(display_matrix) < _MATRIX_TERMS.size:
        return UPRIGHT
    a, b, _, c, d, *_ = _MATRIX_TERMS.unpack(display_matrix[: _MATRIX_TERMS.size])
    scale = math.hypot(a, c), math.hypot(b, d)
    if not all(scale):
        return UPRIGHT
    is_mirrored = a * d - b * c < 0
    across, down = ((-a, -c) if is_mirrored else (a, c)), (b, d)
    radians = math.atan2(down[0] / scale[1], across[0] / scale[0])
    expected = (math.cos(radians), -math.sin(radians), math.sin(radians), math.cos(radians))
    found = (across[0] / scale[0], across[1] / scale[0], down[0] / scale[1], down[1] / scale[1])
    is_exact = abs(scale[0] / scale[1] - 1) < _EXACT and all(
        abs(one - other) < _EXACT for one, other in zip(found, expected, strict=True)
    )
    degrees = round(math.degrees(radians), 2) % 360
    return Orientation(degrees=degrees, is_mirrored=is_mirrored, is_exact=is_exact)


def side_data(frame: av.VideoFrame) -> dict[str, bytes] | None:
    """The side data of a decoded picture by PyAV's name of its kind; None where PyAV does not know one of the kinds."""
    try:
        found: Any = frame.side_data  # its type says that it gives names
        return {each.type.name: bytes(each) for each in found}
    except ValueError:  # a kind that FFmpeg has and PyAV has not, e.g. Exif
        return None


def container_crop(container: InputContainer, stream: VideoStream, frame: av.VideoFrame) -> Crop | None:
    """The crop that the container asks players for (PixelCrop of Matroska, `clap` of MOV); None where there is none.

    It is in the description of the file that FFmpeg writes into its log.
    """
    described: Any = container  # has a method that its type stub lacks
    with listening(INFO):
        streams = re.split(r"^ *Stream #0:(\d+)", described.dumps_format(), flags=re.MULTILINE)[1:]
    own = dict(zip(streams[::2], streams[1::2], strict=True)).get(str(stream.index), "")
    found = re.search(r"^ +Frame Cropping: (\d+)/(\d+)/(\d+)/(\d+)\s*$", own, flags=re.MULTILINE)
    if found is None:
        return None
    left, right, top, bottom = (int(edge) for edge in found.groups())
    if left + right >= frame.width or top + bottom >= frame.height or not left + right + top + bottom:
        return None
    return Crop(left=left, right=right, top=top, bottom=bottom)


def ask_filters(stream: VideoStream, frame: av.VideoFrame) -> tuple[str, str]:
    """(chroma site in FFmpeg's name, fields) of a frame; fields are `P` progressive, `T` top first, `B` bottom first.

    PyAV gives neither; FFmpeg's filter `showinfo` logs both.
    """
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=stream.time_base
    )
    graph.link_nodes(source, graph.add("showinfo"), graph.add("buffersink")).configure()
    with listening(INFO, all_threads=True) as log:
        graph.push(frame)
        graph.pull()
    report = "".join(message for _, name, message in log if name == "showinfo")
    site, fields = re.search(r" cl:(\S+)", report), re.search(r" i:([PTB]) ", report)
    return (site[1] if site else "unspecified"), (fields[1] if fields else "P")


def asks_for_grain(path: Path, stream: VideoStream) -> bool:
    """Whether the headers of the first picture ask the decoder to synthesise film grain. Raises FFmpegError.

    AV1 can code grain as parameters ("film grain synthesis"), and so can H.264 and HEVC (SEI, SMPTE RDD 5). FFmpeg's
    decoders apply them, so that the grain is part of every frame that is read.
    """
    pattern = _GRAIN_HEADERS.get(stream.codec_context.codec.canonical_name)
    if pattern is None:
        return False
    with open_media(path) as container:
        own = container.streams[stream.index]
        first = _first_packet(container, own)
        if first is None:
            return False
        headers = av.bitstream.BitStreamFilterContext("trace_headers", own)
        with listening(INFO) as log:
            try:
                headers.filter(first)
            except av.error.FFmpegError:  # a damaged picture, which the decoder tells
                return False
    return re.search(pattern, "".join(text for _, _, text in log)) is not None


def holds_two_jpegs(path: Path, stream: VideoStream, *, lines: int) -> bool:
    """Whether pictures of `lines` lines are two JPEGs, of a field each: FFmpeg weaves them, and does not say so.

    As capture cards of analogue tapes wrote them. Raises FFmpegError.
    """
    if stream.codec_context.name != "mjpeg":
        return False
    with open_media(path) as container:
        first = _first_packet(container, container.streams[stream.index])
    data = b"" if first is None else bytes(first)
    frame = re.search(rb"\xff[\xc0-\xc3]\x00.\x08(..)", data, flags=re.DOTALL)  # length, depth, lines
    return frame is not None and 2 * int.from_bytes(frame[1]) == lines


def has_odd_edits(path: Path, track: int) -> bool:
    """Whether the edit list of a track of an MP4 or MOV has a pause in its middle or another speed than 1.

    FFmpeg shows other pictures there than QuickTime, and says so nowhere. False where the file holds no such list.
    """
    with path.open("rb") as file:
        header = box_of_file(file, b"moov")
    tracks = [content for name, content in boxes(header) if name == b"trak"]
    content = tracks[track] if track < len(tracks) else b""
    for name in (b"edts", b"elst"):
        content = next((inside for kind, inside in boxes(content) if kind == name), b"")
    wide = content[:1] == b"\1"
    entry = struct.Struct(">qqi" if wide else ">iii")  # duration, time in the media or -1, speed
    edits = list(entry.iter_unpack(content[8 : 8 + (len(content) - 8) // entry.size * entry.size]))
    return any(speed != 1 << 16 for _, _, speed in edits) or any(time == -1 for _, time, _ in edits[1:])


def hint_tracks(path: Path) -> frozenset[int]:
    """Indices of the tracks of an MP4 or MOV that only tell a server how to send the others (RTP)."""
    with path.open("rb") as file:
        tracks = [content for name, content in boxes(box_of_file(file, b"moov")) if name == b"trak"]
    media = (next((inside for name, inside in boxes(track) if name == b"mdia"), b"") for track in tracks)
    handlers = (next((inside for name, inside in boxes(one) if name == b"hdlr"), b"") for one in media)
    return frozenset(index for index, handler in enumerate(handlers) if handler[8:12] == b"hint")


def _first_packet(container: InputContainer, stream: Any) -> Any:
    """The first packet of a stream that has data; None where there is none."""
    return next((packet for packet in read_packets(container, stream) if packet.size), None)
