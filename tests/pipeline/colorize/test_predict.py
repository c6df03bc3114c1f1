import logging
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.checkpoint import load_weights, save_weights
from models.errors import WeightsError
from models.weights_info import DEFAULT_WEIGHTS, VIVID_WHERE
from pipeline.color.colorimetry import lightness
from pipeline.colorize.net_frame import net_frame, net_size, shrink
from pipeline.colorize.predict import Predictor, find_device
from pipeline.colorize.settings import ColorSettings
from pipeline.errors import DeviceError, SettingsError
from pipeline.media import PictureArea
from tests.films import film_info

CLIP = Path(__file__).parents[2] / "data" / "chaplin_street.mp4"
SIZE = net_size(width=440, height=360, sample_aspect=1, short_side=128)
FloatImage = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(settings=ColorSettings(short_side=128), device="cpu", precision="fp32")


@pytest.fixture(scope="module")
def street() -> FloatImage:
    """Luma 0..1 of a frame of the bundled clip, without its black borders."""
    with av.open(str(CLIP)) as container:
        frame = next(container.decode(video=0))
        luma = frame.to_ndarray(format="gray")[:, 100:540]
    return np.asarray(luma, np.float32) / np.float32(255)


def test_ab_comes_in_order_at_a_quarter_of_the_size(predictor: Predictor, street: FloatImage) -> None:
    net = lightness(shrink(street, SIZE))
    pictures = [net, net[:, ::-1].copy(), net] * 4
    found = list(predictor.predict(iter(pictures)))
    assert len(found) == 12
    assert all(ab.shape == (2, *SIZE.output) for ab in found)
    np.testing.assert_allclose(found[0], found[9], atol=0.05)
    assert np.abs(found[0] - found[1]).max() > 1


