"""The verb `serve` as people start it: who comes in over the network, and what survives which death."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from jobs.web.contract.security import Access
from jobs.web.serve import opened
from pipeline.errors import SettingsError
from tests.served import PATIENCE_SECONDS, Served, wait_for
from tests.webapp import tiny_photo


def say(served: Served, text: str) -> bytes:
    """What comes back for bytes as they are sent."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
        connection.sendall(text.replace("\n", "\r\n").encode("latin-1"))
        found = b""
        with contextlib.suppress(ConnectionResetError):  # who sends too much is cut off
            while part := connection.recv(65536):
                found += part
        return found


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served") / "root"
    folder.mkdir()
    (folder.parent / "secret.txt").write_text("secret")
    made = Served(folder)
    yield made
    assert made.end() == 130


def request(path: str, *, host: str, method: str = "GET", more: str = "") -> str:
    return f"{method} {path} HTTP/1.1\nHost: {host}\nConnection: close\n{more}\n"


def test_a_worker_that_dies_is_started_again(served: Served) -> None:
    wait_for(lambda: served.ask("/session")["worker"] == "running")
    first = served.worker()
    assert first is not None
    first.kill()
    wait_for(lambda: (worker := served.worker()) is not None and worker.pid != first.pid)
    wait_for(lambda: served.ask("/session")["worker"] == "running")


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/..%5csecret.txt",
        "/assets/..%2f..%2f..%2fapp.py",
        "/app.py",
        "/api/v1/folder?path=..%2f",
        "/api/v1/folder?path=%00",
        "/api/v1/folder?path=%2fetc",
        "/api/v1/projects/..%2f..%2fqueue",
        "/api/v1/projects/x/download/..%2fproject.json",
        "/api/v1/projects/%00",
        "/api/v1/queue/..%2fspool/log",
        "/%ff",
        f"/{'a/' * 5000}x.js",
        "/%252e%252e/secret.txt",
        "/..;/secret.txt",
        "/..%c0%afsecret.txt",
    ],
)
def test_nothing_outside_is_read(served: Served, path: str) -> None:
    answer = say(served, request(path, host=f"127.0.0.1:{served.port}"))
    head = answer.split(b"\r\n", 1)[0]
    assert b"secret" not in answer.split(b"\r\n\r\n", 1)[1] or b"error" in answer
    assert b"import" not in answer and b"root:" not in answer
    assert re.match(rb"HTTP/1.1 (200|400|403|404|422) ", head), head
    if b" 200 " in head:  # the page, for an address of its own
        assert b"text/html" in answer


def test_slow_and_huge_senders_hold_nobody_up(served: Served) -> None:
    host = f"127.0.0.1:{served.port}"
    slow = request("/api/v1/uploads", host=host, method="POST", more="Content-Length: 1000\n") + "{"
    with contextlib.ExitStack() as stack:
        for _ in range(40):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=20))
            one.sendall(slow.replace("\n", "\r\n").encode())
        started = time.monotonic()
        assert served.ask("/session")["signed_in"]
        assert time.monotonic() - started < 10
    huge = say(
        served, request("/api/v1/uploads", host=host, method="POST", more="Content-Length: 99999999999\n")
    )
    assert huge.startswith(b"HTTP/1.1 413 ")
    assert say(served, "nonsense\n\n").startswith(b"HTTP/1.")
    header = say(served, request("/", host=host, more=f"X-Long: {'x' * 100_000}\n"))
    assert header == b"" or b" 431 " in header.split(b"\r\n", 1)[0]  # told, or cut off before it could be


def test_eight_pages_listen_and_a_ninth_is_told(served: Served) -> None:
    asked = request("/api/v1/events", host=f"127.0.0.1:{served.port}").replace("\n", "\r\n").encode()
    with contextlib.ExitStack() as stack:
        for _ in range(8):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=20))
            one.sendall(asked)
            text = b""
            while b"event: hello" not in text:
                text += one.recv(4096)
        ninth = say(served, request("/api/v1/events", host=f"127.0.0.1:{served.port}"))
        assert ninth.startswith(b"HTTP/1.1 503 ") and b"busy" in ninth
        assert served.ask("/session")["signed_in"]


def test_a_server_that_is_killed_takes_its_worker_along(tmp_path: Path) -> None:
    made = Served(tmp_path)
    wait_for(lambda: made.worker() is not None)
    worker = made.worker()
    assert worker is not None
    made.end(signal.SIGKILL)
    wait_for(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)


def test_a_file_of_add_may_take_long_to_read_and_is_told_of(tmp_path: Path) -> None:
    tiny_photo(tmp_path / "photo.png")
    told: list[str] = []
    add = ["photo.png"]
    with opened(
        tmp_path, Access(port=0), has_worker=False, add=add, note=told.append, long_seconds=0
    ) as made:
        wait_for(made.server.projects.all)
        assert told == ["photo.png takes long to read; the page shows it once it is read"]


def test_an_address_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        message = f"port {port}: address already in use; another --port"
        with (
            pytest.raises(SettingsError, match=message),
            opened(tmp_path, Access(port=port), has_worker=False),
        ):
            pass


def test_a_token_comes_out_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a token of some length\n")
    made = Served(tmp_path, "--no-worker", "--token-file", str(tmp_path / "token"))
    try:
        session = made.ask("/session")
        assert (session["token_needed"], session["signed_in"], session["worker"]) == (True, False, "off")
    finally:
        made.end()
    refused = subprocess.run(
        [sys.executable, "-m", "jobs.cli.main", "serve", str(tmp_path), "--host", "0.0.0.0"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        env={**os.environ},
    )
    assert refused.returncode == 1 and "--token-file FILE" in refused.stderr
