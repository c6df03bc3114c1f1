import csv
import io
import json
from base64 import b64decode

import numpy as np
import pytest

from jobs.records.downloads import as_csv, as_json, data_link, shot_columns
from jobs.records.film_record import FilmRecord
from tests.recorded import color_film, record_of


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> FilmRecord:
    return record_of(color_film(tmp_path_factory.mktemp("downloads")))


def test_csv_has_a_line_for_each_shot_with_its_figures(record: FilmRecord) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(shot_columns(record)))))
    assert [(row["start"], row["end"]) for row in rows] == [("0", "24"), ("24", "40")]
    assert [float(row["flicker"]) for row in rows] == [shot.figures.flicker for shot in record.shots]


def test_json_has_shots_and_the_course(record: FilmRecord) -> None:
    course = np.array([[1, 2, 0.5], [3, 4, 0.25]], np.float32)
    found = json.loads(as_json(record, course, seconds=[0.0, 1.0]))
    assert found["shots"]["end"] == [24, 40]
    assert found["course"] == {
        "seconds": [0, 1],
        "chroma": [1, 3],
        "flicker": [2, 4],
        "exposure": [0.5, 0.25],
    }


def test_a_link_holds_its_text() -> None:
    kind, _, data = data_link("text/csv", "ä,#\r\n").partition(";base64,")
    assert (kind, b64decode(data).decode()) == ("data:text/csv", "ä,#\r\n")
