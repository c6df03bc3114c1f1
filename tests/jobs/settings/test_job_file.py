"""Job files: what is accepted, how layers win, and how faults are told."""

import json
from pathlib import Path

import pytest
import yaml

from jobs.settings.job import Job
from jobs.settings.job_file import load_job, make_job, schema
from jobs.settings.job_paths import PRESETS
from jobs.settings.yaml_file import MAX_BYTES
from pipeline.colorize.temporal import SteadySettings
from pipeline.errors import SettingsError
from pipeline.plan.segments import SegmentSettings
from pipeline.render.encoder_options import ENCODERS
from pipeline.render.settings import EncodeSettings
from tests.job_files import Write, faults


def test_defaults_are_those_of_the_stages(write: Write, tmp_path: Path) -> None:
    job = load_job(write("preset: archival"))
    assert job.input == tmp_path / "film.mkv"
    assert job.output == tmp_path / "out" / "film.mkv"
    assert job.steady == SteadySettings()
    assert job.segments == SegmentSettings()
    assert (job.color.short_side, job.color.temperature, job.color.saturation) == (224, 0.35, 1.0)
    assert job.weights_path is None


def test_presets_are_what_they_promise(write: Write) -> None:
    jobs = {name: load_job(write(f"preset: {name}")) for name in PRESETS}
    access, archival, mezzanine, studio, preview, sequence = (jobs[name].encode for name in PRESETS)
    assert (
        access.options.items() >= {"preset": "fast", "refs": "1", "motion-est": "dia", "crf": "17.6"}.items()
    )
    assert (access.codec, access.chroma, access.depth) == ("libx264", "420", 8)
    assert (archival.codec, archival.chroma, archival.depth) == ("ffv1", "source", "source")
    assert archival.options.items() >= {"level": "3", "g": "1", "slices": "16", "slicecrc": "1"}.items()
    assert (mezzanine.codec, mezzanine.chroma, mezzanine.depth) == ("prores_ks", "422", 10)
    assert dict(mezzanine.options) == {"profile": "hq", "vendor": "apl0"}
    assert (studio.codec, studio.chroma, studio.depth) == ("dnxhd", "422", 10)
    assert (preview.max_lines, preview.side_by_side) == (540, True)
    assert (sequence.codec, sequence.chroma, sequence.depth) == ("ffv1", "444", "source")
    assert [job.suffix for job in jobs.values()] == [".mp4", ".mkv", ".mov", ".mxf", ".mp4", ".mkv"]
    assert [job.faststart for job in jobs.values()] == [True, False, False, False, True, False]


def test_set_wins_over_the_job_file_which_wins_over_the_preset(write: Write) -> None:
    path = write("preset: access\nencode: {options: {crf: 20}}\nsteady: {strength: 0.5}\n")
    job = load_job(path, overrides=["steady.strength=0.6", "encode.options.tune=film"])
    assert job.steady.strength == 0.6
    assert job.encode.options.items() >= {"preset": "fast", "refs": "1", "crf": "20", "tune": "film"}.items()
    assert load_job(path, options={"overwrite": True, "steady.strength": 0.7}).steady.strength == 0.7


def test_options_of_another_codec_fall_away(write: Write) -> None:
    job = load_job(write("encode: {codec: libx265, options: {x265-params: lossless=1}}"))
    assert dict(job.encode.options) == {"x265-params": "lossless=1"}
    assert job.encode.chroma == "420"


def test_a_preset_of_the_encoder_replaces_how_hard_the_layers_below_search(write: Write) -> None:
    own = load_job(write("encode: {options: {preset: slow, tune: film}}"))
    assert dict(own.encode.options) == {"preset": "slow", "tune": "film", "crf": "17.6"}
    both = load_job(
        write("encode: {options: {preset: slow, tune: film, refs: 4}}"),
        overrides=["encode.options.preset=medium", "encode.options.subq=8"],
    )
    assert dict(both.encode.options) == {
        "preset": "medium",
        "tune": "film",
        "subq": "8",
        "crf": "17.6",
    }


