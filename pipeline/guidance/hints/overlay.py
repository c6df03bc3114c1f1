"""Reads strokes that were painted in any program: a transparent PNG over an exported frame.

Every flat colour that covers is a stroke of that colour; grey, black and white paint are neutral strokes. Soft edges
and places where two paints blend are left out. Erasers cannot be painted; they are marks in the job file.
"""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pyvips

from pipeline.errors import SettingsError, SourceError
from pipeline.guidance.hints.seeds import MOST_LAYERS, Seeds
from pipeline.regular_file import refuse_special_file
from pipeline.stills.still import MOST_PIXELS
from pipeline.stills.vips import last_line

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

_LONGEST = 2048
"""Of what is looked at: of a larger overlay, every second, third, … sample."""
_OPAQUE = 250
_WHOLE = 0.98
"""Share of opaque samples from which on somebody forgot the transparency."""
_ASPECT_TOLERANCE = 0.01
_FLAT = 24
"""Difference of samples within 3x3 up to which they are inside of one paint."""
_SAME, _APART = 7.0, 12.0
"""ab within which samples are of one paint, and within which no other paint is looked for."""
_LEAST_SHARE = 0.002
"""Of the painted samples: less is a blend of paints, not a paint."""
_LEAST_SAMPLES = 9
_MOST_TRIES = 4 * MOST_LAYERS


def read_overlay(path: Path, *, frame_size: tuple[int, int], shape: tuple[int, int]) -> Seeds:
    """The seeds of an overlay on a grid (h, w); `frame_size` is the frame's (width, height) as it was exported.

    Raises SourceError where the file cannot be read or is too large, SettingsError where it has another aspect than the
    frame, no transparency, nothing painted, or more than 32 colours.
    """
    rgba, size = _read(path)
    width, height = size
    if abs(width * frame_size[1] / (height * frame_size[0]) - 1) > _ASPECT_TOLERANCE:
        raise SettingsError(
            f"overlay {path} is {width}x{height}, its frame {frame_size[0]}x{frame_size[1]}: they differ in aspect; "
            "paint over the exported frame without cropping it"
        )
    opaque = rgba[..., 3] >= _OPAQUE
    share = float(opaque.mean())
    if share > _WHOLE:
        raise SettingsError(
            f"overlay {path}: {100 * share:.0f} % of it is opaque, so it is a whole picture; save the painted layer "
            "alone, on a transparent ground"
        )
    if not opaque.any():
        strongest = round(100 * int(rgba[..., 3].max()) / 255)
        found = f"its strongest paint covers {strongest} %" if strongest else "nothing is painted on it"
        raise SettingsError(f"overlay {path}: {found}; paint with a brush of full opacity")
    lab = cv2.cvtColor(rgba[..., :3].astype(np.float32) / np.float32(255), cv2.COLOR_RGB2Lab)
    ab = np.asarray(lab[..., 1:], np.float32)
    paints = _paints(ab, opaque, _flat(rgba, opaque))
    if len(paints) > MOST_LAYERS:
        raise SettingsError(
            f"overlay {path} has more than {MOST_LAYERS} colours; paint with few flat colours, not with a photograph"
        )
    return _seeds(ab, opaque, paints, shape)


def _read(path: Path) -> tuple[Bytes, tuple[int, int]]:
    """RGBA (H, W, 4) of at most 2048 on the longer side, and the file's own (width, height)."""
    refuse_special_file(path)
    try:
        with path.open("rb") as file:
            if file.read(8) != b"\x89PNG\r\n\x1a\n":
                raise SourceError(f"cannot read overlay {path}: not a PNG; save the painted layer as a PNG")
            file.seek(0)
            source = pyvips.Source.new_from_descriptor(file.fileno())
            image = pyvips.Image.pngload_source(source, access="sequential", fail_on="warning")
            size = (int(image.width), int(image.height))
            if size[0] * size[1] > MOST_PIXELS:
                raise SourceError(
                    f"cannot read overlay {path}: {size[0]}x{size[1]} is larger than {MOST_PIXELS / 1e6:.0f} megapixels"
                )
            return _rgba(image), size
    except pyvips.Error as error:
        raise SourceError(f"cannot read overlay {path}: damaged or cut short ({last_line(error)})") from error
    except OSError as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"cannot read overlay {path}: {error.strerror or error}") from error


def _rgba(image: "pyvips.Image") -> Bytes:
    """8 bits, every n-th sample: no paint is mixed with another."""
    step = -(-max(image.width, image.height) // _LONGEST)
    if step > 1:
        image = image.subsample(min(step, image.width), min(step, image.height))
    if image.format == "ushort":
        image = image.cast("uchar", shift=True)
    samples = np.frombuffer(image.write_to_memory(), np.uint8).reshape(image.height, image.width, image.bands)
    alpha = samples[..., -1:] if image.bands in (2, 4) else np.full_like(samples[..., :1], 255)
    color = samples[..., :3] if image.bands >= 3 else np.repeat(samples[..., :1], 3, axis=2)
    return np.concatenate([color, alpha], axis=2)


def _flat(rgba: Bytes, opaque: Bools) -> Bools:
    """Opaque samples whose neighbours are all opaque and of nearly one colour."""
    window = np.ones((3, 3), np.uint8)
    color = np.ascontiguousarray(rgba[..., :3])
    spread = (cv2.dilate(color, window).astype(np.int16) - cv2.erode(color, window)).max(axis=2)
    inside = cv2.erode(opaque.astype(np.uint8), window) > 0
    return np.asarray(inside & (spread <= _FLAT))


def _paints(ab: Floats, opaque: Bools, flat: Bools) -> Floats:
    """(K, 2): the colours that were painted with, the commonest first; one more than are allowed ends the search."""
    chosen = flat if flat.any() else opaque
    values, counts = np.unique(np.rint(ab[chosen]).astype(np.int16), axis=0, return_counts=True)
    least = max(_LEAST_SHARE * counts.sum(), min(_LEAST_SAMPLES, counts.sum()))
    paints: list[Floats] = []
    for _ in range(_MOST_TRIES):
        if len(paints) > MOST_LAYERS or not counts.any():
            break
        peak = values[counts.argmax()].astype(np.float32)
        distance = np.linalg.norm(values - peak, axis=1)
        near = distance <= _SAME
        is_paint = counts[near].sum() >= least
        if is_paint:
            paints.append(np.average(values[near], axis=0, weights=counts[near]).astype(np.float32))
        counts[distance <= (_APART if is_paint else _SAME)] = 0
    return np.array(paints, np.float32).reshape(-1, 2)


def _seeds(ab: Floats, opaque: Bools, paints: Floats, shape: tuple[int, int]) -> Seeds:
    if not len(paints):
        paints = np.median(ab[opaque], axis=0, keepdims=True).astype(np.float32)
    squares = np.stack([np.square(ab - paint).sum(axis=2) for paint in paints])
    nearest = np.where(opaque & (squares.min(axis=0) <= _APART**2), squares.argmin(axis=0), -1)
    coverage = np.stack(
        [
            cv2.resize((nearest == number).astype(np.float32), shape[::-1], interpolation=cv2.INTER_AREA)
            for number in range(len(paints))
        ]
    )
    paints[np.linalg.norm(paints, axis=1) < 1] = 0  # grey paint is neutral, whatever the rounding left
    return Seeds(
        paints, coverage.astype(np.float32), np.zeros(shape, np.float32), np.ones_like(coverage, np.float32)
    )
