"""FFmpeg as a child that is fed through a pipe: it never hangs, never outlives us, says why it failed.

It hangs where it neither reads nor writes anything for longer than a stall may last.
"""

import contextlib
import errno
import logging
import os
import re
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

import psutil

from pipeline.errors import OutputError
from pipeline.limits import Limits
from pipeline.messages import signal_name

_log = logging.getLogger(__name__)
_TOLD_LINES = 3
_LOOK_SECONDS = 0.5
_ADDRESS = re.compile(r" @ 0x[0-9a-f]+")


def run_ffmpeg(
    command: Sequence[str],
    write: Callable[[IO[bytes]], None],
    *,
    output: Path,
    partial: Path,
    stall_seconds: float = Limits.stall_seconds,
) -> None:
    """Runs FFmpeg while `write` fills its standard input; returns when the output is written.

    `partial` is the file that it writes, `output` what it is to become, and is called in messages. FFmpeg is
    killed if `write` raises, it hangs or we are interrupted. Raises OutputError with FFmpeg's own last words
    where it fails, OSError (ENOSPC, naming `output`) where the disk is full.
    """
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stderr is not None
    said: deque[str] = deque(maxlen=50)
    listener = threading.Thread(target=_listen, args=(process.stderr, said), name="ffmpeg-stderr")
    listener.start()
    over, hung = threading.Event(), threading.Event()
    watcher = threading.Thread(
        target=_end_when_stuck, args=(process, stall_seconds, over, hung), name="ffmpeg-watch"
    )
    watcher.start()
    try:
        ended_early = not _feed(process.stdin, write)
        code = process.wait()
    finally:
        over.set()
        watcher.join()
        process.kill()
        process.wait()
        listener.join()
        process.stderr.close()
        with contextlib.suppress(OSError):
            process.stdin.close()
    told = [line.replace(f"file:{partial}", str(output)) for line in said]
    for line in told:
        _log.debug("ffmpeg: %s", line)
    if hung.is_set():
        raise OutputError(
            f"cannot write {output}: ffmpeg neither read nor wrote for {stall_seconds:g} s and was ended"
        )
    if code != 0 or ended_early:
        if any("No space left on device" in line for line in told):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(output))
        raise OutputError(f"cannot write {output}: {_reason(code, told)}")


def _feed(pipe: IO[bytes], write: Callable[[IO[bytes]], None]) -> bool:
    """False if FFmpeg closed its end before all was written."""
    try:
        write(pipe)
        pipe.close()
    except BrokenPipeError:
        return False
    return True


def _end_when_stuck(
    process: "subprocess.Popen[bytes]", seconds: float, over: threading.Event, hung: threading.Event
) -> None:
    """Kills FFmpeg, and sets `hung`, when it has neither read nor written for so long."""
    before, looked, silent = _traffic(process.pid), time.monotonic(), 0.0
    while not over.wait(_LOOK_SECONDS):
        now, traffic = time.monotonic(), _traffic(process.pid)
        silent = (
            0.0 if traffic is None or traffic != before else silent + min(now - looked, 4 * _LOOK_SECONDS)
        )
        before, looked = traffic, now
        if silent >= seconds:
            hung.set()
            process.kill()
            return


def _traffic(pid: int) -> str | None:
    """Changes whenever the process reads or writes; None where the system does not tell."""
    try:
        return str(psutil.Process(pid).io_counters())
    except (psutil.Error, OSError):
        return None


def _listen(pipe: IO[bytes], said: deque[str]) -> None:
    """Empties FFmpeg's standard error, so that it never waits for us, and keeps the end."""
    for line in pipe:
        text = _ADDRESS.sub("", line.decode(errors="replace")).strip()
        if text:
            said.append(text)


def _reason(code: int, told: Sequence[str]) -> str:
    if code < 0:
        return f"ffmpeg was ended by {signal_name(-code)}"
    return "ffmpeg: " + ("; ".join(told[-_TOLD_LINES:]) or f"ended with code {code}")
