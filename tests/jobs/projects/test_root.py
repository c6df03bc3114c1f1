"""The folder of the page: what is found in it, and that no path leads out of it."""

import os
import threading
import time
from pathlib import Path

import pytest

from jobs.projects.errors import ForbiddenError, MissingError
from jobs.projects.root import Root
from pipeline.errors import SettingsError


@pytest.fixture
def root(tmp_path: Path) -> Root:
    folder = tmp_path / "films"
    (folder / "reels").mkdir(parents=True)
    (folder / "reels" / "رحلة 🎬.mp4").write_bytes(b"film")
    (folder / "photo.png").write_bytes(b"still")
    (folder / "notes.txt").write_bytes(b"text")
    (folder / ".hidden.mp4").write_bytes(b"film")
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    (folder / "out.mp4").symlink_to(tmp_path / "secret.mp4")
    (folder / "up").symlink_to(tmp_path)
    (folder / "again.png").symlink_to(folder / "photo.png")
    return Root(folder)


def test_films_and_stills_are_listed_and_nothing_else(root: Root) -> None:
    top = root.list("")
    assert top.folders == ("reels",)
    assert [(file.name, file.kind) for file in top.files] == [("again.png", "still"), ("photo.png", "still")]
    (film,) = root.list("reels").files
    assert (film.path, film.bytes) == ("reels/رحلة 🎬.mp4", 4)


@pytest.mark.parametrize(
    "path",
    [
        "../secret.mp4",
        "reels/../../secret.mp4",
        "/etc/passwd",
        "out.mp4",
        "up/secret.mp4",
        "up",
        "a\0b",
        ".hidden.mp4",
        "kinochrome/projects",
        "kinochrome",
        "x" * 5000,
        "\udcff.mp4",
    ],
)
def test_no_path_leads_out_of_the_folder(root: Root, path: str) -> None:
    with pytest.raises(ForbiddenError):
        root.find(path)


def test_what_is_not_there_is_missing_not_forbidden(root: Root) -> None:
    for path in ("reels/no.mp4", "%2e%2e/secret.mp4", "~"):
        with pytest.raises(MissingError):
            root.find(path)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="make it first"):
        Root(tmp_path / "no")


def test_files_are_opened_where_they_are(root: Root) -> None:
    for name in ("photo.png", "again.png"):
        with root.open(root.path / name) as file:
            assert file.read() == b"still"
    os.mkfifo(root.path / "pipe.png")
    for name in ("no.png", "reels", "pipe.png", "photo.png/x"):
        with pytest.raises(MissingError):
            root.open(root.path / name)
    for name in ("out.mp4", "up/secret.mp4"):
        with pytest.raises(ForbiddenError, match="link"):
            root.open(root.path / name)


@pytest.mark.parametrize("inside", ["reels/film.mp4", "reels"])
def test_a_link_that_is_put_there_meanwhile_is_not_followed(root: Root, inside: str) -> None:
    """Again and again somebody exchanges the file, or its folder, for a link out of the root, and back."""
    outside = root.path.parent / "reels"
    outside.mkdir()
    (outside / "film.mp4").write_bytes(b"secret")
    (root.path / "reels/film.mp4").write_bytes(b"film")
    path, link, kept = root.path / inside, root.path / "link", root.path / "kept"
    link.symlink_to(outside.parent / inside)
    is_over = threading.Event()

    def exchange() -> None:
        while not is_over.is_set():
            for first, second in ((path, kept), (link, path), (path, link), (kept, path)):
                first.rename(second)

    exchanging = threading.Thread(target=exchange)
    exchanging.start()
    found = set()
    try:
        until = time.monotonic() + 1
        while time.monotonic() < until:
            try:
                with root.open(root.path / "reels/film.mp4") as file:
                    found.add(file.read())
            except (MissingError, ForbiddenError) as error:
                found.add(type(error).__name__.encode())
    finally:
        is_over.set()
        exchanging.join()
    assert b"film" in found and b"secret" not in found
