from pathlib import Path

import pytest

from jobs.cli.main import main


def test_the_program_alone_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("usage: kinochrome ")
    assert "Colour films" in told.err


def test_a_mistyped_verb_gets_one_line_with_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["colorzie", "a.mkv", "-o", "b.mkv"]) == 2
    assert (
        capsys.readouterr().err == "kinochrome: error: there is no verb 'colorzie'; did you mean colorize?\n"
    )


def test_the_british_spelling_works(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["colourise", str(tmp_path / "none.mkv"), "-o", str(tmp_path / "out.mkv")]) == 1
    assert "none.mkv" in capsys.readouterr().err


def test_scripts_and_page_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, begin in ((["completion", "fish"], "#"), (["man"], ".TH KINOCHROME 1")):
        assert main(arguments) == 0
        assert capsys.readouterr().out.startswith(begin)
