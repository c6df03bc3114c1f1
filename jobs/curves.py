"""The curves of a training: its log.jsonl in, one printable picture out."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.trainlog import Series, TrainingLog, read_log
from pipeline.publish import publish

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH_PX = 1860
"""Of the picture: three panels side by side."""
ROW_PX = 480
"""Height of a row of panels."""
_DPI = 150
_COLUMNS = 3
_RESULT, _REFERENCE, _BEST, _RAW = "#0072b2", "#d55e00", "#009e73", "#b8c9d6"  # told apart in grey too
_DASHES = ("-", "--", ":", "-.")
_ADVERSARIAL = ("adversarial", "generator", "discriminator")
_RUNS_A_CURVE = 40  # the running mean covers a fortieth of the values

_Draw = Callable[["Axes"], None]


def draw_curves(log: Path, picture: Path) -> None:
    """Publishes a PNG of the curves in a log.jsonl: small multiples over the steps, stages as vertical lines.

    Raises SettingsError as `read_log`; OutputError where the picture cannot be written. Needs the package
    `matplotlib`.
    """
    found = read_log(log)
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # training and evaluation only
    from matplotlib.figure import Figure

    panels = list(_panels(found))
    rows = -(-len(panels) // _COLUMNS)
    figure = Figure(figsize=(WIDTH_PX / _DPI, rows * ROW_PX / _DPI), dpi=_DPI)
    figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.08)
    FigureCanvasAgg(figure)
    axes = list(figure.subplots(rows, _COLUMNS, squeeze=False).flat)
    for number, (title, draw) in enumerate(panels):
        _frame(axes[number], title)
        draw(axes[number])
        _mark_stages(axes[number], found)
        if axes[number].get_legend_handles_labels()[0]:
            axes[number].legend(fontsize=7, frameon=False)
    for unused in axes[len(panels) :]:
        unused.set_axis_off()
    if found.stages:
        figure.supxlabel(_told_stages(found), fontsize=8, x=0.01, horizontalalignment="left")
    with publish(picture) as file:
        figure.savefig(file, format="png")


def _panels(found: TrainingLog) -> Iterator[tuple[str, _Draw]]:
    """Title and drawing of each panel that the log has something for."""
    scalars, told = found.scalars, found.validations
    if "loss" in scalars or "loss" in told:
        yield "Loss", lambda axes: _draw_loss(axes, scalars.get("loss", {}), told.get("loss", {}))
    adversarial = {name: scalars[name] for name in scalars if any(word in name for word in _ADVERSARIAL)}
    if adversarial:
        yield "Adversarial losses", lambda axes: _draw_several(axes, adversarial)
    for name in scalars:
        if name != "loss" and name not in adversarial:
            yield _plain(name), partial(_draw_several, several={name: scalars[name]})
    if "ab_rmse" in told:
        yield "ab RMSE", _of_validation(found, "ab_rmse", reference="grey_ab_rmse", called="grey")
    if "cf" in told:
        yield "Colourfulness CF", lambda axes: _draw_colorfulness(axes, found)
    if "kernel" in told:
        drawn = _of_validation(found, "kernel", reference="kernel_grey", called="grey", times=1000)
        yield "Kernel distance (Lite0 features) x1000", drawn
    if "cdc" in told:
        yield "CDC x1000", _of_validation(found, "cdc", reference="cdc_truth", called="truth", times=1000)
    if "score" in told:
        yield "Score: the lowest is chosen", lambda axes: _draw_score(axes, found)


def _draw_loss(axes: "Axes", training: Series, validation: Series) -> None:
    if training:
        steps, values = _points(training)
        axes.plot(steps, values, color=_RAW, linewidth=0.6)
        axes.plot(*_running_mean(training), color=_RESULT, linewidth=1.4, label="training, running mean")
    if validation:
        axes.plot(
            *_points(validation), "o--", color=_REFERENCE, markersize=3, linewidth=1, label="validation"
        )


def _draw_several(axes: "Axes", several: dict[str, Series]) -> None:
    colors = (_RESULT, _REFERENCE, _BEST, "#000000")
    for number, (name, series) in enumerate(several.items()):
        color, dashes = colors[number % len(colors)], _DASHES[number % len(_DASHES)]
        axes.plot(*_points(series), color=color, alpha=0.2, linewidth=0.6)
        label = _plain(name) if len(several) > 1 else None
        axes.plot(*_running_mean(series), dashes, color=color, linewidth=1.4, label=label)


def _of_validation(found: TrainingLog, name: str, *, reference: str, called: str, times: float = 1) -> _Draw:
    """One figure of the validations, and what it is to be compared with as a dashed line."""

    def draw(axes: "Axes") -> None:
        _draw_figure(axes, found, name, times=times)
        if known := found.validations.get(reference):
            axes.plot(*_points(known, times), "--", color=_REFERENCE, linewidth=1.2, label=called)

    return draw


def _draw_colorfulness(axes: "Axes", found: TrainingLog) -> None:
    _of_validation(found, "cf", reference="cf_truth", called="truth")(axes)
    if differences := found.validations.get("delta_cf"):
        axes.plot(*_points(differences), ":", color=_BEST, linewidth=1.4, label="mean |ΔCF|")
    axes.set_ylim(bottom=0)


def _draw_score(axes: "Axes", found: TrainingLog) -> None:
    _draw_figure(axes, found, "score")
    best = found.best_step()
    if best is not None:
        score = found.validations["score"][best]
        label = f"best: {score:.3f} at step {best:,}"
        axes.plot([best], [score], "*", color=_BEST, markersize=13, label=label, zorder=3)


def _draw_figure(axes: "Axes", found: TrainingLog, name: str, *, times: float = 1) -> None:
    series = found.validations[name]
    axes.plot(*_points(series, times), "o-", color=_RESULT, markersize=3, linewidth=1.4, label="result")
    best = found.best_step()
    if best in series:
        axes.axvline(best, color=_BEST, linewidth=0.8)


def _frame(axes: "Axes", title: str) -> None:
    axes.set_title(title, fontsize=10, loc="left", pad=11)
    axes.set_xlabel("step", fontsize=8)
    axes.tick_params(labelsize=7)
    axes.grid(alpha=0.25, linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)


def _mark_stages(axes: "Axes", found: TrainingLog) -> None:
    """A line where each stage begins, numbered above the frame; the numbers are told below all panels."""
    for number, step in enumerate(found.stages.values(), start=1):
        axes.axvline(step, color="#555555", linewidth=0.8, linestyle=(0, (2, 2)))
        axes.annotate(
            str(number),
            (step, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 1),
            textcoords="offset points",
            horizontalalignment="center",
            verticalalignment="bottom",
            fontsize=7,
        )


def _told_stages(found: TrainingLog) -> str:
    stages = enumerate(found.stages.items(), start=1)
    return "stages:  " + "    ".join(
        f"{at} {_plain(name)[:24]} (from {step:,})" for at, (name, step) in stages
    )


def _points(series: Series, times: float = 1) -> tuple[list[int], list[float]]:
    steps = sorted(series)
    return steps, [series[step] * times for step in steps]


def _running_mean(series: Series) -> tuple[list[int], list[float]]:
    """Each value averaged with those before it, over a fortieth of the curve."""
    steps, values = _points(series)
    reach = max(1, len(values) // _RUNS_A_CURVE)
    windows = (values[max(0, at + 1 - reach) : at + 1] for at in range(len(values)))
    return steps, [sum(window) / len(window) for window in windows]


def _plain(name: str) -> str:
    """A name as a person writes it, never taken for a formula."""
    return name.replace("_", " ").replace("$", r"\$")
