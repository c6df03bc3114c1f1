"""Times of pictures of films that only say when packets are decoded: AVI, and what was copied out of AVI."""

import re
from array import array
from itertools import pairwise

from av.container import InputContainer
from av.video.stream import VideoStream

_QUICKTIME_TAGS = ("avc1", "hvc1", "hev1", "mp4v")
_PACKED = re.compile(rb"DivX\d+[Bb]\d+p")
"""In the header of an MPEG-4: two pictures may lie in one packet."""


def has_decoding_times_only(container: InputContainer, stream: VideoStream) -> bool:
    """Whether packets have one time each, which is when they are decoded, and pictures are shown in another order.

    So it is in AVI, in raw MPEG-1 and MPEG-2, in Matroska that holds a stream as AVI does (V_MS/VFW/FOURCC, seen in the
    stream's tag of Windows), and with packed MPEG-4 (DivX) anywhere. FFmpeg guesses from the packet in which a picture
    lies when it is shown, wrongly where B-frames are packed. Pictures leave the decoder in their order; each is shown
    when the packet is decoded that lets it go, as FFmpeg's own players have it.
    """
    context = stream.codec_context
    tag = context.codec_tag.strip("\0")
    is_vfw = container.format.name.startswith("matroska") and tag != "" and tag not in _QUICKTIME_TAGS
    is_packed = context.name == "mpeg4" and _PACKED.search(context.extradata or b"") is not None
    return bool(context.has_b_frames) and (
        container.format.name in ("avi", "mpegvideo") or is_vfw or is_packed
    )


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
