"""The callbacks by which stages report how far they are; `jobs` turns them into bars, lines and events."""

from collections.abc import Callable

StageProgress = Callable[[str, int, int | None], None]
"""Called with (stage, done, total); total is None where it is not known."""
CountProgress = Callable[[int, int | None], None]
"""Called with (done, total) where there is one stage only; total is None where it is not known."""
FrameDone = Callable[[], None]
"""Called once for every finished frame."""
