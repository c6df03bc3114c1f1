"""Streams of events: few, short, and nothing is missed between two of them."""

import json
from typing import Any

import pytest

from jobs.web.contract.errors import BusyError
from jobs.web.events import MOST_STREAMS, EventHub

HELLO = {"version": "1"}


def read(hub: EventHub, last_id: str | None = None) -> tuple[list[tuple[str, Any]], str]:
    """The events of a whole stream and the id of the last one."""
    stream = hub.stream(last_id, hello=HELLO)
    texts = b"".join(stream).decode()
    stream.close()
    blocks = [
        dict(line.split(": ", 1) for line in text.split("\n"))
        for text in texts.split("\n\n")
        if "event" in text
    ]
    return [(block["event"], json.loads(block["data"])) for block in blocks], blocks[-1]["id"]


def test_who_comes_back_gets_what_he_missed() -> None:
    hub = EventHub(stream_seconds=0.02)
    first, last_id = read(hub)
    assert first == [("hello", HELLO)]
    hub.publish("queue", {})
    hub.publish("review", {"text": "a\nb"})
    events, last_id = read(hub, last_id)
    assert events == [("hello", HELLO), ("queue", {}), ("review", {"text": "a\nb"})]
    assert read(hub, last_id)[0] == [("hello", HELLO)]


def test_who_missed_too_much_or_saw_another_server_loads_anew() -> None:
    hub = EventHub(stream_seconds=0.02)
    for number in range(1500):
        hub.publish("queue", {"number": number})
    for id in ("00000000-3", f"{hub._boot}-3", "nonsense", f"{hub._boot}-x"):
        assert read(hub, id)[0][0] == ("reload", {})


def test_a_ninth_stream_is_refused_until_one_ends() -> None:
    hub = EventHub(stream_seconds=0.02)
    streams = [hub.stream(None, hello=HELLO) for _ in range(MOST_STREAMS)]
    with pytest.raises(BusyError):
        hub.stream(None, hello=HELLO)
    streams[0].close()
    streams[0].close()
    hub.stream(None, hello=HELLO).close()
    with pytest.raises(BusyError):
        streams += [hub.stream(None, hello=HELLO) for _ in range(2)]
