"""Show 4, in short: server, worker and job are killed, and nothing that was answered is lost."""

from pathlib import Path

import pytest

from tests.benchmarks.review_kills import Session


@pytest.mark.slow(seconds=30)
def test_nothing_that_was_answered_is_lost_when_processes_are_killed(tmp_path: Path) -> None:
    session = Session(tmp_path / "root", seed=5)
    found = session.run(3, pause_seconds=(0.5, 4.0))
    assert found["changes"] > 1 and found["upload_bytes"] > 0
