import itertools
import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from jobs.evaluation import evaluate
from jobs.evaluation_clips import measure_clip, read_clip
from jobs.evaluation_pictures import Floats, Predict, take_apart
from jobs.evaluation_table import as_table
from models.lab import Rgb
from pipeline.publish import write_json
from pipeline.segments import SegmentSettings
from tests.color_pictures import color_picture


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


def _flickering(amount: float = 12.0) -> Predict:
    """The same ab everywhere, but it jumps from frame to frame by twice `amount`."""
    sign = itertools.cycle((1.0, -1.0))

    def predict(levels: Floats) -> Floats:
        base = np.array([15.0, 20.0], dtype=np.float32)[:, None, None]
        height, width = levels.shape[1:]
        flat = np.ones((2, height // 8, width // 8), dtype=np.float32)
        return np.stack([flat * (base + amount * next(sign)) for _ in levels])

    return predict


def _averaged(luma: npt.NDArray[np.uint8], ab: Floats) -> Floats:
    assert luma.dtype == np.uint8
    assert luma.shape == (len(ab), 144, 112)  # 9:7, as the pictures of these clips
    return np.broadcast_to(ab.mean(axis=0), ab.shape)


def test_clip_is_read_in_its_own_colours(tmp_path: Path) -> None:
    frames = [color_picture(seed) for seed in range(3)]
    read = list(read_clip(_make_clip(tmp_path / "clip.nut", frames), short_px=56))
    for rgb, expected in zip(read, frames, strict=True):
        np.testing.assert_array_equal(rgb, expected)


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
    (rgb,) = read_clip(path, short_px=48)
    np.testing.assert_allclose(rgb[20, 20].astype(int), (255, 0, 0), atol=4)


def test_steadying_takes_the_excess_away(tmp_path: Path) -> None:
    path = _make_clip(tmp_path / "clip.nut", [color_picture(1)] * 12)
    (clip,) = evaluate([path], predict=_flickering(), steady=_averaged).clips
    assert (clip.frame_count, clip.shot_count) == (12, 1)
    assert clip.cdc_grey == 0  # twelve times the same frame
    assert clip.cdc > 0.05
    assert clip.cdc_steadied == 0
    assert clip.excess_left == 0
    assert clip.colorfulness_kept == pytest.approx(1, abs=0.1)


def test_clip_without_steadying_has_no_figures_for_it(tmp_path: Path) -> None:
    path = _make_clip(tmp_path / "clip.nut", [color_picture(1)] * 3)
    clip = measure_clip(path, predict=_flickering())
    assert (
        clip.cdc_steadied is clip.colorfulness_steadied is clip.excess_left is clip.colorfulness_kept is None
    )


def test_cut_is_no_flicker(tmp_path: Path) -> None:
    path = _make_clip(tmp_path / "clip.nut", [color_picture(1)] * 10 + [color_picture(8)] * 10)
    clip = measure_clip(path, predict=_flickering(0))
    assert (clip.frame_count, clip.shot_count) == (20, 2)
    assert clip.cdc == clip.cdc_grey == clip.cdc_truth == 0


def test_segments_overlap_and_give_every_frame_once(tmp_path: Path) -> None:
    path = _make_clip(tmp_path / "clip.nut", [color_picture(1)] * 12)
    lengths: list[int] = []

    def steady(luma: npt.NDArray[np.uint8], ab: Floats) -> Floats:
        lengths.append(len(luma))
        return ab

    settings = SegmentSettings(segment_frames=8, overlap_frames=8)
    cut = measure_clip(path, predict=_flickering(), steady=steady, segment_settings=settings)
    whole = measure_clip(path, predict=_flickering())
    assert len(lengths) == 2
    assert cut.cdc_steadied == cut.cdc == whole.cdc


def test_report_of_clips_as_json_and_table(tmp_path: Path) -> None:
    paths = [_make_clip(tmp_path / f"{name}.nut", [color_picture(1)] * 3) for name in ("one", "another")]
    report = evaluate(paths, predict=_flickering(), steady=_averaged)
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
    truth = take_apart(rgb).ab_at((64, 80))
    shift = np.array([3.0, 4.0], dtype=np.float32)[:, None, None]
    clip = measure_clip(path, predict=lambda levels: np.stack([truth + shift for _ in levels]))
    assert clip.ab_rmse == pytest.approx(np.sqrt((9 + 16) / 2), rel=1e-5)
    assert clip.ab_rmse_grey == pytest.approx(np.sqrt(np.square(truth).mean()), rel=1e-5)
    assert clip.delta_cf == pytest.approx(abs(clip.colorfulness - clip.colorfulness_truth))
    assert clip.psnr is not None
    assert clip.ssim < 1
    perfect = measure_clip(path, predict=lambda levels: np.stack([truth for _ in levels]))
    assert (perfect.ab_rmse, perfect.psnr, perfect.delta_cf) == (0, None, 0)
    assert perfect.ssim == pytest.approx(1, abs=1e-4)


def test_clips_are_averaged_in_groups(tmp_path: Path) -> None:
    for name in "abc":
        _make_clip(tmp_path / f"{name}.nut", [color_picture(ord(name))] * 3)
    listed = tmp_path / "groups.csv"
    listed.write_text("path,group\na.nut,first\nb.nut,second/half\nc.nut,second/half\n")
    report = evaluate([tmp_path], predict=_flickering(0), groups=listed)
    everyone, first, second = report.clip_means()
    assert [clip.group for clip in report.clips] == ["first", "second/half", "second/half"]
    assert first.ab_rmse == report.clips[0].ab_rmse
    assert second.delta_cf == pytest.approx((report.clips[1].delta_cf + report.clips[2].delta_cf) / 2)
    assert everyone.frame_count == 9
    assert "mean of second/half" in as_table(report)
    groups = report.as_json()["clip_groups"]
    assert isinstance(groups, list)
    assert [group["group"] for group in groups] == ["first", "second/half"]
