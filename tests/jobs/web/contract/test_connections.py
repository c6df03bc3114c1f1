"""Connections of people who send much at once and read nothing, and requests whose length can be read in two ways."""

import contextlib
import socket
from collections.abc import Iterator

import pytest

from tests.served import Served
from tests.webapp import tiny_photo

_LARGE_BYTES = 100_000_000
"""More than the system takes for who does not read."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    tiny_photo(folder / "photo.png")
    made = Served(folder, "--no-worker")
    project = made.ask("/projects", {"path": "photo.png"}, method="POST")["id"]
    with (folder / "kinochrome/projects" / project / "out/large.png").open("wb") as file:
        file.truncate(_LARGE_BYTES)
    yield made
    made.end()


def test_who_asks_twice_and_does_not_read_holds_no_thread(served: Served) -> None:
    (project,) = served.ask("/projects")["projects"]
    (large,) = (output["url"] for output in project["outputs"])
    asked = 2 * _request(served, "GET", large)
    with contextlib.ExitStack() as stack:
        for _ in range(30):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=20))
            one.sendall(asked)
            assert one.recv(100).startswith(b"HTTP/1.1 200 ")
        assert served.ask("/session")["signed_in"]


def test_only_the_first_of_requests_that_come_together_is_answered(served: Served) -> None:
    answers = _say(served, 2 * _request(served, "GET", "/api/v1/session"))
    assert answers.count(b"HTTP/1.1 ") == answers.count(b"HTTP/1.1 200 OK") == 1
    assert b"\r\nConnection: close\r\n" in answers


@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_two_lengths_are_refused(served: Served, version: str) -> None:
    lengths = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"
    asked = _request(served, "POST", "/api/v1/session", more=lengths, version=version)
    answers = _say(served, asked + b"0\r\n\r\n" + _request(served, "GET", "/api/v1/looks"))
    assert answers.startswith(f"HTTP/{version} 400 ".encode()) and answers.count(b"HTTP/1.") == 1


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ("Range: bytes=" + ",".join(f"{number}-{number}" for number in range(900)), 200),
        ("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZQ==", 200),
        ("Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA", 200),
        ("Expect: 200-maybe", 200),
    ],
)
def test_what_is_not_offered_is_passed_over(served: Served, more: str, status: int) -> None:
    answer = _say(served, _request(served, "GET", "/", more=f"{more}\r\nConnection: close\r\n"))
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()) and b"<html" in answer


def _request(served: Served, method: str, path: str, *, more: str = "", version: str = "1.1") -> bytes:
    return f"{method} {path} HTTP/{version}\r\nHost: 127.0.0.1:{served.port}\r\n{more}\r\n".encode()


def _say(served: Served, asked: bytes) -> bytes:
    """All that comes back until the server ends the connection."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
        connection.sendall(asked)
        found = b""
        while part := connection.recv(65536):
            found += part
        return found
