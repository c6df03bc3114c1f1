"""A look gives the colours of a film another theme: after a process, a colour table or a picture. Luma stays.

It acts on what was predicted (or on the colours that a film has), at the proxy's scale, one frame at a time. What it
gives can be shown: chroma that sRGB does not hold at a place's luma is lowered.
"""

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.color.colorimetry import Floats, fit_ab, lightness
from pipeline.color.lab import lab_from_srgb, srgb_from_lab
from pipeline.errors import SettingsError
from pipeline.guidance.looks.built_in_looks import BUILT_IN, Theme
from pipeline.guidance.looks.cube import CubeLut, read_cube
from pipeline.guidance.looks.palette_transfer import AbMap, Palette, read_palette

_VERSION = 1
"""Counts changes of what any look makes of the same colours."""
_MOST_AB = np.float32(128)
_KEYS = ("name", "strength")
_CUBES, _PICTURES = (".cube",), (".png", ".jpg", ".jpeg", ".tif", ".tiff")
_LONGEST_SHOWN = 80


@dataclass(frozen=True, eq=False, kw_only=True)
class Look:
    """A change of colours. A palette must be fitted to each shot before it is applied: see `for_shot`."""

    name: str
    """As the job file has it."""
    theme: Theme | CubeLut | Palette | AbMap
    strength: float = 1.0
    """0 leaves colours as they are, to the bit; 1 is all of the look."""
    digest: str
    """Hex number that changes with whatever changes the colours: name, strength, content of a file."""

    def for_shot(self, sample: Floats) -> "Look":
        """The look for one shot whose colours are distributed like `sample` (N, 2); see `sample_ab`."""
        theme = self.theme
        return replace(self, theme=theme.fit(sample)) if isinstance(theme, Palette) else self

    @property
    def needs_sample(self) -> bool:
        """Whether `for_shot` must be asked before `apply`."""
        return isinstance(self.theme, Palette) and self.strength > 0

    def apply(self, luma_unit: Floats, ab: Floats, *, transfer: str = "bt709") -> Floats:
        """The new ab (2, h, w) of a frame of luma (h, w) in 0..1 and finite ab (2, h, w); ab itself at strength 0."""
        if not self.strength:
            return ab
        ab = ab.clip(-_MOST_AB, _MOST_AB)
        themed = _themed(self.theme, lightness(luma_unit, transfer=transfer), ab)
        themed = fit_ab(luma_unit, themed.clip(-_MOST_AB, _MOST_AB), transfer=transfer)
        if self.strength == 1:
            return themed
        return fit_ab(luma_unit, ab + np.float32(self.strength) * (themed - ab), transfer=transfer)

    def recolor(self, l_star: Floats, ab: Floats) -> Floats:
        """The new ab (2, h, w) of colours that a picture has, with their own L* (h, w); ab itself at strength 0.

        It may lie outside of what a display shows.
        """
        if not self.strength:
            return ab
        themed = _themed(self.theme, l_star.clip(0, 100), ab.clip(-_MOST_AB, _MOST_AB))
        moved: Floats = ab + np.float32(self.strength) * (themed.clip(-_MOST_AB, _MOST_AB) - ab)
        return moved


def parse_look(value: object, base_folder: Path) -> Look:
    """The look that a job file asks for: a name, a file from `base_folder` on, or either with its strength.

    `name`, `FILE.cube`, `PICTURE.png` (or JPEG, TIFF), {name: sepia, strength: 0.7} work. Files are read here, whole.
    Raises SettingsError, one line that names the key or the file.
    """
    if isinstance(value, Mapping):
        if wrong := [key for key in value if key not in _KEYS]:
            raise SettingsError(f"look {_shown(wrong[0])}: no such key; {' and '.join(_KEYS)} work")
        name, strength = value.get("name"), _strength(value.get("strength", 1.0))
    else:
        name, strength = value, 1.0
    if not isinstance(name, str) or not name.strip() or "\0" in name:
        raise SettingsError(
            f"look {_shown(name)}: a name, a .cube file or a picture works, or {{name: sepia, strength: 0.7}}"
        )
    theme, content = _theme(name.strip(), base_folder)
    key = repr((_VERSION, content, strength))
    return Look(name=name, theme=theme, strength=strength, digest=hashlib.sha256(key.encode()).hexdigest())


def look_names() -> tuple[str, ...]:
    """The looks that need no file."""
    return tuple(BUILT_IN)


def _themed(theme: Theme | CubeLut | Palette | AbMap, l_star: Floats, ab: Floats) -> Floats:
    if isinstance(theme, Palette):
        raise ValueError("a palette is applied by way of Look.for_shot")
    if isinstance(theme, AbMap):
        return theme.apply(ab)
    if isinstance(theme, CubeLut):
        rgb = theme.apply(srgb_from_lab(np.stack([l_star, ab[0], ab[1]], axis=-1)))
        return np.moveaxis(lab_from_srgb(rgb.clip(0, 1))[..., 1:], -1, 0)
    return theme(l_star, ab)


def _theme(name: str, base_folder: Path) -> tuple[Theme | CubeLut | Palette, str]:
    """The theme and what identifies its content."""
    suffix = Path(name).suffix.lower()
    if suffix in _CUBES:
        lut = read_cube(base_folder / name)
        return lut, _hash(lut.table, lut.domain)
    if suffix in _PICTURES:
        palette = read_palette(base_folder / name)
        return palette, _hash(palette.ab)
    known = {_key(built_in): built_in for built_in in BUILT_IN}
    if built_in := known.get(_key(name)):
        return BUILT_IN[built_in], built_in
    near = difflib.get_close_matches(_key(name)[:_LONGEST_SHOWN], list(known), n=2, cutoff=0.5)
    offer = f"did you mean {' or '.join(known[key] for key in near)}? " if near else ""
    raise SettingsError(
        f"look {_shown(name)}: no such look; {offer}{', '.join(BUILT_IN)}, a .cube file or a picture work"
    )


def _strength(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise SettingsError(f"look strength {_shown(value)}: a number from 0 to 1 works")
    return float(value)


def _hash(*tables: Floats) -> str:
    digest = hashlib.sha256()
    for table in tables:
        digest.update(repr(table.shape).encode() + np.ascontiguousarray(table).tobytes())
    return digest.hexdigest()


def _key(name: str) -> str:
    return "".join(name.lower().replace("-", " ").replace("_", " ").split())


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
