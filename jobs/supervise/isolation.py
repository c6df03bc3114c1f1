"""Runs a verb in a forked process, so that its crash or hang becomes one line and an exit code, and leaves no files.

The process is forked before anything heavy is loaded, so that this costs milliseconds; what supervises it waits
for signals, which it passes on, and looks now and then at where the other is (`pipeline.read_monitor`). If it is
killed itself, the kernel ends the other.
"""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

from jobs.supervise.heartbeat import Heartbeat, Trace, begin
from jobs.supervise.signals import INTERRUPTED, INTERRUPTED_LINE, INTERRUPTING, die_with, interruptible, prctl
from jobs.supervise.watchdog import Watch
from pipeline import read_monitor
from pipeline.messages import signal_name

_CRASHES = {
    *(signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL),
    *(signal.SIGTRAP, signal.SIGSYS),
}
_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
_LOOK_SECONDS = 0.5
_FAULT, _SIGNALLED = 1, 128
_PR_SET_CHILD_SUBREAPER = 36

Tell = Callable[[int, str], object]
"""Called with an exit code and the line that belongs to it."""
TidyUp = Callable[[list[Trace]], object]
"""Removes half-written files of a process that is gone."""


def isolate(call: Callable[[], int], *, tell: Tell, tidy_up: TidyUp) -> int:
    """Runs `call`, which returns an exit code, in a forked process, and returns the code: in both processes.

    What both do with it is to end, at once. Where the other is ended by a signal, or hangs and has to be ended,
    `tidy_up` is called here, then `tell`: with 1 for a crash or a hang, with 130 for a crash
    after an interruption, with 128 and the signal's number where it was killed from outside. Outside the main thread
    `call` is simply called.
    """
    if threading.current_thread() is not threading.main_thread():
        return call()
    board, heartbeat = read_monitor.renew_board(), Heartbeat()
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    waited = {*_PASSED_ON, signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, waited)
    prctl(_PR_SET_CHILD_SUBREAPER, 1)
    supervisor = os.getpid()
    child = os.fork()
    if child == 0:
        die_with(supervisor)
        begin(heartbeat)
        try:
            with interruptible():
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
                code = call()
        except KeyboardInterrupt:  # before the call was ready for it, or after
            code = INTERRUPTED
        heartbeat.end(code)
        return code
    try:
        status, hang, is_interrupted = _wait(child, waited, board=board, heartbeat=heartbeat)
        if status >= 0:
            return status
        _kill_orphans()
        if heartbeat.exit_code is not None:  # it crashed at its very end, when all was done and reported
            return heartbeat.exit_code
        tidy_up(heartbeat.traces())
        if is_interrupted and -status in _CRASHES:  # a library that was not made for it fell over it
            code, line = INTERRUPTED, INTERRUPTED_LINE
        else:
            code, line = _verdict(-status, hang, next(iter(board.places()), None))
        tell(code, line)
        return code
    finally:
        while signal.sigtimedwait(waited, 0) is not None:  # came too late to be of use to anybody
            pass
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _wait(
    child: int, signals: set[signal.Signals], *, board: read_monitor.Board, heartbeat: Heartbeat
) -> tuple[int, str | None, bool]:
    """Waits for the end of the child; its exit code (negative: a signal), why it had to be killed, if it had, and
    whether it was asked to end."""
    watch, hang, is_interrupted = Watch(), None, False
    looked = time.monotonic()
    while True:
        came = signal.sigtimedwait(signals, _LOOK_SECONDS)
        if came is not None and came.si_signo in _PASSED_ON:
            is_interrupted = is_interrupted or came.si_signo in INTERRUPTING
            os.kill(child, came.si_signo)
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status), hang, is_interrupted
        now = time.monotonic()
        hang = hang or watch.look(board.places(), beats=heartbeat.beats, seconds=now - looked)
        looked = now
        if hang is not None:
            os.kill(child, signal.SIGKILL)


def _verdict(number: int, hang: str | None, place: read_monitor.Place | None) -> tuple[int, str]:
    """Exit code and line for a process that a signal ended."""
    if hang is not None:
        return _FAULT, f"{hang}, so it was ended; limits.stall_seconds says how long that may be"
    name = signal_name(number)
    if number not in _CRASHES:
        at = "" if place is None else f" at {place}"
        why = ", as a system does that is short of memory" if number == signal.SIGKILL else ""
        return (
            _SIGNALLED + number,
            f"killed from outside ({name}){at}{why}; the same command goes on from here",
        )
    if place is None:
        return _FAULT, f"a library crashed ({name}), not at a film; the same command goes on from here"
    what = "the decoder" if place.is_busy else "a library"
    return (
        _FAULT,
        f"{place}, {what} crashed ({name}); convert the film with another program, losslessly if possible",
    )


def _kill_orphans() -> None:
    """Ends what the dead child had started, which is ours now: an FFmpeg that hangs, workers."""
    import psutil  # needed after a crash only

    for _ in range(100):  # what dies may leave children of its own
        left = [child.pid for child in psutil.Process().children()]
        if not left:
            return
        for process in left:
            os.kill(process, signal.SIGKILL)
        for process in left:
            os.waitpid(process, 0)
