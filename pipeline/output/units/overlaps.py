"""Times of sound that go back, where recordings were joined that overlap: FFmpeg makes them rise, packet by packet."""

from dataclasses import dataclass

_MOST_BACK_NS = 1_000_000_000
"""A longer way back is no overlap."""


@dataclass(eq=False)
class Overlaps:
    """Follows one stream; all times in nanoseconds."""

    tick_ns: int
    """Of the file that is written: some containers want every time to be a tick later than the one before."""
    latest_ns: int | None = None
    """The time of the packet before, as it is in the file that is written."""
    begins_ns: int | None = None
    """Of the first overlap: where its time goes back to."""
    most_ns: int = 0
    """By how much a packet comes late, at most."""
    _late: int = 0
    """Packets in a row that come late."""

    def expected(self, time_ns: int) -> tuple[int, int]:
        """When a packet is to be in the file, and by how many nanoseconds more it may be late."""
        back = 0 if self.latest_ns is None else self.latest_ns - time_ns
        if not 0 < back <= _MOST_BACK_NS:
            self.latest_ns, self._late = time_ns, 0
            return time_ns, 0
        if self.begins_ns is None:
            self.begins_ns = time_ns
        self.most_ns = max(self.most_ns, back)
        self._late += 1
        return time_ns + back, self._late * self.tick_ns

    def __str__(self) -> str:
        """In words; empty where the times only rise."""
        if self.begins_ns is None:
            return ""
        begins, most = self.begins_ns / 1e9, self.most_ns / 1e9
        return f"its times go back to {begins:.3f} s, as of recordings joined: packets come up to {most:.3f} s later"
