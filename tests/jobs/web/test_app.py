"""The whole way of a film and of a still through the page, and what the page says where something is wrong."""

import io
import json
import re
from collections.abc import Iterator
from hashlib import sha256

import numpy as np
import pytest
from PIL import Image

from jobs.cli.main import main
from jobs.web.project_routes import shown
from jobs.web.server import Server, Watcher
from tests.webapp import MARK, Browser, serving, tiny_film, tiny_photo, work


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Browser, Server, str]]:
    """A server with a film that was sent in pieces and whose preview is rendered; the id of its project."""
    folder = tmp_path_factory.mktemp("page")
    tiny_film(folder / "reel.mp4")
    data = (folder / "reel.mp4").read_bytes()
    with serving(folder / "root") as (browser, server):
        upload = browser.post("/uploads", {"name": "رحلة 🎬 <b>.mp4", "size": len(data)})
        middle = len(data) // 2
        for offset, piece in ((0, data[:middle]), (middle, data[middle:])):
            headers = {"Upload-Offset": str(offset), "Content-Type": "application/octet-stream"}
            sent = browser.ask("PATCH", f"/uploads/{upload['id']}", data=piece, headers=headers)
            assert sent.json is not None and sent.json["offset"] == offset + len(piece)
        project = browser.post(f"/uploads/{upload['id']}/project")
        assert (project["title"], project["state"], project["can_review"]) == (
            "رحلة 🎬 <b>.mp4",
            "queued",
            False,
        )
        not_yet = browser.ask("GET", f"/projects/{project['id']}/shots")
        assert (not_yet.status_code, not_yet.json and not_yet.json["code"]) == (409, "not_ready")
        work(server)
        yield browser, server, project["id"]


def test_a_film_is_ready_for_review_once_its_preview_is_there(place: tuple[Browser, Server, str]) -> None:
    browser, _, id = place
    project = browser.get(f"/projects/{id}")
    assert (project["state"], project["can_review"], project["lines"]) == ("ready", True, [])
    assert (project["media"]["frames"], project["media"]["shots"], project["media"]["sound"]) == (24, 2, True)
    assert (project["preview"]["width"], project["preview"]["height"]) == (192, 72)
    shots = browser.get(f"/projects/{id}/shots")["shots"]
    assert [(shot["start"], shot["end"]) for shot in shots] == [(0, 12), (12, 24)]
    assert all(isinstance(shot["attention"], float) for shot in shots)
    assert browser.get(f"/projects/{id}/times")["seconds"][:3] == [0, 0.04, 0.08]


def test_frames_are_those_of_the_film(place: tuple[Browser, Server, str]) -> None:
    browser, _, id = place
    grey = picture(browser, f"/projects/{id}/frames/14.png?side=grey")
    color = picture(browser, f"/projects/{id}/frames/14.png?side=colour")
    assert grey.shape == color.shape == (72, 96, 3)
    assert (grey == grey[..., :1]).all()
    assert np.abs(luma(color) - luma(grey)).mean() < 2
    assert np.ptp(color.astype(int), axis=-1).max() > 4
    answer = browser.ask("GET", f"/projects/{id}/frames/14.png?side=colour&r=1")
    assert answer.headers["Kinochrome-Colour"] == "rendered"
    assert "immutable" in answer.headers["Cache-Control"]
    strip = browser.ask("GET", f"/projects/{id}/shots/1/strip.jpg?side=colour")
    assert strip.data.startswith(b"\xff\xd8") and strip.mimetype == "image/jpeg"
    beyond = browser.ask("GET", f"/projects/{id}/frames/24.png")
    assert beyond.status_code == 422 and "frames 0 to 23" in beyond.get_data(as_text=True)


