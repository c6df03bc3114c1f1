from pathlib import Path

import pytest

from tests.color_films import make_color_film, scene


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """Three films of two shots each; the second shot of c is the first of a."""
    folder = tmp_path / "films"
    for number, name in enumerate(("a", "b", "c")):
        first, second = scene(10 + number), scene(10 if name == "c" else 20 + number)
        make_color_film(folder / f"{name}.mkv", [*[first] * 10, *[second] * 10])
    return folder
