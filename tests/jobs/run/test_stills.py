"""Folders and files of stills go in; what lies in the output folder is looked at."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from jobs.cli.main import main
from jobs.run.stills import StillResult, colorize_stills
from pipeline.errors import DeviceError, OutputError, SettingsError, SourceError
from pipeline.stills.files import read_still

Floats = npt.NDArray[np.float32]


def warm(luma: Floats) -> Floats:
    """Orange everywhere, at a quarter of the size, as a network would give it."""
    count, height, width = luma.shape
    ab = np.empty((count, 2, -(-height // 4), -(-width // 4)), np.float32)
    ab[:, 0], ab[:, 1] = 20, 40
    return ab


def make(path: Path, *, size: tuple[int, int] = (40, 52), exif: Image.Exif | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    grey = np.tile(np.linspace(20, 230, size[1]).astype(np.uint8), (size[0], 1))
    options: dict[str, Any] = {} if exif is None else {"exif": exif}
    Image.fromarray(grey).save(path, **options)
    return path


def chroma_of(path: Path) -> float:
    with Image.open(path) as image:
        return float(np.ptp(np.asarray(image.convert("RGB")).astype(int), axis=-1).mean())


def test_folder_keeps_names_and_sub_folders(tmp_path: Path) -> None:
    names = ["a.png", "b.jpg", "sub/c.tif", "sub/deep/d.JPEG"]
    for name in names:
        make(tmp_path / "in" / name)
    (tmp_path / "in" / "notes.txt").write_text("no picture")
    make(tmp_path / "in" / ".hidden.png")
    seen: list[tuple[StillResult, int]] = []
    summary = colorize_stills(
        [tmp_path / "in"],
        tmp_path / "out",
        predict=warm,
        progress=lambda result, total: seen.append((result, total)),
    )
    found = sorted(
        str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()
    )
    assert found == sorted(names)
    assert [result.output for result in summary.results] == [result.output for result, _ in seen]
    assert {total for _, total in seen} == {4}
    for name in names:
        assert chroma_of(tmp_path / "out" / name) > 20
        before, after = read_still(tmp_path / "in" / name), read_still(tmp_path / "out" / name)
        assert np.array_equal(before.luma, after.luma)


def test_formats_that_are_only_read_become_png(tmp_path: Path) -> None:
    """Two stills of one name keep their whole names."""
    for name in ("a.webp", "b.bmp", "b.png", "sub/c.jp2"):
        make(tmp_path / "in" / name)
    colorize_stills([tmp_path / "in"], tmp_path / "out", predict=warm)
    found = {
        str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()
    }
    assert found == {"a.png", "b.bmp.png", "b.png", "sub/c.png"}
    assert all(chroma_of(tmp_path / "out" / name) > 20 for name in found)


def test_second_run_leaves_its_own_output_out(tmp_path: Path) -> None:
    make(tmp_path / "a.png")
    for _ in range(2):
        summary = colorize_stills([tmp_path], tmp_path / "out", predict=warm, overwrite=True)
        assert len(summary.results) == 1


def test_single_still_goes_to_a_file_or_into_a_folder(tmp_path: Path) -> None:
    source = make(tmp_path / "a.png")
    colorize_stills([source], tmp_path / "new" / "b.tif", predict=warm)
    assert chroma_of(tmp_path / "new" / "b.tif") > 20
    colorize_stills([source], tmp_path / "new", predict=warm)
    assert chroma_of(tmp_path / "new" / "a.png") > 20


def test_saturation_scales_the_colour(tmp_path: Path) -> None:
    source = make(tmp_path / "a.png")
    for name, saturation in (("none", 0.0), ("half", 0.5), ("full", 1.0)):
        colorize_stills([source], tmp_path / f"{name}.png", predict=warm, saturation=saturation)
    none, half, full = (chroma_of(tmp_path / f"{name}.png") for name in ("none", "half", "full"))
    assert none < 0.5
    assert 0.4 * full < half < 0.65 * full


def test_one_bad_still_does_not_stop_the_rest(tmp_path: Path) -> None:
    make(tmp_path / "in" / "a.png")
    make(tmp_path / "in" / "c.png")
    (tmp_path / "in" / "b.jpg").write_text("text")
    results: list[StillResult] = []
    with pytest.raises(
        SourceError, match=r"1 of 3 stills.*b\.jpg.*not a picture of a kind that is read"
    ) as caught:
        colorize_stills(
            [tmp_path / "in"],
            tmp_path / "out",
            predict=warm,
            progress=lambda result, _: results.append(result),
        )
    assert "\n" not in str(caught.value)
    assert [result.error is None for result in results] == [True, False, True]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "c.png"]


def test_network_sees_a_small_upright_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    source = make(tmp_path / "a.png", size=(1200, 1500), exif=exif)
    shapes = []

    def left_red(luma: Floats) -> Floats:
        shapes.append(luma.shape)
        ab = np.zeros((1, 2, 60, 20), np.float32)
        ab[:, 0, :30] = 60  # the upper half of what is seen
        return ab

    colorize_stills([source], tmp_path / "b.png", predict=left_red)
    assert shapes == [(1, 1280, 1024)]
    with Image.open(tmp_path / "b.png") as image:
        pixels = np.asarray(image).astype(int)
    red = pixels[..., 0] - pixels[..., 1]
    assert red[:, 100:650].mean() > 30  # stored unturned: up is left
    assert abs(red[:, 850:].mean()) < 1


@pytest.mark.parametrize("ab", [np.zeros((1, 3, 4, 4)), np.full((1, 2, 4, 4), np.nan)])
def test_invalid_colour_never_becomes_a_picture(tmp_path: Path, ab: Floats) -> None:
    source = make(tmp_path / "a.png")
    with pytest.raises(DeviceError, match=r"a\.png"):
        colorize_stills([source], tmp_path / "b.png", predict=lambda luma: ab)
    assert not (tmp_path / "b.png").exists()


def test_faults_are_found_before_anything_is_written(tmp_path: Path) -> None:
    first, second = make(tmp_path / "x" / "a.png"), make(tmp_path / "y" / "a.png")
    (tmp_path / "empty").mkdir()
    out = tmp_path / "out"
    with pytest.raises(SourceError, match="empty: no still in it"):
        colorize_stills([tmp_path / "empty"], out, predict=warm)
    with pytest.raises(SourceError, match="no such file"):
        colorize_stills([tmp_path / "none.png"], tmp_path / "b.png", predict=warm)
    with pytest.raises(SettingsError, match="both become"):
        colorize_stills([first, second], out, predict=warm)
    with pytest.raises(SettingsError, match="suffix"):
        colorize_stills([first], tmp_path / "b.gif", predict=warm)
    with pytest.raises(OutputError, match="is a source"):
        colorize_stills([tmp_path / "x"], tmp_path / "x", predict=warm, overwrite=True)
    with pytest.raises(OutputError, match="need a folder"):
        colorize_stills([first.parent], second, predict=warm)
    with pytest.raises(OutputError, match="exists"):
        colorize_stills([first], second, predict=warm)
    assert not out.exists()
    assert first.read_bytes() == second.read_bytes()


def test_given_colours_go_to_every_still(tmp_path: Path) -> None:
    """The left half of each still is dark, the right half light: a stroke colours one, an eraser leaves the other."""
    for name in ("in/a.png", "in/b.png"):
        make(tmp_path / name, size=(96, 128))
        grey = np.repeat(np.array([[70] * 64 + [190] * 64], np.uint8), 96, axis=0)
        grey[::12, 90:] = grey[40:60, 100:110] = 120  # something to have an opinion of
        Image.fromarray(grey).save(tmp_path / name)
    (tmp_path / "given.json").write_text(
        '{"marks": [{"frame": 0, "colour": [60, 50, 30], "path": [[0.1, 0.5], [0.4, 0.5]]}]}'
    )
    arguments = ["colorize", str(tmp_path / "in"), "--guidance", str(tmp_path / "given.json"), "-q"]
    arguments += ["--set", "color.short_side=128"]
    assert main([*arguments, "-o", str(tmp_path / "out")]) == 0
    plain = ["colorize", str(tmp_path / "in"), "-q", "--set", "color.short_side=128"]
    assert main([*plain, "-o", str(tmp_path / "plain")]) == 0
    for name in ("a.png", "b.png"):
        with Image.open(tmp_path / "out" / name) as image, Image.open(tmp_path / "plain" / name) as as_before:
            rgb = np.asarray(image.convert("RGB")).astype(int)
            unguided = np.asarray(as_before.convert("RGB")).astype(int)
        assert np.abs(rgb - unguided)[:, 84:].max() <= 1
        red = rgb[..., 0] - rgb[..., 1]
        assert red[:, 8:56].mean() > 50
        assert red[:, 72:].mean() < 25
    assert (
        main(
            [*arguments, "-o", str(tmp_path / "grey"), "--set", "guidance.marks=[{frame: 1, path: [[0, 0]]}]"]
        )
        == 1
    )
    assert not (tmp_path / "grey").exists()
    assert main([*arguments, "-o", str(tmp_path / "toned"), "--set", "guidance.look=cyanotype"]) == 0
    with Image.open(tmp_path / "toned" / "a.png") as image:
        toned = np.asarray(image.convert("RGB")).astype(int)
    assert (toned[:, 72:, 2] - toned[:, 72:, 0]).mean() > 10
