"""Settings of the colour prediction. Imports no torch, so that a wrong job file is refused at once."""

from dataclasses import dataclass

from pipeline.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class ColorSettings:
    """How colour is predicted."""

    short_side: int = 224
    """Shorter side of the network's input in samples: 128 to 512, a multiple of 32."""
    temperature: float = 0.35
    """Of the annealed mean, 0.05 to 2: lower is more colourful, higher is calmer."""
    vividness: float | None = None
    """Factor on the predicted ab, 0.5 to 2: the annealed mean is paler than the colours that it averages.

    None is what the weights say of themselves; the model card says what the default weights have.
    """
    still_passes: int = 6
    """How often the network looks at a still: 1, 2 (mirrored too) or 6 (both at three sizes); frames of films get 1."""
    saturation: float = 1.0
    """Factor on the rendered chroma, 0 to 2; a change of it does not predict again."""

    def __post_init__(self) -> None:
        if self.short_side % 32 or not 128 <= self.short_side <= 512:
            raise SettingsError(f"short_side {self.short_side}: a multiple of 32 from 128 to 512 works")
        if not 0.05 <= self.temperature <= 2:
            raise SettingsError(f"temperature {self.temperature}: a number from 0.05 to 2 works")
        if self.vividness is not None and not 0.5 <= self.vividness <= 2:
            raise SettingsError(f"vividness {self.vividness}: a number from 0.5 to 2 works")
        if self.still_passes not in (1, 2, 6):
            raise SettingsError(f"still_passes {self.still_passes}: 1, 2 or 6 works")
        if not 0 <= self.saturation <= 2:
            raise SettingsError(f"saturation {self.saturation}: a number from 0 to 2 works")
