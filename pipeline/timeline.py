"""The pts of many frames as a few runs of even steps, as files keep them."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt


def to_runs(pts: npt.NDArray[np.int64]) -> list[list[int]]:
    """[first, step, count] of each stretch of even steps, each as long as can be; a single one has step 0."""
    values: list[int] = pts.tolist()
    runs = [[values[0], 0, 1]]
    for before, value in pairwise(values):
        first, step, count = runs[-1]
        if count == 1:
            runs[-1] = [first, value - before, 2]
        elif value - before == step:
            runs[-1][2] = count + 1
        else:
            runs.append([value, 0, 1])
    return runs


def from_runs(runs: list[list[int]], frame_count: int) -> npt.NDArray[np.int64]:
    """The pts that `to_runs` was given. Raises ValueError where they are not `frame_count`."""
    counts = [count for _, _, count in runs]
    if min(counts, default=0) < 1 or sum(counts) != frame_count:
        raise ValueError(f"times of {sum(counts)} frames for {frame_count}")
    parts = [first + step * np.arange(count, dtype=np.int64) for first, step, count in runs]
    return np.concatenate(parts)


@dataclass(frozen=True, eq=False)
class Timeline:
    """Every frame of a film as counted by decoding it once, in presentation order."""

    pts: npt.NDArray[np.int64]
    """(N,) strictly increasing."""
    luma_hash: npt.NDArray[np.uint64]
    """(N,) XXH3-64 of each luma plane's bytes (rows joined, little endian): proof that a part read by
    seeking holds these very frames."""

    def __post_init__(self) -> None:
        if self.pts.shape != self.luma_hash.shape or self.pts.ndim != 1 or len(self.pts) == 0:
            raise ValueError(
                f"a timeline needs one hash per pts, got {self.luma_hash.shape} for {self.pts.shape}"
            )
        if np.any(np.diff(self.pts) <= 0):
            raise ValueError("the pts of a timeline must increase from frame to frame")

    def __len__(self) -> int:
        return len(self.pts)
