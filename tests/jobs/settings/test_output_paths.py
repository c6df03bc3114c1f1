from pathlib import Path

import pytest

from jobs.settings.output_paths import page_path, record_path, work_folder


def test_the_folder_lies_beside_the_output_or_in_the_work_folder(tmp_path: Path) -> None:
    output = tmp_path / "film.mkv"
    assert work_folder(output) == tmp_path / ".film.mkv.kinochrome"
    assert work_folder(output, work=tmp_path / "scratch") == tmp_path / "scratch" / "film.mkv"


def test_a_folder_that_is_named_by_dots_has_the_name_that_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "films").mkdir()
    monkeypatch.chdir(tmp_path / "films")
    assert record_path(Path()) == tmp_path / "films.report.json"
    assert page_path(Path("..")) == tmp_path.parent / f"{tmp_path.name}.report.html"
