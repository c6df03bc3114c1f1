"""The slice CRCs of FFV1: whether there are any, and which of them fail."""

from pathlib import Path

import av
import pytest

from pipeline.plan.ffv1_crc import broken_slices, has_slice_crc
from tests.media import make_film


def _packets(path: Path) -> tuple[bytes, list[bytes]]:
    with av.open(str(path)) as film:
        packets = [bytes(packet) for packet in film.demux(video=0) if packet.size]
        return film.streams.video[0].codec_context.extradata or b"", packets


@pytest.mark.parametrize("coder", ["rice", "range_def", "range_tab"])
@pytest.mark.parametrize("crc", [True, False])
@pytest.mark.parametrize("pixels", ["gray", "yuv422p10le"])
def test_the_header_says_whether_there_are_crcs(tmp_path: Path, coder: str, crc: bool, pixels: str) -> None:
    options = {"level": "3", "coder": coder, "slices": "4", "slicecrc": str(int(crc)), "context": "1"}
    make_film(tmp_path / "a.mkv", frames=3, pixel_format=pixels, options=options)
    header, packets = _packets(tmp_path / "a.mkv")
    assert has_slice_crc(header) is crc
    assert not crc or [broken_slices(packet) for packet in packets] == [None] * 3


def test_a_flipped_bit_is_found_wherever_it_is(tmp_path: Path) -> None:
    make_film(tmp_path / "a.mkv", frames=1, options={"level": "3", "slices": "4", "slicecrc": "1"})
    header, (packet,) = _packets(tmp_path / "a.mkv")
    assert has_slice_crc(header)
    for at in range(len(packet)):
        told = broken_slices(packet[:at] + bytes([packet[at] ^ 0x10]) + packet[at + 1 :])
        assert told is not None
    assert broken_slices(packet[:1] + bytes([packet[1] ^ 1]) + packet[2:]) == "slice 0 of 4 fails its CRC"
    assert broken_slices(packet[:-1]) is not None
    assert broken_slices(b"") == broken_slices(b"abc") == "the slices' lengths do not add up"


@pytest.mark.parametrize("header", [b"", b"\0" * 40, b"\xff" * 40])
def test_a_header_that_cannot_be_read_promises_nothing(header: bytes) -> None:
    assert not has_slice_crc(header)


def test_older_versions_have_no_crc(tmp_path: Path) -> None:
    make_film(tmp_path / "a.avi", frames=1, options={"level": "1"})
    assert not has_slice_crc(_packets(tmp_path / "a.avi")[0])
