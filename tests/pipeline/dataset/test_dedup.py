import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.dedup import (
    DedupSettings,
    HashIndex,
    difference,
    difference_hash,
    is_near_duplicate,
    is_same_picture,
    thumb,
)
from pipeline.dataset.samples import decode_rgb
from pipeline.errors import SettingsError
from tests.color_films import scene


def test_difference_of_flat_pictures_is_that_of_their_colours() -> None:
    grey, red = np.full((48, 64, 3), 100, np.uint8), np.full((30, 20, 3), (200, 50, 60), np.uint8)
    away = difference(thumb(grey), thumb(red))
    luma = 0.299 * 200 + 0.587 * 50 + 0.114 * 60
    assert away.luma == pytest.approx(abs(luma - 100), abs=0.6)
    assert away.chroma == pytest.approx(((200 - luma) * 0.713 + abs(60 - luma) * 0.564) / 2, abs=1)


def test_frames_are_near_duplicates_only_where_luma_and_chroma_are_both_near() -> None:
    settings = DedupSettings(luma_difference=5, chroma_difference=3)
    picture = np.full((48, 64, 3), 100, np.uint8)
    brighter, tinted = picture + np.uint8(8), picture.copy()
    tinted[..., 2] += 30
    assert is_near_duplicate(difference(thumb(picture), thumb(picture + np.uint8(3))), settings)
    assert not is_near_duplicate(difference(thumb(picture), thumb(brighter)), settings)
    assert not is_near_duplicate(difference(thumb(picture), thumb(tinted)), settings)


def test_hash_survives_scaling_compression_and_brightness_and_tells_scenes_apart() -> None:
    picture = cv2.GaussianBlur(scene(1, size=(320, 240)), (0, 0), 6).astype(np.uint8)
    encoded = cv2.imencode(".jpg", picture[..., ::-1], [int(cv2.IMWRITE_JPEG_QUALITY), 40])[1]
    versions = [
        cv2.resize(picture, (133, 99), interpolation=cv2.INTER_AREA),
        decode_rgb(encoded.tobytes()),
        (picture * 0.7 + 40).astype(np.uint8),
    ]
    code = difference_hash(picture)
    assert all((code ^ difference_hash(version.astype(np.uint8))).bit_count() <= 6 for version in versions)
    others = [difference_hash(scene(seed)) for seed in range(2, 12)]
    assert all((code ^ other).bit_count() > 12 for other in others)


@given(st.lists(st.integers(0, 2**64 - 1), max_size=40), st.integers(-1, 15), st.data())
def test_index_finds_what_a_search_through_all_finds(
    codes: list[int], distance: int, data: st.DataObject
) -> None:
    flips = data.draw(st.lists(st.integers(0, 63), max_size=18, unique=True))
    start = data.draw(st.sampled_from(codes)) if codes else 0
    wanted = start ^ sum(1 << flip for flip in flips)
    index = HashIndex(distance=distance)
    assert [index.add(code) for code in codes] == list(range(len(codes)))
    near = sorted(((code ^ wanted).bit_count(), number) for number, code in enumerate(codes))
    assert index.find(wanted) == tuple(number for bits, number in near if bits <= distance)
    assert len(index) == len(codes)


def test_other_colours_with_the_same_hash_are_another_picture() -> None:
    settings = DedupSettings()
    coat = scene(3)
    other = coat[..., ::-1].copy()
    a, b, same = (thumb(p, side_px=8) for p in (coat, other, np.clip(coat + 10.0, 0, 255).astype(np.uint8)))
    assert is_same_picture(a, same, settings)
    assert not is_same_picture(a, b, settings)


@pytest.mark.parametrize("key", ["luma_difference", "hash_chroma_difference", "hash_distance"])
def test_settings_that_cannot_work_are_refused(key: str) -> None:
    with pytest.raises(SettingsError, match=f"{key} 300"):
        DedupSettings(**{key: 300})
