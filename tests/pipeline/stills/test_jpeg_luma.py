"""Luma is taken out of JPEGs of every layout and compared with what a decoder sees in the whole file."""

import io
import itertools

import cv2
import numpy as np
import pytest
from PIL import Image

from pipeline.media import Plane
from pipeline.stills.jpeg_luma import luma_only, segments

SIZES = [(1, 1), (8, 8), (37, 53), (64, 80)]


def jpeg(size: tuple[int, int], **options: int) -> bytes:
    """Coloured noise with clipped blacks and whites."""
    noise = np.random.default_rng(sum(size)).integers(0, 256, (*size, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 1.5).reshape(*size, 3)
    pixels = np.clip((soft - 128) * 5 + 128, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def decoded_luma(data: bytes) -> Plane:
    with Image.open(io.BytesIO(data)) as image:
        if image.mode == "RGB":
            image.draft("YCbCr", image.size)
        luma: Plane = np.asarray(image if image.mode == "L" else image.getchannel(0))
    return luma


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [0, 1])
def test_luma_is_the_same_to_the_last_sample(
    size: tuple[int, int], subsampling: int, progressive: int
) -> None:
    for quality, restarts in itertools.product((30, 90), (0, 1, 3)):
        data = jpeg(
            size,
            quality=quality,
            subsampling=subsampling,
            progressive=progressive,
            restart_marker_blocks=restarts,
        )
        taken = luma_only(data)
        assert taken is not None
        with Image.open(io.BytesIO(taken)) as image:
            assert image.mode == "L"
        assert np.array_equal(decoded_luma(taken), decoded_luma(data))


def test_what_cannot_be_taken_apart_is_none() -> None:
    data = bytearray(jpeg((37, 53)))
    data[data.index(b"\xff\xc0") + 1] = 0xC9  # arithmetic coding
    assert luma_only(bytes(data)) is None


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_scan_that_is_cut_short_is_an_error(share: float) -> None:
    data = jpeg((64, 80), quality=90)
    start = data.index(b"\xff\xda") + 14
    cut = data[: start + int((len(data) - start) * share)].rstrip(b"\xff") + b"\xff\xd9"
    assert list(segments(cut))
    with pytest.raises(ValueError, match=r"cut short|Huffman"):
        luma_only(cut)


def test_a_progressive_picture_and_its_restarts_stay_so_whatever_comes_before_them() -> None:
    data = jpeg((64, 80), progressive=1, restart_marker_blocks=2)
    comments = b"".join(b"\xff\xfe\x00\x04%2d" % number for number in range(60))
    taken = luma_only(data[:2] + comments + data[2:])
    assert taken == luma_only(data)
    assert taken is not None
    assert {part.marker for part in segments(taken)} >= {0xC2, 0xDD}
    with Image.open(io.BytesIO(taken)) as image:
        assert image.info.get("progressive")
