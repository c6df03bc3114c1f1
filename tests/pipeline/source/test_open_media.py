from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import SourceError
from pipeline.source.frame_reader import FrameReader
from pipeline.source.open_media import open_media, read_packets
from pipeline.source.probe import probe
from tests.kindfilms import ffmpeg
from tests.media import make_film
from tests.stills_films import make_stills


def test_a_still_whose_name_is_a_pattern_is_that_still(tmp_path: Path) -> None:
    make_stills(tmp_path / "a_%04d.png", pixel_format="gray", count=2)
    (tmp_path / "a_*.png").write_bytes((tmp_path / "a_0002.png").read_bytes())
    with open_media(tmp_path / "a_*.png") as named, open_media(tmp_path / "a_0002.png") as second:
        one, two = (next(file.decode(video=0)).to_ndarray() for file in (named, second))
        assert (one == two).all()
        assert len(list(named.demux(video=0))) <= 1


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv420p10le"])
@pytest.mark.parametrize("edges", [(20, 0, 20, 0), (2, 0, 0, 0), (34, 6, 0, 2), (0, 4, 6, 0)])
def test_columns_and_lines_that_the_codec_hides_are_no_part_of_the_picture(
    tmp_path: Path, codec: str, pixel_format: str, edges: tuple[int, int, int, int]
) -> None:
    """mpv-player/mpv#16758: FFmpeg undoes a crop at the left that does not suit its alignment."""
    left, top, right, bottom = edges
    lossless = {"x264-params": "qp=0"} if codec == "libx264" else {"x265-params": "lossless=1:log-level=0"}
    whole, cut = tmp_path / "whole.mp4", tmp_path / "cut.mp4"
    planes = make_film(whole, frames=3, codec=codec, pixel_format=pixel_format, options=lossless)
    bsf = "h264_metadata" if codec == "libx264" else "hevc_metadata"
    sides = f"crop_left={left}:crop_top={top}:crop_right={right}:crop_bottom={bottom}"
    ffmpeg("-i", whole, "-c", "copy", "-bsf:v", f"{bsf}={sides}", cut)
    film = probe(cut)
    assert (film.width, film.height) == (64 - left - right, 48 - top - bottom)
    with FrameReader(film) as reader:
        found = [frame.luma for frame in reader.frames()]
    for luma, plane in zip(found, planes, strict=True):
        np.testing.assert_array_equal(luma, plane[top : 48 - bottom, left : 64 - right])


def test_a_stream_that_begins_in_mid_film_is_told(tmp_path: Path) -> None:
    """Nothing at the start of an FLV has to tell of the sound that comes later. The copy that is advised holds both."""
    whole, late, copy = tmp_path / "whole.flv", tmp_path / "late.flv", tmp_path / "copy.mkv"
    sources = (
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=64x48:rate=12:duration=9",
        "-f",
        "lavfi",
        "-i",
        "sine=duration=9",
    )
    ffmpeg(*sources, "-pix_fmt", "yuv420p", "-c:v", "libx264", "-c:a", "aac", whole)
    late.write_bytes(_without_sound_before(whole.read_bytes(), milliseconds=7000))
    with open_media(late) as film, pytest.raises(SourceError, match=r"late.flv: a stream begins in mid-film"):
        list(read_packets(film, film.streams.video[0]))
    ffmpeg("-probesize", "2G", "-analyzeduration", "2G", "-i", late, "-map", "0", "-c", "copy", copy)
    with open_media(copy) as film:
        kinds = {packet.stream.type for packet in read_packets(film) if packet.size}
    assert kinds == {"video", "audio"}


def _without_sound_before(flv: bytes, *, milliseconds: int) -> bytes:
    """An FLV that tells of its picture only; its sound begins later, with the first tag, which sets up the codec."""
    found, at, first = bytearray(flv[:4] + b"\x01" + flv[5:13]), 13, b""
    while at < len(flv):
        kind, size, time = flv[at], int.from_bytes(flv[at + 1 : at + 4]), int.from_bytes(flv[at + 4 : at + 7])
        tag = flv[at : at + size + 15]
        at += len(tag)
        if kind == 8 and not first:
            first = tag
        elif kind == 9 or (kind == 8 and time >= milliseconds):
            found += first * (kind == 8 and first not in found) + tag
    return bytes(found)
