"""What is told when folders go away, and how files are named."""

import shutil
from pathlib import Path

import pytest

from tests.webapp import Browser, serving, tiny_film, tiny_photo, work


@pytest.mark.parametrize("name", ["root", "root/kinochrome"])
def test_a_folder_that_is_away_is_told_and_all_is_there_once_it_is_back(tmp_path: Path, name: str) -> None:
    with serving(tmp_path / "root") as (browser, server):
        tiny_photo(server.root.path / "photo.png")
        id = browser.post("/projects", {"path": "photo.png"})["id"]
        (tmp_path / name).rename(tmp_path / "away")
        for path in ("/projects", "/queue", "/folder", f"/projects/{id}", f"/projects/{id}/review"):
            assert _told(browser, path) == (
                503,
                "gone",
                ["the folder root/kinochrome is not there now; this goes on once it is back"],
            )
        (tmp_path / "away").rename(tmp_path / name)
        assert [project["id"] for project in browser.get("/projects")["projects"]] == [id]


def test_a_project_that_vanishes_is_told(tmp_path: Path) -> None:
    with serving(tmp_path / "root") as (browser, server):
        tiny_photo(server.root.path / "photo.png")
        id = browser.post("/projects", {"path": "photo.png"})["id"]
        shutil.rmtree(server.projects.get(id).folder / "out")
        assert _told(browser, f"/projects/{id}")[:2] == (404, "not_found")
        shutil.rmtree(server.projects.get(id).folder)
        for path in ("", "/review", "/frames/0.png", "/job.yaml"):
            assert _told(browser, f"/projects/{id}{path}")[:2] == (404, "not_found")


def test_files_are_named_by_their_paths_under_the_root(tmp_path: Path) -> None:
    with serving(tmp_path / "root") as (browser, server):
        (server.root.path / "reels").mkdir()
        (server.root.path / "reels/broken.mp4").write_bytes(b"no film" * 100)
        answer = browser.ask("POST", "/projects", json={"path": "reels/broken.mp4"})
        text = answer.get_data(as_text=True)
        assert answer.status_code == 422 and "reels/broken.mp4" in text and str(tmp_path) not in text


def test_a_film_that_is_rendered_already_is_named_and_not_its_job(tmp_path: Path) -> None:
    with serving(tmp_path / "root") as (browser, server):
        tiny_photo(server.root.path / "photo.png")
        id = browser.post("/projects", {"path": "photo.png"})["id"]
        browser.post(f"/projects/{id}/render")
        again = browser.ask("POST", f"/projects/{id}/render", json={})
        assert again.status_code == 409 and again.json is not None
        (line,) = again.json["error"]["lines"]
        assert line.startswith("photo.png is in the queue already; ") and ".yaml" not in line
        (waiting,) = browser.get("/queue")["jobs"]
        browser.post(f"/queue/{waiting['id']}/cancel")
        browser.post(f"/projects/{id}/render")


def test_a_project_calls_its_own_file_this_file(tmp_path: Path) -> None:
    with serving(tmp_path / "root") as (browser, server):
        tiny_film(server.root.path / "film.mp4")
        id = browser.post("/projects", {"path": "film.mp4"})["id"]
        (server.root.path / "film.mp4").write_bytes(b"no film" * 100)
        work(server)
        project = browser.get(f"/projects/{id}")
        assert project["state"] == "failed" and project["lines"][0].startswith("this file: ")
        (job,) = browser.get("/queue")["jobs"]
        assert any(line.startswith("film.mp4: ") for line in job["lines"])
        assert str(tmp_path) not in str([project["lines"], job["lines"]])


def _told(browser: Browser, path: str) -> tuple[int, str, list[str]]:
    answer = browser.ask("GET", path)
    assert answer.json is not None
    return answer.status_code, answer.json["code"], answer.json["error"]["lines"]
