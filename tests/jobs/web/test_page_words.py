"""Words of the page that stand for names of the server."""

import re
from pathlib import Path

from jobs.progress.stages import STAGES

PAGE = Path(__file__).parents[3] / "jobs" / "web" / "page" / "src"


def test_the_page_has_words_for_every_stage() -> None:
    text = (PAGE / "screens" / "project-state.tsx").read_text(encoding="utf-8")
    table = text[text.index("const STAGES") :]
    known = re.findall(r'^  "?([a-z ]+)"?: "', table[: table.index("};")], re.MULTILINE)
    assert set(known) == {"waiting", "starting", *STAGES}
