"""Pictures as bytes: decoded again they are what went in."""

import cv2
import numpy as np
import pytest

from pipeline.color.picture_file import encode_picture

RED = np.full((24, 32, 3), (200, 30, 60), np.uint8)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_a_picture_keeps_its_colours(suffix: str) -> None:
    seen = cv2.imdecode(np.frombuffer(encode_picture(RED, suffix), np.uint8), cv2.IMREAD_COLOR)
    assert seen is not None
    np.testing.assert_allclose(seen[..., ::-1], RED, atol=0 if suffix == ".png" else 4)


def test_grey_stays_grey_and_quality_and_compression_count() -> None:
    grey = (np.arange(64 * 64) % 61).reshape(64, 64).astype(np.uint8)
    packed, fast = (encode_picture(grey, ".png", compression=level) for level in (9, 0))
    assert len(packed) < len(fast)
    for data in (packed, fast):
        seen = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        assert seen is not None
        np.testing.assert_array_equal(seen, grey)
    fine, coarse = (encode_picture(grey, ".JPG", quality=quality) for quality in (95, 20))
    assert len(coarse) < len(fine)
