"""Sound that is converted for a container, cut into blocks of samples: as the file holds it, and as it should be."""

import contextlib
from collections import deque
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import av
import av.error
import av.filter
import numpy as np
import numpy.typing as npt

from pipeline.output.units.packet_units import Unit

_RATE = 48_000
_BLOCK = 4_800
"""Samples of each channel."""
_BLOCKS_OF_AN_END = 2
_LOUDNESS, _FLOOR = 0.35, (1 << 23) * 0.02
"""By how much, in shares and at least, the loudness of a tenth of a second may change in a codec with losses."""
Samples = npt.NDArray[np.int32]
"""(samples, channels) of 24 bits."""
_NANOSECONDS = 1_000_000_000
_EXACT_DECODERS = ("pcm_", "adpcm_", "s302m", "gsm", "wmalossless")
"""Codecs whose decoders count in whole numbers only."""
_EXACT = ("pcm_s", "pcm_u", "flac", "alac", "wavpack", "tta", "ape", "tak", "truehd", "mlp", "shorten")


def is_as_loud(one: Samples, other: Samples) -> bool:
    """Whether two blocks may be the same sound, of which one went through a codec with losses."""
    if one.shape[1:] != other.shape[1:]:
        return False
    loud = [float(np.sqrt(np.mean(np.square(block.astype(np.float64))))) for block in (one, other)]
    return abs(loud[0] - loud[1]) <= max(_LOUDNESS * max(loud), _FLOOR)


def tolerance(stream: Any, *, is_resampled: bool) -> int:
    """By how much samples of 24 bits may differ that another decoder or resampler made, out of that stream."""
    context = stream.codec_context
    is_exact = context.codec.canonical_name.startswith(_EXACT if is_resampled else _EXACT + _EXACT_DECODERS)
    return 0 if is_exact and (not is_resampled or context.sample_rate == _RATE) else 1 << 8


def _kind(frame: Any) -> tuple[int, str, str]:
    """Rate, sample format and layout."""
    return frame.sample_rate, frame.format.name, frame.layout.name


class SoundUnits:
    """Decodes one stream; `filters` (as FFmpeg's command line has them) bring it to its measure first.

    Without filters the samples are the decoder's own. What decoders and resamplers make of the end of a sound differs
    by version: where samples need not be exact, the blocks around it come without any.
    """

    def __init__(
        self, stream: Any, filters: str = "", *, is_exact: bool, begins_ns: int | None = None
    ) -> None:
        """`begins_ns` is when the first sample is; None: at the time of the first frame."""
        self._context = stream.codec_context
        self._is_exact = is_exact
        self._rate = _RATE if filters else self._context.sample_rate
        self._filters = [*filter(None, filters.split(",")), "aformat=sample_fmts=s32"]
        self._graph: av.filter.Graph | None = None
        self._as_first: dict[tuple[int, str, str], av.AudioResampler] = {}
        """Makes frames of another rate or other channels, in mid-film, like the first one; one for each kind."""
        self._held: npt.NDArray[np.int32] | None = None
        self._late: deque[Unit] = deque()
        self._done = 0
        self._begins_ns = begins_ns

    def take(self, packet: Any) -> Iterator[Unit]:
        try:
            frames = packet.decode()
        except av.error.FFmpegError:  # FFmpeg goes on with the next packet too
            return
        self._late.extend(self._through(frames))
        while len(self._late) > _BLOCKS_OF_AN_END:
            yield self._late.popleft()

    def rest(self) -> Iterator[Unit]:
        with contextlib.suppress(av.error.FFmpegError):
            self._late.extend(self._through(self._context.decode(None)))
        end = self._done + _BLOCKS_OF_AN_END * _BLOCK
        self._late.extend(self._through([None]))
        if self._held is not None and self._held.size:
            self._late.append(self._unit(self._held))
        for number, unit in enumerate(self._late):
            at = (unit.time_ns or 0) - (self._begins_ns or 0)
            is_end = number < _BLOCKS_OF_AN_END or at * self._rate < end * _NANOSECONDS
            yield unit._replace(samples=None) if is_end and not self._is_exact else unit

    def _through(self, frames: Sequence[Any]) -> Iterator[Unit]:
        """Blocks that the filters give for frames; None ends the sound."""
        for frame in frames:
            if self._graph is None and frame is None:
                return
            if self._graph is None:
                self._graph = self._make_graph(frame)
            for own in [None] if frame is None else self._like_the_first(frame):
                with contextlib.suppress(av.error.EOFError):  # the filters have what they need
                    self._graph.push(own)
                yield from self._pull()

    def _like_the_first(self, frame: Any) -> list[Any]:
        """The frame, timed in samples, at the rate and in the layout with which the sound began."""
        if frame.pts is not None:
            if self._begins_ns is None:
                self._begins_ns = round(frame.pts * Fraction(frame.time_base) * _NANOSECONDS)
            frame.pts = round(frame.pts * Fraction(frame.time_base) * frame.sample_rate)
            frame.time_base = Fraction(1, frame.sample_rate)
        kind = _kind(frame)
        if kind == self._first:
            return [frame]
        if kind not in self._as_first:
            rate, sample_format, layout = self._first
            self._as_first[kind] = av.AudioResampler(sample_format, layout, rate)
        frame.pts = None
        return list(self._as_first[kind].resample(frame))

    def _make_graph(self, frame: Any) -> av.filter.Graph:
        self._first = _kind(frame)
        graph = av.filter.Graph()
        nodes = [
            graph.add_abuffer(
                sample_rate=frame.sample_rate,
                format=frame.format.name,
                layout=frame.layout.name,
                time_base=Fraction(1, frame.sample_rate),
            )
        ]
        nodes += [graph.add(*words.split("=", 1)) for words in self._filters]
        graph.link_nodes(*nodes, graph.add("abuffersink")).configure()
        return graph

    def _pull(self) -> Iterator[Unit]:
        assert self._graph is not None
        while True:
            try:
                frame = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            assert isinstance(frame, av.AudioFrame)
            samples = frame.to_ndarray().reshape(-1, frame.layout.nb_channels).astype(np.int32) >> 8
            held = samples if self._held is None else np.concatenate([self._held, samples])
            while len(held) >= _BLOCK:
                yield self._unit(held[:_BLOCK])
                held = held[_BLOCK:]
            self._held = held.copy()

    def _unit(self, samples: npt.NDArray[np.int32]) -> Unit:
        begins = (self._begins_ns or 0) + self._done * _NANOSECONDS // self._rate
        self._done += len(samples)
        return Unit(0, begins, np.ascontiguousarray(samples))
