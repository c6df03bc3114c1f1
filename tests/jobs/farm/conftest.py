"""A film of five shots, exported by tests of this folder."""

from pathlib import Path

import pytest

from tests.farms import Place, make_farm_film, make_place


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mkv"
    make_farm_film(path)
    return path


@pytest.fixture
def place(film: Path, tmp_path: Path) -> Place:
    return make_place(film, tmp_path, "film")
