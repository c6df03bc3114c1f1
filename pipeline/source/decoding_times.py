"""Times of films whose container has only one for each packet, which is when it is decoded: AVI.

FFmpeg guesses when a picture is shown from the packet that it lies in, and is wrong where H.264 or a packed MPEG-4
(DivX) puts B-frames into AVI. Pictures leave the decoder in their order; each is shown when the packet is decoded that
lets it go, as FFmpeg's own players have it.
"""

from array import array
from itertools import pairwise

from av.container import InputContainer
from av.video.stream import VideoStream

_CONTAINERS = ("avi",)


def has_decoding_times_only(container: InputContainer, stream: VideoStream) -> bool:
    """Whether packets have the times of their decoding only, and pictures are shown in another order."""
    return container.format.name in _CONTAINERS and bool(stream.codec_context.has_b_frames)


class DecodingClock:
    """The times of the pictures of one run, one after the other."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._step = 1

    def time(self, dts: int | None) -> int | None:
        """When a picture is shown; `dts` is of the packet that let it go, None for those after the last packet."""
        if dts is None and self._last is not None:
            dts = self._last + self._step
        elif dts is not None and self._last is not None and dts > self._last:
            self._step = dts - self._last
        self._last = dts
        return dts


def shown_times(dts: "array[int]", *, delay: int) -> "array[int]":
    """The times at which the pictures of packets are shown that are decoded at `dts`, by a decoder of that delay."""
    step = next((later - earlier for earlier, later in pairwise(reversed(dts)) if later != earlier), 1)
    end = array("q", (dts[-1] + abs(step) * number for number in range(1, min(delay, len(dts)) + 1)))
    return dts[delay:] + end
