"""Stills go in; what comes out is looked at."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from jobs.cli.main import main
from jobs.run.stills import colorize_file
from pipeline.errors import DeviceError, OutputError, SettingsError, SourceError

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


def test_a_still_goes_to_a_file_in_a_folder_that_is_made(tmp_path: Path) -> None:
    source = make(tmp_path / "a.webp")
    colorize_file(source, tmp_path / "new" / "b.tif", predict=warm)
    assert chroma_of(tmp_path / "new" / "b.tif") > 20


def test_saturation_scales_the_colour(tmp_path: Path) -> None:
    source = make(tmp_path / "a.png")
    for name, saturation in (("none", 0.0), ("half", 0.5), ("full", 1.0)):
        colorize_file(source, tmp_path / f"{name}.png", predict=warm, saturation=saturation)
    none, half, full = (chroma_of(tmp_path / f"{name}.png") for name in ("none", "half", "full"))
    assert none < 0.5
    assert 0.4 * full < half < 0.65 * full


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

    colorize_file(source, tmp_path / "b.png", predict=left_red)
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
        colorize_file(source, tmp_path / "b.png", predict=lambda luma: ab)
    assert not (tmp_path / "b.png").exists()


def test_faults_are_found_before_anything_is_written(tmp_path: Path) -> None:
    first, second = make(tmp_path / "x" / "a.png"), make(tmp_path / "y" / "a.png")
    with pytest.raises(SourceError, match="no such file"):
        colorize_file(tmp_path / "none.png", tmp_path / "b.png", predict=warm)
    with pytest.raises(SettingsError, match="suffix"):
        colorize_file(first, tmp_path / "b.gif", predict=warm)
    with pytest.raises(OutputError, match="is a source"):
        colorize_file(first, tmp_path / "x" / ".." / "x" / "a.png", predict=warm, overwrite=True)
    with pytest.raises(OutputError, match="exists"):
        colorize_file(first, second, predict=warm)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x", "y"]
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


def test_a_grey_reference_of_stills_is_told_with_its_key_before_the_network_is_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path / "in" / "a.png")
    make(tmp_path / "grey.png")
    (tmp_path / "given.yaml").write_text("references:\n- {file: grey.png}\n")
    options = [
        "--guidance",
        str(tmp_path / "given.yaml"),
        "-q",
        "--weights",
        str(tmp_path / "grey.png"),
    ]  # no network
    for verb, source in (("colorize", "in"), ("colorize", "in/a.png"), ("check", "in/a.png")):
        output = (
            ["-o", str(tmp_path / "out.png")] if source.endswith("png") else ["-o", str(tmp_path / "out")]
        )
        assert main([verb, str(tmp_path / source), *output, *options]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert "given.yaml:2: guidance.references.0.file" in line
        assert "has no colour" in line


def test_a_region_that_a_still_does_not_have_is_told_with_file_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path / "a.png")
    (tmp_path / "given.yaml").write_text("regions:\n  Z: red\n")
    options = ["--guidance", str(tmp_path / "given.yaml"), "-q", "--set", "color.short_side=128"]
    assert main(["colorize", str(tmp_path / "a.png"), "-o", str(tmp_path / "out.png"), *options]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{tmp_path / 'given.yaml'}:2: guidance.regions.Z: colouring {tmp_path / 'a.png'}" in line
    assert not (tmp_path / "out.png").exists()


def test_white_paper_takes_no_colour_and_says_so_and_grey_paper_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawing = np.full((96, 128), 255, np.uint8)
    drawing[20:76, [20, 21, 106, 107]] = drawing[[20, 21, 74, 75], 20:108] = 0
    (tmp_path / "given.yaml").write_text(
        "kind: sketch\nmarks:\n- {frame: 0, colour: red, path: [[0.4, 0.5], [0.6, 0.5]]}\n"
    )
    chroma = {}
    for name, light in (("white", 1.0), ("grey", 0.85)):
        source, made = tmp_path / f"{name}.png", tmp_path / f"{name}-made.png"
        Image.fromarray((drawing * light).astype(np.uint8)).save(source)
        options = ["--guidance", str(tmp_path / "given.yaml"), "--set", "color.short_side=128"]
        assert main(["colorize", str(source), "-o", str(made), *options]) == 0
        assert ("paper of light grey" in capsys.readouterr().err) == (name == "white")
        with Image.open(made) as image:
            rgb = np.asarray(image.convert("RGB")).astype(int)
        chroma[name] = (rgb[..., 0] - rgb[..., 2])[40:56, 40:88].mean()
    assert chroma["white"] < 2
    assert chroma["grey"] > 20


@pytest.mark.parametrize("verb", [["takes"], ["still", "--frame", "0"]], ids=["takes", "still"])
def test_the_verbs_of_films_say_where_a_still_shows_its_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: list[str]
) -> None:
    make(tmp_path / "a.png")
    (tmp_path / "job.yaml").write_text("input: a.png\noutput: b.png\n")
    assert main([verb[0], str(tmp_path / "job.yaml"), *verb[1:], "-o", str(tmp_path / "c.png"), "-q"]) == 1
    assert "`kinochrome serve` shows" in capsys.readouterr().err
