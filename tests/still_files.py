"""Small still pictures in files, and what is written of them with random colours."""

import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyvips

from pipeline.media import Plane
from pipeline.stills.chroma import spread_ab
from pipeline.stills.files import read_still, write_still
from pipeline.stills.still import Still, still_format, still_matrix

SIZE = (45, 61)
STATEMENT = "Colours <predicted> & labelled"


def random_ab(*, strength: float = 40.0) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng(5)
    return np.asarray(rng.normal(0, strength, (2, 11, 15)), np.float32)


def picture(dtype: type[np.uint8] | type[np.uint16] = np.uint8, *, size: tuple[int, int] = SIZE) -> Plane:
    """A smooth picture with black, white and noise in it."""
    rng = np.random.default_rng(3)
    rows, columns = np.mgrid[0 : size[0], 0 : size[1]]
    unit = 0.5 + 0.6 * np.sin(rows / 9) * np.cos(columns / 7) + rng.normal(0, 0.02, size)
    scaled = np.asarray(np.clip(unit, 0, 1) * np.iinfo(dtype).max)
    return scaled.astype(np.uint8) if dtype is np.uint8 else scaled.astype(np.uint16)


def colored(source: Path, target: Path) -> tuple[Still, Still, tuple[str, ...]]:
    still = read_still(source)
    chroma = spread_ab(still.luma, random_ab(), matrix=still_matrix(still_format(target)))
    notes = write_still(target, still, chroma=chroma, statement=STATEMENT)
    return still, read_still(target), notes


def grey_profile(curve: bytes) -> bytes:
    """A minimal grey profile with one tag, its curve."""
    size = 128 + 4 + 12 + len(curve)
    head = struct.pack(">I4sI4s4s4s", size, b"\0" * 4, 0x02400000, b"mntr", b"GRAY", b"XYZ ").ljust(36, b"\0")
    return (head + b"acsp").ljust(128, b"\0") + struct.pack(">I4sII", 1, b"kTRC", 144, len(curve)) + curve


GAMMA_1_8 = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(1.8 * 256)) + b"\0\0"


def save(path: Path, *planes: Plane, **options: object) -> Path:
    image = pyvips.Image.new_from_array(np.stack(planes, axis=-1))
    grey, color = ("b-w", "srgb") if planes[0].dtype == np.uint8 else ("grey16", "rgb16")
    image.copy(interpretation=grey if len(planes) < 3 else color).write_to_file(str(path), **options)
    return path
