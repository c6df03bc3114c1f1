"""Bags: whole, valid by the Library of Congress' own validator, and found out when something in them changes."""

import logging
from pathlib import Path

import bagit
import pytest

from jobs.cli.main import main
from jobs.records.bag import make_bag, verify_bag
from jobs.settings.output_paths import bag_path, page_path, record_path
from pipeline.errors import OutputError, SettingsError
from tests.recorded import SMALL, color_film, record_of


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return color_film(tmp_path_factory.mktemp("bagged"), "--bag", name="a film; 100 %.mkv")


@pytest.fixture
def bag(film: Path, tmp_path: Path) -> Path:
    """A bag of copies, to spoil."""
    for path in (film, record_path(film), page_path(film)):
        (tmp_path / path.name.replace(" %", "")).write_bytes(path.read_bytes())
    copy = tmp_path / "a film; 100.mkv"
    return make_bag(copy)


def test_the_bag_holds_film_report_and_page_and_is_valid(bag: Path) -> None:
    names = {path.name for path in (bag / "data").iterdir()}
    assert names == {f"a film; 100.mkv{end}" for end in ("", ".report.json", ".report.html")}
    logging.getLogger("bagit").setLevel(logging.CRITICAL)
    found = bagit.Bag(str(bag))
    found.validate()
    assert found.version_info == (1, 0)
    assert found.info["Contact-Name"] == "A. Archivist"
    size = sum(path.stat().st_size for path in (bag / "data").iterdir())
    assert found.info["Payload-Oxum"] == f"{size}.3"


def test_a_run_makes_it_and_its_films_are_one_file(film: Path) -> None:
    inside = bag_path(film) / "data" / film.name
    assert inside.samefile(film)
    manifest = (bag_path(film) / "manifest-sha256.txt").read_text(encoding="utf-8")
    assert f"{record_of(film).output.content.sha256}  data/a film; 100 %25.mkv\n" in manifest
    assert verify_bag(bag_path(film)).faults == ()
    assert main(["verify", str(bag_path(film)), "-q"]) == 0


def test_one_changed_byte_is_found_by_both(bag: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inside = next((bag / "data").glob("*.mkv"))
    data = bytearray(inside.read_bytes())
    data[len(data) // 2] ^= 1
    inside.unlink()
    inside.write_bytes(data)
    logging.getLogger("bagit").setLevel(logging.CRITICAL)
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(bag)).validate()
    assert main(["verify", str(bag)]) == 1
    (line,) = (line for line in capsys.readouterr().err.splitlines() if "error" in line)
    assert "1 frame changed, the first is frame" in line


def test_other_changes_are_named(bag: Path) -> None:
    page = next((bag / "data").glob("*.html"))
    page.unlink()
    (bag / "data" / "extra.txt").write_text("more")
    (bag / "bag-info.txt").write_text("Contact-Name: Somebody\n")
    assert list(verify_bag(bag).faults) == [
        f"{bag / 'bag-info.txt'}: changed since it was put into the bag",
        f"{page}: is missing from the bag",
        f"{bag / 'data' / 'extra.txt'}: was not put into the bag",
    ]


def test_a_manifest_does_not_lead_out_of_the_bag(bag: Path) -> None:
    with (bag / "manifest-sha256.txt").open("a", encoding="utf-8") as file:
        file.write(f"{'0' * 64}  data/../../film.mkv\nnonsense\n")
    faults = verify_bag(bag).faults
    assert sum("a line that is none of a manifest" in fault for fault in faults) == 2


def test_a_bag_that_is_there_is_replaced_only_with_leave(bag: Path) -> None:
    film = bag.with_name(bag.name.removesuffix(".bag"))
    with pytest.raises(OutputError, match="exists; move it, or --overwrite"):
        make_bag(film)
    (bag / "data" / "extra.txt").write_text("more")
    assert make_bag(film, overwrite=True) == bag
    assert verify_bag(bag).faults == ()
    (bag / "bagit.txt").unlink()
    with pytest.raises(OutputError, match="is in the way, and no bag"):
        make_bag(film, overwrite=True)
    assert list(bag.parent.glob("*.partial")) == []


def test_a_bag_of_others_and_a_link_to_a_bag_are_not_replaced(bag: Path, tmp_path: Path) -> None:
    film = bag.with_name(bag.name.removesuffix(".bag"))
    info = (bag / "bag-info.txt").read_text()
    (bag / "bag-info.txt").write_text("Bag-Software-Agent: another program\n")
    with pytest.raises(OutputError, match="no bag of Kinochrome's"):
        make_bag(film, overwrite=True)
    (bag / "bag-info.txt").write_text(info)
    elsewhere = bag.rename(tmp_path / "elsewhere")
    bag.symlink_to(elsewhere)
    with pytest.raises(OutputError, match="is in the way, and no bag"):
        make_bag(film, overwrite=True)
    assert (elsewhere / "bagit.txt").exists()


def test_what_keeps_a_bag_from_being_made_is_told_before_the_start(
    tmp_path: Path, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out.mkv.bag").mkdir()
    command = ["colorize", str(film), "-o", str(tmp_path / "out.mkv"), "--bag", "-q"]
    assert main(command) == 1
    assert f"{tmp_path / 'out.mkv.bag'} is in the way, and no bag" in capsys.readouterr().err
    assert main([*command, "--set", "report=false"]) == 1
    assert "report: true would work" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["out.mkv.bag"]


def test_a_bag_without_a_film_on_record_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with pytest.raises(SettingsError, match="a bag with 0 reports"):
        verify_bag(tmp_path)


def test_a_finished_film_is_bagged_without_being_made_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = color_film(tmp_path, "--work", str(tmp_path / "work"))
    before = output.stat()
    again = ["colorize", str(tmp_path / "film.mkv"), "-o", str(output), "--preset", "archival", "--bag"]
    again += ["--work", str(tmp_path / "work"), *(part for text in SMALL for part in ("--set", text))]
    assert main(again) == main(again) == 0
    assert "is finished already" in capsys.readouterr().err
    assert output.stat().st_mtime_ns == before.st_mtime_ns
    assert verify_bag(bag_path(output)).faults == ()
