"""The sentence about a film, for every way in which something is the same, made or missing."""

import pytest

from jobs.records.film_record import FilmRecord, TreatmentRecord
from jobs.records.summary import missing_parts, summary_sentence, uncovered_seconds
from pipeline.plan.damage import Damage
from pipeline.verify.luma_proof import LumaProof
from tests.recorded import color_film, record_of


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> FilmRecord:
    return record_of(color_film(tmp_path_factory.mktemp("summary")))


def test_a_whole_film_is_the_same_made_and_not_missing(record: FilmRecord) -> None:
    assert summary_sentence(record) == (
        "All 40 frames are there, and every sample of brightness is the source's; a machine made the colours of all 2 "
        "shots; nothing of the source is missing."
    )
    assert record.source_seconds == pytest.approx(40 / 24, abs=0.3)


def test_a_picture_that_is_shorter_than_its_header_is_told(record: FilmRecord) -> None:
    short = record.model_copy(update={"source_seconds": 5.0})
    without, whole = uncovered_seconds(short)
    assert (round(without, 3), whole) == (3.333, 5.0)
    assert summary_sentence(short).endswith("; 3.3 of 5.0 s have no picture, as in the source.")
    little = record.model_copy(update={"source_seconds": 40 / 24 + 0.4})
    assert missing_parts(little) == []
    assert missing_parts(record.model_copy(update={"source_seconds": None})) == []


def test_damage_and_losses_are_counted(record: FilmRecord) -> None:
    damage = [Damage(pts=3, fault="lost", told="x")]
    found = record.model_copy(update={"damage": damage, "lost": ["a", "b"]})
    told = "the source is damaged in 1 place, and 2 things that the file cannot hold were left out."
    assert summary_sentence(found).endswith(told)


def test_what_was_not_made_by_the_network_is_told(record: FilmRecord) -> None:
    grey = TreatmentRecord(source="grey", saturation=1, hue_degrees=0)
    shots = [record.shots[0], record.shots[1].model_copy(update={"treatment": grey})]
    found = record.model_copy(update={"shots": shots, "weights": None})
    told = "proxies that were given made the colours of 1 of 2 shots (1 shot left black-and-white)"
    assert told in summary_sentence(found)


@pytest.mark.parametrize(
    ("luma", "told"),
    [
        (
            LumaProof(comparable=False, reason="two halves"),
            "was not compared with the source's (two halves)",
        ),
        (
            LumaProof(comparable=True, reason="prove: false"),
            "was not compared with the source's (prove: false)",
        ),
        (
            LumaProof(
                comparable=True,
                frames=40,
                psnr_mean_db=45.66,
                psnr_min_db=42.9,
                psnr_min_frame=3,
                equal=False,
            ),
            "their brightness was compressed anew, with loss (PSNR 45.7 dB)",
        ),
    ],
)
def test_brightness_is_told_as_it_was_proved(record: FilmRecord, luma: LumaProof, told: str) -> None:
    assert told in summary_sentence(record.model_copy(update={"luma": luma}))
