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


def test_a_recipe_has_a_name_and_a_file_of_that_name_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    overrides = [f"data={tmp_path}", "out=run"]
    assert load_train_job(Path("finetune"), overrides=overrides).name == "finetuned"
    with pytest.raises(
        SettingsError, match=r"no such recipe or file: fintune; debug, .*finetune.* would work"
    ):
        load_train_job(Path("fintune"), overrides=overrides)
    Path("finetune").write_text(
        "name: mine\ninit: default\ntrain: {stages: [{name: whole, steps: 1, rate: 0.1}]}\n"
    )
    assert load_train_job(Path("finetune"), overrides=overrides).name == "mine"
