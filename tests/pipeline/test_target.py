"""What an input or output is, decided once."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.errors import SettingsError
from pipeline.output.container_table import CONTAINERS
from pipeline.target import FILM_SUFFIXES, READ_STILLS, Target, target_of


@pytest.mark.parametrize(
    ("name", "kind", "home"),
    [
        ("film.mkv", "film", "film.mkv"),
        ("no suffix", "film", "no suffix"),
        ("50%discount.mkv", "film", "50%discount.mkv"),
        ("out/%06d.TIF", "numbered", "out"),
        ("out/%s.exr", "numbered", "out"),
        ("a.JPEG", "still", "a.JPEG"),
        ("100% wool.png", "still", "100% wool.png"),
        (f"{'x' * 300}.png", "still", f"{'x' * 300}.png"),
    ],
)
def test_a_name_says_what_it_is_where_nothing_is_there(
    name: str, kind: str, home: str, tmp_path: Path
) -> None:
    target = target_of(tmp_path / name)
    assert (target.kind, target.home, str(target)) == (kind, tmp_path / home, f"{tmp_path}/{name}")
    assert (target.is_numbered, target.is_of_stills) == (kind == "numbered", kind == "still")


def test_every_film_that_can_be_written_is_known_as_one_in_a_folder() -> None:
    assert set(CONTAINERS) <= FILM_SUFFIXES


def test_the_manual_names_every_kind_of_still_that_is_read() -> None:
    manual = (Path(__file__).parents[2] / "jobs/guides/sources.md").read_text(encoding="utf-8")
    (line,) = (line for line in manual.splitlines() if line.startswith("**Stills**"))
    assert [kind for kind in READ_STILLS if kind not in line] == []


def test_what_is_there_wins_over_the_name(tmp_path: Path) -> None:
    (tmp_path / "50%discount.png").write_bytes(b"x")
    (tmp_path / "folder.png").mkdir()
    assert target_of(tmp_path / "50%discount.png").kind == "still"
    folder = target_of(tmp_path / "folder.png")
    assert (folder.kind, folder.is_of_stills, folder.home) == ("folder", True, tmp_path / "folder.png")


def test_the_decision_stays_when_the_file_system_changes(tmp_path: Path) -> None:
    target = target_of(tmp_path / "%04d.png")
    (tmp_path / "%04d.png").write_bytes(b"x")
    assert target.is_numbered
    assert target.pattern.path(7) == tmp_path / "0007.png"
    with pytest.raises(FrozenInstanceError):
        target.kind = "film"  # type: ignore[misc]


def test_a_badly_spelled_pattern_is_told_by_who_needs_it(tmp_path: Path) -> None:
    target = Target(tmp_path / "%s.png", "numbered")
    with pytest.raises(SettingsError, match="needs %d or %0Nd once"):
        _ = target.pattern


def test_a_gif_that_moves_is_a_film(tmp_path: Path) -> None:
    grey = np.tile(np.arange(64, dtype=np.uint8), (48, 1))
    still, *others = (Image.fromarray(np.roll(grey, 5 * step, axis=1)) for step in range(3))
    still.save(tmp_path / "still.gif")
    still.save(tmp_path / "film.gif", save_all=True, append_images=others, duration=80)
    (tmp_path / "cut.gif").write_bytes((tmp_path / "film.gif").read_bytes()[:40])
    kinds = [target_of(tmp_path / name).kind for name in ("still.gif", "film.gif", "cut.gif", "none.gif")]
    assert kinds == ["still", "film", "still", "still"]
