"""Work done ahead of its consumer, in a thread behind a bounded queue."""

import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from typing import TypeVar

_Item = TypeVar("_Item")


def ahead(iterator: Iterable[_Item], *, depth: int) -> Generator[_Item, None, None]:
    """The same items in the same order, made by a thread that runs up to `depth` items ahead.

    Once so far ahead, it rests until half of them are taken: threads that wake each other for every item waste time.
    Whatever `iterator` raises is raised here, after the items before it. Closing the result, or dropping it,
    closes `iterator` and ends the thread. The thread starts with the first item asked for.
    """
    if depth < 1:
        raise ValueError(f"reading ahead needs room for at least one item, got depth {depth}")
    return _run_ahead(iter(iterator), depth)


def _run_ahead(iterator: Iterator[_Item], depth: int) -> Generator[_Item, None, None]:
    changed = threading.Condition()
    ready: deque[_Item] = deque()
    failure: list[BaseException] = []
    finished = stopped = False

    def work() -> None:
        nonlocal finished
        try:
            for item in iterator:
                with changed:
                    if len(ready) == depth:
                        changed.wait_for(lambda: stopped or len(ready) <= depth // 2)
                    if stopped:
                        break
                    ready.append(item)
                    if len(ready) == 1:
                        changed.notify_all()
        except BaseException as error:  # crosses over to the consumer, whatever it is
            failure.append(error)
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                close()
            with changed:
                finished = True
                changed.notify_all()

    thread = threading.Thread(target=work, name="ahead", daemon=True)
    thread.start()
    try:
        while True:
            with changed:
                changed.wait_for(lambda: finished or bool(ready))
                if not ready:
                    break
                item = ready.popleft()
                if len(ready) == depth // 2:
                    changed.notify_all()
            yield item
    finally:
        with changed:
            stopped = True
            changed.notify_all()
        thread.join()
    if failure:
        raise failure[0]
