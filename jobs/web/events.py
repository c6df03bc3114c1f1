"""Tells browsers what changes, by server-sent events: at most eight streams, none of which lasts longer than 25 s.

A stream holds a thread of the server. So it ends soon, and the browser comes back with the number of the last event
that it saw; the hub keeps the last events, and says `reload` to whoever missed more.
"""

import json
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jobs.web.contract.errors import BusyError

MOST_STREAMS = 8
_STREAM_SECONDS = 25.0
_SILENT_SECONDS = 5.0
_RETRY_MILLISECONDS = 1000
_KEPT = 1000


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that changed."""

    number: int
    name: str
    data: dict[str, Any]


class EventHub:
    """The last events, and who waits for more; may be used from several threads."""

    def __init__(
        self, *, stream_seconds: float = _STREAM_SECONDS, silent_seconds: float = _SILENT_SECONDS
    ) -> None:
        self._stream_seconds, self._silent_seconds = stream_seconds, silent_seconds
        self._boot = secrets.token_hex(4)
        self._events: deque[Event] = deque(maxlen=_KEPT)
        self._number = 0
        self._changed = threading.Condition()
        self._streams = 0
        self._last_seen = float("-inf")
        self._is_over = False

    @property
    def has_listeners(self) -> bool:
        """Whether somebody listens, or did a moment ago and is about to come back."""
        with self._changed:
            return self._streams > 0 or time.monotonic() - self._last_seen < 10

    def publish(self, name: str, data: dict[str, Any]) -> None:
        """Tells all streams."""
        with self._changed:
            self._number += 1
            self._events.append(Event(number=self._number, name=name, data=data))
            self._changed.notify_all()

    def close(self) -> None:
        """Ends all streams."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def stream(self, last_id: str | None, *, hello: dict[str, Any]) -> "Stream":
        """The text of a stream that goes on after `last_id`. Raises BusyError at once where there are eight."""
        with self._changed:
            if self._streams >= MOST_STREAMS:
                raise BusyError(
                    f"{MOST_STREAMS} pages listen already; this one asks every few seconds instead"
                )
            self._streams += 1
        return Stream(self, self._texts(last_id, hello))

    def leave(self) -> None:
        """Counts a stream out."""
        with self._changed:
            self._streams -= 1
            self._last_seen = time.monotonic()

    def _texts(self, last_id: str | None, hello: dict[str, Any]) -> Iterator[bytes]:
        until = time.monotonic() + self._stream_seconds
        seen = self._place(last_id)
        yield f"retry: {_RETRY_MILLISECONDS}\n\n".encode()
        if seen is None:
            seen = self._number
            if last_id:
                yield self._text(seen, "reload", {})
        yield self._text(seen, "hello", hello)
        while not self._is_over and (left := until - time.monotonic()) > 0:
            with self._changed:
                if self._number == seen and not self._is_over:
                    self._changed.wait(min(left, self._silent_seconds))
                events = [event for event in self._events if event.number > seen]
            for event in events:
                yield self._text(event.number, event.name, event.data)
                seen = event.number
            if not events:
                yield b": still here\n\n"

    def _place(self, last_id: str | None) -> int | None:
        """The number of the last event that a browser saw; None where that is not known, or too long ago."""
        boot, _, number = (last_id or "").partition("-")
        if boot != self._boot or not number.isdecimal():
            return None
        with self._changed:
            first = self._events[0].number if self._events else self._number + 1
            return int(number) if first - 1 <= int(number) <= self._number else None

    def _text(self, number: int, name: str, data: dict[str, Any]) -> bytes:
        return f"id: {self._boot}-{number}\nevent: {name}\ndata: {json.dumps(data)}\n\n".encode()


class Stream:
    """An iterator that counts itself out however it ends, even where nobody ever took a text from it."""

    def __init__(self, hub: EventHub, texts: Iterator[bytes]) -> None:
        self._hub, self._texts = hub, texts
        self._is_open = True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._texts)

    def close(self) -> None:
        """Counts it out, once."""
        if self._is_open:
            self._is_open = False
            self._hub.leave()