def test_a_preset_may_be_a_file(write: Write, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("encode: {codec: ffv1}\nbatch: 4\nsuffix: .mov\n")
    job = load_job(write("preset: mine.yaml"))
    assert job.encode == EncodeSettings(codec="ffv1")
    assert (job.batch, job.suffix) == (4, ".mov")


def test_a_fault_in_a_preset_file_is_told_with_its_line(write: Write, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("encode:\n  codec: ffv1\n  dept: 8\ninput: x\n")
    assert faults(write("preset: mine.yaml\nbatsh: 3")) == [
        "mine.yaml:3: encode.dept: unknown key; did you mean 'depth'?",
        "mine.yaml:4: input: belongs into a job, not into a preset",
        "job.yaml:4: batsh: unknown key; did you mean 'batch'?",
    ]


def test_all_faults_come_at_once_sorted_by_line(write: Write) -> None:
    text = """\
input: films/nosfertu.mkv
output: job.yaml/x.mkv
color:
  short_side: 100
  temperature: "0.4"
  saturation: 9
steady: {strenth: 3, strength: 4}
batch: true
precision: fp31
overwrite: yes
encode:
  codec: ffv2
  chroma: "421"
"""
    found = faults(write(text, whole=True), overrides=["device=gpu"])
    assert found == [
        "job.yaml:1: input: no such file: films/nosfertu.mkv",
        "job.yaml:2: output: found job.yaml, which is not a folder",
        "job.yaml:4: color.short_side: found 100; a multiple of 32 from 128 to 512 works",
        "job.yaml:5: color.temperature: found the text '0.4'; a number would work",
        "job.yaml:6: color.saturation: found 9.0; a number from 0 to 2 works",
        "job.yaml:7: steady.strenth: unknown key; did you mean 'strength'?",
        f"job.yaml:7: {next(line for line in found if 'strength: ' in line).partition(': ')[2]}",
        "job.yaml:8: batch: found true; a whole number would work",
        "job.yaml:9: precision: found the text 'fp31'; auto, fp32 or bf16 would work; did you mean 'fp32'?",
        "job.yaml:10: overwrite: found the text 'yes'; true or false would work",
        f"job.yaml:12: encode.codec: found 'ffv2'; {', '.join(ENCODERS)} would work; did you mean 'ffv1'?",
        "job.yaml:13: encode.chroma: found the text '421'; source, 420, 422 or 444 would work",
        "--set device=gpu: device: found 'gpu'; auto, cpu, cuda or cuda:N would work",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("batch: 8\nbatch: 9\n", "job.yaml:4: batch: given twice, first in line 3"),
        (
            "steady:\n\tstrength: 1\n",
            "job.yaml:4: not readable as YAML: found a tab; blanks in its place would work",
        ),
        ("steady: {strength: 1\n", "job.yaml:4: not readable as YAML: expected ',' or '}'"),
        ("a: &x 1\nbatch: *x\n", "job.yaml:4: not readable as YAML: found an alias; write the value out"),
        ("batch: !!python/name:os.system 1\n", "job.yaml:3: batch: found the tag !!python/name:os.system"),
        ("[a]: 1\n", "job.yaml:3: found a list as a key; a key is a word"),
        ("a: " + "[" * 5000 + "\n", "job.yaml:3: not readable as YAML: nested more than 12 deep"),
        ("steady: 3\n", "job.yaml:3: steady: found 3; `key: value` pairs would work"),
        ("steady:\n", "job.yaml:3: steady: found nothing; `key: value` pairs would work"),
        ("steady: {strength: .nan}\n", "job.yaml:3: steady.strength: found"),
        ("batch: 257\n", "job.yaml:3: batch: found 257; 256 or less would work"),
        ("batch: 8.5\n", "job.yaml:3: batch: found 8.5; a whole number would work"),
        ("segment_frames: 7\n", "job.yaml:3: segment_frames: 7 is not a multiple of 8"),
        ("segment_frames: 64\noverlap_frames: 72\n", "job.yaml:4: overlap_frames: 72 is not a multiple of 8"),
        ("preset: acces\n", "job.yaml:3: preset: no such preset or file: acces; access, archival"),
        ("weights: none.safetensors\n", "job.yaml:3: weights: no such file: none.safetensors"),
        ("from_proxy: film.mkv\n", "job.yaml:3: from_proxy: no such folder: film.mkv"),
        ("suffix: .avi\n", "job.yaml:3: suffix: found '.avi'; .mkv"),
        ("shot: {}\n", "job.yaml:3: shot: unknown key;"),
        ("saturation: 1\n", "job.yaml:3: saturation: unknown key; did you mean 'color.saturation'?"),
        ("x: 1\n", "job.yaml:3: x: unknown key, and none is like it; configs/README.md lists all keys"),
    ],
)
def test_a_fault_is_one_line_that_names_the_place(write: Write, text: str, told: str) -> None:
    found = faults(write(text))
    assert len(found) == 1
    assert found[0].startswith(told)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "job.yaml:1: the file is empty"),
        (b"# nothing but words\n", "job.yaml:1: the file is empty"),
        (b"- input\n", "job.yaml:1: found a list; the file should hold `key: value` lines"),
        (b"just words\n", "job.yaml:1: found a text; the file should hold"),
        (b"input: film.mkv\noutput: caf\xe9.mkv\n", "job.yaml:2: not UTF-8 (byte 0xe9)"),
        (b"input: a\x00b\n", "job.yaml:1: not readable as YAML: found the character U+0000"),
        (b"x" * (MAX_BYTES + 1), "job.yaml: larger than 1 MB"),
        (b"batch: 8\n", "job.yaml:1: input: this key is missing; write `input: "),
    ],
)
def test_a_file_that_is_no_job_is_told(write: Write, data: bytes, told: str) -> None:
    path = write("")
    path.write_bytes(data)
    assert faults(path)[0].startswith(told)


