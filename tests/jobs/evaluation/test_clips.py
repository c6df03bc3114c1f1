import itertools
import json
import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from jobs.cli.main import main
from jobs.evaluation.clips import measure_clip
from jobs.evaluation.evaluate import evaluate
from jobs.evaluation.pictures import true_ab
from jobs.evaluation.table import as_table
from models.colorfulness import colorfulness
from models.metrics import ColorConsistency
from pipeline.atomic_files import write_json
from pipeline.colorize.predict import Predictor
from pipeline.colorize.settings import ColorSettings
from pipeline.plan.segments import SegmentSettings
from tests.color_pictures import Floats, Rgb, StubNetwork, color_picture


def _make_clip(path: Path, frames: Sequence[Rgb]) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=Fraction(25))
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "bgr0"
        for rgb in frames:
            container.mux(
                stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="bgr0"))
            )
        container.mux(stream.encode())
    return path


def _flickering(amount: float = 12.0) -> StubNetwork:
    """The same ab everywhere, but it jumps from frame to frame by twice `amount`."""
    sign = itertools.cycle((1.0, -1.0))

    def give(lightness: Floats) -> Floats:
        step = amount * next(sign)
        return _everywhere(lightness, 15 + step, 20 + step)

    return StubNetwork(give)


def _everywhere(lightness: Floats, a: float, b: float) -> Floats:
    height, width = lightness.shape
    return np.broadcast_to(np.array([a, b], np.float32)[:, None, None], (2, height // 4, width // 4))


@pytest.mark.parametrize("tag", [None, 5, 1], ids=["untagged", "601", "709"])
def test_matrix_of_a_clip_is_heeded(tmp_path: Path, tag: int | None) -> None:
    # red in BT.601 (also what an untagged clip of few lines is) and in BT.709, limited range
    y, cb, cr = (63, 102, 240) if tag == 1 else (81, 90, 240)
    frame = av.VideoFrame(64, 48, "yuv444p")
    for plane, value in zip(frame.planes, (y, cb, cr), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    path = tmp_path / "red.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv444p"
        if tag is not None:
            stream.codec_context.colorspace = tag
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    clip = measure_clip(path, network=StubNetwork(lambda lightness: _everywhere(lightness, 80.1, 67.2)))
    assert clip.ab_rmse < 3
    assert clip.ab_rmse_grey == pytest.approx(math.hypot(80.1, 67.2) / math.sqrt(2), abs=2)


def test_steadying_takes_the_excess_away(tmp_path: Path) -> None:
    path = _make_clip(tmp_path / "clip.nut", [color_picture(1)] * 12)
    (clip,) = evaluate([path], network=_flickering()).clips
    assert (clip.frame_count, clip.shot_count) == (12, 1)
    assert clip.cdc_grey == 0  # twelve times the same frame
    assert clip.cdc > 0.05
    assert clip.cdc_steadied < clip.cdc / 4
    assert clip.excess_left == clip.cdc_steadied / clip.cdc
    assert clip.colorfulness_kept == pytest.approx(1, abs=0.1)


def test_what_is_measured_of_a_clip_is_the_film_that_is_written(tmp_path: Path) -> None:
    """The finished film, decoded: its colourfulness and steadiness are those of the evaluation."""
    scenes = [color_picture(seed, size=(256, 640)) for seed in (1, 8)]
    frames = [scene[:, 6 * number :][:, :320] for scene in scenes for number in range(18)]
    path = _make_clip(tmp_path / "clip.nut", frames)
    bold = ColorSettings(short_side=128, temperature=1, vividness=2)
    predictor = Predictor(settings=bold, precision="fp32", device="cpu")
    settings = SegmentSettings(segment_frames=16, overlap_frames=8)
    clip = measure_clip(path, network=predictor, segment_settings=settings)
    job = tmp_path / "job.yaml"
    job.write_text(
        "input: clip.nut\noutput: out.mkv\npreset: archival\nsegment_frames: 16\noverlap_frames: 8\n"
        "precision: fp32\ndevice: cpu\ncolor: {short_side: 128, temperature: 1, vividness: 2}\n"
        "shots: {0-1: {keep_original: false}}\n"
    )
    assert main(["run", str(job), "-q"]) == 0
    consistency, found = ColorConsistency(), []
    with av.open(str(tmp_path / "out.mkv")) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number == 18:
                consistency.cut()
            rgb = frame.to_ndarray(format="rgb24", src_colorspace="itu709").astype(np.uint8)
            consistency.push(rgb)
            found.append(colorfulness(rgb))
    assert (clip.frame_count, clip.shot_count) == (len(found), 2) == (36, 2)
    # the film is rounded to 8 bits, a sixth of changes as small as these
    assert clip.colorfulness_steadied == pytest.approx(np.mean(found), rel=0.05)
    assert clip.cdc_steadied == pytest.approx(consistency.value(), rel=0.2)
    assert abs(clip.cdc / clip.cdc_steadied - 1) > 0.5  # so that it could not be the other figure


def test_cut_is_no_flicker(tmp_path: Path) -> None:
    path = _make_clip(tmp_path / "clip.nut", [color_picture(1)] * 10 + [color_picture(8)] * 10)
    clip = measure_clip(path, network=_flickering(0))
    assert (clip.frame_count, clip.shot_count) == (20, 2)
    assert clip.cdc == clip.cdc_grey == clip.cdc_truth == 0


def test_segments_overlap_and_give_every_frame_once(tmp_path: Path) -> None:
    path = _make_clip(tmp_path / "clip.nut", [color_picture(1)] * 12)
    shown = []

    def give(lightness: Floats) -> Floats:
        shown.append(lightness)
        return _everywhere(lightness, 15, 20)

    settings = SegmentSettings(segment_frames=8, overlap_frames=8)
    cut = measure_clip(path, network=StubNetwork(give), segment_settings=settings)
    assert cut.frame_count == 12
    assert (
        len(shown) == 2 * 12 + 2 * 4
    )  # both segments see all: every frame, then the four that steadying needs
    assert cut.colorfulness == pytest.approx(cut.colorfulness_steadied, abs=0.1)


def test_report_of_clips_as_json_and_table(tmp_path: Path) -> None:
    paths = [_make_clip(tmp_path / f"{name}.nut", [color_picture(1)] * 3) for name in ("one", "another")]
    report = evaluate(paths, network=_flickering())
    errors, steadiness, conventions = as_table(report).split("\n\n")
    for table in (errors, steadiness):
        lines = table.splitlines()
        assert [line.split("  ")[0] for line in lines[1:]] == ["one.nut", "another.nut", "mean of all"]
        assert len({len(line) for line in lines}) == 1
    assert "CDC" in conventions
    write_json(tmp_path / "report.json", report.as_json())
    read = json.loads((tmp_path / "report.json").read_text())
    assert [clip["path"] for clip in read["clips"]] == [str(path) for path in paths]
    assert read["clip_mean"]["frame_count"] == 6
    assert read["clip_mean"]["cdc"] == pytest.approx(sum(clip["cdc"] for clip in read["clips"]) / 2)


def test_errors_of_a_clip_by_hand(tmp_path: Path) -> None:
    rgb = color_picture(1, size=(256, 320))
    path = _make_clip(tmp_path / "clip.nut", [rgb] * 3)
    truth = true_ab(rgb, (32, 40))
    shift = np.array([3.0, 4.0], dtype=np.float32)[:, None, None]
    clip = measure_clip(path, network=StubNetwork(lambda _: truth + shift))
    assert clip.ab_rmse == pytest.approx(np.sqrt((9 + 16) / 2), rel=0.03)  # luma and chroma are rounded
    assert clip.ab_rmse_grey == pytest.approx(np.sqrt(np.square(truth).mean()), rel=0.01)
    assert clip.delta_cf == pytest.approx(abs(clip.colorfulness - clip.colorfulness_truth))
    assert clip.psnr is not None
    assert clip.ssim < 1
    perfect = measure_clip(path, network=StubNetwork(lambda _: truth))
    assert perfect.ab_rmse < 0.5
    assert perfect.psnr is None or perfect.psnr > clip.psnr + 10
    assert perfect.delta_cf < 0.3
    assert perfect.ssim == pytest.approx(1, abs=1e-2)


def test_clips_are_averaged_in_groups(tmp_path: Path) -> None:
    for name in "abc":
        _make_clip(tmp_path / f"{name}.nut", [color_picture(ord(name))] * 3)
    listed = tmp_path / "groups.csv"
    listed.write_text("path,group\na.nut,first\nb.nut,second/half\nc.nut,second/half\n")
    report = evaluate([tmp_path], network=_flickering(0), groups=listed)
    everyone, first, second = report.clip_means()
    assert [clip.group for clip in report.clips] == ["first", "second/half", "second/half"]
    assert first.ab_rmse == report.clips[0].ab_rmse
    assert second.delta_cf == pytest.approx((report.clips[1].delta_cf + report.clips[2].delta_cf) / 2)
    assert everyone.frame_count == 9
    assert "mean of second/half" in as_table(report)
    groups = report.as_json()["clip_groups"]
    assert isinstance(groups, list)
    assert [group["group"] for group in groups] == ["first", "second/half"]
