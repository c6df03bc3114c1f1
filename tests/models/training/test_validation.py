import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from models.colorfulness import colorfulness
from models.errors import TrainingError
from models.metrics import cdc, kernel_distance
from models.networks.lab import put_together
from models.training.validation import Figures, Pictures, Validation

_COLORS = ((30.0, 20.0), (20.0, 35.0), (-12.0, 30.0), (10.0, 10.0))


def _flat(*colors: tuple[float, float], lightness: float = 60) -> Pictures:
    """Pictures of one L and one ab each, 32x32 and 8x8."""
    ab = torch.tensor(colors)[:, :, None, None].expand(-1, -1, 8, 8).contiguous()
    return torch.full((len(colors), 1, 32, 32), float(lightness)), ab


def _batches() -> list[Pictures]:
    """Two batches of unequal size."""
    return [_flat(*_COLORS[:3], lightness=60), _flat(_COLORS[3], lightness=50)]


def _knowing(
    *known: Pictures, share: float = 1, shift: tuple[float, float] = (0, 0)
) -> Callable[[Tensor], Tensor]:
    """A network that gives the true colours, in the order of `known`, off by a share and a shift."""
    truth = iter(torch.cat([ab for _, ab in known]))

    def predict(lightness: Tensor) -> Tensor:
        assert lightness.dtype == torch.float32
        ab = torch.stack([next(truth) for _ in lightness])
        return share * ab + torch.tensor(shift)[:, None, None]

    return predict


def _grey(lightness: Tensor) -> Tensor:
    count, _, height, width = lightness.shape
    return torch.zeros(count, 2, height // 4, width // 4)


def _features(rgb: Tensor) -> Tensor:
    """Mean of each channel."""
    assert rgb.dtype == torch.uint8
    assert rgb.shape[1:] == (3, 32, 32)
    return rgb.float().mean(dim=(2, 3)) / 255


def _cf(lightness: float, color: tuple[float, float]) -> float:
    ab = np.broadcast_to(np.array(color, np.float32)[:, None, None], (2, 8, 8))
    return colorfulness(put_together(np.full((32, 32), lightness, np.float32), ab))


def test_perfect_colours_have_no_error() -> None:
    figures = Validation(_batches(), features=_features).measure(_knowing(*_batches()))
    assert figures.ab_rmse == figures.delta_cf == 0
    assert figures.cf == figures.cf_truth
    assert figures.kernel == pytest.approx(0, abs=1e-12)
    assert figures.score == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("features", "score"), [(_features, 3), (None, 2)], ids=["features", "none"])
def test_grey_scores_one_for_each_term(features: Callable[[Tensor], Tensor] | None, score: float) -> None:
    figures = Validation(_batches(), features=features).measure(_grey)
    assert figures.ab_rmse == figures.grey_ab_rmse
    assert figures.kernel == figures.kernel_grey
    assert (figures.kernel is None) == (features is None)
    assert figures.cf < 1
    assert figures.score == pytest.approx(score, abs=0.02)  # greys in 8 bits have some CF left


def test_figures_by_hand() -> None:
    """Every picture counts the same, whatever its batch."""
    figures = Validation(_batches()).measure(_knowing(*_batches(), shift=(3, 4)))
    assert figures.ab_rmse == pytest.approx(math.sqrt((9 + 16) / 2))
    squares = [(a * a + b * b) / 2 for a, b in _COLORS]
    assert figures.grey_ab_rmse == pytest.approx(math.sqrt(sum(squares) / 4))
    lightness = (60, 60, 60, 50)
    truth = [_cf(*one) for one in zip(lightness, _COLORS, strict=True)]
    result = [_cf(level, (a + 3, b + 4)) for level, (a, b) in zip(lightness, _COLORS, strict=True)]
    assert figures.cf_truth == pytest.approx(sum(truth) / 4)
    assert figures.cf == pytest.approx(sum(result) / 4)
    differences = [abs(one - true) for one, true in zip(result, truth, strict=True)]
    assert figures.delta_cf == pytest.approx(sum(differences) / 4)
    assert figures.delta_cf > abs(figures.cf - figures.cf_truth)  # some gain, some lose
    assert figures.kernel is figures.kernel_grey is figures.cdc is figures.cdc_truth is None


