"""What a batch knows of its outputs after kills, failures and other runs."""

from pathlib import Path

import pytest

from jobs.batch.inputs import Work
from jobs.batch.ledger import Ledger
from jobs.settings.output_paths import file_identity
from pipeline.errors import SettingsError


@pytest.fixture
def work(tmp_path: Path) -> Work:
    (tmp_path / "a.mp4").write_bytes(b"source")
    return Work(source=tmp_path / "a.mp4", output=tmp_path / "out" / "a.mkv", kind="film", bytes=6)


def test_what_is_noted_is_read_again_and_a_torn_line_is_passed_over(work: Work) -> None:
    folder = work.output.parent
    ledger = Ledger(folder)
    with ledger.alone():
        ledger.begin(overwrite=False)
        ledger.note_start(work)
        work.output.write_bytes(b"film")
        ledger.note_done(work, fingerprint="f", details={"frames": 3})
    with (folder / ".kinochrome" / "batch.jsonl").open("ab") as file:
        file.write(b'{"event": "output", "output": "a.mkv", "sta')
    entry = Ledger(folder).entries[work.output]
    assert (entry.state, entry.fingerprint, entry.details) == ("done", "f", {"frames": 3})
    assert entry.identity == tuple(file_identity(work.output))


def test_a_film_is_known_again_that_was_published_by_a_run_which_was_killed_then(work: Work) -> None:
    folder = work.output.parent
    ledger = Ledger(folder)
    partial = folder / "partial"
    with ledger.alone():
        ledger.begin(overwrite=False)
        ledger.note_start(work)
        partial.write_bytes(b"film")
        ledger.note_result(work, partial, fingerprint="f")
        partial.rename(work.output)
    again = Ledger(folder)
    assert again.entries[work.output].identity == tuple(file_identity(work.output))
    assert work.output not in again.ended
    again.note_failure(work, "died")
    assert again.entries[work.output].identity == tuple(file_identity(work.output))


def test_a_run_that_replaces_everything_goes_on_with_one_that_was_killed(work: Work) -> None:
    ledger = Ledger(work.output.parent)
    with ledger.alone():
        ledger.begin(overwrite=True)
        assert ledger.turn == 1
    again = Ledger(work.output.parent)
    assert again.next_turn(overwrite=True) == 1
    again.begin(overwrite=True)
    again.end()
    assert Ledger(work.output.parent).next_turn(overwrite=True) == 2
    assert Ledger(work.output.parent).next_turn(overwrite=False) == 1


def test_one_run_at_a_time(work: Work) -> None:
    ledger = Ledger(work.output.parent)
    with ledger.alone(), pytest.raises(SettingsError, match="another run"), ledger.alone():
        pass
