"""Records reach who asked for them, from the level asked for on, and the loggers are as before in the end."""

import logging

from jobs.progress.log_forwarding import forwarding, replay, start_forwarding, stop_forwarding

_LOGGER = "pipeline.source.probe"


def test_records_of_the_level_and_above_are_passed_on_within_the_block_only() -> None:
    sent: list[tuple[str, int, str]] = []
    before = logging.getLogger("pipeline").level
    with forwarding(lambda *record: sent.append(record), level=logging.INFO):
        logging.getLogger(_LOGGER).debug("too low")
        logging.getLogger(_LOGGER).info("frame %d", 7)
        replay("jobs.segments", logging.WARNING, "100 % of it")
    logging.getLogger(_LOGGER).warning("too late")
    assert sent == [(_LOGGER, logging.INFO, "frame 7"), ("jobs.segments", logging.WARNING, "100 % of it")]
    assert logging.getLogger("pipeline").level == before


def test_each_receiver_gets_what_it_asked_for_whichever_ends_first() -> None:
    warnings: list[str] = []
    infos: list[str] = []
    before = logging.getLogger("pipeline").level
    with forwarding(lambda name, level, text: infos.append(text), level=logging.INFO):
        with forwarding(lambda name, level, text: warnings.append(text), level=logging.WARNING):
            logging.getLogger(_LOGGER).info("one")
            logging.getLogger(_LOGGER).warning("two")
        logging.getLogger(_LOGGER).info("three")
    assert (infos, warnings) == (["one", "two", "three"], ["two"])
    first = start_forwarding(lambda name, level, text: infos.append(text), level=logging.INFO)
    second = start_forwarding(lambda name, level, text: warnings.append(text), level=logging.INFO)
    stop_forwarding(first)
    logging.getLogger(_LOGGER).info("four")
    stop_forwarding(second)
    for name in ("pipeline", "models", "jobs"):
        logging.getLogger(name).setLevel(before)
    assert (infos[-1], warnings[-1]) == ("three", "four")
