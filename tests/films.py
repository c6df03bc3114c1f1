"""`FilmInfo` values for tests of stages that look at what a film is and open no file."""

from fractions import Fraction
from pathlib import Path
from typing import Literal

from pipeline.media import Chroma, ColorDescription, FilmInfo, PixelFormat, StreamInfo


def film_info(
    width: int = 64,
    height: int = 48,
    *,
    depth: int = 8,
    chroma: Chroma = "gray",
    range: Literal["limited", "full"] = "limited",
    matrix: str = "unspecified",
    chroma_site: str = "unspecified",
    codec: str = "h264",
    sample_aspect: Fraction = Fraction(1),
    time_base: Fraction = Fraction(1, 25),
    rate: Fraction = Fraction(25),
) -> FilmInfo:
    """A film of one video stream, as its headers would describe it."""
    stream = StreamInfo(index=0, kind="video", codec=codec, time_base=time_base, start_pts=0)
    return FilmInfo(
        path=Path("film.mkv"),
        container="matroska,webm",
        streams=(stream,),
        video_index=0,
        width=width,
        height=height,
        sample_aspect=sample_aspect,
        pixel_format=PixelFormat(name="test", depth=depth, chroma=chroma),
        color=ColorDescription(matrix=matrix, range=range, chroma_site=chroma_site),
        field_order="progressive",
        time_base=time_base,
        rate_from_header=rate,
        duration_seconds_from_header=None,
    )
