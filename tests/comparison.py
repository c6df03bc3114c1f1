"""A film and what Kinochrome made of it, side by side: frames, luma, times, streams, flags, chapters."""

from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path

import av
import av.filter

from pipeline.fields import order_of
from pipeline.media import FilmInfo, StreamInfo
from pipeline.plan.packet_faults import scan_packets
from pipeline.render.settings import LOSSLESS_CODECS
from pipeline.source.frame_reader import FrameReader
from pipeline.source.probe import probe
from pipeline.verify.fixity import hash_content


@dataclass
class Comparison:
    """What is equal, and one line for each thing that is not."""

    picture: str
    """Codec, size and pixel format of what came out."""
    frames: int = 0
    pts: bool = True
    luma: bool | None = None
    """None where the codec is not lossless."""
    kept: int = 0
    """Streams beside the picture that are there again, of `streams`."""
    streams: int = 0
    faults: list[str] = field(default_factory=list)


def compare(source: Path, output: Path) -> Comparison:
    """Decodes both and looks at every stream."""
    before, after = probe(source), probe(output)
    found = Comparison(f"{after.video.codec} {after.width}x{after.height} {after.pixel_format.name}")
    _compare_frames(found, before, after)
    _compare_streams(found, before, after)
    _compare_headers(found, before, after)
    return found


def _compare_frames(found: Comparison, before: FilmInfo, after: FilmInfo) -> None:
    lossless = after.video.codec in LOSSLESS_CODECS
    found.luma = True if lossless else None
    clock = Fraction(1, 2000) if after.path.suffix in (".mkv", ".webm") else Fraction(0)
    late = Fraction(0)
    is_damaged = bool(scan_packets(before).damage)
    with FrameReader(before) as reader, FrameReader(after) as other:
        for mine, theirs in zip_longest(reader.frames(is_damaged=is_damaged), other.frames()):
            if mine is None or theirs is None:
                found.faults.append(f"{'more' if mine is None else 'fewer'} than {found.frames} frames")
                break
            times = mine.pts * before.time_base, theirs.pts * after.time_base
            if not found.frames and times[0] < 0 <= times[1]:  # MPEG's clock: all is later
                late, clock = times[1] - times[0], 2 * clock
            found.frames += 1
            found.pts &= abs(times[0] + late - times[1]) <= clock
            if lossless:
                found.luma = bool(found.luma) and mine.luma.tobytes() == theirs.luma.tobytes()
    if not found.pts:
        found.faults.append("times differ")
    if found.luma is False:
        found.faults.append("luma differs")


def _compare_streams(found: Comparison, before: FilmInfo, after: FilmInfo) -> None:
    """Every stream but the picture: there, of its kind, with its language, title and flags, packet for packet."""
    mine, theirs = _hashes(before), _hashes(after)
    wanted = [s for s in before.streams if s.index != before.video_index and s.kind != "data"]
    there = [s for s in after.streams if s.index != after.video_index and s.kind != "data"]
    found.streams = len(wanted)
    for stream in wanted:
        told = _told_of(stream)
        if stream.codec == "ass" and after.container.startswith(
            "mov"
        ):  # without its styles, which the run says
            told = ("subtitle", "text", *told[2:])
        other = next((s for s in there if _told_of(s) == told), None)
        if other is None and stream.kind == "audio":  # Matroska may hold it as PCM only, MP4 as AAC
            other = next(
                (
                    s
                    for s in there
                    if _told_of(s)[2:] == _told_of(stream)[2:] and s.codec[:4] in ("pcm_", "aac")
                ),
                None,
            )
        if other is None:
            found.faults.append(f"no more: {_told_of(stream)}, {stream.disposition}")
            continue
        there.remove(other)
        found.kept += 1
        if stream.codec != other.codec and other.codec.startswith("pcm_"):
            if _samples(before, stream) != _samples(after, other):
                found.faults.append(f"audio stream {stream.index} ({stream.codec}): other samples")
        elif stream.codec != other.codec and other.codec in ("aac", "mov_text"):
            pass  # coded anew: the run compares how loud it is, and the bare texts
        elif mine[stream.index] != theirs[other.index]:
            found.faults.append(f"{stream.kind} stream {stream.index} ({stream.codec}) differs")
        is_default = "default" in other.disposition and "default" not in stream.disposition
        if is_default and after.container.startswith("mov"):  # where every kind needs a stream that is shown
            continue
        if stream.disposition != other.disposition and "attached_pic" not in stream.disposition:
            flags = f"{stream.disposition} became {other.disposition}"
            found.faults.append(f"{stream.kind} stream {stream.index}: {flags}")
    found.faults += [f"new: {_told_of(stream)}" for stream in there]