def test_kernel_distance_leaves_out_pairs_of_one_picture() -> None:
    figures = Validation(_batches(), features=_features).measure(_knowing(*_batches(), share=0.5))
    rows = []
    for share in (0.5, 0, 1):
        shown = [
            put_together(one[0].numpy(), np.float32(share) * ab.numpy())
            for lightness, truth in _batches()
            for one, ab in zip(lightness, truth, strict=True)
        ]
        rows.append(np.stack([rgb.mean(axis=(0, 1)) / 255 for rgb in shown]))
    result, grey, truth = rows
    assert figures.kernel == pytest.approx(kernel_distance(result, truth, paired=True), rel=1e-4)
    assert figures.kernel_grey == pytest.approx(kernel_distance(grey, truth, paired=True), rel=1e-4)


def test_score_by_hand() -> None:
    figures = Figures(
        ab_rmse=12,
        grey_ab_rmse=16,
        cf=40,
        cf_truth=50,
        delta_cf=15,
        kernel=0.02,
        kernel_grey=0.08,
        cdc=0.01,
        cdc_truth=0.005,
    )
    assert figures.score == pytest.approx(0.75 + 0.25 + 0.2)
    assert figures.as_json()["score"] == figures.score
    assert figures.as_json()["ab_rmse"] == 12


@pytest.mark.parametrize("kernel_grey", [0.0, -0.01], ids=["nothing", "below"])
def test_score_without_a_kernel_scale_has_two_terms(kernel_grey: float) -> None:
    figures = Figures(
        ab_rmse=8,
        grey_ab_rmse=16,
        cf=60,
        cf_truth=50,
        delta_cf=10,
        kernel=-0.02,
        kernel_grey=kernel_grey,
        cdc=None,
        cdc_truth=None,
    )
    assert figures.score == pytest.approx(0.5 + 0.2)


def test_truth_and_grey_are_measured_once() -> None:
    seen: list[int] = []

    def features(rgb: Tensor) -> Tensor:
        seen.append(len(rgb))
        return _features(rgb)

    validation = Validation(_batches(), features=features)
    assert seen == [3, 1, 3, 1]
    first = validation.measure(_knowing(*_batches(), share=0.5))
    assert seen == [3, 1] * 3
    assert validation.measure(_knowing(*_batches(), share=0.5)) == first


def test_clips_have_the_cdc_of_their_frames() -> None:
    flickering = _flat(*((20.0, 20.0), (30.0, 10.0)) * 6)
    still = _flat(*((20.0, 20.0),) * 9)
    validation = Validation(_batches(), clips=[flickering, still])
    figures = validation.measure(_knowing(*_batches(), flickering, still))
    frames = [put_together(one[0].numpy(), ab.numpy()) for one, ab in zip(*flickering, strict=True)]
    assert figures.cdc == figures.cdc_truth == pytest.approx(cdc(frames) / 2)
    assert figures.cdc is not None
    assert figures.cdc > 0.05
    assert validation.measure(_grey).cdc == 0


def test_colours_are_predicted_without_gradients() -> None:
    weight = torch.nn.Parameter(torch.ones(()))
    needed: list[bool] = []

    def predict(lightness: Tensor) -> Tensor:
        ab = (weight * _grey(lightness)).to(torch.bfloat16)
        needed.append(ab.requires_grad)
        return ab

    Validation(_batches()).measure(predict)
    assert needed == [False, False]


def test_single_picture_has_no_kernel_distance() -> None:
    one = [_flat(_COLORS[0])]
    figures = Validation(one, features=_features).measure(_grey)
    assert figures.kernel is figures.kernel_grey is None
    assert figures.score == pytest.approx(2, abs=0.02)


@pytest.mark.parametrize(
    ("batches", "message"),
    [([], "no picture to validate on"), ([_flat((0.0, 0.0), (0.0, 0.0))], "all 2 pictures .* are grey")],
    ids=["none", "grey"],
)
def test_set_that_measures_nothing_is_refused(batches: list[Pictures], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        Validation(batches)


def test_colours_that_are_none_are_refused() -> None:
    validation = Validation(_batches())
    with pytest.raises(TrainingError, match="not finite"):
        validation.measure(lambda lightness: _grey(lightness) * math.nan)
    with pytest.raises(TrainingError, match=r"shape \(3, 2, 4, 4\), not \(3, 2, 8, 8\)"):
        validation.measure(lambda lightness: _grey(lightness)[..., :4, :4])
