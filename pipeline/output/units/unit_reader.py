"""Reads some streams of a file side by side, cut into units."""

from collections.abc import Iterator, Mapping
from typing import Any

import av.error
from av.stream import Discard

from pipeline.output.units.packet_units import Unit, Units
from pipeline.output.units.sound_changes import SoundChanges
from pipeline.read_monitor import ReadTracker
from pipeline.source.open_media import read_packets


class UnitReader:
    """Gives the units of some streams of a file."""

    def __init__(
        self,
        container: Any,
        units: Mapping[Any, Units],
        post: ReadTracker | None = None,
        *,
        sums: Mapping[int, Any] | None = None,
    ) -> None:
        """`units`, in the order of the pairs, cut the streams; `sums` are updated with the packets of their streams."""
        self._sums = sums or {}
        self.changes = SoundChanges()
        self.is_done = False
        self._post = post
        self._units = {stream.index: (number, cut) for number, (stream, cut) in enumerate(units.items())}
        for stream in container.streams:
            if stream.index not in self._units and stream.type != "attachment":
                stream.discard = Discard.all
        self._packets = read_packets(container, *units)

    def read(self) -> Iterator[tuple[int, Unit]]:
        """Number of the pair and unit, for what the next packet completes."""
        packet = None
        try:
            packet = next(self._packets, None)
        except av.error.FFmpegError:
            if self._post is None:
                raise
            # a source that breaks off ends there for FFmpeg too
        if packet is None:
            self.is_done = True
            for number, units in self._units.values():
                yield from ((number, unit) for unit in units.rest())
        elif packet.size:
            if self._post is not None:
                self._post.frame(packet.pts)
                self.changes.see(packet)
            if packet.stream.index in self._sums:
                self._sums[packet.stream.index].update(packet)
            number, units = self._units[packet.stream.index]
            yield from ((number, unit) for unit in units.take(packet))
