from fractions import Fraction
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest

from pipeline.dataset.rgb_frames import ColorConverter, Rgb, color_frames
from pipeline.errors import SourceError
from pipeline.media import PictureArea
from pipeline.source.probe import probe
from tests.color_films import make_color_film, scene
from tests.media import make_film

_PIXELS: list[Literal["yuv444p", "yuv420p", "yuv444p10le"]] = ["yuv444p", "yuv420p", "yuv444p10le"]


def _first(path: Path, **wanted: int | PictureArea) -> Rgb:
    film = probe(path)
    picture = next(color_frames(film))
    return ColorConverter(film).to_rgb(picture, **wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize("pixel_format", _PIXELS)
@pytest.mark.parametrize("range", ["limited", "full"])
@pytest.mark.parametrize("matrix", ["bt709", "smpte170m"])
def test_colours_come_by_the_film_s_matrix_and_range(
    tmp_path: Path,
    matrix: Literal["bt709", "smpte170m"],
    range: Literal["limited", "full"],
    pixel_format: Literal["yuv444p", "yuv420p", "yuv444p10le"],
) -> None:
    colours = [(200, 40, 30), (30, 180, 60), (40, 50, 210), (128, 128, 128), (240, 220, 40), (10, 10, 12)]
    patches = np.repeat(np.array(colours, np.uint8)[None], 3, axis=0)
    flat = cv2.resize(patches, (96, 48), interpolation=cv2.INTER_NEAREST).astype(np.uint8)
    path = make_color_film(
        tmp_path / "film.mkv", [flat], matrix=matrix, range=range, pixel_format=pixel_format
    )
    rgb = _first(path)
    assert rgb.shape == flat.shape
    middles = rgb[24, 8::16].astype(int)
    np.testing.assert_allclose(middles, colours, atol=3)


def test_pictures_are_made_smaller_never_larger(tmp_path: Path) -> None:
    path = make_color_film(tmp_path / "film.mkv", [scene(1, size=(96, 64))])
    assert _first(path, max_lines=32).shape == (32, 48, 3)
    assert _first(path, longest_px=24).shape == (16, 24, 3)
    assert _first(path, max_lines=1080).shape == (64, 96, 3)


@pytest.mark.parametrize(("aspect", "shape"), [(Fraction(2), (32, 96, 3)), (Fraction(1, 2), (64, 48, 3))])
def test_samples_become_square(tmp_path: Path, aspect: Fraction, shape: tuple[int, int, int]) -> None:
    path = tmp_path / "film.mkv"
    make_film(path, frames=2, size=(96, 64), pixel_format="yuv420p", codec="mpeg4", sample_aspect=aspect)
    assert _first(path).shape == shape


def test_borders_are_left_out(tmp_path: Path) -> None:
    picture = scene(2, size=(96, 64))
    path = make_color_film(tmp_path / "film.mkv", [picture])
    area = PictureArea(top=0.25, bottom=0.75, left=0.125, right=1.0)
    inside = _first(path, area=area)
    assert inside.shape == (32, 84, 3)
    assert np.abs(inside.astype(int) - picture[16:48, 12:]).mean() < 2


def test_turned_films_are_upright(tmp_path: Path) -> None:
    planes = make_film(
        tmp_path / "film.mp4",
        frames=2,
        rotation_degrees=90,
        pixel_format="yuv420p",
        codec="libx264",
        options={"qp": "0"},
    )
    rgb = _first(tmp_path / "film.mp4")
    assert rgb.shape == (64, 48, 3)
    upright = np.rot90(planes[0], -1).astype(float)
    assert np.corrcoef(upright.ravel(), rgb[..., 1].ravel())[0, 1] > 0.99


def test_of_interlaced_pictures_one_field_is_taken(tmp_path: Path) -> None:
    combed = np.full((48, 64), 60, np.uint8)
    combed[1::2] = 200
    make_film(
        tmp_path / "film.mkv",
        frames=[combed] * 2,
        pixel_format="yuv420p",
        codec="mpeg2video",
        interlaced="tff",
        options={"qscale": "1"},
    )
    rgb = _first(tmp_path / "film.mkv")
    assert rgb.shape == (24, 32, 3)
    expected = round((60 - 16) * 255 / 219)
    assert np.abs(rgb.astype(int) - expected).max() < 12


def test_hdr_films_are_refused(tmp_path: Path) -> None:
    path = make_color_film(tmp_path / "film.mkv", [scene(1)], transfer="smpte2084")
    with pytest.raises(SourceError, match=r"film\.mkv: is an HDR film \(PQ\)"):
        ColorConverter(probe(path))
