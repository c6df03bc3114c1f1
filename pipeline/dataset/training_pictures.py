"""The pictures of a training set: photos, frames of clips, and the share of each colour in them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

from pipeline.dataset.samples import Picture, decode_rgb
from pipeline.dataset.training_set import TrainingFile
from pipeline.errors import SourceError
from pipeline.source.open_media import open_media
from pipeline.target import FILM_SUFFIXES

_LONGEST_SIDE_PX = 512
"""Of a clip's frames."""
_PRIOR_PICTURES = 4096


def read_pictures(files: Sequence[TrainingFile], *, frames_per_clip: int) -> list[Picture]:
    """The path of every photo, and evenly spaced frames of every clip as JPEG files, in the order of `files`.

    Raises SourceError for a clip that cannot be decoded.
    """
    pictures: list[Picture] = []
    for file in files:
        if file.path.suffix.lower() in FILM_SUFFIXES:
            pictures += _clip_frames(file.path, frames_per_clip)
        else:
            pictures.append(file.path)
    return pictures


def bin_prior(
    pictures: Sequence[Picture], bins: npt.NDArray[np.float32], *, scale: float = 1
) -> npt.NDArray[np.float64]:
    """The share (Q,) of each ab bin in the pictures, which sums to 1; `bins` (Q, 2) are the ab of their centres.

    Counted over small copies of at most 4,096 of the pictures, with their ab times `scale`. As in Zhang et al. 2016,
    section 2.2, but without smoothing: rebalancing mixes in the uniform distribution.
    """
    reach = 128
    counts = np.zeros((2 * reach, 2 * reach))
    for picture in pictures[:: -(-len(pictures) // _PRIOR_PICTURES)]:
        small = cv2.resize(decode_rgb(picture), (32, 32), interpolation=cv2.INTER_AREA)
        lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
        cell = np.clip(np.round(lab[..., 1:]).astype(int), -reach, reach - 1) + reach
        np.add.at(counts, (cell[..., 0], cell[..., 1]), 1)
    found = np.argwhere(counts)
    nearest = np.square(scale * (found - reach)[:, None] - bins[None]).sum(axis=-1).argmin(axis=1)
    share = np.bincount(nearest, weights=counts[tuple(found.T)], minlength=len(bins))
    return np.asarray(share / share.sum(), np.float64)


def read_run(path: Path, *, count: int) -> list[Picture]:
    """`count` consecutive frames from the middle of a clip as JPEG files; fewer where it has no more.

    Raises SourceError where the clip cannot be decoded.
    """
    total = _count_frames(path)
    first = max(0, (total - count) // 2)
    return _read_frames(path, set(range(first, first + count)))


def _clip_frames(path: Path, count: int) -> list[Picture]:
    """`count` frames of a clip at even distances, as JPEG files."""
    total = _count_frames(path)
    return _read_frames(
        path, {round((place + 0.5) * total / count - 0.5) for place in range(min(count, total))}
    )


def _count_frames(path: Path) -> int:
    return sum(1 for _ in _rgb_frames(path, numbers=None))


def _read_frames(path: Path, numbers: set[int]) -> list[Picture]:
    """The frames of these numbers as JPEG files of quality 95, at most 512 px on the longer side."""
    frames: list[Picture] = []
    for bgr in _rgb_frames(path, numbers=numbers):
        scale = min(1.0, _LONGEST_SIDE_PX / max(bgr.shape[:2]))
        small = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        frames.append(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes())
    return frames


def _rgb_frames(path: Path, *, numbers: set[int] | None) -> Iterator[npt.NDArray[np.uint8]]:
    """The frames of these numbers, (H, W, 3) BGR; None: an empty array for each frame, so that they can be counted."""
    try:
        with open_media(path) as container:
            for number, frame in enumerate(container.decode(video=0)):
                if numbers is None:
                    yield np.empty((0, 0, 3), np.uint8)
                elif number in numbers:
                    yield np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
    except (av.error.FFmpegError, IndexError) as error:
        raise SourceError(f"training clip {path}: cannot be decoded ({error})") from error
