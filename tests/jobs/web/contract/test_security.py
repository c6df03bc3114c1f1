"""Who may ask: hosts, origins, tokens; and the headers of every answer."""

import threading
from pathlib import Path

import pytest
from flask import Response

from jobs.web.contract.errors import BadRequestError, WebError
from jobs.web.contract.security import Access, Guard
from tests.webapp import HOST, serving

TOKEN = "a token of some length"


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost", "localhost:80", "127.0.0.1:8765", "", "localhost:8764."]
)
def test_other_names_of_the_server_are_refused(tmp_path: Path, host: str) -> None:
    with serving(tmp_path) as (browser, _):
        answer = browser.ask("GET", "/session", headers={"Host": host})
        assert answer.status_code == 403 and answer.json is not None and answer.json["code"] == "forbidden"


def test_names_of_loopback_and_given_names_are_taken(tmp_path: Path) -> None:
    with serving(tmp_path, access=Access(names=("films.example",))) as (browser, _):
        for host in ("localhost:8764", "127.0.0.1:8764", "[::1]:8764", "FILMS.example:8764"):
            assert browser.ask("GET", "/session", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": f"http://{HOST}"}, 404),
        ({}, 404),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": f"http://[{HOST}"}, 403),
        ({"Origin": f"http://{HOST}.evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 404),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_only_our_own_page_may_change_something(tmp_path: Path, headers: dict[str, str], status: int) -> None:
    with serving(tmp_path) as (browser, _):
        assert browser.ask("DELETE", "/projects/none", headers=headers).status_code == status


def test_other_sites_may_lead_to_the_page_and_read_nothing(tmp_path: Path) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    with serving(tmp_path) as (browser, _):
        assert browser.ask("GET", "//", headers=link).status_code == 200
        assert browser.ask("GET", "/projects", headers=link).status_code == 403
        assert browser.ask("GET", "/projects", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_other_addresses_need_a_token_of_some_length() -> None:
    with pytest.raises(BadRequestError, match="--token-file"):
        Access(host="0.0.0.0")
    with pytest.raises(BadRequestError, match="16 or more"):
        Access(host="0.0.0.0", token="short")
    assert TOKEN not in repr(Access(host="0.0.0.0", token=TOKEN))


def test_the_token_is_exchanged_for_a_cookie_that_survives_a_restart(tmp_path: Path) -> None:
    access = Access(token=TOKEN)
    with serving(tmp_path, access=access) as (browser, _):
        assert browser.get("/session")["signed_in"] is False
        assert browser.get("/session")["root"] == ""
        refused = browser.ask("GET", "/projects")
        assert refused.status_code == 401 and refused.json is not None and refused.json["code"] == "sign_in"
        wrong = browser.ask("POST", "/session", json={"token": "a token of other length"})
        assert wrong.status_code == 403 and "Set-Cookie" not in wrong.headers
        right = browser.ask("POST", "/session", json={"token": TOKEN})
        cookie = right.headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and TOKEN not in cookie
        assert browser.get("/projects") == {"projects": []}
    with serving(tmp_path, access=access) as (browser, _):
        assert browser.ask("GET", "/projects").status_code == 401
        name, _, value = cookie.partition(";")[0].partition("=")
        browser.client.set_cookie(name, value)
        assert browser.ask("GET", "/projects").status_code == 200
        browser.client.set_cookie(name, "0")
        assert browser.ask("GET", "/projects").status_code == 401


def test_many_who_guess_at_once_are_not_kept_waiting_one_for_the_other() -> None:
    guard = Guard(Access(token=TOKEN), turn_seconds=0.05)
    told: list[str] = []

    def guess(number: int) -> None:
        for _ in range(2):
            with pytest.raises(WebError) as refused:
                guard.sign_in(f"guess {number}", Response())
            told.append(refused.value.code)

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(told) == 12 and told.count("busy") > 6 and "forbidden" in told


def test_every_answer_has_security_headers(tmp_path: Path) -> None:
    with serving(tmp_path) as (browser, _):
        for path in ("//", "/projects", "/none"):
            headers = browser.ask("GET", path).headers
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert "script-src 'self'" in headers["Content-Security-Policy"]
            assert "unsafe" not in headers["Content-Security-Policy"]
