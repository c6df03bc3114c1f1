"""The pts of many frames as a few runs of even steps, as files keep them."""

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