def _samples(film: FilmInfo, stream: StreamInfo) -> str:
    """The hash of a sound's decoded samples, as 64-bit floating point, which holds them all."""
    digest, graph = sha256(), None
    with av.open(str(film.path), metadata_errors="surrogateescape") as container:
        for frame in container.decode(container.streams[stream.index]):
            assert isinstance(frame, av.AudioFrame)
            if graph is None:
                graph = av.filter.Graph()
                source = graph.add_abuffer(
                    sample_rate=frame.sample_rate, format=frame.format.name, layout=frame.layout.name
                )
                plain = graph.add("aformat", "sample_fmts=dbl")
                graph.link_nodes(source, plain, graph.add("abuffersink")).configure()
            graph.push(frame)
            made = graph.pull()
            assert isinstance(made, av.AudioFrame)
            digest.update(made.to_ndarray().tobytes())
    return digest.hexdigest()


def _hashes(film: FilmInfo) -> dict[int, str]:
    """The hash of every stream's payload; of AAC without MPEG-TS's headers, of text subtitles the texts."""
    found = {s.index: s.sha256 for s in hash_content(film.path, places=False).streams}
    for stream in film.streams:
        content = {"aac": _without_adts, "mov_text": _text, "subrip": _text}.get(stream.codec)
        if content is not None:
            digest = sha256()
            with av.open(str(film.path), metadata_errors="surrogateescape") as container:
                for packet in container.demux(container.streams[stream.index]):
                    digest.update(content(bytes(packet)))
            found[stream.index] = digest.hexdigest()
    return found


def _text(packet: bytes) -> bytes:
    """The text of a subtitle, which MP4 puts after its length; gaps are empty texts there."""
    if len(packet) >= 2 and int.from_bytes(packet[:2]) <= len(packet) - 2:
        return packet[2 : 2 + int.from_bytes(packet[:2])]
    return packet


def _without_adts(packet: bytes) -> bytes:
    if len(packet) < 7 or packet[0] != 0xFF or packet[1] & 0xF6 != 0xF0:
        return packet
    return packet[7 if packet[1] & 1 else 9 :]


_ONE_NAME = {"subrip": "text", "mov_text": "text", "mp2": "mp3"}
"""MP4 has one number for MPEG audio of layers 2 and 3, and FFmpeg one name for it."""


def _told_of(stream: StreamInfo) -> tuple[str | None, ...]:
    """What has to be there again: texts may be coded otherwise, a cover may become a file, which has a name."""
    if "attached_pic" in stream.disposition:
        return "cover", stream.codec
    language = stream.tag("language")
    name = stream.tag("title") or stream.tag("filename")
    codec = _ONE_NAME.get(stream.codec, stream.codec)
    return stream.kind, codec, None if language == "und" else language, name


def _compare_headers(found: Comparison, before: FilmInfo, after: FilmInfo) -> None:
    is_paired = after.video.codec not in LOSSLESS_CODECS  # odd sizes become even, which the run says
    for name in ("width", "height", "sample_aspect", "orientation", "crop"):
        mine, theirs = getattr(before, name), getattr(after, name)
        if mine != theirs and not (is_paired and name in ("width", "height") and theirs - mine in (1, 2, 3)):
            found.faults.append(f"{name} {mine} became {theirs}")
    if order_of(before) != order_of(after):
        found.faults.append(f"field_order {before.field_order} became {after.field_order}")
    if before.pixel_format.chroma not in ("rgb", "gray") and before.color.range != after.color.range:
        found.faults.append(f"range {before.color.range} became {after.color.range}")
    times = [[(c.start * c.time_base, c.title) for c in film.chapters] for film in (before, after)]
    if times[0] != times[1]:
        found.faults.append(f"chapters {times[0]} became {times[1]}")
