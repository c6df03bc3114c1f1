"""A file that ends before its container says so is told, to the byte."""

from pathlib import Path

import pytest

from pipeline.plan.truncation import missing_bytes
from tests.media import make_film

_FILMS = {
    "a.mkv": ("ffv1", "gray"),
    "a.mp4": ("libx264", "yuv420p"),
    "a.mov": ("mpeg4", "yuv420p"),
    "a.avi": ("mjpeg", "yuvj420p"),
}


@pytest.mark.parametrize("name", _FILMS)
def test_missing_bytes_are_counted(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    codec, pixels = _FILMS[name]
    make_film(path, codec=codec, pixel_format=pixels, container_options={"movflags": "faststart"})
    whole = path.read_bytes()
    assert missing_bytes(path) == 0
    for count in (1, 100, len(whole) // 3):
        path.write_bytes(whole[:-count])
        assert missing_bytes(path) in (count, count - 1)  # RIFF may leave out a last byte of padding
    path.write_bytes(whole + b"\0" * 5)
    assert missing_bytes(path) == 0


@pytest.mark.parametrize(
    "data", [b"", b"\x1a\x45\xdf\xa3", b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67", b"RIFF", b"no film at all"]
)
def test_what_says_nothing_misses_nothing(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a").write_bytes(data)
    assert missing_bytes(tmp_path / "a") == 0
