import shutil
import subprocess
from pathlib import Path
from typing import get_args

import pytest

from jobs.cli.main import make_parser
from jobs.shell.completion import Shell, completion

BASH = """
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
COMP_LINE="$*"
COMP_POINT=${#COMP_LINE}
call="$(complete -p kinochrome | sed -E 's/.*-F ([^ ]+).*/\\1/')"
"$call" kinochrome "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def offered(script: Path, folder: Path, *words: str) -> set[str]:
    """What bash offers for the last of the words."""
    command = ["bash", "-c", BASH, "bash", str(script), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder, timeout=60)
    return {line.strip() for line in done.stdout.splitlines()}


def test_bash_offers_verbs_options_choices_and_files(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(completion(make_parser(), "bash"))
    (tmp_path / "film.mkv").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    assert "colorize" in offered(script, tmp_path, "kinochrome", "colo")
    assert {"--preset", "--sheet"} <= offered(script, tmp_path, "kinochrome", "colorize", "--")
    assert {"bash", "zsh", "fish"} <= offered(script, tmp_path, "kinochrome", "completion", "")
    assert "film.mkv" in offered(script, tmp_path, "kinochrome", "colorize", "fi")
    assert offered(script, tmp_path, "kinochrome", "run", "--work", "f") == {"folder"}


@pytest.mark.parametrize("shell", get_args(Shell))
def test_each_script_names_every_verb_and_parses(shell: Shell, tmp_path: Path) -> None:
    text = completion(make_parser(), shell)
    for verb in ("colorize", "verify", "worker", "doctor"):
        assert verb in text
    if shutil.which(shell) is not None:
        (tmp_path / "script").write_text(text)
        subprocess.run([shell, "-n", str(tmp_path / "script")], check=True, timeout=60)
