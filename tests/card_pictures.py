"""Title cards, credits, leaders and blank frames as old films have them, drawn on the fly, a few frames of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Floats = npt.NDArray[np.float32]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont | int
"""A font of Pillow's, or the number of one of OpenCV's Hershey fonts."""

SIZES = ((640, 480), (720, 576), (1280, 720), (640, 360), (432, 320))
HERSHEY = (0, 2, 3, 4, 6, 7)
_TEXT = (
    "The mosquitoes are terrible nuisance Two just bit me on neck side by quite close together meanwhile "
    "that night at castle he said nothing to her again and so they parted until spring presents produced "
    "directed written photographed cast part one end A in with of THE END 1922 Mr. Brown don't! You? \u2014 later"
)
_GROUNDS = ("black", "white", "grey", "blank", "leader")


@dataclass(frozen=True)
class CardLook:
    """What was drawn, for a list of those that are missed."""

    size: tuple[int, int]
    ground: str
    contrast: int
    """Grey levels between the text and its ground."""
    text: str
    """Kind of the lettering."""
    letter_px: int
    """Height of a letter, in 1/100 of the picture's height."""
    noise: float


def card_frames(
    seed: int, *, count: int = 4, fonts: Sequence[Path] = ()
) -> tuple[CardLook, list[npt.NDArray[np.uint8]]]:
    """`count` frames (H, W) of one card, luma of full range, chosen by the seed."""
    rng = np.random.default_rng(seed)
    size = SIZES[rng.integers(len(SIZES))]
    ground = str(rng.choice(_GROUNDS, p=(0.36, 0.22, 0.24, 0.1, 0.08)))
    paper, ink = _levels(rng, ground)
    drawn, letters = _drawing(rng, ground, size, fonts)
    base = paper + (ink - paper) * drawn
    base *= _vignette(rng, size)
    if rng.random() < 0.3:
        base += _mottle(rng, size, rng.uniform(1, 4) * min(paper / 60, 1))
    base = cv2.GaussianBlur(base, (0, 0), rng.uniform(0.3, 1.3) * size[1] / 480).astype(np.float32)
    noise = float(rng.choice([0, 2, 5, 9]))
    frames = list(_aged(rng, base, count, noise=noise, weave=rng.random() < 0.5, flicker=rng.random() < 0.5))
    if rng.random() < 0.15:
        frames = [_pillars(frame) for frame in frames]
    look = CardLook(
        size=size,
        ground=ground,
        contrast=int(ink - paper),
        text=letters[0],
        letter_px=letters[1],
        noise=noise,
    )
    return look, frames


def _levels(rng: np.random.Generator, ground: str) -> tuple[float, float]:
    """Grey levels of the ground and of the ink."""
    if ground in ("black", "leader") or (ground == "blank" and rng.random() < 0.5):
        paper = rng.uniform(3, 45)
        return paper, paper + rng.uniform(70, 200)
    if ground in ("white", "blank"):
        paper = rng.uniform(180, 245)
        return paper, paper - rng.uniform(70, paper - 20)
    paper = rng.uniform(60, 175)
    step = rng.uniform(45, 120) * (1 if paper < 110 or (paper < 135 and rng.random() < 0.5) else -1)
    return paper, float(np.clip(paper + step, 5, 250))


def _drawing(
    rng: np.random.Generator, ground: str, size: tuple[int, int], fonts: Sequence[Path]
) -> tuple[Floats, tuple[str, int]]:
    """Ink (H, W), 0..1, and what the lettering is and how high, in 1/100 of the height."""
    if ground == "blank":
        return np.zeros(size[::-1], np.float32), ("none", 0)
    if ground == "leader":
        return _leader(rng, size), ("leader", 50)
    height = float(rng.choice([0.035, 0.05, 0.07, 0.1, 0.14]))
    pixels = max(int(height * size[1]), 12)
    canvas = Image.new("L", size)
    draw = ImageDraw.Draw(canvas)
    font: Font
    if fonts and rng.random() < 0.6:
        font = ImageFont.truetype(str(fonts[int(rng.integers(len(fonts)))]), round(pixels * 1.4))
        name = str(font.getname()[0])
    elif rng.random() < 0.3:
        font = ImageFont.load_default(pixels * 1.4)
        name = "default"
    else:
        font = int(rng.choice(HERSHEY))
        name = f"hershey {font}"
    room = int(size[0] * rng.uniform(0.55, 0.85))
    most = max(int(size[1] * 0.75 / (pixels * 1.8)), 1)
    lines = [
        line
        for line in (_line(rng, font, pixels, room) for _ in range(rng.integers(1, min(most, 8) + 1)))
        if line
    ]
    top = max((size[1] - len(lines) * pixels * 1.8) / 2, 2)
    plane = np.zeros(size[::-1], np.uint8)
    centred = rng.random() < 0.7
    for number, line in enumerate(lines):
        width = _width(font, pixels, line)
        left = (size[0] - width) / 2 if centred else (size[0] - room) / 2
        at = (int(max(left, 2)), int(top + number * pixels * 1.8))
        if isinstance(font, int):
            scale, stroke = _hershey(font, pixels)
            cv2.putText(plane, line, (at[0], at[1] + pixels), font, scale, 255, stroke, cv2.LINE_AA)
        else:
            draw.text(at, line, fill=255, font=font)
    plane = np.maximum(plane, np.asarray(canvas))
    if rng.random() < 0.4:
        _ornament(rng, plane)
    return plane.astype(np.float32) / 255, (name, round(height * 100))


