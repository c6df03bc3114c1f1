"""What the stages of a film are called before people, in which phase of the run each is, and its share of the time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Phase = Literal["starting", "planning", "colouring", "finishing"]
Part = Literal["run", "colorize", "plan", "shots", "mux", "export"]
"""The verbs that work on a film."""


@dataclass(frozen=True)
class Stage:
    """A stage of a film."""

    label: str
    """What is being done, for people."""
    phase: Phase
    weight: int = 0
    """Its share of the time; 0 where it may be left out."""


STAGES: Mapping[str, Stage] = {
    "network": Stage("loading the network", "starting"),
    "fingerprint": Stage("reading the file", "planning", 1),
    "packets": Stage("checking the packets", "planning", 1),
    "scan": Stage("looking for shots", "planning", 2),
    "measure": Stage("measuring how long it will take", "planning"),
    "colour": Stage("colouring", "colouring", 20),
    "render": Stage("rendering", "colouring", 20),
    "mux": Stage("putting the film together", "finishing", 1),
    "copies": Stage("comparing the copied streams", "finishing"),
    "hash source": Stage("checksum of the source", "finishing", 1),
    "hash film": Stage("checksum of the film", "finishing", 1),
    "prove": Stage("checking the luma of every frame", "finishing", 4),
    "stills": Stage("colouring stills", "colouring", 40),
}
"""By the name that the stage reports, in the order in which they end."""

_PHASES: Mapping[Phase, tuple[str, ...]] = {
    phase: tuple(name for name, stage in STAGES.items() if stage.phase == phase and stage.weight)
    for phase in ("planning", "colouring", "finishing")
}


def stages_of(part: Part | str) -> tuple[str, ...]:
    """The stages that a verb goes through, in order, without those that may be left out; none for other verbs."""
    plan, shots, mux = _PHASES["planning"], ("colour", "render"), _PHASES["finishing"]
    if part in ("run", "colorize"):
        return (*plan, *shots, *mux)
    return {"plan": plan, "export": plan, "shots": shots, "mux": mux, "stills": ("stills",)}.get(part, ())


def label_of(name: str) -> str:
    """What a stage is called before people; one that is not in the table by its own name."""
    return STAGES[name].label if name in STAGES else name


def order_of(name: str) -> int:
    """The place of a stage in the table; one that is not in it comes last."""
    return list(STAGES).index(name) if name in STAGES else len(STAGES)


def phase_of(name: str) -> Phase | None:
    """The phase of a stage; None for one that is not in the table."""
    return STAGES[name].phase if name in STAGES else None
