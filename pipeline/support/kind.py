"""One row of the table in `pipeline.support.table`: a kind of source, and what happens to it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of source; texts are for a reader, and are shown as they are."""

    name: str
    """By which the tests and the code call it."""
    title: str
    kept: str = ""
    converted: str = ""
    refused: str = ""
    why: str = ""
    cure: str = ""
    """What would work instead of what is refused, for the line of the refusal."""

    def __post_init__(self) -> None:
        if not (self.kept or self.converted or self.refused):
            raise ValueError(f"kind {self.name}: nothing becomes of it")
        if self.cure and not self.refused:
            raise ValueError(f"kind {self.name}: has a cure, but nothing is refused")
        if any("|" in text or "\n" in text for text in (self.title, *self.cells)):
            raise ValueError(f"kind {self.name}: a text would break the table")

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """Kept, converted, refused, why."""
        return self.kept, self.converted, self.refused, self.why
