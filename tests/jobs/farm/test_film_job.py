from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.farm.film_job import default_chunk, parse_program
from pipeline.errors import SettingsError


@given(shots=st.integers(1, 10**5), frames=st.integers(1, 10**7))
def test_chunks_are_neither_too_small_nor_too_many(shots: int, frames: int) -> None:
    chunk = default_chunk(shots=shots, frames=max(shots, frames))
    assert 1 <= chunk <= shots
    assert -(-shots // chunk) <= 1000


def test_a_program_is_words() -> None:
    assert parse_program("apptainer exec 'my film.sif' kinochrome")[1:] == (
        "exec",
        "my film.sif",
        "kinochrome",
    )
    assert parse_program("bin/kinochrome") == (str(Path.cwd() / "bin" / "kinochrome"),)
    for text in ("", "'"):
        with pytest.raises(SettingsError):
            parse_program(text)
