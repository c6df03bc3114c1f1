"""Which files of a folder are films and stills, where they go, and what is told of the rest."""

from pathlib import Path

import pytest

from jobs.batch.inputs import find_works, others_line
from pipeline.errors import OutputError, SettingsError, SourceError


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def outputs(folder: Path, *sources: Path, made: tuple[Path, ...] = ()) -> dict[str, str]:
    """Source to output, by their names below the folders."""
    out = folder / "out"
    works = find_works(sources or [folder / "in"], out, suffix=".mkv", made=made).works
    return {work.source.name: str(work.output.relative_to(out)) for work in works}


def test_the_tree_is_kept_and_nothing_hidden_or_made_by_us_is_an_input(tmp_path: Path) -> None:
    touch(tmp_path / "in", "a.mp4", "reel/b.AVI", "reel/c.tif", "reel/deep/d.JPEG", ".hidden.mp4")
    touch(tmp_path / "in", ".a.mkv.kinochrome/segments/0/video.nut", "x.mkv.bag/data/x.mkv", "made.mkv")
    (tmp_path / "in" / "x.mkv.bag" / "bagit.txt").write_text("BagIt-Version: 1.0\n")
    assert outputs(tmp_path, made=(tmp_path / "in" / "made.mkv",)) == {
        "c.tif": "reel/c.tif",
        "d.JPEG": "reel/deep/d.JPEG",
        "a.mp4": "a.mkv",
        "b.AVI": "reel/b.mkv",
    }


def test_an_output_folder_inside_the_input_is_left_out(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "out/a.mkv", "out/a.mkv.report.json")
    assert outputs(tmp_path, tmp_path) == {"a.mp4": "a.mkv"}


def test_formats_that_are_only_read_become_png(tmp_path: Path) -> None:
    """Two stills of one name keep their whole names."""
    touch(tmp_path / "in", "a.webp", "b.bmp", "b.png", "sub/c.jp2")
    assert outputs(tmp_path) == {
        "a.webp": "a.png",
        "b.bmp": "b.bmp.png",
        "b.png": "b.png",
        "c.jp2": "sub/c.png",
    }


def test_files_that_are_named_are_films_whatever_their_suffix(tmp_path: Path) -> None:
    touch(tmp_path, "x/a.dat", "y/b.png")
    assert outputs(tmp_path, tmp_path / "x" / "a.dat", tmp_path / "y" / "b.png") == {
        "b.png": "b.png",
        "a.dat": "a.mkv",
    }


def test_what_is_neither_is_told(tmp_path: Path) -> None:
    touch(tmp_path / "in", "a.mp4", "notes.txt", "sub/edl.xml", "sub/README")
    found = find_works([tmp_path / "in"], tmp_path / "out", suffix=".mkv")
    assert [path.name for path in found.others] == ["notes.txt", "README", "edl.xml"]
    assert others_line(found.others) == "notes.txt, README, edl.xml"
    assert others_line([*found.others, tmp_path / "b.txt"]) == "4 files (2 .txt, 1 no suffix, 1 .xml)"


def test_numbered_stills_that_look_like_a_film_are_told(tmp_path: Path) -> None:
    touch(tmp_path / "in", *(f"scan/f_{number:05d}.tif" for number in range(100, 130)), "scan/f_1.tif")
    (hint,) = find_works([tmp_path / "in"], tmp_path / "out", suffix=".mkv").hints
    assert "30 numbered stills are coloured one by one" in hint
    assert "scan/f_%05d.tif --rate 24" in hint


@pytest.mark.parametrize(
    ("names", "sources", "error", "told"),
    [
        (["in/a.mp4", "in/a.avi"], ["in"], SettingsError, r"a\.avi and .*a\.mp4 would both become .*a\.mkv"),
        (["x/a.png", "y/a.png"], ["x", "y"], SettingsError, "both become"),
        (["in/a.txt"], ["in"], SourceError, r"no film and no still in it \(it holds a\.txt\)"),
        (["in/a.mp4"], ["in", "none.mp4"], SourceError, r"none\.mp4: no such file or folder"),
        (["in/a.mp4"], ["in", "scan/%06d.dpx"], SourceError, "numbered stills are one film"),
        (["out/a.mkv"], ["out/a.mkv"], OutputError, "it is a source"),
    ],
)
def test_faults_come_before_the_start(
    tmp_path: Path, names: list[str], sources: list[str], error: type[Exception], told: str
) -> None:
    touch(tmp_path, *names)
    with pytest.raises(error, match=told):
        find_works([tmp_path / name for name in sources], tmp_path / "out", suffix=".mkv")
