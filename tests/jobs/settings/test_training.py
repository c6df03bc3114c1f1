from pathlib import Path

import pytest

from jobs.settings.training import load_train_job
from pipeline.errors import SettingsError


def test_faults_of_a_config_are_told_all_at_once(tmp_path: Path) -> None:
    config = tmp_path / "t.yaml"
    config.write_text(
        "data: nowhere\nout: o\ntrain:\n  stages: [{name: a, rate: 1, stesp: 5}]\n"
        "  batch: '8'\nsamples:\n  crop_px: 100\n"
    )
    with pytest.raises(SettingsError) as error:
        load_train_job(config)
    lines = str(error.value).splitlines()
    assert len(lines) == 5
    assert "t.yaml:1: data: no such folder" in lines[0]
    assert "train.stages.0.steps: this key is missing" in lines[1]
    assert "train.stages.0.stesp: unknown key; did you mean 'steps'?" in lines[2]
    assert "batch" in lines[3]
    assert "crop_px" in lines[4]
