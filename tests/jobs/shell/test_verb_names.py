import pytest

from jobs.shell.verb_names import unknown_verb, with_known_verb

VERBS = ["colorize", "run", "check", "verify", "shots", "status"]


@pytest.mark.parametrize("word", ["colourise", "colourize", "colorise", "colour", "color"])
def test_every_spelling_of_colorize_works_as_a_verb_only(word: str) -> None:
    assert with_known_verb([word, "a.mkv", "-o", word]) == ["colorize", "a.mkv", "-o", word]
    assert with_known_verb(["run", word]) == ["run", word]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("colorzie", "colorize"),
        ("colurise", "colorize"),
        ("verfy", "verify"),
        ("Run", "run"),
        ("stat", "status"),
    ],
)
def test_a_mistyped_verb_is_told_what_it_is_nearest_to(word: str, meant: str) -> None:
    assert unknown_verb([word, "a.mkv"], VERBS) == f"there is no verb {word!r}; did you mean {meant}?"


def test_verbs_options_and_nothing_are_no_faults() -> None:
    for arguments in (["run"], ["--help"], ["-h"], []):
        assert unknown_verb(arguments, VERBS) is None
    assert unknown_verb(["xyzzy"], VERBS) == "there is no verb 'xyzzy'; kinochrome --help lists them"