def test_a_job_file_that_is_not_there(tmp_path: Path) -> None:
    assert faults(tmp_path / "none.yaml") == ["none.yaml: cannot be read: No such file or directory"]


def test_a_job_without_a_file(write: Write, tmp_path: Path) -> None:
    write("")
    options = {"input": str(tmp_path / "film.mkv"), "output": str(tmp_path / "out"), "preset": "mezzanine"}
    assert make_job(options).output == tmp_path / "out" / "film.mov"
    with pytest.raises(SettingsError, match=r"^input: no such file: .*none\.mkv$"):
        make_job(options | {"input": str(tmp_path / "none.mkv")})


def test_a_resolved_job_is_a_job_file_for_the_same_job(write: Write) -> None:
    job = load_job(write("preset: preview\nsteady: {strength: 0.5}\ncolor: {saturation: 0.8}\n"))
    again = load_job(write(job.to_yaml(), whole=True))
    assert again == job


def test_a_job_is_frozen(write: Write) -> None:
    job = load_job(write(""))
    with pytest.raises(ValueError, match="frozen"):
        job.batch = 4


def test_the_schema_describes_every_key() -> None:
    made = schema()
    json.dumps(made)
    assert set(made["properties"]) == set(Job.model_fields)
    assert made["required"] == ["input", "output"]
    assert made["additionalProperties"] is False
    sections = made["$defs"].values()
    for key, told in [item for section in (made, *sections) for item in section["properties"].items()]:
        assert told.get("description") or told.get("$ref"), f"{key} has no description"


def test_the_examples_are_the_presets_and_real_jobs() -> None:
    examples = Path(__file__).parents[3] / "configs" / "jobs"
    for name in PRESETS:
        shown = yaml.safe_load((examples / f"{name}.yaml").read_text(encoding="utf-8"))
        shipped = Path(__file__).parents[3] / "jobs" / "presets" / f"{name}.yaml"
        kept = {key: value for key, value in shown.items() if key not in ("input", "output", "rate")}
        assert kept == yaml.safe_load(shipped.read_text(encoding="utf-8"))


def test_the_example_job_shows_every_key(write: Write, tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "configs" / "jobs" / "example.yaml").read_text(encoding="utf-8")
    shown = yaml.safe_load(text)
    assert set(shown) == set(Job.model_fields)
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "nosferatu.mp4").write_bytes(b"a film")
    job = load_job(write(text, whole=True))
    plain = load_job(
        write("input: films/nosferatu.mp4\noutput: out/nosferatu.mkv\npreset: archival\n", whole=True)
    )
    assert job == plain


def test_a_guidance_file_with_a_nul_in_its_name_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text('input: a.mkv\noutput: b.mkv\nguidance: "a\\0.yaml"\n')
    with pytest.raises(SettingsError, match="embedded null byte"):
        load_job(tmp_path / "job.yaml")


def test_a_feature_film_guided_shot_by_shot_is_read(tmp_path: Path) -> None:
    """1,500 shots with a stroke each; more than a settings file had room for."""
    (tmp_path / "a.mkv").write_bytes(b"x")
    mark = "{shape: stroke, frame: 1, colour: navy, path: [[0.1, 0.1], [0.2, 0.2]]}"
    shots = "".join(f'  "{shot}": {{guidance: {{marks: [{mark}]}}}}\n' for shot in range(1500))
    (tmp_path / "job.yaml").write_text(f"input: a.mkv\noutput: b.mkv\nshots:\n{shots}")
    assert len(load_job(tmp_path / "job.yaml").shots) == 1500
