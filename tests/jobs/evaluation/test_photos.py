"""Figures of photos whose true colours are known."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from jobs.evaluation.evaluate import evaluate
from models.colorfulness import colorfulness
from pipeline.colorize.predict import Network, Predictor
from pipeline.colorize.settings import ColorSettings
from pipeline.stills.chroma import luma_of_rgb
from pipeline.stills.colorize import colorize_still
from pipeline.stills.files import read_still
from tests.color_pictures import Floats, Rgb, StubNetwork, color_picture, read_picture, save_picture
from tests.known_photos import GREY, knowing, make_photos, no_color, pooled_features


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


def test_network_is_shown_the_luma_of_the_photo(tmp_path: Path) -> None:
    rgb = color_picture(4)
    path = save_picture(tmp_path / "photo.png", rgb)
    seen: list[Floats] = []

    def give(luma: Floats) -> Floats:
        seen.append(luma)
        return no_color(luma)

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
        [tmp_path / "plain.png", tmp_path / "swapped.png"], network=knowing(tmp_path / "plain.png")
    ).photos
    assert plain.ab_rmse == 0
    assert plain.ab_rmse_grey > 10
    assert swapped.ab_rmse < 1
    assert swapped.colorfulness_truth == pytest.approx(plain.colorfulness_truth, abs=1)


def test_true_colours_score_as_the_truth(tmp_path: Path) -> None:
    paths = make_photos(tmp_path)
    report = evaluate(paths, network=knowing(*paths), features=pooled_features)
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
    paths = make_photos(tmp_path)
    (group,) = evaluate(paths, network=GREY, features=pooled_features).groups
    assert group.ab_rmse == group.ab_rmse_grey > 0
    assert group.psnr == group.psnr_grey
    assert group.ssim == group.ssim_grey
    assert group.colorfulness < 1
    assert group.delta_cf == pytest.approx(group.colorfulness_truth, abs=1)
    assert group.kernel is not None
    assert group.kernel.closed_share == group.kernel.closed_share_paired == 0


def test_error_of_known_size(tmp_path: Path) -> None:
    path = save_picture(tmp_path / "photo.png", color_picture(5))
    (photo,) = evaluate([path], network=knowing(path, shift=3.0)).photos
    assert photo.ab_rmse == pytest.approx(3, rel=1e-5)


def test_psnr_and_ssim_are_those_of_the_pictures_at_256_lines(tmp_path: Path) -> None:
    rgb = color_picture(5, size=(256, 300))
    path = save_picture(tmp_path / "photo.png", rgb)
    half, whole = knowing(path, share=0.5), knowing(path)
    (photo,) = evaluate([path], network=half).photos
    written = [_colored(tmp_path / f"{name}.png", rgb, told) for name, told in (("h", half), ("w", whole))]
    error = np.square(written[0].astype(np.float64) - written[1]).mean()
    assert photo.psnr is not None
    assert photo.psnr == pytest.approx(10 * np.log10(255**2 / error), rel=1e-5)
    assert photo.psnr_grey is not None
    assert photo.psnr_grey < photo.psnr
    assert 0 < photo.ssim_grey < photo.ssim < 1


def test_difference_of_means_hides_what_the_mean_of_differences_shows(tmp_path: Path) -> None:
    pale, rich = make_photos(tmp_path, 2)
    truths = {64: knowing(pale, share=0.8), 72: knowing(rich, share=1.2)}
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
        ab = no_color(luma)
        return ab + np.linspace(-10, 10, ab.shape[2], dtype=np.float32)

    report = evaluate([path, texture], network=StubNetwork(washed))
    told, none = report.photos
    assert told.unevenness is not None
    assert told.unevenness > 5
    assert report.groups[0].unevenness == told.unevenness
    assert none.unevenness is None
    (even,) = evaluate([path], network=knowing(path)).photos
    assert even.unevenness is not None
    assert even.unevenness <= 1
