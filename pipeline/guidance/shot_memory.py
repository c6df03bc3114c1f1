"""What was read and seen of the frames of one shot, so that the next question about it costs little.

The colouring of a film keeps a few frames that stand for the shot. Who shows single frames again and again, while
somebody paints, keeps the last ones too.
"""

from collections import OrderedDict
from collections.abc import Iterator
from functools import cached_property

from pipeline.colorize.network_view import FrameView, NetworkView
from pipeline.colorize.optical_flow import Luma
from pipeline.colorize.predict import Predictor
from pipeline.colorize.sight import Sight
from pipeline.guidance.hints.hint_map import Floats
from pipeline.guidance.hints.regions import Regions
from pipeline.guidance.hints.takes import ShotTakes
from pipeline.guidance.shot_travel import KeyTravel
from pipeline.media import Shot
from pipeline.source.frame_reader import FrameReader

_SAMPLED_FRAMES = 6
"""Of a shot, spread evenly: regions, takes and palettes are found in them."""
_MOST_GUIDES = 1024
"""Small lumas, of 25 kB at the default size."""

Seen = tuple[Sight, Floats]
"""A frame as the network sees it, and its small luma (h, w)."""


class ShotMemory:
    """The frames of one shot; used from one thread at a time."""

    reader: FrameReader
    """Set by whoever asks, before."""

    def __init__(self, shot: Shot, *, view: NetworkView, network: Predictor, most_seen: int = 0) -> None:
        """Keeps the last `most_seen` frames that were seen, of 5 to 10 MB each, and their small lumas."""
        self.shot, self._view, self._network, self._most_seen = shot, view, network, most_seen
        self.layout = view.layout_of(shot.index)
        self._seen: OrderedDict[int, tuple[FrameView, Seen]] = OrderedDict()
        self._guides: OrderedDict[int, Luma] = OrderedDict()
        self._travels: dict[tuple[int, float], KeyTravel] = {}

    def seen(self, number: int) -> Seen:
        """A frame as the network sees it, and its small luma without borders."""
        return self.viewed(number)[1]

    def viewed(self, number: int) -> tuple[FrameView, Seen]:
        """The small pictures of a frame as well."""
        if number in self._seen:
            self._seen.move_to_end(number)
            return self._seen[number]
        (view,) = self._view.part(self.reader, self.shot.index, number, number + 1)
        found = view, (self._network.see(view.lightness), self.layout.cut(view.luma))
        if self._most_seen:
            self._seen[number] = found
            while len(self._seen) > self._most_seen:
                self._seen.popitem(last=False)
        return found

    def guides(self, first: int, stop: int) -> Iterator[Luma]:
        """The small lumas of whole frames, from a number to before another."""
        if not self._most_seen:
            for view in self._view.part(self.reader, self.shot.index, first, stop):
                yield view.guide
            return
        number = first
        while number < stop:
            if number in self._guides:
                yield self._guides[number]
                number += 1
                continue
            until = next((later for later in range(number, stop) if later in self._guides), stop)
            for view in self._view.part(self.reader, self.shot.index, number, until):
                self._guides[number] = view.guide
                yield view.guide
                number += 1
        while len(self._guides) > _MOST_GUIDES:
            self._guides.popitem(last=False)

    def travel(self, number: int, *, tolerance: float) -> KeyTravel:
        """The way of a key frame's places through the shot; `tolerance` is that of the optical flow."""
        key = number, tolerance
        if key not in self._travels:
            self._travels[key] = KeyTravel(
                number,
                self.layout.whole.output,
                span=range(self.shot.start, self.shot.end),
                read=self.guides,
                tolerance=tolerance,
            )
        return self._travels[key]

    @cached_property
    def samples(self) -> tuple[Seen, ...]:
        """A few frames that stand for the shot."""
        return tuple(self.seen(number) for number in sampled_frames(self.shot))

    @cached_property
    def regions(self) -> Regions:
        """The regions of the shot."""
        return Regions.of([sight for sight, _ in self.samples])

    @cached_property
    def takes(self) -> ShotTakes:
        """The takes of the shot. Raises SettingsError where the weights predict no distribution."""
        return ShotTakes.of([sight for sight, _ in self.samples], self._network.bins, self.regions)


def sampled_frames(shot: Shot) -> list[int]:
    """The numbers of a few frames that stand for a shot, spread evenly."""
    length = shot.end - shot.start
    count = min(_SAMPLED_FRAMES, length)
    return [shot.start + (2 * index + 1) * length // (2 * count) for index in range(count)]