def test_colours_survive_a_change_of_exposure_and_of_size(street: FloatImage) -> None:
    predictor = Predictor(device="cpu", precision="fp32")
    plain = predictor.predict_pictures(street[None])[0]
    strength = float(np.sqrt(np.square(plain).mean()))
    assert strength > 3
    for gamma in (0.85, 1.15):
        other = predictor.predict_pictures((street**gamma)[None])[0]
        assert _difference(plain, other) < 0.6 * strength
    for scale in (0.93, 1.06):
        resized = cv2.resize(street, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        other = predictor.predict_pictures(np.asarray(resized, np.float32)[None])[0]
        assert _difference(plain, other) < 0.6 * strength


def test_vividness_is_the_weights_own_unless_it_is_set(
    predictor: Predictor, street: FloatImage, tmp_path: Path
) -> None:
    generator, info = load_weights(DEFAULT_WEIGHTS)
    net = [lightness(shrink(street, SIZE))]
    (default,) = predictor.predict(net)
    found: list[FloatImage] = []
    for where in VIVID_WHERE:
        pale = tmp_path / f"{where}.safetensors"
        save_weights(pale, generator, name="pale", licence="none", vividness=1, vivid_where=where, recipe={})
        for vividness in (None, info.vividness):
            settings = ColorSettings(short_side=128, vividness=vividness)
            found += Predictor(pale, settings=settings, device="cpu", precision="fp32").predict(net)
    plain, everywhere, calm, unsure = found
    assert np.hypot(*calm).mean() <= np.hypot(*plain).mean()
    np.testing.assert_allclose(everywhere, plain * info.vividness, atol=0.05)
    np.testing.assert_allclose(unsure, default, atol=0.05)


def test_out_of_memory_halves_the_batch_aloud(
    predictor: Predictor, street: FloatImage, caplog: pytest.LogCaptureFixture
) -> None:
    small = Predictor(settings=ColorSettings(short_side=128), device="cpu", precision="fp32")
    net = lightness(shrink(street, SIZE))
    pictures = [np.roll(net, 7 * shift, axis=1) for shift in range(11)]
    handle = _device_that_fits(small, pictures=2)
    with caplog.at_level(logging.WARNING):
        found = list(small.predict(iter(pictures)))
    handle.remove()
    assert [record.message.split(": ")[1] for record in caplog.records] == [
        "batch halved to 4",
        "batch halved to 2",
    ]
    for mine, theirs in zip(found, predictor.predict(iter(pictures)), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=0.05)


def test_a_device_too_small_for_one_frame_is_an_error_that_names_it(street: FloatImage) -> None:
    small = Predictor(settings=ColorSettings(short_side=128), device="cpu", precision="fp32")
    net = lightness(shrink(street, SIZE))
    handle = _device_that_fits(small, pictures=0)
    with pytest.raises(DeviceError, match=r"frame 0 .* no memory left even for one frame"):
        list(small.predict([net] * 3))
    handle.remove()


def test_weights_whose_colours_are_no_numbers_are_an_error(street: FloatImage, tmp_path: Path) -> None:
    """Every weight is finite, but not what the network makes of them."""
    generator, _ = load_weights(DEFAULT_WEIGHTS)
    for name, tensor in generator.state_dict().items():
        if name.startswith("up") and tensor.ndim == 4:
            tensor.fill_(6e4)
    path = tmp_path / "w.safetensors"
    save_weights(path, generator, name="x", licence="none", recipe={})
    small = Predictor(path, settings=ColorSettings(short_side=128), device="cpu", precision="fp32")
    with pytest.raises(WeightsError, match=r"w\.safetensors: the colours .* with fp32 on cpu are not finite"):
        list(small.predict([lightness(shrink(street, SIZE))]))


def test_other_failures_of_the_network_are_not_taken_for_a_lack_of_memory(predictor: Predictor) -> None:
    with pytest.raises(ValueError, match="shape"):
        list(predictor.predict([np.zeros((128, 128), np.float32), np.zeros((64, 64), np.float32)]))


@given(
    width=st.integers(16, 8192),
    height=st.integers(16, 8192),
    aspect=st.sampled_from([1.0, 64 / 45, 8 / 9, 4 / 3, 2.0]),
    short_side=st.sampled_from([128, 224, 256, 512]),
)
def test_net_size_keeps_the_shown_aspect(width: int, height: int, aspect: float, short_side: int) -> None:
    size = net_size(width=width, height=height, sample_aspect=aspect, short_side=short_side)
    assert min(size.height, size.width) == short_side
    assert size.height % 4 == 0
    assert size.width % 4 == 0
    shown = min(max(width * aspect / height, 0.25), 4)
    assert size.width / size.height == pytest.approx(shown, rel=4 / short_side)


@given(top=st.floats(0, 0.3), bottom=st.floats(0.7, 1), left=st.floats(0, 0.3), right=st.floats(0.7, 1))
def test_borders_get_no_colour_and_the_picture_keeps_its_place(
    top: float, bottom: float, left: float, right: float
) -> None:
    film = film_info(640, 480)
    layout = net_frame(film, PictureArea(top=top, bottom=bottom, left=left, right=right), short_side=128)
    whole = np.arange(layout.whole.height * layout.whole.width, dtype=np.float32)
    seen = layout.picture(whole.reshape(layout.whole.height, layout.whole.width))
    assert 124 <= min(seen.shape) <= 136
    framed = layout.framed(np.ones((2, seen.shape[0] // 4, seen.shape[1] // 4), np.float32))
    assert framed.shape == (2, *layout.whole.output)
    rows, columns = (np.flatnonzero(framed[0].any(axis=axis)) for axis in (1, 0))
    lines, width = layout.whole.output
    assert abs(rows[0] / lines - top) <= 0.5 / lines + 1e-9
    assert abs((rows[-1] + 1) / lines - bottom) <= 0.5 / lines + 1e-9
    assert abs(columns[0] / width - left) <= 0.5 / width + 1e-9
    assert abs((columns[-1] + 1) / width - right) <= 0.5 / width + 1e-9


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        Predictor(tmp_path / "none.safetensors")
    with pytest.raises(SettingsError, match="'gpu'"):
        find_device("gpu")
    if torch.cuda.device_count() < 10:
        with pytest.raises(DeviceError, match="cuda:9"):
            find_device("cuda:9")


def _difference(one: FloatImage, other: FloatImage) -> float:
    size = one.shape[2], one.shape[1]
    resized = np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in other])
    return float(np.sqrt(np.square(one - resized).mean()))


def _device_that_fits(predictor: Predictor, *, pictures: int) -> Any:
    """A device whose memory is full beyond so many pictures: the network raises what torch would."""

    def check(_module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        if len(inputs[0]) > pictures:
            raise torch.OutOfMemoryError("out of memory")

    encoder = predictor._generator.encoder
    assert isinstance(encoder, torch.nn.Module)
    return encoder.register_forward_pre_hook(check)
