"""Lists of commands: what a shell makes of each line."""

from pathlib import Path

import pytest

from tests.farms import LISTS, NAMES, Place, export, make_place, run_command, run_lists, settings_of


@pytest.mark.parametrize("name", NAMES)
def test_names_reach_the_program_from_command_lists(film: Path, tmp_path: Path, name: str) -> None:
    place = make_place(film, tmp_path, name)
    work, sets = place.folder / f"work {name}", settings_of(name)
    export("commands", place, tmp_path / "film.txt", "--chunk=2", f"--work={work}", f"--set={sets[0]}")
    counts = [len((tmp_path / name).read_text().splitlines()) for name in LISTS]
    assert counts == [1, 3, 1]
    run_lists(tmp_path)
    plan, *shots, mux = place.calls()
    assert [plan, *sorted(shots), mux] == place.expected("0-1", "2-3", "4-4", work=work, sets=sets)
    assert list(tmp_path.rglob("pwned")) == []


def test_a_name_that_ends_a_line_is_refused_for_command_lists(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "film.txt"
    assert run_command("export", "commands", place.job, "-o", path, "--program='a\n'") == 1
    assert "line break" in capsys.readouterr().err
    assert list(tmp_path.glob("film.*")) == []


def test_settings_mean_the_same_in_another_folder(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "grades").mkdir()
    monkeypatch.chdir(tmp_path)
    export("commands", place, Path("film.txt"), "--set=from_proxy=grades", "--set=batch=4", "--work=.")
    run_lists(tmp_path)
    expected = place.expected(sets=[f'from_proxy="{tmp_path}/grades"', "batch=4"], work=tmp_path)
    assert place.calls()[0] == expected[0]


@pytest.mark.parametrize("option", ["--gpus=1", "--timeout=2"])
def test_command_lists_promise_nothing_that_they_cannot_say(
    place: Place, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command("export", "commands", place.job, "-o", place.folder / "x", option) == 1
    assert "leave --gpus and --timeout out" in capsys.readouterr().err
