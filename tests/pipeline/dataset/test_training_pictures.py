"""Pictures of a training set: frames of clips, and the colours in them."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from pipeline.dataset.samples import decode_rgb
from pipeline.dataset.training_pictures import bin_prior, read_pictures
from pipeline.dataset.training_set import TrainingFile
from pipeline.errors import SourceError


def test_clips_give_evenly_spaced_frames(tmp_path: Path) -> None:
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("ffv1", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = 64, 48, "bgr0"
        for level in range(20):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), level * 10, np.uint8), format="bgr24")
            out.mux(stream.encode(frame.reformat(format="bgr0")))
        out.mux(stream.encode(None))
    pictures = read_pictures([TrainingFile(path=path, origin="x")], frames_per_clip=4)
    levels = [round(float(decode_rgb(picture).mean()), -1) for picture in pictures]
    assert levels == [20, 70, 120, 170]


def test_a_broken_clip_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"this is text")
    with pytest.raises(SourceError, match=r"bad\.mp4"):
        read_pictures([TrainingFile(path=tmp_path / "bad.mp4", origin="x")], frames_per_clip=4)


def test_prior_counts_colours(tmp_path: Path) -> None:
    bins = np.array([[0, 0], [70, 50], [-10, -60]], np.float32)
    grey = cv2.imencode(".png", np.full((40, 40, 3), 128, np.uint8))[1].tobytes()
    half_red = np.full((40, 40, 3), 128, np.uint8)
    half_red[:20] = (40, 40, 230)  # BGR
    prior = bin_prior([grey, cv2.imencode(".png", half_red)[1].tobytes()], bins)
    np.testing.assert_allclose(prior, [0.75, 0.25, 0], atol=0.02)
    pale = bin_prior([cv2.imencode(".png", half_red)[1].tobytes()], bins, scale=0.1)
    np.testing.assert_allclose(pale, [1, 0, 0], atol=0.02)
