"""An FFmpeg that dies, hangs or is interrupted does not take this program with it."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import OutputError
from pipeline.output.ffmpeg_process import run_ffmpeg


def test_dying_ffmpeg_does_not_hang_us(tmp_path: Path) -> None:
    def write(pipe: Any) -> None:
        for _ in range(1000):
            pipe.write(bytes(65536))

    command = ["sh", "-c", "head -c 100000 >/dev/null; echo 'it is broken' >&2; exit 3"]
    with pytest.raises(OutputError, match="it is broken"):
        run_ffmpeg(command, write, output=tmp_path / "out.mkv", partial=tmp_path / "x")


def test_interrupt_kills_ffmpeg(tmp_path: Path) -> None:
    def write(pipe: Any) -> None:
        raise KeyboardInterrupt

    command = ["sh", "-c", f"echo $$ > '{tmp_path}/pid'; exec sleep 60"]
    with pytest.raises(KeyboardInterrupt):
        run_ffmpeg(command, write, output=tmp_path / "out.mkv", partial=tmp_path / "x")
    pid = (tmp_path / "pid").read_text() if (tmp_path / "pid").exists() else ""
    assert not pid or subprocess.run(["kill", "-0", pid.strip()], capture_output=True).returncode != 0


def test_an_ffmpeg_that_hangs_is_ended_and_named(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    threads = threading.active_count()
    with pytest.raises(OutputError, match="ffmpeg neither read nor wrote for 1 s"):
        run_ffmpeg(
            command,
            lambda pipe: pipe.writelines([bytes(1 << 16)] * 99),
            output=tmp_path / "out.mkv",
            partial=tmp_path / "partial",
            stall_seconds=1,
        )
    assert threading.active_count() == threads
