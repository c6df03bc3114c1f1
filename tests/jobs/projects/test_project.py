"""A project whose files became links: what they lead to is neither read nor written."""

from pathlib import Path

import pytest

from jobs.projects.errors import ForbiddenError, MissingError
from jobs.projects.project import Project, Projects
from jobs.projects.root import Root


@pytest.fixture
def projects(tmp_path: Path) -> Projects:
    (tmp_path / "root").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "secret.png").write_bytes(b"secret")
    return Projects(Root(tmp_path / "root"))


@pytest.fixture
def project(projects: Projects) -> Project:
    (projects.root.path / "photo.png").write_bytes(b"photo")
    return projects.create("photo.png", kind="still", media={})


def test_a_picture_that_became_a_link_out_of_the_folder_is_refused(
    projects: Projects, project: Project
) -> None:
    path = projects.root.path / project.source
    path.rename(path.with_name("other.png"))
    assert projects.get(project.id) == project  # its review and what was rendered are still there
    path.symlink_to("other.png")
    assert projects.get(project.id) == project
    path.unlink()
    path.symlink_to(projects.root.path.parent / "secret.png")
    with pytest.raises(ForbiddenError, match=r"photo\.png"):
        projects.get(project.id)


@pytest.mark.parametrize("name", ["out", "references", "review.jsonl", "preview"])
def test_a_link_in_the_folder_is_refused(projects: Projects, project: Project, name: str) -> None:
    path = project.folder / name
    if path.is_dir():
        path.rmdir()
    path.symlink_to(projects.root.path.parent / "elsewhere")
    with pytest.raises(ForbiddenError, match=f"{project.id}/{name} is a link"):
        projects.get(project.id)


def test_a_folder_that_is_a_link_is_no_project(projects: Projects, project: Project) -> None:
    moved = projects.root.path.parent / "moved"
    project.folder.rename(moved)
    project.folder.symlink_to(moved)
    assert projects.all() == []
    with pytest.raises(MissingError):
        projects.get(project.id)
