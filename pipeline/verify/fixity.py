"""Hashes a finished file: the file, every stream, every frame, every second.

The hash of a stream is that of its packets' payloads, one after the other, as FFmpeg's `streamhash` has it: it stays
the same when the film is put into another container of its kind. The hashes of frames and seconds include the times;
they only show where something changed.
"""

import re
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
import xxhash

from pipeline.errors import SourceError
from pipeline.progress import StageProgress
from pipeline.read_monitor import ReadTracker, reading
from pipeline.regular_file import refuse_special_file
from pipeline.source.open_media import open_media, read_packets
from pipeline.still_pattern import Pattern, stills_in
from pipeline.target import target_of

_BLOCK_BYTES = 8 << 20
_SEED_MASK = 2**64 - 1
_SHA256, _HASHES = re.compile("[0-9a-f]{64}"), re.compile("(?:[0-9a-f]{16})*")
_SECOND = re.compile("-?[0-9]{1,18}")


@dataclass(frozen=True, kw_only=True)
class StreamHash:
    """One stream of a file."""

    index: int
    kind: str
    """video, audio, subtitle, attachment or data."""
    codec: str
    """FFmpeg's name; `none` for streams without a codec."""
    packets: int
    payload_bytes: int
    """Of all packets together; of an attachment, of its file."""
    sha256: str
    """Of the payloads of all packets, in the order of the file."""
    frames: str | None = None
    """Of the picture that is wanted frame by frame: 16 hexadecimal digits for each frame in presentation order,
    XXH3-64 of its packet's payload, seeded with its pts in the stream's own ticks."""
    seconds: Mapping[str, str] | None = None
    """Of other streams: 16 hexadecimal digits for each second (rounded down) in which packets begin."""

    def __post_init__(self) -> None:
        if min(self.index, self.packets, self.payload_bytes) < 0:
            raise ValueError(f"stream {self.index}: an index, a count or a size is below 0")
        if not _SHA256.fullmatch(self.sha256) or not _HASHES.fullmatch(self.frames or ""):
            raise ValueError(f"stream {self.index}: a hash that is none")
        for second, hash in (self.seconds or {}).items():
            if not _SECOND.fullmatch(second) or len(hash) != 16 or not _HASHES.fullmatch(hash):
                raise ValueError(f"stream {self.index}: a second whose hash is none")


@dataclass(frozen=True, kw_only=True)
class ContentHash:
    """A file and its streams."""

    size_bytes: int
    sha256: str
    container: str
    """FFmpeg's name of the demuxer."""
    streams: tuple[StreamHash, ...]
    broken_off: str | None = None
    """Why the packets could not be read to the end; None where they could."""

    def __post_init__(self) -> None:
        if self.size_bytes < 0:
            raise ValueError(f"size_bytes: {self.size_bytes}; a size is 0 or more")
        if not _SHA256.fullmatch(self.sha256):
            raise ValueError("sha256: 64 hexadecimal digits are needed")


@dataclass
class _Running:
    """A stream while its packets go by."""

    digest: Any = field(default_factory=sha256)
    packets: int = 0
    payload_bytes: int = 0
    pts: "array[int]" = field(default_factory=lambda: array("q"))
    hashes: "array[int]" = field(default_factory=lambda: array("Q"))
    seconds: dict[int, Any] = field(default_factory=dict)
    last_second: int = 0


def hash_content(
    path: Path,
    *,
    picture_index: int | None = None,
    places: bool = True,
    progress: StageProgress | None = None,
) -> ContentHash:
    """Reads a film twice, as a file and packet by packet; nothing is decoded, 16 bytes a frame are held.

    `picture_index` is the stream whose frames are hashed one by one; `places=False` leaves out frames and seconds.
    Reports the stage `hash` in bytes. Raises SourceError where it cannot be opened; where reading breaks off,
    `broken_off` says so and the streams are as far as they go.
    """
    target = target_of(path)
    if target.is_numbered:
        return _hash_stills(target.pattern, stills_in(path), places, progress)
    size, digest = _hash_file(path, progress)
    try:
        with (
            reading(path) as tracker,
            open_media(path) as container,
        ):
            running = {stream.index: _Running() for stream in container.streams}
            broken_off = _read_packets(container, running, picture_index if places else None, places, tracker)
            name = container.format.name
            streams = tuple(
                _finish(stream, running[stream.index], picture_index, places) for stream in container.streams
            )
    except (av.error.FFmpegError, OSError) as error:
        raise SourceError(f"{path}: cannot be read as a film: {_reason(error)}") from error
    return ContentHash(size_bytes=size, sha256=digest, container=name, streams=streams, broken_off=broken_off)


