"""Settings that decide which pictures go into a training set and how they are stored."""

from dataclasses import dataclass, field
from typing import Literal

from pipeline.dataset.dedup import DedupSettings
from pipeline.dataset.quality import QualitySettings
from pipeline.errors import SettingsError
from pipeline.plan.shots import ShotSettings


@dataclass(frozen=True, kw_only=True)
class FrameSettings:
    """How many frames are kept, and how they are stored. Raises SettingsError for values that cannot work."""

    per_shot: int = 8
    """At most so many frames of each shot are kept, 1 or more."""
    max_lines: int = 1080
    """Higher pictures are made smaller, 64 or more."""
    format: Literal["jpeg", "webp"] = "jpeg"
    """WebP is a quarter smaller and takes many times as long."""
    quality: int = 95
    """1 to 100; chroma is stored at full size in JPEG."""

    def __post_init__(self) -> None:
        if not 1 <= self.per_shot <= 10_000:
            raise SettingsError(f"per_shot {self.per_shot}: 1 to 10000 works")
        if not 64 <= self.max_lines <= 8192:
            raise SettingsError(f"max_lines {self.max_lines}: 64 to 8192 works")
        if self.format not in ("jpeg", "webp"):
            raise SettingsError(f"format {self.format}: jpeg or webp works")
        if not 1 <= self.quality <= 100:
            raise SettingsError(f"quality {self.quality}: 1 to 100 works")

    @property
    def suffix(self) -> str:
        """Of the files."""
        return ".jpg" if self.format == "jpeg" else ".webp"


@dataclass(frozen=True, kw_only=True)
class DatasetSettings:
    """All that decides which pictures are kept."""

    frames: FrameSettings = field(default_factory=FrameSettings)
    quality: QualitySettings = field(default_factory=QualitySettings)
    dedup: DedupSettings = field(default_factory=DedupSettings)
    shots: ShotSettings = field(default_factory=ShotSettings)
