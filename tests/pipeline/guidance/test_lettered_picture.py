"""Regions are drawn where they lie in the frame, with a letter each."""

import numpy as np

from pipeline.colorize.net_frame import net_frame
from pipeline.colorize.sight import Sight
from pipeline.guidance.hints.regions import Regions
from pipeline.guidance.lettered_picture import framed_masks, lettered_picture
from pipeline.media import Orientation, PictureArea
from tests.films import film_info

LUMA = np.zeros((120, 160), np.uint8)
LUMA[:, 20:140] = 90


def test_regions_are_drawn_where_they_lie_and_borders_stay_black() -> None:
    left, right = (np.zeros((30, 40), np.float32) for _ in range(2))
    left[:, 5:20], right[:, 20:35] = 1, 1
    picture = lettered_picture(LUMA, {"A": left, "B": right}).astype(int)
    assert picture.shape == (120, 160, 3)
    assert picture[:, :18].max() == picture[:, 142:].max() == 0
    tints = [picture[8:112, columns].reshape(-1, 3) for columns in (slice(24, 76), slice(84, 136))]
    colors = [np.median(tint, axis=0) for tint in tints]
    assert np.abs(colors[0] - colors[1]).max() > 15
    letters = [(tint.max(axis=1) > 180).sum() for tint in tints]
    assert min(letters) > 8


def test_a_region_of_a_bordered_film_lies_inside_its_borders() -> None:
    layout = net_frame(film_info(160, 120), PictureArea(left=0.125, right=0.875), short_side=64)
    height, width = (part.stop - part.start for part in (layout.rows, layout.columns))
    light = np.full((4 * height, 4 * width), 20, np.float32)
    light[:, 2 * width :] = 90
    sight = Sight.of(
        lightness=light,
        ab=np.zeros((2, height, width), np.float32),
        plain=np.zeros((2, height, width), np.float32),
        logits=np.zeros((0, height, width), np.float32),
        maps=(),
    )
    masks = framed_masks(sight, Regions.of([sight], 2), layout, Orientation())
    assert all(mask.shape == layout.whole.output for mask in masks.values())
    total = np.asarray(sum(masks.values()), np.float32)
    np.testing.assert_allclose(total[layout.rows, layout.columns], 1, atol=1e-5)
    assert total[:, : layout.columns.start].max() == total[:, layout.columns.stop :].max() == 0
    turned = framed_masks(sight, Regions.of([sight], 2), layout, Orientation(degrees=90))
    assert all(mask.shape == layout.whole.output[::-1] for mask in turned.values())
