from pathlib import Path

from jobs.settings.output_paths import work_folder


def test_the_folder_lies_beside_the_output_or_in_the_work_folder(tmp_path: Path) -> None:
    output = tmp_path / "film.mkv"
    assert work_folder(output) == tmp_path / ".film.mkv.kinochrome"
    assert work_folder(output, work=tmp_path / "scratch") == tmp_path / "scratch" / "film.mkv"
