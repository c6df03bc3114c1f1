"""Describes and opens numbered stills as a film, beside film files; still n has the pts n, in units of one frame."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import av.error
from av.container import InputContainer

from pipeline.errors import SettingsError, SourceError
from pipeline.limits import Limits
from pipeline.media import FilmInfo, Orientation, StreamInfo
from pipeline.read_monitor import reading
from pipeline.regular_file import refuse_special_file
from pipeline.source.open_media import open_media, open_whole
from pipeline.source.probe import describe_film, first_frame, limit_pixels, probe
from pipeline.source.streams import describe_stream
from pipeline.source.tag_text.tag_decoder import decoder_of, notes_on_tags, tags_of
from pipeline.still_pattern import Pattern, StillSequence, find_numbers, parse_pattern
from pipeline.stills.dpx import dpx_orientation, dpx_timecode, read_dpx_head
from pipeline.stills.exr import coded_picture
from pipeline.stills.header import read_still_header
from pipeline.target import target_of

_LIMITS = Limits()
_TURNS = {1: (0, False), 2: (0, True), 3: (180, False), 4: (180, True), 5: (90, True), 6: (90, False)}
_TURNS |= {7: (270, True), 8: (270, False)}
"""Degrees and mirror by the number of an Exif orientation."""
RAW_STREAMS = frozenset({"h264", "hevc", "vvc"})
"""FFmpeg's names of the demuxers of raw streams, whose pictures have no times."""


def probe_film_or_stills(
    path: Path, *, rate: Fraction | None = None, sound: Path | None = None, limits: Limits = _LIMITS
) -> FilmInfo:
    """Describes a film file, or numbered stills at `rate` frames per second with the sound of the file `sound`.

    A raw stream may have a `rate` too: frame n then is at n / `rate` seconds. Of numbered stills only the first is
    read; `check_stills` reads the headers of all. Raises SourceError as `probe` and `find_numbers` do, and where
    `sound` holds no sound; SettingsError where stills have no rate, or a film with times of its own is given one.
    """
    if not target_of(path).is_numbered:
        film = probe(path, limits=limits)
        if rate is not None and sound is None and film.container in RAW_STREAMS:
            return _counted(film, rate)
        if rate is not None or sound is not None:
            raise SettingsError(
                f"{path}: has times and sound of its own; rate and sound are for numbered stills, rate for raw "
                "H.264 and HEVC too"
            )
        return film
    if rate is None:
        raise SettingsError(
            f"{path}: numbered stills have no times; rate: 24 (or 16, 18, 23.976, 25) would work"
        )
    numbers = find_numbers(path)
    pattern = parse_pattern(path)
    read_still_header(pattern.path(numbers[0]), kind=pattern.kind)
    try:
        with (
            reading(path, limits),
            open_stills(pattern, first=numbers[0], rate=rate) as container,
        ):
            stream, still = container.streams.video[0], pattern.path(numbers[0])
            limit_pixels(still, stream=stream, limits=limits)
            frame = coded_picture(first_frame(still, container=container, stream=stream), name=str(still))
            film = describe_film(path, container=container, stream=stream, frame=frame, limits=limits)
    except av.error.FFmpegError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror})") from error
    return _complete(film, pattern, numbers, rate=rate, sound=sound)


def _counted(film: FilmInfo, rate: Fraction) -> FilmInfo:
    """The description of a raw stream whose frame n has the pts n in units of 1 / `rate` seconds."""
    video = replace(film.video, time_base=1 / rate, start_pts=0)
    return replace(
        film,
        streams=(video, *film.streams[1:]),
        time_base=1 / rate,
        rate_from_header=rate,
        duration_seconds_from_header=None,
        is_counted=True,
    )


def check_stills(path: Path) -> None:
    """Reads the header of every still of the pattern `path`.

    Raises SourceError for the first still that cannot be read, or differs from the first one in size or kind.
    """
    numbers, pattern = find_numbers(path), parse_pattern(path)
    first = read_still_header(pattern.path(numbers[0]), kind=pattern.kind)
    for number in numbers:
        found = read_still_header(pattern.path(number), kind=pattern.kind)
        if found != first:
            raise SourceError(
                f"{pattern.path(number)}: is {found}, the sequence began as {first}; make them alike, or cut it there"
            )


def open_stills(pattern: Pattern, *, first: int, rate: Fraction) -> InputContainer:
    """Opens the stills of a pattern, from number `first` on, as one video stream. Raises FFmpegError."""
    options = {
        "pattern_type": "sequence",
        "start_number": str(first),
        "framerate": f"{rate.numerator}/{rate.denominator}",
    }
    return open_media(Path(pattern.for_ffmpeg), format="image2", options=options)


def open_film(film: FilmInfo) -> InputContainer:
    """Opens the file, or the numbered stills, of a film that was described. Raises FFmpegError or OSError."""
    if film.sequence is not None:
        return open_stills(parse_pattern(film.path), first=film.sequence.first, rate=film.sequence.rate)
    return open_media(film.path)


def still_of_frame(film: FilmInfo, pts: int | None) -> Path:
    """The file of the still that has this pts; the film's own path where it is no numbered stills."""
    if film.sequence is None or pts is None:
        return film.path
    return parse_pattern(film.path).path(film.sequence.first + pts)


def _complete(
    film: FilmInfo, pattern: Pattern, numbers: range, *, rate: Fraction, sound: Path | None
) -> FilmInfo:
    """The film with its rate, sound and timecode; stills, grey or RGB, count as BT.709 at full range."""
    color = replace(film.color, matrix="gbr" if film.pixel_format.chroma == "rgb" else "bt709", range="full")
    timecode, orientation = None, film.orientation
    if pattern.kind == "dpx":
        head = read_dpx_head(pattern.path(numbers[0]))
        degrees, is_mirrored = _TURNS[dpx_orientation(head)]
        timecode = dpx_timecode(head)
        orientation = Orientation(degrees=degrees, is_mirrored=is_mirrored)
    tags = (("timecode", timecode),) if timecode is not None else ()
    streams, indices, file_tags, notes = _sound_streams(sound)
    picture = replace(film.video, tags=film.video.tags + tags)
    return replace(
        film,
        streams=(picture, *streams),
        color=color,
        rate_from_header=rate,
        duration_seconds_from_header=float(len(numbers) / rate),
        orientation=orientation,
        tags=file_tags,
        notes=film.notes + notes,
        sequence=StillSequence(
            first=numbers[0], count=len(numbers), rate=rate, sound=sound, sound_streams=indices
        ),
    )


def _sound_streams(
    sound: Path | None,
) -> tuple[tuple[StreamInfo, ...], tuple[int, ...], tuple[tuple[str, str], ...], tuple[str, ...]]:
    """The audio streams of a sound file numbered from 1, the index of each in the file, and its tags and notes."""
    if sound is None:
        return (), (), (), ()
    refuse_special_file(sound)
    try:
        with open_whole(sound) as container:
            own = tags_of(container)
            decoder = decoder_of(container, own)
            found = [describe_stream(stream, decoder) for stream in container.streams.audio]
            tags, _ = decoder.tags(own)
            notes = notes_on_tags(container, decoder, own, what="the sound file")
    except (av.error.FFmpegError, OSError) as error:
        raise SourceError(f"{sound}: cannot be read as a sound file ({error.strerror})") from error
    if not found:
        raise SourceError(f"{sound}: holds no sound; a WAV, FLAC, MOV or MKV file with sound would work")
    streams = tuple(replace(stream, index=number) for number, stream in enumerate(found, start=1))
    return streams, tuple(stream.index for stream in found), tags, notes
