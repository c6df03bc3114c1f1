"""What messages say of many things."""

from pipeline.messages import first_few, signal_name


def test_few_things_are_all_there() -> None:
    assert first_few(["a", "b", 3]) == "a, b, 3"
    assert first_few([]) == ""


def test_of_many_things_the_first_are_there_and_their_count() -> None:
    assert first_few(range(100_000)) == "0, 1, 2, 3, 4, 5, 6, 7 and 99,992 more"


def test_long_things_are_cut() -> None:
    assert first_few(["x" * 61, "y"], separator="; ") == f"{'x' * 60}…; y"


def test_a_signal_is_called_by_its_name_where_it_has_one() -> None:
    assert signal_name(11) == "SIGSEGV"
    assert signal_name(99) == "signal 99"
