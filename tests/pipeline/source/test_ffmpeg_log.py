import threading

import av
import av.logging

from pipeline.source.ffmpeg_log import ERROR, listening


def test_threads_that_listen_to_ffmpeg_at_once_leave_it_silent() -> None:
    """What stays at another level makes the next decoder that logs while it is closed wait for ever."""
    began, end = threading.Event(), threading.Event()

    def listen() -> None:
        with listening(ERROR):
            began.set()
            end.wait(0.2)

    before = av.logging.get_level()
    first, second = threading.Thread(target=listen), threading.Thread(target=listen)
    first.start()
    began.wait()
    second.start()
    first.join()
    second.join()
    assert av.logging.get_level() == before
