"""Uploads in pieces: they go on where they stopped, and nothing comes in by another name or place."""

from pathlib import Path

import pytest

from jobs.projects.errors import ConflictError, MissingError
from jobs.projects.root import Root
from jobs.projects.uploads import Uploads, WrongOffsetError, safe_name
from pipeline.errors import OutputError, SettingsError


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path)


def test_an_upload_goes_on_where_it_stopped_even_after_a_restart(root: Root) -> None:
    begun = Uploads(root).begin("reel.mkv", 10)
    Uploads(root).append(begun.id, 0, b"01234")
    found = Uploads(root).begin("reel.mkv", 10)
    assert (found.id, found.offset) == (begun.id, 5)
    with pytest.raises(WrongOffsetError) as caught:
        Uploads(root).append(begun.id, 0, b"01234")
    assert caught.value.offset == 5
    with pytest.raises(ConflictError, match="5 of 10 bytes"):
        Uploads(root).finish(begun.id)
    assert Uploads(root).append(begun.id, 5, b"56789").is_complete
    path = Uploads(root).finish(begun.id)
    assert path == root.films / "reel.mkv"
    assert path.read_bytes() == b"0123456789"
    assert Uploads(root).all() == [] and list(root.uploads.iterdir()) == []


def test_a_film_that_could_not_be_looked_at_now_is_an_upload_again(root: Root) -> None:
    upload = Uploads(root).begin("reel.mkv", 2)
    upload = Uploads(root).append(upload.id, 0, b"01")
    path = Uploads(root).finish(upload.id)
    Uploads(root).give_back(upload, path)
    assert Uploads(root).get(upload.id) == upload and not path.exists()
    assert Uploads(root).finish(upload.id).read_bytes() == b"01"


def test_films_of_one_name_do_not_replace_each_other(root: Root) -> None:
    for content in (b"a", b"b"):
        upload = Uploads(root).begin("x.png", 1)
        Uploads(root).append(upload.id, 0, content)
        Uploads(root).finish(upload.id)
    assert (root.films / "x.png").read_bytes() == b"a"
    assert (root.films / "x (2).png").read_bytes() == b"b"


def test_too_much_too_large_and_unknown_things_are_refused(root: Root) -> None:
    uploads = Uploads(root)
    with pytest.raises(SettingsError, match="no film or picture"):
        uploads.begin("page.html", 10)
    with pytest.raises(SettingsError, match="bytes"):
        uploads.begin("x.mp4", 10**15)
    with pytest.raises(OutputError, match="MB are free"):
        uploads.begin("x.mp4", 400_000_000_000)
    upload = uploads.begin("x.mp4", 3)
    with pytest.raises(SettingsError, match="more than"):
        uploads.append(upload.id, 0, b"1234")
    for id in ("../x", "0" * 24, ""):
        with pytest.raises(MissingError):
            uploads.append(id, 0, b"x")
    uploads.remove(upload.id)
    assert list(root.uploads.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/x.mp4", "x.mp4"),
        ("C:\\films\\reel.mkv", "reel.mkv"),
        ("رحلة 🎬.mp4", "رحلة 🎬.mp4"),
        ("..hidden.png", "hidden.png"),
        ("a\nb\0c.png", "a_b_c.png"),
        ("<img src=x>.png", "<img src=x>.png"),
    ],
)
def test_names_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_long_names_are_cut_and_names_of_nothing_refused() -> None:
    assert len(safe_name("ü" * 500 + ".mp4").encode()) <= 180
    for name in ("/", "...", ""):
        with pytest.raises(SettingsError):
            safe_name(name)
