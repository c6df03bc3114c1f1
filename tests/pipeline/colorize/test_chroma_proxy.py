"""Proxies written, read, and read from files that other programs could have written."""

from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
import numpy.typing as npt
import pytest
from av.video.stream import VideoStream

from pipeline.colorize.chroma_proxy import ProxyFrame, read_proxy, write_proxy
from pipeline.errors import OutputError, SourceError
from pipeline.media import FilmInfo
from tests.films import film_info

Floats = npt.NDArray[np.float32]
FRAMES, HEIGHT, WIDTH = 6, 18, 30
KR, KB = 0.2126, 0.0722


def _frames(seed: int = 0, *, size: tuple[int, int] = (HEIGHT, WIDTH)) -> list[ProxyFrame]:
    rng = np.random.default_rng(seed)
    planes = (
        rng.uniform(low, high, (FRAMES, *size)).astype(np.float32)
        for low, high in ((0, 1), (-0.5, 0.5), (-0.5, 0.5))
    )
    return [ProxyFrame(luma=y, cb=cb, cr=cr) for y, cb, cr in zip(*planes, strict=True)]


def _write(path: Path, film: FilmInfo, frames: list[ProxyFrame]) -> None:
    write_proxy(path, enumerate(frames), film=film)


def _write_foreign(
    path: Path, rgb: Floats, *, pixel_format: str, codec: str, options: dict[str, str] | None = None
) -> None:
    """A film of flat RGB pictures, coded by FFmpeg from 8-bit RGB as any program would."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = rgb.shape[2], rgb.shape[1], pixel_format
        for picture in rgb:
            frame = av.VideoFrame.from_ndarray((picture * 255 + 0.5).astype(np.uint8), format="rgb24")
            container.mux(stream.encode(frame.reformat(format=pixel_format, dst_colorspace="ITU709")))
        container.mux(stream.encode(None))


@pytest.mark.parametrize("range", ["limited", "full"])
def test_a_proxy_comes_back_within_half_a_step_of_ten_bits(
    tmp_path: Path, range: Literal["limited", "full"]
) -> None:
    path, film, frames = tmp_path / "proxy.mkv", film_info(range=range), _frames()
    _write(path, film, frames)
    found = list(read_proxy(path, film=film, frame_count=FRAMES))
    assert len(found) == FRAMES
    for before, after in zip(frames, found, strict=True):
        assert after.luma.dtype == after.cb.dtype == after.cr.dtype == np.float32
        np.testing.assert_allclose(after.luma, before.luma, atol=0.51 / 876)
        np.testing.assert_allclose(after.cb, before.cb, atol=1.01 / 896)
        np.testing.assert_allclose(after.cr, before.cr, atol=1.01 / 896)


def test_any_player_is_told_what_the_proxy_is(tmp_path: Path) -> None:
    path = tmp_path / "proxy.mkv"
    film = film_info(600, 480, range="full", time_base=Fraction(1, 90000))
    times = [900000 + 3600 * n + (30 if n > 2 else 0) for n in range(FRAMES)]
    write_proxy(path, zip(times, _frames(size=(16, 20)), strict=True), film=film)
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        frames = list(container.decode(video=0))
        assert (context.name, context.pix_fmt, context.width, context.height) == (
            "ffv1",
            "yuv444p10le",
            20,
            16,
        )
        assert (context.colorspace, context.color_primaries, context.color_trc) == (6, 6, 6)
        assert context.color_range == 2
    assert frames[0].time_base is not None
    found = [
        float(frame.pts * frame.time_base) for frame in frames if frame.pts is not None and frame.time_base
    ]
    np.testing.assert_allclose(found, [n / 90000 for n in times], atol=0.0005)


def test_the_same_colour_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.mkv", "two.mkv"):
        _write(tmp_path / name, film_info(), _frames())
    assert (tmp_path / "one.mkv").read_bytes() == (tmp_path / "two.mkv").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.mkv", "two.mkv"]


def test_frames_less_than_a_millisecond_apart_stay_apart(tmp_path: Path) -> None:
    path, film = tmp_path / "proxy.mkv", film_info(time_base=Fraction(1, 5000))
    _write(path, film, _frames())
    assert len(list(read_proxy(path, film=film, frame_count=FRAMES))) == FRAMES


def test_nothing_is_left_where_the_colours_end_in_an_error(tmp_path: Path) -> None:
    def broken() -> Any:
        yield 0, _frames()[0]
        raise RuntimeError("the network failed")

    with pytest.raises(RuntimeError, match="the network failed"):
        write_proxy(tmp_path / "proxy.mkv", broken(), film=film_info())
    with pytest.raises(ValueError, match="at least one frame"):
        write_proxy(tmp_path / "proxy.mkv", [], film=film_info())
    with pytest.raises(OutputError, match="no such folder"):
        _write(tmp_path / "nowhere" / "proxy.mkv", film_info(), _frames())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "pixel_format", "codec", "options", "tolerance"),
    [
        ("graded.mkv", "bgr0", "ffv1", None, 0.003),
        ("graded.mkv", "gbrp10le", "ffv1", None, 0.004),
        ("graded.mov", "yuv422p10le", "prores_ks", None, 0.012),
        ("graded.mp4", "yuv420p", "libx264", {"crf": "4"}, 0.02),
        ("graded.avi", "bgr24", "rawvideo", None, 0.003),
    ],
)
def test_a_proxy_of_another_program_means_the_same_colours(
    tmp_path: Path, name: str, pixel_format: str, codec: str, options: dict[str, str] | None, tolerance: float
) -> None:
    colors = np.random.default_rng(1).uniform(0.2, 0.8, (FRAMES, 1, 1, 3)).astype(np.float32)
    rgb = np.broadcast_to(colors, (FRAMES, 96, 160, 3))
    path = tmp_path / name
    _write_foreign(path, rgb, pixel_format=pixel_format, codec=codec, options=options)
    found = list(read_proxy(path, film=film_info(1280, 720, matrix="bt709"), frame_count=FRAMES))
    luma = colors @ np.array([KR, 1 - KR - KB, KB], np.float32)
    expected_cb = (colors[..., 2] - luma) / 2 / (1 - KB)
    expected_cr = (colors[..., 0] - luma) / 2 / (1 - KR)
    for number, frame in enumerate(found):
        assert frame.cb.shape == frame.cr.shape == frame.luma.shape == (96, 160)
        for plane, expected in ((frame.luma, luma), (frame.cb, expected_cb), (frame.cr, expected_cr)):
            assert float(plane.mean()) == pytest.approx(float(expected[number].item()), abs=tolerance)


def test_a_proxy_tagged_with_another_matrix_is_converted(tmp_path: Path) -> None:
    red = ProxyFrame(luma=_flat(0.4), cb=_flat(-0.1), cr=_flat(0.2))
    path = tmp_path / "proxy.mkv"
    write_proxy(path, [(0, red)], film=film_info(matrix="smpte170m"))
    found = next(read_proxy(path, film=film_info(matrix="bt709"), frame_count=1))
    r, b = 0.4 + 2 * (1 - 0.299) * 0.2, 0.4 + 2 * (1 - 0.114) * -0.1
    g = (0.4 - 0.299 * r - 0.114 * b) / 0.587
    luma = KR * r + (1 - KR - KB) * g + KB * b
    assert found.cb.mean() == pytest.approx((b - luma) / 2 / (1 - KB), abs=0.002)
    assert found.cr.mean() == pytest.approx((r - luma) / 2 / (1 - KR), abs=0.002)


@pytest.mark.parametrize("wanted", [FRAMES - 2, FRAMES + 3])
def test_a_proxy_of_another_length_is_named_with_both_counts(tmp_path: Path, wanted: int) -> None:
    path = tmp_path / "proxy.mkv"
    _write(path, film_info(), _frames())
    with pytest.raises(SourceError, match=rf"proxy\.mkv.*{FRAMES} frames.*{wanted}"):
        list(read_proxy(path, film=film_info(), frame_count=wanted))


def test_what_is_no_proxy_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.mkv"
    text.write_text("not a film")
    grey = tmp_path / "grey.mkv"
    _write_foreign(grey, np.full((1, 16, 16, 3), 0.5, np.float32), pixel_format="gray", codec="ffv1")
    for path, reason in (
        (text, "cannot be decoded"),
        (tmp_path / "none.mkv", "No such"),
        (grey, "no colour"),
    ):
        with pytest.raises(SourceError, match=reason) as found:
            list(read_proxy(path, film=film_info(), frame_count=1))
        assert path.name in str(found.value)


def test_a_proxy_cut_short_is_refused(tmp_path: Path) -> None:
    path, film = tmp_path / "proxy.mkv", film_info()
    _write(path, film, _frames())
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(SourceError, match=r"proxy\.mkv"):
        list(read_proxy(path, film=film, frame_count=FRAMES))


def _flat(value: float) -> Floats:
    return np.full((HEIGHT, WIDTH), value, np.float32)
