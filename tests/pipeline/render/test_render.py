"""Rendered frames: the luma that came in, and chroma whose places and limits are computed a second time here."""

from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest

from pipeline.color.chroma_siting import chroma_size
from pipeline.color.chroma_upsample import Scratch, upsample_chroma
from pipeline.color.colorimetry import luma_coefficients
from pipeline.colorize.chroma_proxy import ProxyFrame
from pipeline.colorize.grade import ShotTreatment
from pipeline.errors import SettingsError, SourceError
from pipeline.media import CHROMA_SHIFTS, Chroma, ColorFrame, FilmInfo, Frame, PixelFormat, Plane
from pipeline.render.output_picture import OutputPicture, output_picture
from pipeline.render.render import render
from tests.films import film_info

Floats = npt.NDArray[np.float32]


def _noise(film: FilmInfo, seed: int = 0) -> Plane:
    """Luma that uses every number of the film's depth, forbidden ones of the limited range too."""
    rng = np.random.default_rng(seed)
    luma = rng.integers(0, 2**film.pixel_format.depth, (film.height, film.width))
    return luma.astype(np.uint8) if film.pixel_format.depth == 8 else luma.astype(np.uint16)


def _proxy(seed: int = 0, *, height: int = 9, width: int = 16, limit: float = 0.4) -> ProxyFrame:
    rng = np.random.default_rng(seed)
    cb, cr = (rng.uniform(-limit, limit, (height, width)).astype(np.float32) for _ in range(2))
    return ProxyFrame(luma=np.zeros((height, width), np.float32), cb=cb, cr=cr)


def _format(chroma: Chroma, depth: int) -> PixelFormat:
    return PixelFormat(name=f"yuv{chroma}p", depth=depth, chroma=chroma)


def _picture(film: FilmInfo, *, chroma: Chroma = "420", depth: int | None = None) -> OutputPicture:
    return output_picture(film, pixel_format=_format(chroma, depth or film.pixel_format.depth))


def _render_one(film: FilmInfo, luma: Plane, proxy: ProxyFrame, output: OutputPicture) -> ColorFrame:
    (frame,) = render([Frame(pts=7, luma=luma)], proxy=[proxy], film=film, output=output)
    return frame


def _unit(plane: Plane, depth: int, range: str) -> npt.NDArray[np.float64]:
    black, span = (0, 2**depth - 1) if range == "full" else (16 << (depth - 8), 219 << (depth - 8))
    return np.clip((plane.astype(np.float64) - black) / span, 0, 1)


def _chroma(plane: Plane, depth: int, range: str) -> npt.NDArray[np.float64]:
    span = 2**depth - 1 if range == "full" else 224 << (depth - 8)
    unit: npt.NDArray[np.float64] = (plane.astype(np.float64) - (1 << (depth - 1))) / span
    return unit


