"""The report of an evaluation as JSON and as a table."""

import json
from pathlib import Path

from jobs.evaluation.evaluate import evaluate
from jobs.evaluation.table import as_table
from pipeline.atomic_files import write_json
from tests.known_photos import knowing, make_photos, pooled_features


def test_report_as_json_and_table(tmp_path: Path) -> None:
    paths = make_photos(tmp_path, 3)
    network = {"short_side": 224, "weights": "none"}
    report = evaluate(paths, network=knowing(*paths, share=0.9), features=pooled_features, identity=network)
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
    paths = make_photos(tmp_path, 1)
    report = evaluate(paths, network=knowing(*paths), features=pooled_features)
    write_json(tmp_path / "report.json", report.as_json())
    group = json.loads((tmp_path / "report.json").read_text())["groups"][0]
    assert group["psnr"] is group["kernel"] is None
    assert " - " in as_table(report)
