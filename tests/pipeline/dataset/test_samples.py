from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch

from models.networks.generator import AB_STRIDE
from pipeline.dataset.samples import PhotoSamples, SampleSettings, make_sample
from pipeline.errors import SettingsError

PLAIN = SampleSettings(crop_px=64, aged=0, titles=0, hinted=0)


def test_sample_holds_lightness_and_ab_of_its_crop() -> None:
    rgb = np.zeros((64, 64, 3), np.uint8)
    rgb[:, 32:] = (200, 60, 30)
    sample = make_sample(rgb, settings=PLAIN, rng=np.random.default_rng(0), stride=AB_STRIDE)
    one = np.array([[[200 / 255, 60 / 255, 30 / 255]]], np.float32)
    lab = cv2.cvtColor(one, cv2.COLOR_RGB2Lab)[0, 0]
    assert sample.lightness.shape == (1, 64, 64)
    assert sample.ab.shape == (2, 16, 16)
    np.testing.assert_allclose(sample.ab[:, 8, 12], lab[1:], atol=0.1)
    assert sample.lightness[0, 10, 50].item() == pytest.approx(lab[0], abs=0.1)
    assert sample.ab[:, :, :7].abs().max() < 0.1
    assert sample.hint_confidence.max() == 0


def test_a_sample_depends_on_its_number_alone() -> None:
    pictures = [_picture(seed) for seed in range(5)]
    settings = SampleSettings(crop_px=64, aged=0.5, hinted=0.5)
    one = PhotoSamples(pictures, settings=settings, seed=3, stride=AB_STRIDE)
    other = PhotoSamples(pictures, settings=settings, seed=3, stride=AB_STRIDE)
    for number in (11, 3, 8):
        for mine, theirs in zip(one[number], other[number], strict=True):
            assert torch.equal(mine, theirs)
    assert not torch.equal(one[3].lightness, one[8].lightness)


def test_an_epoch_shows_every_picture_once() -> None:
    pictures = [_picture(seed, flat=True) for seed in range(6)]
    samples = PhotoSamples(pictures, settings=PLAIN, seed=1, stride=AB_STRIDE)
    first = sorted(round(float(samples[n].lightness.mean()), 1) for n in range(6))
    second = sorted(round(float(samples[n].lightness.mean()), 1) for n in range(6, 12))
    assert len(set(first)) == 6
    assert first == second


def test_weights_say_how_often_a_picture_is_shown() -> None:
    pictures = [_picture(seed, flat=True) for seed in range(4)]
    shown = PhotoSamples(pictures, settings=PLAIN, seed=1, weights=[4, 2, 1, 1], stride=AB_STRIDE)
    single = [
        _level(PhotoSamples([picture], settings=PLAIN, seed=1, stride=AB_STRIDE), 0) for picture in pictures
    ]
    seen = [_level(shown, number) for number in range(40)]  # ten epochs
    counts = [seen.count(level) for level in single]
    assert counts[:2] == [20, 10]
    assert sum(counts[2:]) == 10  # one of these two in each epoch
    assert min(counts[2:]) > 1
    for epoch in range(10):
        assert seen[4 * epoch : 4 * epoch + 4].count(single[0]) == 2


def test_a_batch_has_one_side_and_batches_have_several() -> None:
    settings = SampleSettings(crop_px=64, crop_sides=(64, 96, 128), aged=0, titles=0.3, hinted=0.5)
    samples = PhotoSamples([_picture(1)], settings=settings, seed=0, batch=4, stride=AB_STRIDE)
    sides = [[samples[4 * step + place].lightness.shape[-1] for place in range(4)] for step in range(12)]
    assert all(len(set(batch)) == 1 for batch in sides)
    assert {batch[0] for batch in sides} == {64, 96, 128}
    with pytest.raises(SettingsError, match="crop_sides 100: a multiple of 32"):
        SampleSettings(crop_sides=(64, 100))


def test_hints_show_the_truth_where_they_are_confident() -> None:
    pictures = [_picture(seed) for seed in range(3)]
    settings = SampleSettings(crop_px=64, aged=0, titles=0, hinted=1)
    shares = []
    samples = PhotoSamples(pictures, settings=settings, seed=2, stride=AB_STRIDE)
    for sample in (samples[number] for number in range(40)):
        known = sample.hint_confidence[0] > 0
        shares.append(known.float().mean().item())
        assert torch.equal(sample.hint_ab[:, known], sample.ab[:, known])
        assert sample.hint_ab[:, ~known].abs().sum() == 0
        assert 0 <= sample.hint_confidence.min() <= sample.hint_confidence.max() <= 1
    assert min(shares) < 0.1 < 0.3 < max(shares)  # points and patches


@pytest.mark.parametrize(
    "wrong", [{"crop_px": 100}, {"crop_px": 32}, {"aged": 1.5}, {"titles": 2}, {"hinted": -0.1}]
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        SampleSettings(**wrong)


def test_an_empty_set_is_refused() -> None:
    with pytest.raises(SettingsError, match="empty"):
        PhotoSamples([], settings=PLAIN, seed=0, stride=AB_STRIDE)


def test_a_photo_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no photo")
    (tmp_path / "empty.jpg").write_bytes(b"")
    for name in ("text.jpg", "empty.jpg"):
        with pytest.raises(SettingsError, match=rf"{name} cannot be decoded"):
            PhotoSamples([tmp_path / name], settings=PLAIN, seed=0, stride=AB_STRIDE)[0]


def test_ab_is_as_large_as_asked() -> None:
    sample = PhotoSamples([_picture(1)], settings=PLAIN, seed=0, stride=1)[0]
    assert sample.ab.shape == sample.hint_ab.shape == (2, 64, 64)
    assert sample.hint_confidence.shape == (1, 64, 64)


def test_base_pictures_come_in_their_share() -> None:
    red, blue = (_flat(color) for color in ((30, 30, 220), (220, 30, 30)))
    samples = PhotoSamples([blue], settings=PLAIN, seed=0, stride=AB_STRIDE, base=[red], base_share=0.25)
    is_red = [float(samples[number].ab[1].mean()) > 0 for number in range(200)]
    assert 0.15 < np.mean(is_red) < 0.35
    assert [bool(samples[number].of_base) for number in range(200)] == is_red


def test_title_cards_have_text_and_no_colour() -> None:
    settings = SampleSettings(crop_px=64, aged=0, titles=1, hinted=0)
    samples = PhotoSamples([_flat((30, 30, 220))], settings=settings, seed=0, stride=AB_STRIDE)
    for number in range(20):
        assert samples[number].ab.abs().max() < 0.1
    assert np.mean([float(samples[number].lightness.std()) for number in range(20)]) > 3


def _level(samples: PhotoSamples, number: int) -> float:
    return round(float(samples[number].lightness.mean()), 1)


def _picture(seed: int, *, flat: bool = False) -> bytes:
    rng = np.random.default_rng(seed)
    size = (1, 1) if flat else (6, 8)
    small: npt.NDArray[np.uint8] = rng.integers(0, 255, (*size, 3), dtype=np.uint8)
    big = cv2.resize(small, (120, 90), interpolation=cv2.INTER_NEAREST)
    return cv2.imencode(".png", big)[1].tobytes()


def _flat(bgr: tuple[int, int, int]) -> bytes:
    return cv2.imencode(".png", np.full((80, 80, 3), bgr, np.uint8))[1].tobytes()