def test_the_moving_pair_is_sent_in_ranges(place: tuple[Browser, Server, str]) -> None:
    browser, server, id = place
    url = f"/projects/{id}/video.mp4"
    whole = browser.ask("GET", url)
    data = server.projects.get(id).preview.read_bytes()
    assert (whole.status_code, whole.data, whole.headers["Accept-Ranges"]) == (200, data, "bytes")
    for header, part in (("bytes=0-99", data[:100]), ("bytes=100-", data[100:]), ("bytes=-10", data[-10:])):
        answer = browser.ask("GET", url, headers={"Range": header})
        assert (answer.status_code, answer.data) == (206, part)
        assert answer.headers["Content-Range"].endswith(f"/{len(data)}")
    assert browser.ask("GET", url, headers={"Range": f"bytes={len(data)}-"}).status_code == 416
    assert browser.ask("GET", url, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304


def test_a_stroke_shows_before_it_is_saved(place: tuple[Browser, Server, str]) -> None:
    browser, _, id = place
    plain = preview(browser, id, {"frame": 2})
    painted = preview(browser, id, {"frame": 2, "shot": {"marks": {"m": MARK}}})
    change = np.abs(painted.astype(int) - plain.astype(int)).sum(axis=-1)
    assert change[28:36, 32:58].mean() > 10
    elsewhere = preview(browser, id, {"frame": 19, "shot": {"marks": {}}})
    assert elsewhere.shape == painted.shape
    assert browser.get(f"/projects/{id}/review")["shots"] == {}
    wrong = browser.ask("POST", f"/projects/{id}/preview", json={"frame": 2, "shot": {"marks": {"m": {}}}})
    assert wrong.status_code == 422 and "a mark has" in wrong.get_data(as_text=True)


def test_likely_colours_and_takes_come_from_the_network(place: tuple[Browser, Server, str]) -> None:
    browser, _, id = place
    found = browser.get(f"/projects/{id}/frames/3/colours?x=0.5&y=0.5&count=4")
    shares = [color["share"] for color in found["colours"]]
    assert len(shares) == 4 and shares == sorted(shares, reverse=True) and sum(shares) <= 1.0001
    takes = browser.get(f"/projects/{id}/shots/0/takes?count=2")
    assert [take["take"] for take in takes["takes"]] == [0, 1, 2] and takes["regions"]["letters"][0] == "A"
    pictures = [picture(browser, "/" + take["url"]) for take in takes["takes"]]
    assert any((pictures[0] != other).any() for other in pictures[1:])


def test_what_was_approved_is_what_the_command_line_renders(place: tuple[Browser, Server, str]) -> None:
    """Show 2: paint, approve, render; the same job file on the command line gives the same bytes."""
    browser, server, id = place
    revision = browser.get(f"/projects/{id}")["revision"]
    made = browser.change(
        id,
        {"shot": 0, "field": "marks", "key": "m1", "value": MARK},
        {"shot": 0, "field": "approved", "value": True},
        {"shot": 1, "field": "saturation", "value": 0.5},
        base=revision,
    )
    stale = browser.get(f"/projects/{id}")
    assert stale["preview"]["stale"] and stale["revision"] == made["revision"]
    job = browser.post(f"/projects/{id}/render", {"preset": "archival"})["job"]
    assert browser.get(f"/projects/{id}")["job"] == {"id": job["id"], "state": "queue"}
    work(server)
    project = browser.get(f"/projects/{id}")
    assert (project["state"], project["lines"]) == ("done", [])
    (film,) = (output for output in project["outputs"] if output["what"] == "film")
    data = browser.ask("GET", "/" + film["url"]).data
    folder = server.projects.get(id).folder
    again = folder / "again.mkv"
    (text,) = (folder / "jobs").glob("*-film.yaml")
    where = [f"output={again}", f"work={folder / 'again'}", "overwrite=false"]
    assert main(["run", str(text), "--quiet", *(part for value in where for part in ("--set", value))]) == 0
    assert sha256(again.read_bytes()).digest() == sha256(data).digest()
    report = browser.ask("GET", f"/projects/{id}/report")
    policy = report.headers["Content-Security-Policy"]
    assert report.status_code == 200 and policy.endswith("; sandbox allow-scripts allow-downloads")
    assert re.findall(r"script-src [^;]*", policy) == re.findall(r"script-src '[^']*'", report.text)
    grey = picture(browser, f"/projects/{id}/frames/2.png?side=colour")
    assert grey.shape == (72, 96, 3)


def test_shots_that_are_not_approved_may_stay_grey(place: tuple[Browser, Server, str]) -> None:
    browser, server, id = place
    browser.change(
        id, {"shot": 1, "field": "approved", "value": True}, {"shot": 0, "field": "approved", "value": None}
    )
    browser.post(f"/projects/{id}/render", {"preset": "archival", "only_approved": True})
    work(server)
    text = max((server.projects.get(id).folder / "jobs").glob("*-film.yaml")).read_text()
    assert "'0':\n    skip: true" in text


def test_two_browsers_hear_of_each_other(place: tuple[Browser, Server, str]) -> None:
    browser, server, id = place
    base = browser.get(f"/projects/{id}")["revision"]
    field = {"shot": 1, "field": "comment"}
    browser.change(id, {**field, "value": "warm"}, client="one", base=base)
    made = browser.change(id, {**field, "value": "cool"}, client="two", base=base)
    (conflict,) = made["conflicts"]
    assert (conflict["theirs"], conflict["client"]) == ("warm", "one")
    log = browser.get(f"/projects/{id}/review/log?after={base}")["changes"]
    assert [(entry["value"], entry["was"]) for entry in log] == [("warm", None), ("cool", "warm")]
    told = [event for event in server.events._events if event.name == "review"][-1].data
    assert told["client"] == "two" and told["changes"][0]["theirs_lost"]


def test_a_photo_is_coloured(place: tuple[Browser, Server, str]) -> None:
    browser, server, _ = place
    tiny_photo(server.root.path / "photo.png")
    project = browser.post("/projects", {"path": "photo.png"})
    id = project["id"]
    assert (project["kind"], project["state"], project["can_review"]) == ("still", "ready", True)
    assert browser.post("/projects", {"path": "photo.png"})["id"] == id
    plain = picture(browser, f"/projects/{id}/frames/0.png?side=colour")
    mark = {**MARK, "frame": 0}
    painted = preview(browser, id, {"frame": 0, "shot": {"marks": {"m": mark}}})
    assert plain.shape == painted.shape == (60, 80, 3) and (plain != painted).any()
    browser.change(id, {"shot": 0, "field": "marks", "key": "m", "value": mark})
    browser.post(f"/projects/{id}/render")
    work(server)
    done = browser.get(f"/projects/{id}")
    assert (done["state"], done["lines"]) == ("done", [])
    (output,) = done["outputs"]
    shown_picture = np.asarray(Image.open(io.BytesIO(browser.ask("GET", "/" + output["url"]).data)))
    assert np.abs(shown_picture.astype(int) - painted).max() <= 2


def test_a_filter_makes_the_whole_film_grey_or_sepia(place: tuple[Browser, Server, str]) -> None:
    browser, _, id = place
    project = browser.post(f"/projects/{id}/filter", {"filter": "sepia"})
    assert (project["filter"], project["state"]) == ("sepia", "queued")
    brown = preview(browser, id, {"frame": 18})
    assert brown[..., 0].mean() > brown[..., 2].mean() + 5
    browser.post(f"/projects/{id}/filter", {"filter": "grey"})
    grey = preview(browser, id, {"frame": 18})
    assert np.ptp(grey.astype(int), axis=-1).max() <= 1
    waiting = [job for job in browser.get("/queue")["jobs"] if job["state"] == "queue"]
    assert len(waiting) == 1
    assert browser.post(f"/queue/{waiting[0]['id']}/cancel")["state"] == "cancelled"
    browser.post(f"/queue/{waiting[0]['id']}/retry")
    browser.post(f"/queue/{waiting[0]['id']}/cancel")
    browser.post(f"/projects/{id}/filter", {"filter": "colourise"})


def test_a_project_goes_and_the_picture_stays(place: tuple[Browser, Server, str]) -> None:
    browser, server, _ = place
    path = server.root.path / "second.png"
    tiny_photo(path)
    id = browser.post("/projects", {"path": "second.png"})["id"]
    project = server.projects.get(id)
    (project.out / "second.png").write_bytes(b"rendered")
    browser.post(f"/projects/{id}", method="DELETE")
    assert browser.ask("GET", f"/projects/{id}").status_code == 404
    assert path.exists() and not project.folder.exists()
    assert (server.root.home / "finished" / id / "second.png").read_bytes() == b"rendered"


def test_a_reference_is_added_looked_at_and_taken_away(place: tuple[Browser, Server, str]) -> None:
    browser, _, id = place
    data = io.BytesIO()
    Image.fromarray(np.full((72, 96, 3), (160, 60, 40), np.uint8)).save(data, "PNG")
    form = {"file": (io.BytesIO(data.getvalue()), "../../still <b>.png"), "shot": "1", "client": "me"}
    answer = browser.ask("POST", f"/projects/{id}/references", data=form)
    assert answer.status_code == 201 and answer.json is not None
    key = answer.json["id"]
    assert browser.get(f"/projects/{id}/review")["shots"]["1"]["references"][key]["file"] == f"{key}.png"
    assert browser.ask("GET", f"/projects/{id}/references/{key}.jpg").data.startswith(b"\xff\xd8")
    assert preview(browser, id, {"frame": 18}).shape == (72, 96, 3)
    broken = {"file": (io.BytesIO(b"no picture"), "still.png"), "shot": "1"}
    assert browser.ask("POST", f"/projects/{id}/references", data=broken).status_code == 422
    browser.change(id, {"shot": 1, "field": "references", "key": key, "value": None})


def test_files_that_are_no_films_are_refused_in_place(place: tuple[Browser, Server, str]) -> None:
    browser, server, _ = place
    (server.root.path / "broken.mp4").write_bytes(b"no film" * 100)
    (server.root.path / "broken.png").write_bytes(b"no still" * 100)
    before = len(browser.get("/projects")["projects"])
    for name in ("broken.mp4", "broken.png"):
        answer = browser.ask("POST", "/projects", json={"path": name})
        assert (answer.status_code, answer.json and answer.json["code"]) == (422, "source")
        assert answer.json is not None and name in answer.json["error"]["lines"][0]
    assert len(browser.get("/projects")["projects"]) == before


def test_listeners_are_told_how_projects_stand(place: tuple[Browser, Server, str]) -> None:
    browser, server, id = place
    watcher = Watcher(server, shown=lambda project, status: shown(server, project, status=status))
    watcher.look()
    told = [event for event in server.events._events if event.name == "project" and event.data["id"] == id]
    page = browser.get(f"/projects/{id}")
    assert told[-1].data == json.loads(json.dumps(page))


def test_the_document_describes_every_route(place: tuple[Browser, Server, str]) -> None:
    browser, _, _ = place
    document = browser.get("/openapi.json")
    assert document["openapi"] == "3.1.0"
    asked = document["paths"]["/api/v1/projects/{id}/review"]["patch"]["requestBody"]["content"]
    assert asked["application/json"]["schema"] == {"$ref": "#/components/schemas/Changes"}
    app_rules = {
        str(rule) for rule in browser.client.application.url_map.iter_rules() if str(rule).startswith("/api/")
    }
    assert len(document["paths"]) == len(app_rules) - 1  # itself
    assert all(operation["summary"] for path in document["paths"].values() for operation in path.values())


def picture(browser: Browser, url: str) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    answer = browser.ask("GET", url)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return np.asarray(Image.open(io.BytesIO(answer.data)).convert("RGB"))


def preview(
    browser: Browser, id: str, draft: dict[str, object]
) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    answer = browser.ask("POST", f"/projects/{id}/preview", json=draft)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return np.asarray(Image.open(io.BytesIO(answer.data)).convert("RGB"))


def luma(
    rgb: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]",
) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    return np.asarray(rgb @ np.array([0.299, 0.587, 0.114]))
