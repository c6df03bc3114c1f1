"""Files that are no settings: named as a job or a preset, they are refused, and not a word of them is told."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.cli.main import main
from jobs.progress.reporters import LineProgress
from jobs.queue.drop_folder import DropFolder, DropSettings
from jobs.queue.folder import Spool
from jobs.queue.job_file import read_order
from jobs.settings.queue_presets import QueuePresets
from pipeline.errors import SettingsError
from tests.media import make_film

FOREIGN = {
    "shadow": "rootling:$6$Saltwort$Hashwort:19000:0:99999:7:::\ndaemonish:*:19000:0:99999:7:::\n",
    "key": "-----BEGIN FANCIFUL KEY-----\nQWxsZXNHZWhlaW0=\n-----END FANCIFUL KEY-----\n",
    "env": "# Quietly\nTOKENWORT=Geheimwort\nexport SECONDWORT='Zweitwort'\n",
    "ini": "[Sectionwort]\npassphrase = Geheimwort\n",
    "yaml": "database:\n  passphrase: Geheimwort\nrealmwort: Zweitwort\n",
    "json": '{"clientwort": "Geheimwort", "accesswort": ["Zweitwort"]}',
    "list": "- Geheimwort\n- Zweitwort\n",
    "anchor": "a: &Geheimwort 1\nb: *Geheimwort\n",
    "undefined": "Ersatzwort: *Geheimwort\n",
    "tag": "!Geheimwort {Ersatzwort: !Zweitwort x}\n",
    "handle": "Ersatzwort: !Geheimwort!x y\n",
    "broken": "Ersatzwort: 'Geheimwort\n",
    "escape": 'Ersatzwort: "Geheim\\wort"\n',
    "twice": "Ersatzwort: 1\nErsatzwort: 2\n",
    "directive": "%TAG !Geheimwort! x\n%TAG !Geheimwort! y\n--- 1\n",
    "one known": "cache: redis://Geheimwort@Zweitwort\nErsatzwort: 1\nrealmwort: 2\n",
    "latin": "passphrase: Geheimw\xf6rt",
}
"""Texts that somebody else may keep to himself."""
CASES = pytest.mark.parametrize("name", FOREIGN)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ("drop", "out", "presets"):
        (tmp_path / name).mkdir()
    make_film(tmp_path / "film.mkv", frames=9, size=(96, 64), pixel_format="yuv420p")
    return tmp_path


def foreign_file(place: Path, name: str) -> Path:
    path = place / "somebodys"
    path.write_text(FOREIGN[name], encoding="latin-1")
    return path


def job_file(place: Path, preset: str, *, folder: str = "") -> Path:
    path = place / folder / "job.yaml"
    path.write_text(f"input: {place}/film.mkv\noutput: {place}/out/film.mkv\npreset: {preset}\n")
    return path


def no_word_of(name: str, told: str) -> bool:
    words = re.findall(r"[A-Za-z]{4,}", FOREIGN[name])
    return told != "" and not [word for word in words if word in told and word not in ("cache", "redis")]


@CASES
@pytest.mark.parametrize("verb", ["check", "run", "plan"])
def test_a_preset_that_is_none_is_not_printed(
    place: Path, name: str, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = foreign_file(place, name)
    assert main([verb, str(job_file(place, str(foreign)))]) == 1
    told = capsys.readouterr().err
    assert no_word_of(name, told), told
    assert re.search(rf"{re.escape(str(foreign))}:[0-9]+: ", told)


@CASES
@pytest.mark.parametrize("verb", ["check", "run", "train"])
def test_a_job_file_that_is_none_is_not_printed(
    place: Path, name: str, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = foreign_file(place, name)
    assert main([verb, str(foreign)]) == 1
    told = capsys.readouterr().err
    assert no_word_of(name, told), told
    assert re.search(rf"{re.escape(str(foreign))}:[0-9]+: ", told)


@CASES
def test_no_dropped_job_tells_of_a_file(place: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    foreign = foreign_file(place, name)
    job_file(place, str(foreign), folder="drop")
    (place / "drop" / "link.yaml").symlink_to(foreign)
    spool = looked(place)
    entries = spool.entries()
    assert [entry.state for entry in entries] == ["failed", "failed"]
    for entry in entries:
        told = spool.log_path(entry.id).read_text() + read_order(spool.file(entry)).fault
        assert no_word_of(name, told), told
    assert no_word_of(name, capsys.readouterr().err)


def looked(place: Path, presets: Path | None = None) -> Spool:
    """The spool, after the drop folder was looked at twice."""
    spool = Spool.make(place / "spool")
    settings = DropSettings(output_dir=place / "out", poll_seconds=0, presets=QueuePresets(presets))
    drop = DropFolder(place / "drop", settings=settings)
    for _ in range(2):
        drop.look(spool, LineProgress())
    return spool


def good_presets(place: Path) -> Path:
    """The folder of a worker's presets: a good one, one in a folder below, one hidden, a link to one outside."""
    good = "encode: {codec: ffv1, options: {level: 3}}\nbatch: 5\nsuffix: .mkv\n"
    presets = place / "presets"
    (presets / "below").mkdir()
    for path in (
        presets / "mine.yaml",
        presets / "below" / "x.yaml",
        presets / ".hid.yaml",
        place / "outside.yaml",
    ):
        path.write_text(good)
    (presets / "link.yaml").symlink_to(place / "outside.yaml")
    return presets


