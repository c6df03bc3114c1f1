"""Job files of any content: a job or clear lines, never another exception, never a second of work.

KINOCHROME_FUZZ_EXAMPLES says how many documents each test makes (300 in all unless given; 10,000 is a good number).
"""

import gc
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.progress.reporters import one_line
from jobs.settings.job import Job
from jobs.settings.job_file import load_job, schema
from pipeline.errors import SettingsError

_EXAMPLES = int(os.environ.get("KINOCHROME_FUZZ_EXAMPLES", "300")) // 3
_LONGEST_SECONDS = 1.0
_EXAMPLE = (Path(__file__).parents[3] / "configs" / "jobs" / "example.yaml").read_text(encoding="utf-8")
AGAIN = "again.yaml"
FUZZ = settings(
    max_examples=_EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            "",
            "film.mkv",
            "../..",
            "/dev/null",
            "/dev/zero",
            "/",
            "~",
            "~/",
            "~root/x",
            "a\0b",
            "a\nb",
            "x" * 5000,
        ]
    ),
    st.sampled_from(
        ["auto", "cuda:99", "archival", "420", "source", "default", "1e999", "0x1F", "\ud800", "3-7,12"]
    ),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([-1, 0, 8, 16, 240, 256, 2**31, 2**63, 10**400]),
    st.floats(),
    TEXTS,
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)


def fitting(name: str, node: dict[str, Any], definitions: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that the schema allows at a key, and others."""
    node = definitions.get(str(node.get("$ref", "")).rpartition("/")[2], node)
    if "properties" in node:
        keys = {key: fitting(key, inner, definitions) for key, inner in node["properties"].items()}
        return st.fixed_dictionaries({}, optional=keys) | VALUES
    if node.get("enum"):
        return st.sampled_from(node["enum"]) | SCALARS
    branches = [fitting(name, branch, definitions) for branch in node.get("anyOf", node.get("allOf", []))]
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "integer": st.integers(-(2**40), 2**40) | st.integers(0, 300),
        "number": st.floats(-10, 10) | st.floats(),
        "boolean": st.booleans(),
        "string": TEXTS,
        "object": st.dictionaries(TEXTS | st.sampled_from(["0", "1-3", "crf", "g"]), VALUES, max_size=3),
        "array": st.lists(VALUES, max_size=3),
        "null": st.none(),
    }
    return st.one_of(kinds.get(str(node.get("type")), VALUES), SCALARS, *branches)


def documents() -> st.SearchStrategy[dict[str, Any]]:
    """Mappings that look like jobs: keys of the schema, some others, some misspelt."""
    made = schema()
    keys = {key: fitting(key, node, made["$defs"]) for key, node in made["properties"].items()}
    known = st.fixed_dictionaries({}, optional=keys)
    others = st.dictionaries(TEXTS | st.sampled_from([key + "s" for key in keys]), VALUES, max_size=3)
    return st.builds(lambda job, more: {**more, **job}, known, others)


@st.composite
def spoilt_texts(draw: st.DrawFn) -> str:
    """The example job file with some of its characters and lines changed."""
    lines = _EXAMPLE.splitlines()
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.integers(0, 5)):
            case 0:
                lines.insert(at, lines[draw(st.integers(0, len(lines) - 1))])
            case 1:
                lines[at] = (
                    draw(st.sampled_from(["  ", "\t", "- ", "? ", "{", "[", "&a ", "*a", "!!int "]))
                    + lines[at]
                )
            case 2:
                cut = draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:cut] + draw(st.text(max_size=5)) + lines[at][cut:]
            case 3:
                lines[at] = lines[at].partition(":")[0] + ": " + repr(draw(SCALARS))
            case 4:
                lines[at] = draw(
                    st.sampled_from([": ", "---", "...", "%YAML 9", "<<: {}", "a: " + "[" * 200, "'", '"'])
                )
            case _:
                del lines[at : at + draw(st.integers(1, 4))]
                lines = lines or [""]
    return "\n".join(lines)


def check(data: bytes) -> None:
    """Loads the document: it is a job, or lines that name what is wrong, and it does not take long."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "job.yaml"
        path.write_bytes(data)
        gc.disable()  # a collection of all that hypothesis holds takes a second itself
        started = time.process_time()
        try:
            job = load_job(path)
        except SettingsError as error:
            assert time.process_time() - started < _LONGEST_SECONDS
            assert error.lines
            assert all(one_line(line).strip() for line in error.lines)
        else:
            assert time.process_time() - started < _LONGEST_SECONDS
            assert load_again(job, Path(folder)) == job.model_copy(update={"preset": job.preset})
        finally:
            gc.enable()
        assert {found.name for found in Path(folder).iterdir()} <= {path.name, AGAIN}


def load_again(job: Job, folder: Path) -> Job:
    """The job that its own resolved settings make."""
    again = folder / AGAIN
    again.write_text(job.to_yaml(), encoding="utf-8")
    return load_job(again)


@FUZZ
@given(documents())
def test_mappings_of_any_values_are_jobs_or_clear_errors(document: dict[str, Any]) -> None:
    check(yaml.safe_dump(document, allow_unicode=True).encode("utf-8", "surrogatepass"))


@FUZZ
@given(documents())
def test_jobs_with_a_film_are_jobs_or_clear_errors(document: dict[str, Any]) -> None:
    """As above, with an input and an output that work, so that all other keys are looked at."""
    job = document | {"input": str(Path(__file__)), "output": "out.mkv"}
    check(yaml.safe_dump(job).encode("utf-8", "surrogatepass"))


@FUZZ
@given(spoilt_texts() | st.text(max_size=200), st.binary(max_size=3), st.integers(0, 2**16))
def test_texts_of_any_kind_are_jobs_or_clear_errors(text: str, data: bytes, where: int) -> None:
    spoilt = text.encode("utf-8", "surrogatepass")
    at = where % (len(spoilt) + 1)
    check(spoilt[:at] + data + spoilt[at:])


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 100_000,
        "{" * 100_000,
        "- " * 100_000,
        "a: &a [1]\nb: " + "*a " * 9,
        "? " * 50_000,
        "a: 'x\n" * 1000,
        "output: " + "9" * 300_000,
        "batch: 0b" + "1" * 100_000,
        "k" * 900_000 + ": 1",
        "".join(f"k{number}: 1\n" for number in range(60_000)),
        "".join(f"k{number}: 1\n" for number in range(4_900)),
        "color:\n" + "".join(f"  k{number}: 1\n" for number in range(4_900)),
        "shots:\n" + "".join(f'  "{number}": {{saturation: -1}}\n' for number in range(2_400)),
        "input: " + "a/" * 100_000,
        "batch: " + "1_" * 100_000,
        "preset: " + "x" * 5000,
        'sound: "\\ud800"',
    ],
    ids=lambda text: text[:12].strip(),
)
def test_bombs_are_refused_at_once(text: str) -> None:
    check(text.encode())
