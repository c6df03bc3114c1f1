"""Proof that a finished film shows the source's own luma: frame by frame, by hash, or in dB where the codec is lossy.

The source was hashed when it was planned, so a lossless film is proved by decoding it alone. From the first
frame that differs on, the source is decoded beside it to say by how much.
"""

import math
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import cv2
import numpy as np

from pipeline.color.integer_luma import convert_luma
from pipeline.errors import OutputError, SourceError
from pipeline.media import FilmInfo, Frame, Plane
from pipeline.prefetch import ahead
from pipeline.render.output_picture import OutputPicture
from pipeline.render.settings import LOSSLESS_CODECS
from pipeline.source.frame_reader import FrameReader, luma_hash
from pipeline.timeline import Timeline

_AHEAD_FRAMES = 8


@dataclass(frozen=True, kw_only=True)
class LumaProof:
    """What came of comparing the luma of a finished film with its source's."""

    comparable: bool
    """Whether a sample of the one stands for a sample of the other."""
    reason: str | None = None
    """Why it is not comparable, was not compared, or cannot be equal."""
    equal: bool | None = None
    """Whether every sample of every frame is the source's; at a greater depth: tells it exactly."""
    frames: int = 0
    """Frames that were compared."""
    frames_equal: int = 0
    first_different: int | None = None
    """Number of the first frame that is not equal."""
    psnr_mean_db: float | None = None
    """Of the mean squared error of all frames, at the film's depth and range, peak 2^depth - 1; None where there
    is no error."""
    psnr_min_db: float | None = None
    """Of the worst frame."""
    psnr_min_frame: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.frames_equal <= self.frames:
            raise ValueError(f"{self.frames_equal} of {self.frames} frames are equal: no possible counts")
        if min(self.first_different or 0, self.psnr_min_frame or 0) < 0:
            raise ValueError("the number of a frame is below 0")


class LumaProver:
    """Takes the frames of a finished film in order and says in the end what they prove; open it with `with`."""

    def __init__(self, film: FilmInfo, *, timeline: Timeline, picture: OutputPicture) -> None:
        """`film` is the source, `picture` what was rendered of it. The source is opened only when needed."""
        self._film, self._timeline, self._picture = film, timeline, picture
        self._stack = ExitStack()
        self._source: Iterator[Frame] | None = None
        self._number = 0
        self._equal = 0
        self._first: int | None = None
        self._squares = 0.0
        self._worst: tuple[float, int] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def push(self, luma: Plane) -> None:
        """Takes the luma of the next frame; columns and lines that the codec added at the end do not count."""
        number, film = self._number, self._film
        if number >= len(self._timeline):
            raise OutputError(f"{film.path}: what was written has more than its {number} frames")
        self._number += 1
        luma = cast(Plane, np.ascontiguousarray(luma[: film.height, : film.width]))
        if luma_hash(self._at_source_depth(luma)) == int(self._timeline.luma_hash[number]):
            self._equal += 1
            if self._source is not None:
                next(self._source)
            return
        if self._source is None:
            self._first = number
            self._source = self._read_source(number)
        error = _mean_square(luma, self._at_output_depth(next(self._source).luma))
        self._squares += error
        if self._worst is None or error > self._worst[0]:
            self._worst = (error, number)

    def finish(self) -> LumaProof:
        """The proof. Raises OutputError where frames are missing."""
        if self._number != len(self._timeline):
            raise OutputError(
                f"{self._film.path}: of what was written, {self._number} frames decode; the film has "
                f"{len(self._timeline)}"
            )
        proof = LumaProof(
            comparable=True,
            equal=self._first is None,
            frames=self._number,
            frames_equal=self._equal,
            first_different=self._first,
        )
        if self._worst is None:
            return proof
        worst, number = self._worst
        depth, source_depth = self._picture.pixel_format.depth, self._film.pixel_format.depth
        rounded = f"rounded to {depth} of the source's {source_depth} bits" if depth < source_depth else None
        return LumaProof(
            **vars(proof)
            | {
                "reason": rounded,
                "psnr_mean_db": self._decibel(self._squares / self._number),
                "psnr_min_db": self._decibel(worst),
                "psnr_min_frame": number,
            }
        )

    def _read_source(self, number: int) -> Iterator[Frame]:
        reader = self._stack.enter_context(FrameReader(self._film, timeline=self._timeline))
        frames = reader.read(number, len(self._timeline))
        return self._stack.enter_context(closing(ahead(frames, depth=_AHEAD_FRAMES)))

    def _at_source_depth(self, luma: Plane) -> Plane:
        film, picture = self._film, self._picture
        return convert_luma(
            luma,
            depth=picture.pixel_format.depth,
            range=picture.color.range,
            to_depth=film.pixel_format.depth,
            to_range=film.color.range,
        )

    def _at_output_depth(self, luma: Plane) -> Plane:
        film, picture = self._film, self._picture
        return convert_luma(
            luma,
            depth=film.pixel_format.depth,
            range=film.color.range,
            to_depth=picture.pixel_format.depth,
            to_range=picture.color.range,
        )

    def _decibel(self, mean_square: float) -> float | None:
        """None for no error at all."""
        peak = 2**self._picture.pixel_format.depth - 1
        return round(10 * math.log10(peak**2 / mean_square), 3) if mean_square > 0 else None


def not_comparable(film: FilmInfo, picture: OutputPicture) -> str | None:
    """Why the luma of the rendered picture cannot be compared with the film's; None where it can."""
    if picture.side_by_side:
        return "source and result stand side by side"
    if (picture.width, picture.height) != (film.width, film.height):
        return f"the picture is {picture.width}x{picture.height}, the source's {film.width}x{film.height}"
    return None


def must_be_equal(film: FilmInfo, picture: OutputPicture, *, codec: str) -> bool:
    """Whether the codec and the formats leave no room for another luma than the source's."""
    depths = picture.pixel_format.depth, film.pixel_format.depth
    same_range = picture.color.range == film.color.range
    return codec in LOSSLESS_CODECS and depths[0] >= depths[1] and same_range


def result_frames(result: FilmInfo, *, name: Path) -> Generator[Frame, None, None]:
    """Every frame of a finished film, decoded ahead. Raises OutputError, naming it `name`, where it is damaged."""
    try:
        with (
            FrameReader(result) as reader,
            closing(ahead(reader.frames(), depth=_AHEAD_FRAMES)) as frames,
        ):
            yield from frames
            faults = reader.faults
    except SourceError as error:
        raise OutputError(f"cannot write {name}: what was written does not decode: {error}") from error
    if faults:
        where, what = faults[0]
        raise OutputError(f"cannot write {name}: what was written is damaged at pts {where}: {what}")


def _mean_square(one: Plane, other: Plane) -> float:
    return float(cv2.norm(one, other, cv2.NORM_L2SQR)) / one.size
