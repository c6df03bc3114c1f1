from pathlib import Path

import pytest

from jobs.queue.folder import Spool


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    """An empty spool."""
    return Spool.make(tmp_path / "spool")