def _hershey(font: int, pixels: int) -> tuple[float, int]:
    stroke = max(round(pixels / 10), 1)
    return cv2.getFontScaleFromHeight(font, pixels, stroke), stroke


def _width(font: Font, pixels: int, text: str) -> float:
    if isinstance(font, int):
        scale, stroke = _hershey(font, pixels)
        return cv2.getTextSize(text, font, scale, stroke)[0][0]
    return font.getlength(text)


def _line(rng: np.random.Generator, font: Font, pixels: int, room: int) -> str:
    line = ""
    for word in rng.choice(_TEXT.split(), rng.integers(1, 9)):
        longer = f"{line} {word}".strip()
        if _width(font, pixels, longer) > room:
            break
        line = longer
    text = line.encode("ascii", "ignore").decode() if isinstance(font, int) else line
    return text.upper() if rng.random() < 0.3 else text


def _ornament(rng: np.random.Generator, plane: npt.NDArray[np.uint8]) -> None:
    """A drawn frame, double lines, corners, or a rule under the text."""
    height, width = plane.shape
    inset, thick = int(height * rng.uniform(0.03, 0.08)), max(int(height * rng.uniform(0.003, 0.012)), 1)
    kind = rng.integers(4)
    if kind in (0, 1):
        cv2.rectangle(plane, (inset, inset), (width - inset, height - inset), 255, thick, cv2.LINE_AA)
    if kind == 1:
        more = inset + 3 * thick + 2
        cv2.rectangle(
            plane, (more, more), (width - more, height - more), 255, max(thick // 2, 1), cv2.LINE_AA
        )
    if kind == 2:
        for x in (inset, width - inset):
            for y in (inset, height - inset):
                cv2.circle(plane, (x, y), inset // 2 + 3, 255, thick, cv2.LINE_AA)
                cv2.circle(plane, (x, y), inset // 4 + 1, 255, -1, cv2.LINE_AA)
    if kind == 3:
        y = height - int(height * 0.08)
        cv2.line(plane, (width // 3, y), (width * 2 // 3, y), 255, thick, cv2.LINE_AA)
        cv2.ellipse(plane, (width // 2, y), (inset, inset // 2), 0, 0, 360, 255, thick, cv2.LINE_AA)


def _leader(rng: np.random.Generator, size: tuple[int, int]) -> Floats:
    """A countdown: cross, circles and a number."""
    width, height = size
    plane = np.zeros((height, width), np.uint8)
    thick = max(height // 160, 1)
    cv2.line(plane, (width // 2, 0), (width // 2, height), 255, thick, cv2.LINE_AA)
    cv2.line(plane, (0, height // 2), (width, height // 2), 255, thick, cv2.LINE_AA)
    for share in (0.3, 0.36):
        cv2.circle(plane, (width // 2, height // 2), int(height * share), 255, thick, cv2.LINE_AA)
    digit, scale = str(rng.integers(2, 10)), height / 75
    stroke = max(height // 40, 2)
    (w, h), _ = cv2.getTextSize(digit, 0, scale, stroke)
    cv2.putText(plane, digit, ((width - w) // 2, (height + h) // 2), 0, scale, 255, stroke, cv2.LINE_AA)
    return plane.astype(np.float32) / np.float32(255)


def _vignette(rng: np.random.Generator, size: tuple[int, int]) -> Floats:
    strength = rng.uniform(0.1, 0.45) if rng.random() < 0.4 else 0.0
    y, x = np.mgrid[-1 : 1 : size[1] * 1j, -1 : 1 : size[0] * 1j].astype(np.float32)
    light: Floats = (1 - strength * ((x - rng.uniform(-0.1, 0.1)) ** 2 + y**2) / 2).astype(np.float32)
    return light


def _mottle(rng: np.random.Generator, size: tuple[int, int], deviation: float) -> Floats:
    """Stains of paper, some tens of samples wide."""
    coarse = rng.normal(0, deviation, (12, 16)).astype(np.float32)
    return cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC).astype(np.float32)


def _aged(
    rng: np.random.Generator, base: Floats, count: int, *, noise: float, weave: bool, flicker: bool
) -> Iterator[npt.NDArray[np.uint8]]:
    grain_px = rng.uniform(0.4, 1.2)
    for _ in range(count):
        frame = base
        if weave:
            dx, dy = rng.normal(0, 1.2, 2)
            frame = cv2.warpAffine(
                frame,
                np.array([[1, 0, dx], [0, 1, dy]], np.float64),
                frame.shape[::-1],
                borderMode=cv2.BORDER_REPLICATE,
            ).astype(np.float32)
        if flicker:
            frame = frame * np.float32(rng.normal(1, 0.06))
        if noise:
            grain = cv2.GaussianBlur(rng.normal(0, 1, frame.shape).astype(np.float32), (0, 0), grain_px)
            frame = frame + grain * np.float32(noise / max(float(grain.std()), 1e-6))
        yield frame.clip(0, 255).astype(np.uint8)


def _pillars(frame: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    framed = np.full((frame.shape[0], frame.shape[1] * 4 // 3), 2, np.uint8)
    left = (framed.shape[1] - frame.shape[1]) // 2
    framed[:, left : left + frame.shape[1]] = frame
    return framed
