"""The section `shots:` of a job file: what is refused, and with which line."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.settings.job_file import load_job, schema
from pipeline.errors import SettingsError


@pytest.fixture
def faults(tmp_path: Path) -> Callable[[str], list[str]]:
    (tmp_path / "film.mkv").write_bytes(b"a film")

    def load(shots: str) -> list[str]:
        path = tmp_path / "job.yaml"
        path.write_text(f"input: film.mkv\noutput: out.mkv\nshots:\n{shots}")
        with pytest.raises(SettingsError) as caught:
            load_job(path)
        return str(caught.value).replace(f"{tmp_path}/", "").splitlines()

    return load


@pytest.mark.parametrize(
    ("shots", "told"),
    [
        ("  x-3: {skip: true}", "4: shots.x-3: range: found 'x-3'; write it as 3-7,12 or 0-99:2"),
        ("  7-5: {skip: true}", "4: shots.7-5: range: '7-5' runs backwards; 5-7 would work"),
        ("  -1: {skip: true}", "4: shots.-1: range: found '-1'; write it as 3-7,12 or 0-99:2"),
        ("  3: {saturatoin: 1}", "4: shots.3.saturatoin: unknown key; did you mean 'saturation'?"),
        ("  3: {saturation: 9}", "4: shots.3.saturation: found 9.0; a number from 0 to 2 works"),
        ("  3: {hue_degrees: 181}", "4: shots.3.hue_degrees: found 181.0; a number from -180 to 180 works"),
        ("  3: {hue_degrees: .nan}", "4: shots.3.hue_degrees: "),
        ("  3: {skip: yes}", "4: shots.3.skip: found the text 'yes'; true or false would work"),
        ("  3: {skip: true, keep_original: true}", "4: shots.3.skip: does not go with keep_original: true"),
        ("  3: {skip: true, saturation: 1}", "4: shots.3.saturation: does not go with skip: true"),
        ("  3: {weights: gone.pt}", "4: shots.3.weights: no such file: gone.pt"),
        ("  3: {weights: ''}", "4: shots.3.weights: found an empty text; `default` or a path would work"),
        ("  3: 0.5", "4: shots.3: found 0.5; `key: value` pairs would work"),
        ("  3: {}\n  3: {skip: true}", "5: shots.3: given twice, first in line 4"),
    ],
)
def test_a_fault_is_told_with_its_line(shots: str, told: str, faults: Callable[[str], list[str]]) -> None:
    (line,) = faults(shots)
    assert line.startswith(f"job.yaml:{told}")


def test_all_faults_of_all_shots_come_at_once(faults: Callable[[str], list[str]]) -> None:
    told = faults("  1: {saturation: 3, hue_degrees: 200}\n  2: {skp: true}\n  b: {}\ncache_gb: 0\n")
    assert [re.match(r"job\.yaml:(\d+): ([\w.]+):", line)[2] for line in told] == [  # type: ignore[index]
        "shots.1.saturation",
        "shots.1.hue_degrees",
        "shots.2.skp",
        "shots.b",
        "cache_gb",
    ]


def test_stills_have_no_shots(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"a still")
    (tmp_path / "job.yaml").write_text("input: a.png\noutput: b.png\nshots: {0: {skip: true}}\n")
    with pytest.raises(SettingsError, match=r"job\.yaml:3: shots: a film has shots; .*a\.png is a still"):
        load_job(tmp_path / "job.yaml")


def test_overrides_come_through_a_resolved_job(tmp_path: Path) -> None:
    (tmp_path / "film.mkv").write_bytes(b"a film")
    (tmp_path / "w.safetensors").write_bytes(b"weights")
    path = tmp_path / "job.yaml"
    path.write_text("input: film.mkv\noutput: out.mkv\ncache: kept\nshots: {1-2: {weights: w.safetensors}}\n")
    job = load_job(path, overrides=["shots.3.saturation=0.5"])
    assert job.shots["1-2"].weights == str(tmp_path / "w.safetensors")
    assert (job.shots["3"].saturation, job.cache) == (0.5, tmp_path / "kept")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "resolved.yaml").write_text(job.to_yaml())
    assert load_job(tmp_path / "sub" / "resolved.yaml") == job


def test_the_schema_knows_the_keys_of_shots() -> None:
    made = schema()["properties"]["shots"]
    (pattern,) = made["patternProperties"]
    for text, is_range in (("3", True), ("3-7, 12", True), ("0-99:2", True), ("x", False), ("-1", False)):
        assert bool(re.search(pattern, text)) is is_range
    assert made["additionalProperties"] is False
