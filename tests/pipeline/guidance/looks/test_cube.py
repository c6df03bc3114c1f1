"""Files of colour tables: what is read of good ones, and the line that bad ones get."""

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SettingsError
from pipeline.guidance.looks.cube import read_cube


def _rows(table: npt.NDArray[np.float64]) -> str:
    return "\n".join(" ".join(f"{value:.7g}" for value in row) for row in table.reshape(-1, 3))


def _identity(size: int) -> str:
    steps = np.linspace(0, 1, size)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    return f"LUT_3D_SIZE {size}\n" + _rows(np.stack([red, green, blue], axis=-1))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.cube"


@pytest.mark.parametrize("size", [2, 5, 17])
def test_an_identity_table_changes_nothing(size: int, path: Path) -> None:
    path.write_text(_identity(size), encoding="utf-8")
    rgb = np.random.default_rng(2).uniform(0, 1, (30, 40, 3)).astype(np.float32)
    rgb[0, 0], rgb[0, 1] = 0, 1
    np.testing.assert_allclose(read_cube(path).apply(rgb), rgb, atol=1e-6)


def test_red_changes_fastest_and_everything_around_the_values_is_read(path: Path) -> None:
    corners = np.random.default_rng(3).uniform(0, 1, (8, 3))
    text = '\ufeff# made by hand\r\nTITLE "two words"\r\nDOMAIN_MIN -1 0 0\r\nDOMAIN_MAX 1 2 4\r\nLUT_3D_SIZE 2\r\n\r\n'
    path.write_text(text + _rows(corners).replace("\n", "\r\n# between\r\n"), encoding="utf-8", newline="")
    lut = read_cube(path)
    for number, corner in enumerate(corners):
        red, green, blue = number & 1, number >> 1 & 1, number >> 2
        rgb = np.array([2 * red - 1, 2 * green, 4 * blue], np.float32)
        np.testing.assert_allclose(lut.apply(rgb), corner, atol=1e-6)
    outside = lut.apply(np.array([9, -9, 99], np.float32))
    np.testing.assert_allclose(outside, corners[0b101], atol=1e-6)


def test_greys_of_a_grid_that_keeps_them_grey_stay_grey(path: Path) -> None:
    steps = np.linspace(0, 1, 4)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    table = np.stack([red, green, blue], axis=-1)
    grey = table.mean(axis=-1, keepdims=True)
    path.write_text("LUT_3D_SIZE 4\n" + _rows(grey + 3 * (table - grey)), encoding="utf-8")
    greys = np.repeat(np.linspace(0, 1, 101, dtype=np.float32)[:, None], 3, axis=1)
    np.testing.assert_allclose(read_cube(path).apply(greys), greys, atol=1e-5)


def test_a_1d_table_works_channel_by_channel(path: Path) -> None:
    path.write_text("LUT_1D_SIZE 3\n0 1 0\n.25 .5 0\n1 0 0\n", encoding="utf-8")
    found = read_cube(path).apply(np.array([[0.5, 0.25, 0.7], [0.75, 1, 1]], np.float32))
    np.testing.assert_allclose(found, [[0.25, 0.75, 0], [0.625, 0, 0]], atol=1e-6)


GOOD = "0 0 0\n" * 8


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has no LUT_1D_SIZE and no LUT_3D_SIZE"),
        ("LUT_3D_SIZE 2\n", "ends after 0 lines of values; LUT_3D_SIZE 2 makes it 8"),
        ("LUT_3D_SIZE 2\n" + "0 0 0\n" * 7, "ends after 7 lines of values"),
        ("LUT_3D_SIZE 2\n" + "0 0 0\n" * 9, "line 10: one line of values too many"),
        ("LUT_3D_SIZE 2\n0 0 0\n0 nan 0\n", "line 3: three finite numbers must stand here, not '0 nan 0'"),
        ("LUT_3D_SIZE 2\nnan 0 0\n", "line 2: three finite numbers"),
        ("LUT_3D_SIZE 2\n0 inf 0\n", "line 2: three finite numbers"),
        ("LUT_3D_SIZE 2\n0 -1e39 0\n", "line 2: three finite numbers"),
        ("LUT_3D_SIZE 2\n0 0\n", "line 2: three finite numbers must stand here, not '0 0'"),
        ("LUT_3D_SIZE 2\n0,0,0\n", "line 2: three finite numbers"),
        ("LUT_3D_SIZE 0\n", "line 1: LUT_3D_SIZE '0': a whole number from 2 to 256 works"),
        ("LUT_3D_SIZE 1000000000\n", "from 2 to 256 works"),
        ("LUT_3D_SIZE 2.5\n", "from 2 to 256 works"),
        ("LUT_3D_SIZE nan\n", "line 1: LUT_3D_SIZE 'nan': a whole number"),
        ("LUT_3D_SIZE\n", "line 1: LUT_3D_SIZE '': a whole number"),
        ("LUT_1D_SIZE 65537\n", "2 to 65536 works"),
        ("LUT_3D_SIZE 2\nLUT_3D_SIZE 2\n", "line 2: LUT_3D_SIZE comes a second time"),
        ("LUT_1D_SIZE 2\nLUT_3D_SIZE 2\n" + GOOD, "has a 1D and a 3D table"),
        (GOOD, "has no LUT_1D_SIZE"),
        (
            "LUT_3D_SIZE 2\n0 0 0\nDOMAIN_MIN 0 0 0\n",
            "line 3: 'DOMAIN_MIN 0 0 0' must come before the values",
        ),
        ("LUT_3D_SIZE 2\nDOMAIN_MIN 1 0 0\n" + GOOD, "is not below DOMAIN_MAX"),
        ("LUT_3D_SIZE 2\nDOMAIN_MAX 1 nan 1\n" + GOOD, "line 2: three finite numbers"),
        ("LUT_3D_INPUT_RANGE 0 1\n", "line 1: 'LUT_3D_INPUT_RANGE' is no keyword"),
        ("x" * 2000, "line 1: is no text of numbers"),
        ("\0\1\2", "line 1: is no text of numbers"),
        ("\x89PNG\r\n", "line 1: "),
    ],
)
def test_a_bad_file_is_one_line_with_file_and_line(text: str, told: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        read_cube(path)
    message = str(caught.value)
    assert message.startswith(f"look {path}")
    assert told in message
    assert "\n" not in message
    assert len(message) < 300 + len(str(path))


@given(st.binary(max_size=300), st.sampled_from([b"", b"LUT_3D_SIZE 2\n", b"LUT_1D_SIZE 2\n0 0 0\n"]))
@settings(deadline=None)
def test_rubbish_is_refused_or_read_but_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, rubbish: bytes, start: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "rubbish.cube"
    path.write_bytes(start + rubbish)
    try:
        lut = read_cube(path)
    except SettingsError as error:
        assert "\n" not in str(error)
    else:
        assert np.isfinite(lut.apply(np.full((2, 3), 0.5, np.float32))).all()


def test_huge_missing_and_special_files_are_refused_unread(tmp_path: Path) -> None:
    huge = tmp_path / "huge.cube"
    with huge.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(SettingsError, match=r"1,099,512 MB, 67 MB at most"):
        read_cube(huge)
    with pytest.raises(SettingsError, match=r"none\.cube: cannot be read: No such file"):
        read_cube(tmp_path / "none.cube")
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        read_cube(tmp_path)
    os.mkfifo(tmp_path / "pipe.cube")
    with pytest.raises(SettingsError, match="is a named pipe"):
        read_cube(tmp_path / "pipe.cube")
