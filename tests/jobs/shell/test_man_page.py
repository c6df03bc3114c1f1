import argparse
import shutil
import subprocess
from pathlib import Path

import pytest

from jobs.cli.main import make_parser
from jobs.shell.man_page import man_page


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    """Every long option of a parser and its verbs."""
    found: set[str] = set()
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for verb in action.choices.values():
                found |= options_of(verb)
        found |= {option for option in action.option_strings if option.startswith("--")}
    return found


def test_the_page_names_every_option_and_the_exit_codes() -> None:
    page = man_page(make_parser(), version="1.2")
    for option in options_of(make_parser()) - {"--help", "--version"}:
        assert option.replace("-", r"\-") in page, option
    assert page.startswith('.TH KINOCHROME 1 "" "kinochrome 1.2"')
    assert r"\fB130\fR" in page
    assert "%(default)s" not in page


def test_every_argument_of_every_verb_is_explained() -> None:
    (verbs,) = (action for action in make_parser()._actions if isinstance(action, argparse._SubParsersAction))
    for name, verb in verbs.choices.items():
        unexplained = [action.dest for action in verb._actions if not action.help]
        assert unexplained == [], name


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff shows what man shows")
def test_groff_sets_it_without_a_warning(tmp_path: Path) -> None:
    (tmp_path / "kinochrome.1").write_text(man_page(make_parser(), version="1.2"))
    command = ["groff", "-man", "-Tutf8", "-ww", "-Kutf8", str(tmp_path / "kinochrome.1")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    assert "colour films" in done.stdout.lower()


def test_text_that_means_something_to_roff_stays_text() -> None:
    parser = argparse.ArgumentParser(prog="p", description="Does it.")
    verb = parser.add_subparsers().add_parser("go", help=".SH a\\b")
    verb.add_argument("--many", nargs="*", help="'quoted' 100 %% -x")
    page = man_page(parser, version="1")
    assert "\n\\&.SH a\\eb\n" in page
    assert "\n\\&'quoted' 100 % \\-x\n" in page