def split_hashes(text: str) -> Sequence[str]:
    """The single hashes in `StreamHash.frames`."""
    return [text[at : at + 16] for at in range(0, len(text), 16)]


def _hash_stills(
    pattern: Pattern, numbers: Sequence[int], places: bool, progress: StageProgress | None
) -> ContentHash:
    """Numbered stills are a stream whose packets are the files; the hash of a frame is seeded with its number.

    The hash of the whole is that of the list that `sha256sum` prints of them: `sha256sum *.dpx | sha256sum`.
    """
    listing, payload, frames, done = sha256(), sha256(), array("Q"), 0
    for number in numbers:
        path = pattern.path(number)
        refuse_special_file(path)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise SourceError(f"cannot read {path}: {error.strerror}") from error
        payload.update(data)
        listing.update(f"{sha256(data).hexdigest()}  {path.name}\n".encode(errors="surrogateescape"))
        done += len(data)
        if places:
            frames.append(xxhash.xxh3_64_intdigest(data, seed=number))
        if progress is not None:
            progress("hash", done, None)
    stream = StreamHash(
        index=0,
        kind="video",
        codec=pattern.kind,
        packets=len(numbers),
        payload_bytes=done,
        sha256=payload.hexdigest(),
        frames=np.array(frames, np.uint64).astype(">u8").tobytes().hex() if places else None,
    )
    return ContentHash(size_bytes=done, sha256=listing.hexdigest(), container="image2", streams=(stream,))


def _hash_file(path: Path, progress: StageProgress | None) -> tuple[int, str]:
    refuse_special_file(path)
    digest, done, block = sha256(), 0, bytearray(_BLOCK_BYTES)
    try:
        total = path.stat().st_size
        with path.open("rb", buffering=0) as file:
            while count := file.readinto(block):
                digest.update(memoryview(block)[:count])
                done += count
                if progress is not None:
                    progress("hash", done, max(total, done))
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from error
    return done, digest.hexdigest()


def _read_packets(
    container: Any,
    running: dict[int, _Running],
    picture_index: int | None,
    places: bool,
    tracker: ReadTracker,
) -> str | None:
    """Takes every packet into account; returns why it had to stop early, if it had to."""
    try:
        for packet in read_packets(container):
            if packet.size:
                tracker.frame(packet.pts)
                _take(packet, running[packet.stream.index], picture_index, places)
    except av.error.FFmpegError as error:
        return _reason(error)
    return None


def _take(packet: Any, stream: _Running, picture_index: int | None, places: bool) -> None:
    stream.digest.update(packet)
    stream.packets += 1
    stream.payload_bytes += packet.size
    if not places:
        return
    time = packet.pts if packet.pts is not None else packet.dts
    if packet.stream.index == picture_index:
        stream.pts.append(time if time is not None else 0)
        stream.hashes.append(xxhash.xxh3_64_intdigest(packet, seed=(time or 0) & _SEED_MASK))
        return
    base = packet.time_base
    if time is not None and base is not None:
        stream.last_second = time * base.numerator // base.denominator
    second = stream.seconds.setdefault(stream.last_second, xxhash.xxh3_64())
    second.update((time or 0).to_bytes(8, "little", signed=True))
    second.update(packet)


def _finish(stream: Any, seen: _Running, picture_index: int | None, places: bool) -> StreamHash:
    context = stream.codec_context
    is_picture = places and stream.index == picture_index
    if stream.type == "attachment":  # no packets: the file stands in the header
        seen.digest.update(stream.data)
        seen.payload_bytes = len(stream.data)
    frames = None
    if is_picture:
        order = np.argsort(np.array(seen.pts, np.int64), kind="stable")
        frames = np.array(seen.hashes, np.uint64)[order].astype(">u8").tobytes().hex()
    return StreamHash(
        index=stream.index,
        kind=stream.type or "data",
        codec=context.codec.canonical_name if context is not None else "none",
        packets=seen.packets,
        payload_bytes=seen.payload_bytes,
        sha256=seen.digest.hexdigest(),
        frames=frames,
        seconds={str(at): second.hexdigest() for at, second in sorted(seen.seconds.items())}
        if places and not is_picture
        else None,
    )


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
