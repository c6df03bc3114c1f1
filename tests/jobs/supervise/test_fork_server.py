"""Processes that are forked elsewhere: they answer, end with whoever asked for them, and their death is told."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection

import psutil
import pytest

from jobs.supervise.fork_server import ForkServer
from tests.served import PATIENCE_SECONDS, wait_for

ALONE = """
import sys
import tests.jobs.supervise.test_fork_server as lives
from jobs.supervise.fork_server import ForkServer
server = ForkServer.forked_here()
made = server.start(lives.say_loaded)
print(made.pid, server._pid, *made.pipe.recv(), flush=True)
sys.stdin.read()
"""


def double(pipe: Connection) -> None:
    """Answers numbers."""
    while True:
        pipe.send(2 * pipe.recv())


def fail(pipe: Connection) -> None:
    """Ends with an error."""
    raise ValueError(pipe.recv())


def say_loaded(pipe: Connection) -> None:
    """Whether this module was loaded before, and what a signal from the terminal does."""
    pipe.send((str(signal.getsignal(signal.SIGINT) == signal.SIG_IGN), str(__name__ in sys.modules)))
    pipe.recv()


@pytest.fixture
def server() -> Iterator[ForkServer]:
    made = ForkServer()
    yield made
    made.close()


def test_processes_answer_and_their_end_is_told(
    server: ForkServer, capfd: pytest.CaptureFixture[str]
) -> None:
    first, second = server.start(double), server.start(double)
    for number, one in ((4, first), (5, second)):
        one.pipe.send(number)
        assert one.pipe.recv() == 2 * number
        assert one.is_alive
    os.kill(first.pid, signal.SIGSEGV)
    wait_for(lambda: not first.is_alive)
    with pytest.raises((EOFError, ConnectionError)):
        first.pipe.recv()
    assert first.end() == -signal.SIGSEGV
    assert first.end() is None  # once more ends nobody else
    assert second.end() == -signal.SIGKILL
    third = server.start(fail)
    third.pipe.send("what it says")
    wait_for(lambda: not third.is_alive)
    assert third.end() == 1
    assert "ValueError: what it says" in capfd.readouterr().err


def test_another_begins_where_the_one_that_forks_was_killed(server: ForkServer) -> None:
    before = server.start(double)
    forking = psutil.Process(before.pid).parent()
    assert forking is not None
    forking.kill()
    wait_for(lambda: not psutil.pid_exists(before.pid))
    assert not before.is_alive and before.end() is None
    after = server.start(double)
    after.pipe.send(7)
    assert after.pipe.recv() == 14


def test_nothing_is_left_where_whoever_asked_is_killed() -> None:
    asking = subprocess.Popen(
        [sys.executable, "-c", ALONE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert asking.stdout is not None and asking.stdin is not None
    made, forking, is_deaf, is_loaded = asking.stdout.readline().split()
    assert (is_deaf, is_loaded) == ("True", "True")
    assert psutil.pid_exists(int(made)) and psutil.pid_exists(int(forking))
    asking.kill()
    asking.wait(PATIENCE_SECONDS)
    asking.stdin.close()
    asking.stdout.close()
    wait_for(lambda: not psutil.pid_exists(int(made)) and not psutil.pid_exists(int(forking)))
