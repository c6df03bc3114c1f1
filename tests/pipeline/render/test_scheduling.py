import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.video.codeccontext import VideoCodecContext

from pipeline.media import ColorDescription, PixelFormat
from pipeline.render.encoder import open_encoder
from pipeline.render.scheduling import leave_real_time
from pipeline.render.settings import EncodeSettings
from tests.fieldfilms import with_grain
from tests.pipeline.render.test_frame_writer import film

_REAL_TIME = {os.SCHED_FIFO, os.SCHED_RR}


@pytest.fixture(autouse=True)
def _ordinary_afterwards() -> Iterator[None]:
    yield
    leave_real_time()


def _schedulers() -> set[int]:
    return {os.sched_getscheduler(int(thread.name)) for thread in Path("/proc/self/task").iterdir()}


def test_an_encoder_leaves_no_thread_in_real_time() -> None:
    """SVT-AV1 puts its threads and who opens it there, where root runs it: two of them stop a machine of two cores."""
    context = av.codec.CodecContext.create("libsvtav1", "w")
    assert isinstance(context, VideoCodecContext)
    planar = PixelFormat(name="yuv420p", depth=8, chroma="420")
    settings = EncodeSettings(codec="libsvtav1", chroma="420", depth=8, options={"preset": "12"})
    of = film(width=128, height=96, time_base=Fraction(1, 25))
    open_encoder(
        context, film=of, settings=settings, size=(128, 96), pixel_format=planar, color=ColorDescription()
    )
    assert len(list(Path("/proc/self/task").iterdir())) > 1
    assert not _schedulers() & _REAL_TIME


def test_films_of_the_tests_leave_none_there_either(tmp_path: Path) -> None:
    with_grain(tmp_path / "grain.mkv")
    assert not _schedulers() & _REAL_TIME
