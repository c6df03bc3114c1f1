"""The sheet of an evaluation: pictures, figures and names."""

from pathlib import Path

import numpy as np

from jobs.evaluation.evaluate import evaluate
from tests.color_pictures import color_picture, read_picture, save_picture
from tests.known_photos import GREY, knowing


def test_sheet_shows_grey_result_and_truth_worst_and_best_first(tmp_path: Path) -> None:
    colors = {"far": (220, 140, 60), "near": (150, 140, 130), "nearest": (150, 150, 150)}
    paths = [
        save_picture(tmp_path / f"{name}.png", np.full((90, 120 + 4 * number, 3), color, dtype=np.uint8))
        for number, (name, color) in enumerate(colors.items())
    ]
    sheet = tmp_path / "sheet.png"
    evaluate(paths, network=GREY, sheet=sheet)
    rgb = read_picture(sheet)
    assert rgb.shape[:2] == (2 * (40 + 20 + 156 + 46) + 24, 2 * (3 * 208 + 8) + 3 * 24 - 24)
    tiles = {
        (top, left): [rgb[top + 78, left + 104 + 212 * tile].astype(int) for tile in range(3)]
        for top in (72, 334)
        for left in (12, 668)
    }
    for place, name in (((72, 12), "far"), ((72, 668), "near"), ((334, 12), "nearest")):
        grey, result, truth = tiles[place]
        assert np.ptp(grey) <= 1
        np.testing.assert_array_equal(result, grey)
        np.testing.assert_allclose(truth, colors[name], atol=2)
    assert all((color == 32).all() for color in tiles[334, 668])
    assert sorted(tmp_path.iterdir()) == sorted([*paths, sheet])


def test_sheet_tells_figures_and_names(tmp_path: Path) -> None:
    path = save_picture(tmp_path / f"{'long name ' * 20}.png", color_picture(1))
    sheets = []
    for name, network in (("grey", GREY), ("true", knowing(path))):
        evaluate([path], network=network, sheet=tmp_path / f"{name}.png")
        sheets.append(read_picture(tmp_path / f"{name}.png"))
    figures, names = (slice(228, 248), slice(248, 274))
    assert (sheets[0][figures] != sheets[1][figures]).any()
    np.testing.assert_array_equal(sheets[0][names], sheets[1][names])
    assert (sheets[0][names, 12:644] != 32).any()
    assert (sheets[0][names, 648:] == 32).all()  # however long the name
