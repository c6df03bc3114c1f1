"""Films with neutral colour, joined and muxed, and what lies in them."""

import hashlib
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from pipeline.media import CHROMA_SHIFTS, ColorDescription, ColorFrame, FilmInfo, Plane
from pipeline.output.mux import MuxReport, mux
from pipeline.render.encoder import output_format
from pipeline.render.frame_writer import FrameWriter
from pipeline.render.settings import EncodeSettings
from pipeline.source.probe import probe
from pipeline.timeline import Timeline
from tests.media import make_film

FFV1 = EncodeSettings(codec="ffv1", chroma="420", depth=8, options={"g": "1"})
X264 = EncodeSettings(codec="libx264", chroma="420", depth=8, options={"preset": "veryfast"})
PRORES = EncodeSettings(codec="prores_ks", chroma="422", depth=10)
BT601 = ColorDescription(matrix="smpte170m", primaries="smpte170m", transfer="smpte170m", chroma_site="left")
NOTICE = {"comment": "Colours are predicted"}
JUMPY = [0, 100, 200, 350, 360, 1000, 1400, 1440, 1480, 2000, 2100, 2101]
"""Milliseconds of a film of variable rate."""


def colorized(
    film: FilmInfo, folder: Path, *, settings: EncodeSettings, cut: int = 5
) -> tuple[list[Path], Timeline]:
    """The film's luma with neutral chroma in segments of `cut` frames, and its timeline."""
    pixel_format = output_format(film, settings)
    right, down = CHROMA_SHIFTS[pixel_format.chroma]
    shape = (-(-film.height >> down), -(-film.width >> right))
    dtype: Any = np.uint8 if pixel_format.depth == 8 else np.uint16
    chroma: Plane = np.full(shape, 1 << (pixel_format.depth - 1), dtype)
    frames = []
    with av.open(str(film.path), metadata_errors="replace") as container:
        for picture in container.decode(container.streams[film.video_index]):
            assert isinstance(picture, av.VideoFrame)
            assert picture.pts is not None
            luma: Any = picture.to_ndarray(format="gray").astype(dtype) << (pixel_format.depth - 8)
            frames.append(ColorFrame(pts=picture.pts, luma=luma, cb=chroma, cr=chroma))
    folder.mkdir()
    paths = []
    for start in range(0, len(frames), cut):
        paths.append(folder / f"{start:06d}{settings.segment_suffix}")
        with FrameWriter(
            paths[-1], film=film, settings=settings, width=film.width, height=film.height, color=BT601
        ) as writer:
            for frame in frames[start : start + cut]:
                writer.write(frame)
    pts = np.array([frame.pts for frame in frames], np.int64)
    return paths, Timeline(pts=pts, luma_hash=np.zeros(len(pts), np.uint64))


def finish(
    film: FilmInfo,
    output: Path,
    *,
    settings: EncodeSettings = FFV1,
    tags: Mapping[str, str] = NOTICE,
    allow_loss: bool = False,
    faststart: bool = False,
) -> tuple[MuxReport, Timeline]:
    folder = output.parent / f"segments of {output.name}"
    segments, timeline = colorized(film, folder, settings=settings)
    report = mux(
        film,
        segments,
        output,
        timeline=timeline,
        color=BT601,
        tags=tags,
        allow_loss=allow_loss,
        faststart=faststart,
    )
    return report, timeline


def packets(path: Path, kind: str, *, number: int = 0) -> list[tuple[Fraction, str]]:
    """(seconds, hash) of every packet of one stream, by time."""
    with av.open(str(path)) as container:
        stream = [s for s in container.streams if s.type == kind][number]
        unit = Fraction(stream.time_base or 1)
        found = [
            (p.pts * unit, hashlib.sha256(bytes(p)).hexdigest())
            for p in container.demux(stream)
            if p.size and p.pts is not None
        ]
    return sorted(found)


def streams(path: Path) -> list[tuple[str, str, str | None]]:
    """(kind, codec, language) of every stream; attachments have their file's name."""
    found: list[tuple[str, str, str | None]] = []
    with av.open(str(path)) as container:
        for s in container.streams:
            codec = (
                s.codec_context.codec.canonical_name if s.codec_context else s.metadata.get("filename", "")
            )
            found.append((s.type, codec, s.metadata.get("language")))
    return found


def rich_film(path: Path) -> FilmInfo:
    """Two sounds, two subtitles, a font, a cover, chapters and tags, in Matroska."""
    make_film(
        path,
        frames=12,
        audio=2,
        subtitles=2,
        cover=True,
        attachments=[("font.ttf", "font/ttf", b"not really a font")],
        chapters=[(Fraction(0), Fraction(1, 5), "First"), (Fraction(1, 5), Fraction(12, 25), "Zweite – ü")],
        tags={"title": "A reel; with = signs", "DATE": "1922", "LENDER": "The archive"},
    )
    return probe(path)
