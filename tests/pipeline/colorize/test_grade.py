"""What a treatment does to colour, and where FFmpeg does the same, that both agree."""

from typing import Any

import av
import av.filter
import numpy as np
import pytest

from pipeline.color.colorimetry import chroma_to_plane
from pipeline.colorize.chroma_proxy import ProxyFrame
from pipeline.colorize.grade import PLAIN, ShotTreatment, treat, treat_frame
from pipeline.errors import SettingsError


@pytest.fixture
def frame() -> ProxyFrame:
    rng = np.random.default_rng(3)
    luma, cb, cr = rng.uniform(-0.2, 0.2, (3, 24, 32)).astype(np.float32)
    return ProxyFrame(luma=luma + np.float32(0.5), cb=cb, cr=cr)


def test_nothing_asked_passes_the_frame_on(frame: ProxyFrame) -> None:
    assert treat_frame(frame, PLAIN) is frame
    assert list(treat([frame, frame], PLAIN)) == [frame, frame]


@pytest.mark.parametrize("degrees", [-135, -20, 10, 90, 180])
def test_hue_turns_as_ffmpeg_s_filter_does(degrees: float, frame: ProxyFrame) -> None:
    turned = treat_frame(frame, ShotTreatment(hue_degrees=degrees))
    assert turned.luma is frame.luma
    mine = [chroma_to_plane(plane.copy(), depth=8, range="full") for plane in (turned.cb, turned.cr)]
    theirs = _filtered([frame.cb, frame.cr], f"h={degrees}")
    for one, other in zip(mine, theirs, strict=True):
        assert np.abs(one.astype(int) - other).max() <= 2  # FFmpeg turns numbers that are rounded already


def test_saturation_multiplies_and_hue_keeps_chroma(frame: ProxyFrame) -> None:
    both = treat_frame(frame, ShotTreatment(saturation=0.5, hue_degrees=37))
    np.testing.assert_allclose(np.hypot(both.cb, both.cr), np.hypot(frame.cb, frame.cr) / 2, atol=1e-6)
    half = treat_frame(frame, ShotTreatment(saturation=0.5))
    np.testing.assert_array_equal(half.cb, frame.cb * np.float32(0.5))


def test_grey_has_no_colour_and_original_is_not_changed(frame: ProxyFrame) -> None:
    grey = treat_frame(frame, ShotTreatment(source="grey"))
    assert not grey.cb.any()
    assert not grey.cr.any()
    assert treat_frame(frame, ShotTreatment(source="original", saturation=0.3)) is frame


@pytest.mark.parametrize("wrong", [{"saturation": 2.1}, {"saturation": -0.1}, {"hue_degrees": 181}])
def test_values_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    (name,) = wrong
    with pytest.raises(SettingsError, match=f"^{name} .*works$"):
        ShotTreatment(**wrong)  # type: ignore[arg-type]


def _filtered(planes: list[Any], options: str) -> list[Any]:
    """Cb and Cr after FFmpeg's hue filter, full range."""
    source = av.VideoFrame(32, 24, "yuv444p")
    codes: list[Any] = [np.full((24, 32), 128, np.uint8)]
    codes += [chroma_to_plane(plane.copy(), depth=8, range="full") for plane in planes]
    for plane, samples in zip(source.planes, codes, strict=True):
        rows = np.zeros((24, plane.line_size), np.uint8)
        rows[:, :32] = samples
        plane.update(rows.tobytes())
    graph = av.filter.Graph()
    graph.link_nodes(
        graph.add("buffer", "width=32:height=24:pix_fmt=yuv444p:time_base=1/25:pixel_aspect=1/1"),
        graph.add("hue", options),
        graph.add("buffersink"),
    ).configure()
    graph.push(source)
    made: Any = graph.pull()
    return [made.to_ndarray()[index].astype(int) for index in (1, 2)]
