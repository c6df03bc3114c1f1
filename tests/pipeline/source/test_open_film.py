from pathlib import Path

import pytest

from pipeline.source.open_film import probe_film_or_stills
from tests.media import make_film


@pytest.mark.parametrize(
    "name", ["a %d 'b'.mkv", "film%04d.mkv", "concat:a|b.mkv", "subfile,,start,0.mkv", "*.mkv"]
)
def test_odd_names_are_names_of_files(tmp_path: Path, name: str) -> None:
    make_film(tmp_path / name, frames=3)
    assert probe_film_or_stills(tmp_path / name).path.name == name
