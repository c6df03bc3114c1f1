import pytest

from pipeline.dataset.settings import FrameSettings
from pipeline.errors import SettingsError


@pytest.mark.parametrize(
    ("key", "value"), [("per_shot", 0), ("max_lines", 8), ("format", "png"), ("quality", 0)]
)
def test_settings_that_cannot_work_are_refused(key: str, value: object) -> None:
    with pytest.raises(SettingsError, match=f"{key} {value}"):
        FrameSettings(**{key: value})  # type: ignore[arg-type]
