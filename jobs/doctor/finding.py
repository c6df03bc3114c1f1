"""What was found of one thing that a run needs."""

from dataclasses import asdict, dataclass
from typing import Literal

State = Literal["ok", "note", "missing"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing, how it is, and what to do."""

    subject: str
    """What was looked at, in a word."""
    told: str
    """What was found."""
    state: State = "ok"
    """ok; note: some uses lack it; missing: films cannot be coloured."""
    advice: str = ""
    """What to do, where something is to be done."""

    def as_json(self) -> dict[str, str]:
        """For programs."""
        return asdict(self)