@pytest.mark.parametrize("preset", ["mine", "mine.yaml", "PRESETS/mine.yaml"])
def test_a_queue_has_presets_of_one_folder(place: Path, preset: str) -> None:
    presets = good_presets(place)
    job_file(place, preset.replace("PRESETS", str(presets)), folder="drop")
    spool = looked(place, presets)
    (entry,) = spool.entries()
    assert entry.state == "queue"
    text = spool.file(entry).read_text()
    assert "batch: 5\n" in text
    assert f"preset: {presets}/mine.yaml\n" in text


@pytest.mark.parametrize(
    "preset",
    [
        *(
            "outside",
            "../outside",
            "../outside.yaml",
            "PLACE/outside.yaml",
            "PRESETS/../outside.yaml",
            "link",
        ),
        *(
            "below/x",
            "PRESETS/below/x.yaml",
            ".hid",
            "./mine",
            "below/../mine",
            "~/mine.yaml",
            "mine\\0",
            "''",
        ),
    ],
)
def test_a_queue_has_no_other_presets(place: Path, preset: str) -> None:
    presets = good_presets(place)
    (place / "drop" / "outside.yaml.part").write_text("")
    written = preset.replace("PRESETS", str(presets)).replace("PLACE", str(place))
    job_file(place, f'"{written}"' if "\\0" in written else written, folder="drop")
    spool = looked(place, presets)
    (entry,) = spool.entries()
    assert entry.state == "failed"
    log = spool.log_path(entry.id).read_text()
    assert "job.yaml:3: preset: found " in log
    assert "access, archival, mezzanine, studio, preview, sequence, mine would work" in log


def test_a_submitted_job_names_its_preset(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    presets, spool = good_presets(place), place / "spool"
    job = job_file(place, "presets/mine.yaml")
    assert main(["submit", str(job), "--spool", str(spool)]) == 1
    assert "job.yaml:3: preset: found 'presets/mine.yaml'; in a queue a preset goes by its name" in (
        capsys.readouterr().err
    )
    assert not spool.exists() or Spool(spool).entries() == []
    job = job_file(place, "mine")
    assert main(["submit", str(job), "--spool", str(spool), "--presets", str(presets)]) == 0
    assert len(Spool(spool).entries("queue")) == 1


def test_a_worker_takes_presets_of_its_folder_alone(place: Path) -> None:
    presets, spool = good_presets(place), Spool.make(place / "spool")
    job = job_file(place, "mine")
    assert main(["submit", str(job), "--spool", str(spool.path), "--presets", str(presets)]) == 0
    (entry,) = spool.entries()
    line = spool.file(entry).read_text().splitlines()[0]
    forged = spool.path / "queue" / entry.file_name.replace(entry.key, "0" * 8)
    foreign = foreign_file(place, "yaml")
    body = job_file(place, str(foreign)).read_text().replace("out/film.mkv", "out/other.mkv")
    forged.write_text(f"{line}\n{body}")
    command = [
        sys.executable,
        "-m",
        "jobs.cli.main",
        "worker",
        "--spool",
        str(spool.path),
        "--drain",
        "--poll",
        "0.1",
    ]
    subprocess.run([*command, "--presets", str(presets)], check=True)
    states = {one.key: one.state for one in spool.entries()}
    assert states == {entry.key: "done", "0" * 8: "failed"}
    (failed,) = spool.entries("failed")
    log = spool.log_path(failed.id).read_text()
    assert "preset: found " in log
    assert no_word_of("yaml", log)
    assert (place / "out" / "film.mkv").exists()


def test_a_worker_whose_own_preset_is_none_does_not_start(place: Path) -> None:
    settings = DropSettings(output_dir=place / "out", preset="mine")
    with pytest.raises(SettingsError, match=r"^--preset: found 'mine'; in a queue"):
        DropFolder(place / "drop", settings=settings)
    with pytest.raises(SettingsError, match=r"^--presets: no such folder: "):
        QueuePresets(place / "none")
