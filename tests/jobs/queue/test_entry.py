import pytest

from jobs.queue.entry import Entry, make_id, parse_name
from pipeline.errors import SettingsError


@pytest.mark.parametrize("title", ["../../etc/passwd", "a b;rm -rf ~", "", "Ü" * 300, "x\n.yaml", "--help"])
def test_ids_are_safe_whatever_a_film_is_called(title: str) -> None:
    id = make_id(title)
    parsed = parse_name(f"{id}.0.yaml", state="queue")
    assert parsed == Entry(id=id, state="queue")
    assert len(id) < 80
    assert "/" not in id


@pytest.mark.parametrize("priority", [-1, 100])
def test_a_priority_out_of_range_is_refused(priority: int) -> None:
    with pytest.raises(SettingsError, match=f"found {priority}; 0 to 99 would work"):
        make_id("film", priority=priority)
