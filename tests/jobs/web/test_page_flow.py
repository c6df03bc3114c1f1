"""The review page in a browser, on a real film, against the server as people start it."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest
from av.video.plane import VideoPlane

from pipeline.media import Orientation
from tests.jobs.web.page_tools import PAGE, browser, node_tool, run
from tests.kindfilms import ffmpeg
from tests.media import make_film

_CLIP = PAGE.parents[2] / "tests/data/chaplin_street.mp4"
_FRAMES = 16
_PATIENCE_SECONDS = 900
_END_SECONDS = 60.0
_TURNS = {"mirrored.mp4": (0, True), "turned.mp4": (90, False), "both.mp4": (270, True)}
"""Films by how a player turns them, in degrees, and whether it mirrors them."""
_PHOTO = "زفاف 🎞 <img src=x onerror=alert(1)>.png"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server for all that asks for no token, on a folder with a photo, which is added, and films that are turned."""
    browser()
    node_tool("vite")
    root = tmp_path_factory.mktemp("films")
    cv2.imwrite(str(root / _PHOTO), _planes(_CLIP)[0][0])
    for name, (degrees, is_mirrored) in _TURNS.items():
        _turned_film(root / name, Orientation(degrees=degrees, is_mirrored=is_mirrored))
    with _served(root, "--add", _PHOTO) as address:
        yield address


@pytest.mark.slow(seconds=60)
def test_photo_is_coloured_in_three_clicks(address: str, tmp_path: Path) -> None:
    """Dropped, seen in colour and downloaded at full size; then painted, and downloaded with a key."""
    photo, out = tmp_path / "family.png", tmp_path / "out"
    grey = np.tile(np.linspace(30, 220, 320, dtype=np.uint8), (240, 1))
    grey[80:160, 100:220] = 140
    cv2.imwrite(str(photo), grey)
    told = _flow("photo", address, out, PHOTO=str(photo))
    assert "2 clicks" in told
    first, painted = (cv2.imread(str(out / name)) for name in ("family.png", "painted-family.png"))
    assert first is not None and first.shape[:2] == grey.shape
    assert painted is not None and np.abs(painted.astype(int) - first).max() > 10


@pytest.mark.slow(seconds=60)
def test_films_that_are_turned_and_mirrored_are_seen_and_painted_upright(
    address: str, tmp_path: Path
) -> None:
    told = _flow("turned", address, tmp_path / "out", FILMS="/".join(_TURNS))
    assert all(f"look at and paint on {name}" in told for name in _TURNS), told


def _turned_film(path: Path, orientation: Orientation) -> None:
    """The clip with a flat patch that a player shows up on the left, a quarter from either edge."""
    shown = np.zeros((64, 64, 1), np.uint8)
    shown[10:22, 10:22] = 1
    back = shown[:, ::-1] if orientation.is_mirrored else shown
    stored = np.ascontiguousarray(np.rot90(back, k=orientation.quarter_turns)[..., 0])
    planes = []
    for planes_of_frame in _planes(_CLIP)[:_FRAMES]:
        luma = planes_of_frame[0].copy()
        luma[cv2.resize(stored, luma.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0] = 170
        planes.append(luma)
    plain = path.with_suffix(".mkv")
    make_film(plain, frames=planes, codec="libx264", pixel_format="yuv420p")
    mirror = ("-display_hflip",) if orientation.is_mirrored else ()
    ffmpeg("-display_rotation", str(-orientation.degrees), *mirror, "-i", plain, "-c", "copy", path)
    plain.unlink()


@pytest.mark.slow(seconds=60)
def test_a_token_is_asked_for_on_a_page_that_axe_likes(tmp_path: Path) -> None:
    browser()
    node_tool("vite")
    token = tmp_path / "token"
    token.write_text("a token of some length")
    (tmp_path / "root").mkdir()
    with _served(tmp_path / "root", "--no-worker", "--token-file", str(token)) as address:
        _flow("sign-in", address, tmp_path / "out", TOKEN=token.read_text())


@pytest.mark.slow(seconds=60)
def test_film_is_dropped_painted_approved_rendered_and_downloaded(address: str, tmp_path: Path) -> None:
    """With the keyboard alone; then every screen at three widths. axe finds nothing on any."""
    film = tmp_path / "street.mp4"
    _cut(film)
    assert "render and download" in _flow("film", address, tmp_path / "out", FILM=str(film))
    _flow("screens", address, tmp_path / "out")
    (rendered,) = (tmp_path / "out").glob("*.mkv")
    before, after = _planes(film), _planes(rendered)
    assert len(after) == len(before) == _FRAMES
    for grey, colored in zip(before, after, strict=True):
        np.testing.assert_array_equal(colored[0], grey[0])
    assert max(np.ptp(plane.astype(int)) for colored in after for plane in colored[1:]) > 20


def _flow(name: str, address: str, out: Path, **environment: str) -> str:
    """What a flow in a browser against a server tells; `out` takes pictures and downloads."""
    told = {"BASE": address, "BROWSER": browser(), "OUT": str(out), **environment}
    return run("node", f"tests/flow/{name}.mjs", timeout_seconds=_PATIENCE_SECONDS, **told)


def _cut(film: Path) -> None:
    """The first frames of the clip with their sound, packets copied."""
    with av.open(_CLIP) as source, av.open(film, "w") as target:
        streams = {stream: target.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux(list(streams)):
            if packet.pts is None or packet.time_base is None:
                continue
            if packet.pts * packet.time_base * 25 < _FRAMES:
                packet.stream = streams[packet.stream]
                target.mux(packet)


def _planes(path: Path) -> list[list[npt.NDArray[np.uint8]]]:
    """Luma and chroma of each frame."""
    with av.open(path) as film:
        return [[_samples(plane) for plane in frame.planes] for frame in film.decode(video=0)]


def _samples(plane: VideoPlane) -> npt.NDArray[np.uint8]:
    return np.frombuffer(bytes(plane), np.uint8).reshape(plane.height, -1)[:, : plane.width]


@contextmanager
def _served(folder: Path, *options: str) -> Iterator[str]:
    """The address of a server on `folder`, with its worker."""
    command = [sys.executable, "-m", "jobs.cli.main", "serve", str(folder), "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            match = re.match(r"(http://127\.0\.0\.1:\d+)/", line)
            assert match, line + process.stderr.read()
            yield match[1]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(_END_SECONDS)
