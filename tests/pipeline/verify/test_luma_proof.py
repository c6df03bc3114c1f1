"""Proof of luma: equal, nearly equal, not comparable, broken."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import OutputError
from pipeline.media import FilmInfo, PixelFormat, Plane
from pipeline.plan.plan import Plan, scan_film
from pipeline.plan.segments import SegmentSettings
from pipeline.plan.shots import ShotSettings
from pipeline.render.output_picture import OutputPicture, output_picture
from pipeline.source.probe import probe
from pipeline.verify.luma_proof import LumaProof, LumaProver, must_be_equal, not_comparable, result_frames
from tests.media import damage_film, make_film

YUV8 = PixelFormat(name="yuv444p", depth=8, chroma="444")
YUV10 = PixelFormat(name="yuv444p10le", depth=10, chroma="444")


def test_equal_luma_is_proved_without_the_source(tmp_path: Path) -> None:
    film, planes = _film(tmp_path)
    plan = _plan(film)
    film.path.unlink()  # its hashes are in the plan
    proof = _prove(film, plan, planes)
    assert proof == LumaProof(comparable=True, equal=True, frames=24, frames_equal=24)


def test_a_deeper_picture_is_equal_where_it_tells_every_sample(tmp_path: Path) -> None:
    film, planes = _film(tmp_path, pixel_format="yuv420p")
    deeper: list[Plane] = [np.left_shift(plane, 2, dtype=np.uint16) for plane in planes]
    assert _prove(film, _plan(film), deeper, pixels=YUV10).equal
    deeper[3][0, 0] += 2  # rounds to another number
    assert _prove(film, _plan(film), deeper, pixels=YUV10).first_different == 3


def test_psnr_is_that_of_the_samples(tmp_path: Path) -> None:
    film, planes = _film(tmp_path)
    planes[5] = planes[5] + np.uint8(3)
    planes[7] = planes[7] ^ np.uint8(1)
    proof = _prove(film, _plan(film), planes)
    assert (proof.equal, proof.frames, proof.frames_equal, proof.first_different) == (False, 24, 22, 5)
    assert proof.psnr_min_db == pytest.approx(10 * math.log10(255**2 / 9), abs=1e-3)
    assert proof.psnr_mean_db == pytest.approx(10 * math.log10(255**2 / ((9 + 1) / 24)), abs=1e-3)
    assert proof.psnr_min_frame == 5


def test_fewer_bits_are_said_to_round(tmp_path: Path) -> None:
    film, planes = _film(tmp_path, pixel_format="gray10le")
    rounded: list[Plane] = [
        np.clip((plane.astype(int) + 2) >> 2, 0, 255).astype(np.uint8) for plane in planes
    ]
    proof = _prove(film, _plan(film), rounded)
    assert proof.equal is False
    assert proof.reason == "rounded to 8 of the source's 10 bits"


def test_columns_that_the_codec_added_do_not_count(tmp_path: Path) -> None:
    film, planes = _film(tmp_path, size=(63, 47))
    padded: list[Plane] = [np.pad(plane, ((0, 1), (0, 1))).astype(np.uint8) for plane in planes]
    assert _prove(film, _plan(film), padded).equal


def test_the_source_is_read_from_the_first_difference_on(tmp_path: Path) -> None:
    """The frames that are compared are those of the same number."""
    film, planes = _film(tmp_path)
    changed = [plane if number < 10 else plane + np.uint8(2) for number, plane in enumerate(planes)]
    proof = _prove(film, _plan(film), changed)
    assert proof.psnr_min_db == pytest.approx(10 * math.log10(255**2 / 4), abs=1e-3)


@pytest.mark.parametrize("count", [23, 25])
def test_a_frame_too_few_or_too_many_is_an_error(tmp_path: Path, count: int) -> None:
    film, planes = _film(tmp_path)
    with pytest.raises(OutputError, match=r"film\.mkv.* (23|more)"):
        _prove(film, _plan(film), [*planes, planes[0]][:count])


def test_a_result_that_does_not_decode_whole_is_an_error(tmp_path: Path) -> None:
    film, _ = _film(tmp_path)
    make_film(tmp_path / "whole.mkv", codec="libx264", pixel_format="yuv420p", b_frames=0)
    damage_film(tmp_path / "whole.mkv", tmp_path / "damaged.mkv", packets={9})
    with pytest.raises(OutputError, match=r"cannot write out\.mkv: what was written is damaged"):
        list(result_frames(probe(tmp_path / "damaged.mkv"), name=Path("out.mkv")))
    assert len(list(result_frames(film, name=Path("out.mkv")))) == 24


def test_what_is_not_comparable_is_told(tmp_path: Path) -> None:
    film, _ = _film(tmp_path)
    assert not_comparable(film, _picture(film, YUV8)) is None
    assert "side by side" in str(not_comparable(film, replace(_picture(film, YUV8), side_by_side=True)))
    smaller = output_picture(film, pixel_format=YUV8, max_lines=24)
    assert not_comparable(film, smaller) == "the picture is 32x24, the source's 64x48"


def test_only_a_lossless_codec_of_enough_bits_must_be_equal(tmp_path: Path) -> None:
    film, _ = _film(tmp_path, pixel_format="gray10le")
    assert must_be_equal(film, _picture(film, YUV10), codec="ffv1")
    assert not must_be_equal(film, _picture(film, YUV8), codec="ffv1")
    assert not must_be_equal(film, _picture(film, YUV10), codec="h264")


def _film(
    folder: Path, *, pixel_format: str = "gray", size: tuple[int, int] = (64, 48)
) -> tuple[FilmInfo, list[Plane]]:
    path = folder / "film.mkv"
    planes = make_film(path, pixel_format=pixel_format, size=size)
    return probe(path), [plane.copy() for plane in planes]


def _plan(film: FilmInfo) -> Plan:
    return scan_film(film, shot_settings=ShotSettings(), segment_settings=SegmentSettings())


def _picture(film: FilmInfo, pixels: PixelFormat) -> OutputPicture:
    return output_picture(film, pixel_format=pixels)


def _prove(film: FilmInfo, plan: Plan, planes: list[Plane], *, pixels: PixelFormat = YUV8) -> LumaProof:
    with LumaProver(film, timeline=plan.timeline, picture=_picture(film, pixels)) as prover:
        for plane in planes:
            prover.push(plane)
        return prover.finish()