@pytest.mark.parametrize("depth", [8, 10, 12, 16])
@pytest.mark.parametrize("range", ["limited", "full"])
@pytest.mark.parametrize("chroma", ["420", "422", "444", "440", "411", "410"])
@pytest.mark.parametrize("size", [(64, 48), (61, 47)])
def test_luma_is_untouched_and_no_colour_leaves_the_gamut(
    depth: int, range: Literal["limited", "full"], chroma: Chroma, size: tuple[int, int]
) -> None:
    film = film_info(*size, depth=depth, range=range, matrix="bt709")
    luma = _noise(film)
    before = luma.copy()
    frame = _render_one(film, luma, _proxy(), _picture(film, chroma=chroma))
    assert frame.luma is luma
    assert frame.pts == 7
    np.testing.assert_array_equal(luma, before)
    assert frame.cb.dtype == frame.cr.dtype == luma.dtype
    across, down = (1 << shift for shift in CHROMA_SHIFTS[chroma])
    assert frame.cb.shape == frame.cr.shape == (-(-size[1] // down), -(-size[0] // across))

    y = _unit(luma, depth, range)
    cb, cr = (
        _chroma(plane, depth, range).repeat(down, axis=0).repeat(across, axis=1)[: size[1], : size[0]]
        for plane in (frame.cb, frame.cr)
    )
    assert np.abs(cb).max() > 0.04
    kr, kb = luma_coefficients("bt709")
    red, blue = y + 2 * (1 - kr) * cr, y + 2 * (1 - kb) * cb
    green = (y - kr * red - kb * blue) / (1 - kr - kb)
    step = 1 / (224 << (depth - 8))  # half a step of rounding, times at most 2
    for part in (red, green, blue):
        assert part.min() >= -step
        assert part.max() <= 1 + step


@pytest.mark.parametrize("matrix", ["bt709", "smpte170m", "bt2020nc"])
@pytest.mark.parametrize("chroma", ["420", "444"])
def test_a_flat_colour_arrives_within_one_code_value(matrix: str, chroma: Chroma) -> None:
    film = film_info(80, 48, matrix=matrix)
    flat = np.full((9, 16), 1, np.float32)
    proxy = ProxyFrame(luma=flat, cb=flat * np.float32(0.08), cr=flat * np.float32(-0.11))
    luma = np.random.default_rng(1).integers(100, 150, (48, 80)).astype(np.uint8)
    frame = _render_one(film, luma, proxy, _picture(film, chroma=chroma))
    assert np.abs(frame.cb.astype(int) - round(128 + 0.08 * 224)).max() <= 1
    assert np.abs(frame.cr.astype(int) - round(128 - 0.11 * 224)).max() <= 1


def _edge_film(at: int, *, width: int = 256, height: int = 144) -> Plane:
    luma = np.full((height, width), 80, np.uint8)
    luma[:, at:] = 150
    return luma


def test_edges_of_chroma_are_those_of_the_luma() -> None:
    """The proxy knows the edge to 8 luma samples only; its colour must end where the luma does."""
    film = film_info(256, 144, matrix="bt709")
    cb = np.full((18, 32), -0.05, np.float32)
    cb[:, 16:] = 0.1
    proxy = ProxyFrame(luma=cb, cb=cb, cr=np.zeros_like(cb))
    for at in (126, 130):  # 2 samples to either side of the proxy's own edge
        frame = _render_one(film, _edge_film(at), proxy, _picture(film, chroma="444"))
        row = frame.cb[72].astype(float)
        crossing = int(np.flatnonzero(np.diff((row > 128 + 224 * 0.025).astype(int)) == 1)[0]) + 1
        assert crossing == at
        assert row[at] - row[at - 1] > 0.5 * 0.15 * 224


@pytest.mark.parametrize(("site", "place"), [("left", 0.5), ("center", 1.0), ("topleft", 0.5)])
def test_chroma_lies_where_its_site_says(site: str, place: float) -> None:
    """Chroma follows a ramp of luma, so its value tells where along the ramp it was taken."""
    film = film_info(240, 136, matrix="bt709", chroma_site=site, depth=16)
    ramp = (30000 + 40 * np.arange(240)).astype(np.uint16)
    luma = np.broadcast_to(ramp, (136, 240)).copy()
    centres = (np.arange(30) + 0.5) * 8  # in luma samples from the picture's left edge
    cb = np.broadcast_to((centres / 2400).astype(np.float32), (17, 30)).copy()
    proxy = ProxyFrame(luma=cb, cb=cb, cr=np.zeros_like(cb))
    frame = _render_one(film, luma, proxy, _picture(film, chroma="420"))
    found = _chroma(frame.cb, 16, "limited")[60, 30:90] * 2400
    expected = 2 * np.arange(30, 90) + place
    np.testing.assert_allclose(found, expected, atol=0.03)


def test_dust_is_not_coloured_by_a_stretched_model() -> None:
    film = film_info(256, 144, matrix="bt709")
    luma = _edge_film(128)
    luma[60:62, 140] = 230  # a speck on the bright side, within the reach of the edge
    cb = np.full((18, 32), -0.1, np.float32)
    cb[:, 16:] = 0.05
    proxy = ProxyFrame(luma=cb, cb=cb, cr=np.zeros_like(cb))
    frame = _render_one(film, luma, proxy, _picture(film, chroma="444"))
    clean = _render_one(film, _edge_film(128), proxy, _picture(film, chroma="444"))
    assert int(frame.cb[60, 140]) <= int(clean.cb[60, 140]) + 4


def test_a_proxy_as_large_as_the_film_works_and_a_graded_brightness_does_not_matter() -> None:
    film = film_info(96, 64, matrix="bt709")
    luma = np.full((64, 96), 120, np.uint8)
    large = _proxy(height=64, width=96, limit=0.1)
    frame = _render_one(film, luma, large, _picture(film))
    assert frame.cb.shape == (32, 48)
    small = _proxy(limit=0.1)
    brighter = ProxyFrame(luma=np.ones_like(small.luma), cb=small.cb, cr=small.cr)
    first, second = (_render_one(film, luma, proxy, _picture(film)) for proxy in (small, brighter))
    np.testing.assert_array_equal(first.cb, second.cb)


def test_each_field_gets_chroma_for_its_own_luma() -> None:
    film = film_info(96, 64, matrix="bt709")
    luma = np.empty((64, 96), np.uint8)
    luma[0::2], luma[1::2] = 120, 16
    proxy = _proxy(limit=0.1)
    frame = Frame(pts=0, luma=luma, is_interlaced=True, is_top_field_first=True)
    (found,) = render([frame], proxy=[proxy], film=film, output=_picture(film))
    assert found.is_interlaced
    assert found.is_top_field_first
    cb = _chroma(found.cb, 8, "limited")
    np.testing.assert_allclose(cb[1::2], 0, atol=0.51 / 224)  # black has no colour
    plain = np.full_like(luma, 120)
    (whole,) = render([Frame(pts=0, luma=plain)], proxy=[proxy], film=film, output=_picture(film))
    assert np.abs(cb[0::2]).max() > 0.05
    np.testing.assert_allclose(cb[0::2], _chroma(whole.cb, 8, "limited")[0::2], atol=0.51 / 224)


def test_scratch_memory_changes_no_result() -> None:
    film, scratch = film_info(96, 64, matrix="bt709"), Scratch()
    for seed in range(3):
        luma, proxy = _noise(film, seed), _proxy(seed)
        planes = [
            upsample_chroma(
                luma,
                cb=proxy.cb,
                cr=proxy.cr,
                depth=8,
                chroma="420",
                color=_picture(film).color,
                scratch=memory,
            )
            for memory in (scratch, None)
        ]
        np.testing.assert_array_equal(planes[0], planes[1])


def test_a_preview_is_smaller_and_shows_grey_beside_colour() -> None:
    film = film_info(131, 99, matrix="bt709")
    output = output_picture(film, pixel_format=_format("420", 8), max_lines=48, side_by_side=True)
    assert (output.width, output.height) == (128, 48)
    luma = np.full((99, 131), 120, np.uint8)
    flat = np.full((9, 16), 0.1, np.float32)
    frame = _render_one(film, luma, ProxyFrame(luma=flat, cb=flat, cr=flat), output)
    assert frame.luma.shape == (48, 128)
    assert frame.cb.shape == (24, 64)
    np.testing.assert_array_equal(frame.luma, 120)
    np.testing.assert_array_equal(frame.cb[:, :32], 128)
    assert np.all(frame.cb[:, 32:] > 145)


def test_a_preview_of_an_odd_small_film_keeps_its_picture() -> None:
    film = film_info(61, 47, matrix="bt709")
    output = output_picture(film, pixel_format=_format("420", 8), max_lines=540, side_by_side=True)
    luma = _noise(film)
    frame = _render_one(film, luma, _proxy(), output)
    assert frame.luma.shape == (output.height, output.width) == (47, 124)
    assert frame.cb.shape == chroma_size(47, 124, chroma="420")
    for half in (frame.luma[:, :61], frame.luma[:, 62:123]):
        np.testing.assert_array_equal(half, luma)


def test_saturation_scales_the_colour() -> None:
    film = film_info(96, 64, matrix="bt709")
    luma, flat = np.full((64, 96), 120, np.uint8), np.full((9, 16), 0.1, np.float32)
    proxy = ProxyFrame(luma=flat, cb=flat, cr=-flat)
    for factor in (0.0, 0.5, 1.0):
        (frame,) = render(
            [Frame(pts=0, luma=luma)],
            proxy=[proxy],
            film=film,
            output=_picture(film),
            treatment=ShotTreatment(saturation=factor),
        )
        np.testing.assert_allclose(frame.cb, 128 + 22.4 * factor, atol=1)
        np.testing.assert_allclose(frame.cr, 128 - 22.4 * factor, atol=1)


@pytest.mark.parametrize(("frames", "colours", "reason"), [(3, 2, "ends after 2 frames"), (2, 3, "goes on")])
def test_frames_and_colours_must_pair(frames: int, colours: int, reason: str) -> None:
    film = film_info()
    luma = [Frame(pts=n, luma=np.zeros((48, 64), np.uint8)) for n in range(frames)]
    with pytest.raises(SourceError, match=reason):
        list(render(luma, proxy=[_proxy()] * colours, film=film, output=_picture(film)))


def test_what_cannot_be_rendered_is_refused() -> None:
    film = film_info()
    with pytest.raises(SourceError, match="frame 0 of this part is 32x48, not 64x48"):
        _render_one(film, np.zeros((48, 32), np.uint8), _proxy(), _picture(film))
    with pytest.raises(SettingsError, match="chroma 'gray' cannot be rendered"):
        _picture(film, chroma="gray")
