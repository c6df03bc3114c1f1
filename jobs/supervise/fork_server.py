"""Forks processes out of one that has loaded what they need and has no threads.

They begin at once and share its memory; threads, locks and connections of whoever asks for them do not come along.
It ends with the process that asks, and they end with it.
"""

import contextlib
import gc
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

import jobs
from jobs.supervise.signals import INTERRUPTING, die_with

_MOST_BYTES = 65536
"""Of a message."""

Life = Callable[..., None]
"""What a process does, a function of a module: it is called with a pipe to whoever asked and the further arguments."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Forked:
    """A process that was asked for; `end` it once it is not needed any more."""

    pid: int
    pipe: Connection
    """To it."""
    _server: "ForkServer"

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        try:
            return bool(self._server.ask("is_alive", self.pid))
        except (EOFError, OSError):
            return False

    def end(self) -> int | None:
        """Kills the process and returns its exit code, negative for a signal; None if unknown. The pipe is closed."""
        try:
            return int(self._server.ask("end", self.pid))
        except (EOFError, OSError):
            return None
        finally:
            self.pipe.close()


class ForkServer:
    """The way to the process that forks; may be used from several threads, and must be closed."""

    def __init__(self, way: socket.socket | None = None, *, pid: int | None = None) -> None:
        """Without arguments the process is a fresh one that begins when it is needed, with nothing loaded."""
        self._way, self._pid = way, pid
        self._fresh: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    @classmethod
    def forked_here(cls) -> Self:
        """One that is forked off this process: all that is loaded now is shared.

        Where there are other threads it is a fresh one: the locks that they hold would be held for ever.
        """
        if threading.active_count() > 1:
            return cls()
        ours, theirs = _two_ends()
        gc.collect()
        gc.freeze()  # a collection writes to every object that it looks at, and what is written to is not shared
        pid = os.fork()
        if pid == 0:
            ours.close()
            _end_with(lambda: _serve(theirs))
        theirs.close()
        return cls(ours, pid=pid)

    def start(self, life: Life, *arguments: Any) -> Forked:
        """A process that does `life`. Raises OSError where none can be started."""
        ours, theirs = Pipe()
        with theirs:
            try:
                pid = self._ask_again("start", (life, arguments), theirs.fileno())
            except BaseException:
                ours.close()
                raise
        return Forked(pid=pid, pipe=ours, _server=self)

    def ask(self, what: str, about: Any, handle: int | None = None) -> Any:
        """The answer of the process. Raises EOFError or OSError where it is gone, the OSError that it met."""
        message = pickle.dumps((what, about))
        with self._turn:
            if self._way is None:
                self._begin()
            assert self._way is not None
            try:
                socket.send_fds(self._way, [message], [] if handle is None else [handle])
                answer = self._way.recv(_MOST_BYTES)
                if not answer:
                    raise EOFError("the process that forks is gone")
            except (EOFError, OSError):
                self._end()
                raise
        found = pickle.loads(answer)
        if isinstance(found, OSError):
            raise found
        return found

    def close(self) -> None:
        """Ends the process and all that it has forked."""
        with self._turn:
            self._end()

    def _ask_again(self, what: str, about: Any, handle: int) -> Any:
        """The answer, of a fresh process where the one before was killed."""
        with contextlib.suppress(EOFError, ConnectionError):
            return self.ask(what, about, handle)
        try:
            return self.ask(what, about, handle)
        except EOFError as error:
            raise OSError(str(error)) from error

    def _begin(self) -> None:
        self._way, theirs = _two_ends()
        root = str(Path(jobs.__file__).parents[jobs.__name__.count(".") + 1])
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        with theirs:
            self._fresh = subprocess.Popen(
                [sys.executable, "-P", "-m", __name__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            )

    def _end(self) -> None:
        if self._way is not None:
            self._way.close()
        if self._fresh is not None:
            self._fresh.wait()
        if self._pid is not None:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._pid, 0)
        self._way = self._fresh = self._pid = None


def _two_ends() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def _serve(way: socket.socket) -> None:
    """The life of the process that forks: it answers until `way` is closed, by whoever asks or by his death."""
    signal.set_wakeup_fd(-1)
    for number in INTERRUPTING:  # they are for whoever asks, who then closes `way`
        signal.signal(number, signal.SIG_IGN)
    children: set[int] = set()
    while True:
        message, handles, _, _ = socket.recv_fds(way, _MOST_BYTES, 1)
        if not message:
            break
        what, about = pickle.loads(message)
        try:
            if what == "start":
                answer: Any = _fork(way, handles[0], *about)
                children.add(answer)
            elif about not in children:  # its number may be another's by now
                answer = ChildProcessError(f"process {about} has ended")
            elif what == "end":
                answer = _kill(about)
                children.discard(about)
            else:
                answer = os.waitid(os.P_PID, about, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except OSError as error:
            answer = error
        for handle in handles:
            os.close(handle)
        way.sendall(pickle.dumps(answer))
    for child in children:
        _kill(child)


def _fork(way: socket.socket, handle: int, life: Life, arguments: tuple[Any, ...]) -> int:
    """The number of a process that does `life` with the pipe of this handle."""
    parent, pid = os.getpid(), os.fork()
    if pid == 0:
        way.close()
        die_with(parent)
        _end_with(lambda: life(Connection(handle), *arguments))
    return pid


def _kill(pid: int) -> int:
    """Kills a child; its exit code, that of its own end if it had come to one."""
    os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _end_with(life: Callable[[], None]) -> None:
    """Ends this process, which was forked, when `life` is over, without what its parent would do at its end."""
    code = 1
    try:
        life()
        code = 0
    except (KeyboardInterrupt, EOFError, ConnectionError):
        pass
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
