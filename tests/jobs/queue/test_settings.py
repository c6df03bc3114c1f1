import pytest

from jobs.queue.settings import WorkerSettings
from pipeline.errors import SettingsError


def test_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"--dead-after: found 5 s; twice the heartbeat \(5 s\) or more"):
        WorkerSettings(dead_seconds=5)
    with pytest.raises(SettingsError, match=r"--poll: found 0"):
        WorkerSettings(poll_seconds=0)
