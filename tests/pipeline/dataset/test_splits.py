import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.splits import HeldOutSettings, assign_splits
from pipeline.errors import SettingsError

_ORIGINS = st.lists(st.text(max_size=8), max_size=30, unique=True)


@given(_ORIGINS)
def test_three_origins_or_more_fill_every_split_whatever_their_order(origins: list[str]) -> None:
    splits = assign_splits(origins, settings=HeldOutSettings())
    assert set(splits) == set(origins)
    assert splits == assign_splits(sorted(origins), settings=HeldOutSettings())
    wanted = {"train", "val", "test"} if len(origins) >= 3 else {"train"} if origins else set()
    assert set(splits.values()) == wanted


@given(st.lists(st.text(max_size=8), min_size=3, max_size=30, unique=True), _ORIGINS)
def test_what_was_trained_on_is_not_held_out_when_origins_are_added(
    before: list[str], added: list[str]
) -> None:
    old = assign_splits(before, settings=HeldOutSettings())
    new = assign_splits({*before, *added}, settings=HeldOutSettings())
    assert all(new[origin] in (old[origin], "train") for origin in before if old[origin] != "train")
    trained = [origin for origin in before if old[origin] == "train"]
    if len(trained) > 1:  # a single one may be there because nothing else was left
        assert all(new[origin] == "train" for origin in trained)


def test_shares_are_kept_and_can_be_nought() -> None:
    many = [f"origin {number}" for number in range(2000)]
    found = list(assign_splits(many, settings=HeldOutSettings(val=0.2, test=0.05)).values())
    assert found.count("val") == pytest.approx(400, abs=60)
    assert found.count("test") == pytest.approx(100, abs=40)
    assert set(assign_splits(many, settings=HeldOutSettings(val=0, test=0)).values()) == {"train"}


def test_a_share_that_cannot_work_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"val 0\.7"):
        HeldOutSettings(val=0.7)
