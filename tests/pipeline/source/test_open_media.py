from pathlib import Path

import numpy as np
import pytest

from pipeline.source.frame_reader import FrameReader
from pipeline.source.open_media import open_media
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
