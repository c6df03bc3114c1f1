from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.dataset.training_set import base_files, split_by_origin
from pipeline.errors import SettingsError


def test_manifest_gives_the_origins_and_no_origin_is_split(tmp_path: Path) -> None:
    names = [("a", "one/x : 1"), ("b", "one/x : 2"), ("c", "two/y : 1"), ("d", "two/y : 9"), ("e", "three/z")]
    for name, _ in names:
        _photo(tmp_path / "set" / f"{name}.jpg")
    rows = "".join(f"set/{name}.jpg,{origin}\n" for name, origin in names)
    (tmp_path / "manifest.csv").write_text(f"path,origin\n{rows}films/other.jpg,four/w\n")
    split = split_by_origin(tmp_path / "set", validation=["two/*"], test=["three/z"])
    assert [file.path.stem for file in split.train] == ["a", "b"]
    assert [file.path.stem for file in split.validation] == ["c", "d"]
    assert [file.path.stem for file in split.test] == ["e"]


def test_without_a_manifest_folders_are_the_origins(tmp_path: Path) -> None:
    for folder in ("p", "q", "r"):
        _photo(tmp_path / folder / "1.png")
        _photo(tmp_path / folder / "2.png")
    split = split_by_origin(tmp_path, validation=[], test=[])
    assert {file.origin for file in split.train}.isdisjoint({file.origin for file in split.validation})
    assert len(split.train) == 4
    assert len(split.validation) == 2


def test_pattern_that_fits_nothing_and_empty_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no photo"):
        split_by_origin(tmp_path, validation=[], test=[])
    _photo(tmp_path / "p" / "1.png")
    with pytest.raises(SettingsError, match=r"origin like 'nosuch/\*'"):
        split_by_origin(tmp_path, validation=["nosuch/*"], test=[])
    with pytest.raises(SettingsError, match="left for train"):
        split_by_origin(tmp_path, validation=["p"], test=[])


def test_the_manifest_s_split_counts_where_no_patterns_do(tmp_path: Path) -> None:
    rows = [("a", "one", "test"), ("b", "two", "train"), ("c", "three", "val"), ("d", "two", "train")]
    for name, *_ in rows:
        _photo(tmp_path / f"{name}.jpg")
    table = "".join(f"{name}.jpg,{origin},{split}\n" for name, origin, split in rows)
    (tmp_path / "manifest.csv").write_text(f"path,origin,split\n{table}")
    split = split_by_origin(tmp_path, validation=[], test=[])
    assert [file.path.stem for file in split.train] == ["b", "d"]
    assert [file.path.stem for file in split.validation] == ["c"]
    assert [file.path.stem for file in split.test] == ["a"]
    named = split_by_origin(tmp_path, validation=["two"], test=[])
    assert [file.path.stem for file in named.validation] == ["b", "d"]
    assert [file.path.stem for file in named.train] == ["a", "c"]


def test_a_split_that_is_none_or_empty_is_refused(tmp_path: Path) -> None:
    _photo(tmp_path / "a.jpg")
    (tmp_path / "manifest.csv").write_text("path,origin,split\na.jpg,one,tset\n")
    with pytest.raises(SettingsError, match=r"a\.jpg has the split 'tset'"):
        split_by_origin(tmp_path, validation=[], test=[])
    (tmp_path / "manifest.csv").write_text("path,origin,split\na.jpg,one,test\n")
    with pytest.raises(SettingsError, match="no file has the split train"):
        split_by_origin(tmp_path, validation=[], test=[])


def test_a_set_of_one_film_validates_on_shots_of_its_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def write(shots: int) -> None:
        rows = "".join(f"{number}.jpg,one,train,f00d,{number // 2}\n" for number in range(2 * shots))
        (tmp_path / "manifest.csv").write_text(f"path,origin,split,film_sha256,shot\n{rows}")

    for number in range(40):
        _photo(tmp_path / f"{number}.jpg")
    write(20)
    split = split_by_origin(tmp_path, validation=[], test=[])
    assert len(split.train) == 36
    assert {file.shot[1] for file in split.validation} == {0, 10}
    assert {file.shot for file in split.train}.isdisjoint({file.shot for file in split.validation})
    write(5)
    split = split_by_origin(tmp_path, validation=[], test=[])
    assert [file.shot[1] for file in split.validation] == [2, 2]
    assert not caplog.records
    write(2)
    split = split_by_origin(tmp_path, validation=[], test=[])
    assert split.train == split.validation
    assert "2 shots are too few to hold one back" in caplog.text


def test_of_a_base_all_counts_but_what_is_held_out(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no photo"):
        base_files(tmp_path)
    for name in ("a", "b", "c"):
        _photo(tmp_path / f"{name}.jpg")
    assert [file.path.stem for file in base_files(tmp_path)] == ["a", "b", "c"]
    rows = "a.jpg,one,test\nb.jpg,two,train\nc.jpg,three,val\n"
    (tmp_path / "manifest.csv").write_text(f"path,origin,split\n{rows}")
    assert [file.path.stem for file in base_files(tmp_path)] == ["b"]
    (tmp_path / "manifest.csv").write_text("path,origin,split\na.jpg,one,test\n")
    with pytest.raises(SettingsError, match="no file has the split train"):
        base_files(tmp_path)


def test_listed_files_are_held_out_whatever_their_origin(tmp_path: Path) -> None:
    for origin in ("p", "q"):
        for number in range(4):
            _photo(tmp_path / "set" / origin / f"{number}.png")
    held_out = tmp_path / "list.csv"
    held_out.write_text("path,group\nset/p/1.png,x\nq/0.png,x\n")  # from beside the folder, and from within
    split = split_by_origin(tmp_path / "set", validation=["q"], test=[], held_out=[held_out])
    assert [file.path.name for file in split.train] == ["0.png", "2.png", "3.png"]
    assert [file.path.name for file in split.validation] == ["1.png", "2.png", "3.png"]
    assert [file.path.parent.name for file in split.test] == ["p", "q"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("path\np/0.png\np/9.png\n", r"1 of its 2 files are not in .*, the first is p/9\.png"),
        ("file\np/0.png\n", "not a CSV file with a column path"),
        ("path\n", "it names no file"),
    ],
)
def test_a_list_that_does_not_fit_is_refused(tmp_path: Path, text: str, told: str) -> None:
    _photo(tmp_path / "p" / "0.png")
    held_out = tmp_path / "list.csv"
    held_out.write_text(text)
    with pytest.raises(SettingsError, match=rf"held_out .*list\.csv: {told}"):
        split_by_origin(tmp_path, validation=[], test=[], held_out=[held_out])


def test_further_manifests_count_where_they_are_named(tmp_path: Path) -> None:
    for name in ("one/a.jpg", "two/b.jpg", "two/c.jpg"):
        _photo(tmp_path / "set" / name)
    (tmp_path / "manifest.csv").write_text("path,origin\nset/one/a.jpg,x\n")
    (tmp_path / "set" / "two_manifest.csv").write_text("path,origin\ntwo/b.jpg,y : 1\ntwo/c.jpg,z : 2\n")
    with pytest.raises(SettingsError):
        split_by_origin(tmp_path / "set", validation=["x"], test=["z"])
    more = ["two_manifest.csv"]
    split = split_by_origin(tmp_path / "set", validation=["x"], test=["z"], manifests=more)
    assert [file.path.name for file in split.train] == ["b.jpg"]
    assert [file.path.name for file in split.test] == ["c.jpg"]


def _photo(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8))
