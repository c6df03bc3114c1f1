"""An FFmpeg that makes an error in a stream that it copies or converts: nothing is published."""

import sys
from pathlib import Path

import imageio_ffmpeg
import pytest

from pipeline.errors import OutputError
from pipeline.media import FilmInfo
from pipeline.source.probe import probe
from tests.graded import color_flat
from tests.media import make_film
from tests.muxed import FFV1, PRORES, X264, finish

SETTINGS = {".mkv": FFV1, ".mp4": X264, ".mov": PRORES, ".mxf": PRORES}
FAULTY = """\
#!{python}
import subprocess, sys
import av
at = max(n for n, word in enumerate(sys.argv) if word.startswith("file:"))
target = sys.argv[at]
code = subprocess.run([{ffmpeg!r}, *sys.argv[1:at], *{options!r}, *sys.argv[at:]]).returncode
kind, number = {flip!r}
path = target.removeprefix("file:")
if code == 0 and kind:
    with av.open(path) as film:
        stream = [s for s in film.streams if s.type == kind or s.type == "video" and kind == "cover"][-1]
        if kind == "attachment":
            payload = stream.data
        else:
            payload = [bytes(packet) for packet in film.demux(stream) if packet.size][number]
    with open(path, "r+b") as file:
        data = file.read()
        assert payload in data
        at = data.index(payload) + len(payload) - 3
        file.seek(at)
        file.write(bytes([data[at] ^ 1]))
sys.exit(code)
"""


def _break_ffmpeg(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    *,
    options: tuple[str, ...] = (),
    flip: tuple[str, int] = ("", 0),
) -> None:
    """FFmpeg gets more options, or a bit of a packet of what it wrote is turned over: of the last stream of a kind."""
    folder.mkdir()
    script = folder / "ffmpeg"
    real = imageio_ffmpeg.get_ffmpeg_exe()
    script.write_text(FAULTY.format(python=sys.executable, ffmpeg=real, options=list(options), flip=flip))
    script.chmod(0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(script))


def _film(folder: Path, name: str = "film.mkv") -> FilmInfo:
    """One second with two sounds, and in Matroska two subtitles, a font and a cover."""
    is_rich = name.endswith(".mkv")
    make_film(
        folder / name,
        frames=25,
        codec="ffv1" if is_rich else "mpeg4",
        pixel_format="gray" if is_rich else "yuv420p",
        audio=2,
        subtitles=2 if is_rich else 0,
        attachments=[("font.ttf", "font/ttf", bytes(range(200)))] if is_rich else [],
        cover=is_rich,
    )
    return probe(folder / name)


def _refused(film: FilmInfo, output: Path) -> str:
    """What is said of a film that is not written; nothing of it may be left."""
    before = sorted(path.name for path in output.parent.iterdir())
    with pytest.raises(OutputError, match="what was written is not whole: ") as caught:
        finish(film, output, settings=SETTINGS[output.suffix], allow_loss=True)
    left = sorted(path.name for path in output.parent.iterdir() if not path.name.startswith("segments of"))
    assert left == before
    return str(caught.value)


@pytest.mark.parametrize(
    ("source", "target", "kind", "number", "named"),
    [
        ("film.mkv", "out.mkv", "audio", 4, "audio stream 2 (flac): is not the source's at 0.3"),
        (
            "film.mkv",
            "out.mkv",
            "subtitle",
            1,
            "subtitle stream 4 (subrip): is not the source's at 0.250000 s",
        ),
        ("film.mkv", "out.mkv", "attachment", 0, "(none): is not the source's"),
        ("film.mkv", "out.mkv", "cover", 0, "(mjpeg): is not the source's"),
        ("film.mkv", "out.mp4", "audio", 0, "audio stream 2 (flac): is not the source's at 0.000000 s"),
        ("film.mkv", "out.mp4", "subtitle", 0, "subtitle stream 4 (subrip): is not the source's at 0."),
        ("film.mov", "out.mov", "audio", 3, "audio stream 2 (pcm_s16le): is not the source's at 0.0"),
        ("film.mov", "out.mkv", "audio", 3, "audio stream 2 (pcm_s16le): is not the source's at 0.0"),
        ("film.mp4", "out.mp4", "audio", 9, "audio stream 2 (aac): is not the source's at 0."),
        ("film.mp4", "out.mkv", "audio", 9, "audio stream 2 (aac): is not the source's at 0."),
        ("film.ts", "out.mp4", "audio", 9, "audio stream 2 (mp2): is not the source's at "),
        ("film.mkv", "out.mxf", "audio", 9, "audio stream 2 (flac): is not the source's at 0.3"),
    ],
)
def test_one_bit_of_a_copied_stream_is_noticed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    target: str,
    kind: str,
    number: int,
    named: str,
) -> None:
    film = _film(tmp_path, source)
    _break_ffmpeg(monkeypatch, tmp_path / "bin", flip=(kind, number))
    assert named in _refused(film, tmp_path / target)


@pytest.mark.parametrize("target", ["out.mkv", "out.mp4", "out.mov"])
@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("noise=drop=eq(n\\,5)", "audio stream 1 (aac): is not the source's at 0."),
        ("noise=drop=gt(n\\,40)", "audio stream 1 (aac): "),
        ("setts=ts=TS+0.1/TB", "audio stream 1 (aac): what belongs at "),
        ("setts=ts=TS+if(gt(N\\,9)\\,0.1/TB\\,0)", "audio stream 1 (aac): what belongs at "),
    ],
)
def test_packets_that_are_missing_or_late_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, option: str, told: str
) -> None:
    film = _film(tmp_path, "film.mp4")
    _break_ffmpeg(monkeypatch, tmp_path / "bin", options=("-bsf:1", option))
    assert told in _refused(film, tmp_path / target)


@pytest.mark.parametrize("codec", ["aac", "flac"])
def test_sound_that_became_other_sound_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: str
) -> None:
    film = _film(tmp_path, "film.mp4" if codec == "aac" else "film.mkv")
    _break_ffmpeg(
        monkeypatch,
        tmp_path / "bin",
        options=("-filter:1", "aresample=48000,volume=0.99,apad=whole_len=48000"),
    )
    assert f"audio stream 1 ({codec}): is not the source's at 0." in _refused(film, tmp_path / "out.mxf")


@pytest.mark.parametrize("source", ["film.mkv", "film.mov", "film.mp4", "film.avi"])
@pytest.mark.parametrize("target", ["out.mkv", "out.mp4", "out.mov", "out.mxf"])
def test_a_sound_ffmpeg_is_believed(tmp_path: Path, source: str, target: str) -> None:
    output = tmp_path / target
    finish(_film(tmp_path, source), output, settings=SETTINGS[output.suffix], allow_loss=True)
    assert output.exists()


def test_a_run_ends_with_one_line_and_publishes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    film = _film(tmp_path).path
    _break_ffmpeg(monkeypatch, tmp_path / "bin", flip=("audio", 2))
    assert color_flat(film, tmp_path / "out.mkv", "-q", work=tmp_path) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        f"kinochrome: error: cannot write {tmp_path}/out.mkv: what was written is not whole: audio"
    )
    assert not list(tmp_path.glob("out*"))
