"""Steadying on pictures whose motion, light and noise are known."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from models.metrics import cdc
from pipeline.colorize.temporal import Seams, SteadySettings, TemporalFilter
from pipeline.errors import SettingsError

Floats = npt.NDArray[np.float32]
Luma = npt.NDArray[np.uint8]
FRAMES, HEIGHT, WIDTH = 24, 32, 56


def steady(luma: Luma, ab: Floats, *, settings: SteadySettings, seams: Seams | None = None) -> Floats:
    """The colours of one shot without their flicker; of `ab` only what `TemporalFilter` needs is used."""
    temporal_filter = TemporalFilter((ab.shape[2], ab.shape[3]), settings=settings, seams=seams)
    chosen = [number for picture in luma for number in temporal_filter.push(picture)]
    return temporal_filter.spread(ab[[*chosen, *temporal_filter.finish()]])


def _scene(seed: int, *, step: float = 1.5) -> tuple[Luma, Floats]:
    """A textured pattern of luma and colour that moves to the left by `step` luma samples a frame."""
    rng = np.random.default_rng(seed)
    texture = cv2.GaussianBlur(rng.normal(0, 1, (2 * HEIGHT, 4 * WIDTH)).astype(np.float32), (0, 0), 2.5)
    texture = 128 + 50 * texture / texture.std()
    color = cv2.GaussianBlur(rng.normal(0, 1, (2 * HEIGHT, 4 * WIDTH, 2)).astype(np.float32), (0, 0), 9)
    color = 12 * color / color.std() + 10
    luma, ab = [], []
    for number in range(FRAMES):
        move = np.array([[1, 0, step * number], [0, 1, 0]], np.float32)
        size, flags = (2 * WIDTH, 2 * HEIGHT), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        luma.append(np.clip(cv2.warpAffine(texture, move, size, flags=flags), 0, 255).astype(np.uint8))
        shown = cv2.warpAffine(color, move, size, flags=flags)
        ab.append(cv2.resize(shown, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).transpose(2, 0, 1))
    return np.stack(luma), np.stack(ab).astype(np.float32)


def _flickering(ab: Floats, seed: int, *, sigma: float = 8) -> Floats:
    """`ab` with soft blobs of wrong colour that change with every frame, and a wobble of all colours."""
    rng = np.random.default_rng(seed)
    blobs = rng.normal(0, sigma, (len(ab), 6, 10, 2)).astype(np.float32)
    noise = np.stack([cv2.resize(blob, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) for blob in blobs])
    noise += rng.normal(0, 3, (len(ab), 1, 1, 2)).astype(np.float32)
    flickering: Floats = ab + noise.transpose(0, 3, 1, 2)
    return flickering


def _error(found: Floats, truth: Floats) -> float:
    inner = (slice(None), slice(None), slice(3, -3), slice(3, -3))
    return float(np.square(found[inner] - truth[inner]).mean())


def test_noise_on_a_moving_texture_loses_more_than_three_quarters_of_its_variance() -> None:
    luma, truth = _scene(1)
    noisy = _flickering(truth, 2)
    found = steady(luma, noisy, settings=SteadySettings(predict_every=1))
    assert found.shape == truth.shape
    assert found.dtype == np.float32
    assert _error(found, truth) < _error(noisy, truth) / 4
    for part in (slice(0, 3), slice(-3, None)):  # the ends are as steady as the middle
        assert _error(found[part], truth[part]) < _error(noisy[part], truth[part]) / 3


def test_what_a_thing_is_in_most_of_the_shot_it_is_in_all_of_it() -> None:
    """A wrong guess of half a second, 24 samples away from the end of the shot."""
    luma, truth = (np.concatenate([one, one[::-1], one]) for one in _scene(22, step=0.5))
    guess = truth.copy()
    guess[24:36, 1] -= 20
    found = steady(luma, guess, settings=SteadySettings())
    assert _error(found[24:36, 1:], truth[24:36, 1:]) < 20**2 / 10


@pytest.mark.parametrize("seen", [8, 12])
def test_two_parts_of_a_shot_agree_where_they_meet(seen: int) -> None:
    luma, truth = (np.concatenate([one, one[::-1], one]) for one in _scene(23, step=0.5))
    guess = _flickering(truth, 24)
    guess[: FRAMES - seen] += 15  # what the second part does not see
    first, second = slice(0, 24 + seen), slice(24 - seen, None)

    def apart(*seams: Seams | None) -> float:
        one, other = (
            steady(luma[part], guess[part], settings=SteadySettings(), seams=where)
            for part, where in zip((first, second), seams, strict=True)
        )
        return float(np.abs(one[24] - other[seen]).mean())

    assert apart(None, None) > 2
    assert apart(Seams((24,), seen), Seams((seen,), seen)) < 1


def test_colour_does_not_lag_behind_what_moves() -> None:
    luma, truth = _scene(3)
    found = steady(luma, truth, settings=SteadySettings())
    lagging = float(np.square(truth[1:] - truth[:-1]).mean())
    assert _error(found, truth) < lagging / 2


def test_a_flicker_of_exposure_does_not_end_the_memory() -> None:
    luma, truth = _scene(4)
    noisy = _flickering(truth, 5)
    light = np.random.default_rng(6).uniform(0.75, 1.1, (FRAMES, 1, 1))
    pulsing = np.clip(luma * light + 5, 0, 255).astype(np.uint8)
    assert np.abs(pulsing[1:].mean((1, 2)) - pulsing[:-1].mean((1, 2))).max() > 16  # twice the tolerance
    found = steady(pulsing, noisy, settings=SteadySettings(predict_every=1))
    assert _error(found, truth) < _error(noisy, truth) / 4


def test_a_new_scene_takes_no_colour_from_the_one_before() -> None:
    """Shots are handed over one by one; should a cut be missed, luma that differs lets little through."""
    first, red = _scene(7)
    second, blue = _scene(8)
    red[:], blue[:] = 40, -40
    found = steady(
        np.concatenate([first, second]),
        np.concatenate([red, blue]),
        settings=SteadySettings(luma_tolerance=4),
    )
    assert np.median(found[:FRAMES]) == pytest.approx(40, abs=2)
    assert np.median(found[FRAMES:]) == pytest.approx(-40, abs=2)
    alone = steady(second, blue, settings=SteadySettings())
    np.testing.assert_allclose(alone, -40, atol=1e-3)


def test_strength_nought_and_a_single_frame_change_nothing() -> None:
    luma, ab = _scene(9)
    np.testing.assert_array_equal(steady(luma, ab, settings=SteadySettings(strength=0)), ab)
    np.testing.assert_array_equal(steady(luma[:1], ab[:1], settings=SteadySettings()), ab[:1])


def test_input_is_left_as_it_was_and_the_result_is_the_same_again() -> None:
    luma, ab = _scene(10)
    kept = ab.copy()
    first = steady(luma, ab, settings=SteadySettings())
    np.testing.assert_array_equal(ab, kept)
    np.testing.assert_array_equal(steady(luma, ab, settings=SteadySettings()), first)


def test_where_nothing_is_new_every_fourth_frame_and_the_last_have_colours_of_their_own() -> None:
    luma, truth = _scene(15)
    temporal_filter = TemporalFilter((HEIGHT, WIDTH), settings=SteadySettings())
    told = [temporal_filter.push(picture) for picture in luma]
    assert told == [[number] if number % 4 == 0 else [] for number in range(FRAMES)]
    chosen = [*range(0, FRAMES, 4), FRAMES - 1]
    assert temporal_filter.finish() == chosen[-1:]
    found = temporal_filter.spread(truth[chosen])
    assert found.shape == truth.shape
    whole = steady(luma, truth, settings=SteadySettings(predict_every=1))
    assert _error(found, truth) < 1.5 * _error(whole, truth)
    for number in set(range(FRAMES)) - set(chosen):
        assert np.abs(found[number] - whole[number]).mean() < 0.5


def test_what_appears_for_a_frame_gets_a_colour_of_its_own() -> None:
    luma, ab = _scene(16, step=0)
    flash, _ = _scene(17)
    luma[6, :, :WIDTH], ab[6, :, :, : WIDTH // 2] = flash[6, :, :WIDTH], 60
    temporal_filter = TemporalFilter((HEIGHT, WIDTH), settings=SteadySettings())
    chosen = [
        number for picture in luma for number in temporal_filter.push(picture)
    ] + temporal_filter.finish()
    assert chosen == [0, 4, 6, 8, 12, 16, 20, 23]
    found = temporal_filter.spread(ab[chosen])
    assert np.abs(found[6, :, :, : WIDTH // 2 - 2] - 60).mean() < 6
    assert np.abs(found[5] - ab[5]).mean() < 1


def test_points_that_are_found_nowhere_take_a_neighbours_colour() -> None:
    luma, ab = _scene(18, step=0)
    ab[:, 0], ab[:, 1] = 30, -20
    flash, _ = _scene(19)
    luma[6, :, : WIDTH // 8] = flash[6, :, : WIDTH // 8]  # too little to ask for a colour
    temporal_filter = TemporalFilter((HEIGHT, WIDTH), settings=SteadySettings())
    chosen = [
        number for picture in luma for number in temporal_filter.push(picture)
    ] + temporal_filter.finish()
    assert 6 not in chosen
    np.testing.assert_allclose(temporal_filter.spread(ab[chosen]), ab, atol=1)


def test_known_links_are_taken_as_they_are() -> None:
    luma, _ = _scene(21)
    first, second = (TemporalFilter((HEIGHT, WIDTH), settings=SteadySettings()) for _ in range(2))
    for picture in luma[:2]:
        first.push(picture)
    known = first.last_links
    assert known is not None
    second.push(luma[0])
    second.push(luma[1], known=known)
    taken = second.last_links
    assert taken is not None
    assert all(one is other for one, other in zip(taken, known, strict=True))


def test_colours_for_other_frames_than_were_told_are_refused() -> None:
    luma, ab = _scene(20)
    temporal_filter = TemporalFilter((HEIGHT, WIDTH), settings=SteadySettings())
    temporal_filter.push(luma[0])
    with pytest.raises(ValueError, match="2 pictures of colour for 1 frames"):
        temporal_filter.spread(ab[:2])


def test_colours_do_not_fade() -> None:
    luma, truth = _scene(11)
    noisy = _flickering(truth, 12, sigma=4)
    found = steady(luma, noisy, settings=SteadySettings())
    chroma = [float(np.hypot(ab[:, 0], ab[:, 1]).mean()) for ab in (noisy, found)]
    assert chroma[1] >= 0.95 * chroma[0]


def test_most_of_the_unsteadiness_goes() -> None:
    luma, truth = _scene(13, step=0.25)
    noisy = _flickering(truth, 14)
    found = steady(luma, noisy, settings=SteadySettings())

    def consistency(ab: Floats) -> float:
        size = (6 * WIDTH, 6 * HEIGHT)  # few pixels give few of the histogram's 256 bins a share
        labs = (
            np.dstack(
                [cv2.resize(plane.astype(np.float32), size) for plane in (grey / np.float32(2.55), *colors)]
            )
            for grey, colors in zip(luma, ab, strict=True)
        )
        return cdc((cv2.cvtColor(lab, cv2.COLOR_Lab2RGB) * 255).astype(np.uint8) for lab in labs)

    floor = consistency(truth)
    assert consistency(noisy) > 2 * floor
    assert consistency(found) - floor < 0.25 * (consistency(noisy) - floor)


@pytest.mark.parametrize("strength", [-0.1, 0.99, 1.5])
def test_a_strength_out_of_range_is_refused(strength: float) -> None:
    with pytest.raises(SettingsError, match=r"0 to 0\.98"):
        SteadySettings(strength=strength)
