"""The curves of a training as one picture: losses and validation figures over the steps.

python tests/benchmarks/curves.py DIR/tensorboard curves.png

It reads the events that a training writes for TensorBoard, which shows the same curves live; here they are for print.
Needs the extra `train`: `tensorboard` reads the events, `matplotlib` draws (and gives `evaluate --sheet` its font).
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS, _PANEL_INCHES, _DPI = 3, (4.1, 3.2), 150
_RESULT, _REFERENCE = "#0072b2", "#d55e00"  # told apart in grey too
_TITLES = {
    "validation/ab_rmse": "ab RMSE",
    "validation/cf": "Colourfulness CF",
    "validation/kernel": "Kernel distance (Lite0 features)",
    "validation/cdc": "CDC",
}
_REFERENCES = {
    "validation/ab_rmse": "validation/grey_ab_rmse",
    "validation/cf": "validation/cf_truth",
    "validation/kernel": "validation/kernel_grey",
    "validation/cdc": "validation/cdc_truth",
}
"""What a figure of the validation is to be compared with: drawn into its panel as a dashed line."""

Series = tuple[list[int], list[float]]
"""Steps and values."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("events", type=Path, help="the folder `tensorboard` of a training")
    parser.add_argument("picture", type=Path, help="a PNG")
    arguments = parser.parse_args()
    curves = read_curves(arguments.events)
    if not curves:
        parser.error(f"{arguments.events}: no curves in it; the folder tensorboard of a training works")
    draw_curves(curves, arguments.picture)


def read_curves(events: Path) -> dict[str, Series]:
    """Every scalar that a training wrote, by its tag, in the order of the tags."""
    found = EventAccumulator(str(events), size_guidance={"scalars": 0})
    found.Reload()
    series = {tag: found.Scalars(tag) for tag in sorted(found.Tags()["scalars"])}
    return {tag: ([one.step for one in all_], [one.value for one in all_]) for tag, all_ in series.items()}


def draw_curves(curves: dict[str, Series], picture: Path) -> None:
    """Writes a PNG of a panel for each loss and each figure of the validation."""
    panels = [tag for tag in curves if tag not in _REFERENCES.values()]
    rows = -(-len(panels) // _COLUMNS)
    figure = Figure(figsize=(_COLUMNS * _PANEL_INCHES[0], rows * _PANEL_INCHES[1]), dpi=_DPI)
    figure.set_layout_engine("constrained")
    FigureCanvasAgg(figure)
    axes = list(figure.subplots(rows, _COLUMNS, squeeze=False).flat)
    for tag, panel in zip(panels, axes, strict=False):
        _draw_panel(panel, tag, curves)
    for unused in axes[len(panels) :]:
        unused.set_axis_off()
    figure.savefig(picture, format="png")


def _draw_panel(axes: "Axes", tag: str, curves: dict[str, Series]) -> None:
    title = _TITLES.get(tag, tag.replace("/", ": ").replace("_", " "))
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_xlabel("step", fontsize=8)
    axes.tick_params(labelsize=7)
    axes.grid(alpha=0.25, linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    marker = "o" if tag.startswith("validation/") else None
    axes.plot(*curves[tag], color=_RESULT, linewidth=1.2, marker=marker, markersize=3, label="result")
    reference = curves.get(_REFERENCES.get(tag, ""))
    if reference is not None:
        label = _REFERENCES[tag].removeprefix("validation/").replace("_", " ")
        axes.plot(*reference, "--", color=_REFERENCE, linewidth=1.2, label=label)
        axes.legend(fontsize=7, frameon=False)


if __name__ == "__main__":
    main()
