"""What the processes do that open films and pictures: one makes pictures as long as it lives, others read one file."""

import contextlib
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import Any

from pipeline.errors import KinochromeError, SourceError


def make_pictures(pipe: Connection) -> None:
    """Says when the network is loaded, then answers questions of `jobs.run.live_pictures` until the pipe is closed."""
    from jobs.run.live_pictures import LivePictures
    from jobs.supervise.heap import return_free, set_up_heaps
    from jobs.supervise.library_pages import return_library_pages

    set_up_heaps(keep_freed=False)
    pictures = LivePictures()
    pictures.warm_up()
    return_free()
    return_library_pages()
    pipe.send("ready")
    with contextlib.suppress(EOFError, KeyboardInterrupt, OSError):
        while True:
            question, arguments = pipe.recv()
            pipe.send(_answered(lambda: pictures.answer(question, arguments)))  # noqa: B023
            return_free()  # while it waits for the next question, others may need it more
    pictures.close()


def describe_file(pipe: Connection, question: str, arguments: Mapping[str, Any]) -> None:
    """Answers one question of `jobs.run.describe_media`."""
    from jobs.run.describe_media import answer

    pipe.send(_answered(lambda: answer(question, arguments)))


def _answered(make: Callable[[], Any]) -> tuple[bool, Any]:
    """Whether it is an answer, and the answer or the error."""
    from models.errors import ModelError

    try:
        return True, make()
    except (KinochromeError, ModelError) as error:
        return False, _plain(error)
    except MemoryError:
        return False, SourceError("there is not enough memory for this picture")
    except Exception as error:
        return False, RuntimeError(f"{type(error).__name__}: {error}")


def _plain(error: Exception) -> Exception:
    """An error as it can be sent: without what only its own process can hold."""
    kind = type(error)
    lines = error.lines if isinstance(error, KinochromeError) else (str(error),)
    return kind.of_many(lines) if issubclass(kind, KinochromeError) else kind(str(error))
