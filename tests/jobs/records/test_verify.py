"""What `verify` says: whole, or which frame, second or stream changed."""

import json
import shutil
from pathlib import Path

import av
import pytest

from jobs.cli.main import main
from jobs.records.verify import verify_film, verify_source
from jobs.settings.output_paths import record_path
from pipeline.errors import SettingsError, SourceError
from tests.recorded import color_film, record_of


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return color_film(tmp_path_factory.mktemp("made"))


@pytest.fixture
def film(made: Path, tmp_path: Path) -> Path:
    """A copy to spoil, with its record."""
    for path in (made, record_path(made)):
        shutil.copy(path, tmp_path)
    return tmp_path / made.name


def test_a_whole_film_is_whole(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    verdict = verify_film(film)
    assert (verdict.faults, verdict.frames, verdict.streams) == ((), 40, 2)
    assert main(["verify", str(film), str(film)]) == 0
    told = capsys.readouterr().err
    assert told.count(f"{film}: whole: 40 frames, 2 streams") == 2


@pytest.mark.parametrize("number", [0, 17, 39])
def test_a_flipped_byte_is_named_by_its_frame(film: Path, number: int) -> None:
    _flip(film, stream=0, packet=number)
    (line,) = verify_film(film).faults
    milli = round(number * 1000 / 24)
    assert (
        f"picture stream 0 (ffv1): 1 frame changed, the first is frame {number} at 00:00:0{milli // 1000}."
        in line
    )
    segment = next(part for part in record_of(film).segments if part.start <= number < part.end)
    assert line.endswith(f"in segment {segment.index} of shot {segment.shot}")


def test_the_command_tells_a_line_for_each_fault(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _flip(film, stream=0, packet=5)
    _flip(film, stream=0, packet=30)
    _flip(film, stream=1, packet=2)
    assert main(["verify", str(film)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if "error" in line] == [
        f"kinochrome: error: {film}: picture stream 0 (ffv1): 2 frames changed, the first is frame 5 at "
        "00:00:00.208, in segment 0 of shot 0",
        f"kinochrome: error: {film}: audio stream 1 (flac): 1 of 2 seconds changed, the first at 00:00:00.000",
    ]


def test_a_change_outside_the_streams_is_the_container_s(film: Path) -> None:
    data = film.read_bytes()
    assert data.count(b"Colourised by machine") == 1
    film.write_bytes(data.replace(b"Colourised by machine", b"Colourised by artists"))
    (line,) = verify_film(film).faults
    assert "the container changed" in line
    assert "all its streams are whole" in line


def test_a_film_that_is_cut_off_names_the_first_frame_that_is_missing(film: Path) -> None:
    places = [position for position, _ in _packets(film, 0)]
    with film.open("r+b") as file:
        file.truncate(places[29] + 10)
    lines = verify_film(film).faults
    assert "11 frames" in lines[0]
    assert "frame 29 at 00:00:01.208" in lines[0]


def test_a_film_that_is_none_any_more(film: Path) -> None:
    film.write_bytes(b"\0" * 5000)
    (line,) = verify_film(film).faults
    assert "cannot be read as a film" in line


def test_missing_and_added_streams_are_named(film: Path, tmp_path: Path) -> None:
    with av.open(str(film)) as whole, av.open(str(tmp_path / "less.mkv"), "w") as less:
        stream = less.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.size:
                packet.stream = stream
                less.mux(packet)
    record = record_path(film).read_bytes()
    (tmp_path / "less.mkv").replace(film)
    assert any("audio stream 1 (flac): is missing" in line for line in verify_film(film).faults)
    assert record_path(film).read_bytes() == record


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (None, "no report: .*out.mkv.report.json"),
        ("[]", "not a report of Kinochrome's"),
        ("nonsense", "not JSON"),
        ({"format": 7}, "a report of format 7; this version reads format 1"),
        ({"pts_runs": "0:1:99999999999999"}, "damaged report: pts_runs"),
    ],
    ids=str,
)
def test_a_missing_foreign_or_newer_report_is_a_clear_line(
    film: Path, change: str | dict[str, object] | None, told: str
) -> None:
    path = record_path(film)
    _flip(film, stream=0, packet=3)
    if change is None:
        path.unlink()
    elif isinstance(change, str):
        path.write_text(change)
    else:
        path.write_text(json.dumps(json.loads(path.read_bytes()) | change))
    with pytest.raises(SettingsError, match=told) as error:
        verify_film(film)
    assert "\n" not in str(error.value)


def test_a_missing_film_is_told(film: Path) -> None:
    film.unlink()
    with pytest.raises(SourceError, match="its report is there, the film is not"):
        verify_film(film)


def test_the_source_on_record_is_known_again(made: Path, film: Path) -> None:
    source, record = made.with_name("film.mkv"), record_of(film)
    assert verify_source(source, record=record).faults == ()
    assert main(["verify", str(film), "--source", str(source), "-q"]) == 0
    assert "is not the source on record" in verify_source(film, record=record).faults[0]
    assert main(["verify", str(film), "--source", str(film), "-q"]) == 1


def _packets(film: Path, stream: int) -> list[tuple[int, bytes]]:
    """Where in the file each packet's payload is, and its bytes."""
    data, found, start = film.read_bytes(), [], 0
    with av.open(str(film)) as container:
        payloads = [bytes(packet) for packet in container.demux(container.streams[stream]) if packet.size]
    for payload in payloads:
        start = data.index(payload, start)
        found.append((start, payload))
    return found


def _flip(film: Path, *, stream: int, packet: int) -> None:
    """One byte in the middle of a packet."""
    position, payload = _packets(film, stream)[packet]
    with film.open("r+b") as file:
        file.seek(position + len(payload) // 2)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 0x10]))


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (("output", "content", "size_bytes"), -1, "size_bytes: -1; a size is 0 or more"),
        (("source", "content", "size_bytes"), -1, "size_bytes: -1; a size is 0 or more"),
        (("output", "content", "sha256"), "none", "64 hexadecimal digits"),
        (("output", "content", "streams", 0, "packets"), -3, "stream 0"),
        (("output", "content", "streams", 0, "sha256"), "A" * 64, "stream 0: a hash that is none"),
        (("output", "content", "streams", 1, "seconds"), {"x": "0" * 16}, "stream 1: a second"),
        (("output", "content", "streams", 1, "seconds"), {"0": "0"}, "stream 1: a second"),
        (("source", "xxh3_128"), "0", "source.xxh3_128"),
        (("picture", "width"), 0, "picture.width"),
        (("luma", "frames_equal"), 10**9, "frames are equal: no possible counts"),
        (("segments", 0, "video", "bytes"), -1, "segments.0.video.bytes"),
        (("segments", 0, "end"), 10**9, "are no part of 40"),
        (("shots", 0, "start"), -1, "shots.0.start"),
        (("weights", "sha256"), "x", "weights.sha256"),
        (("runs",), -1, "runs"),
        (("seconds",), -0.5, "seconds"),
    ],
)
def test_a_record_of_impossible_values_is_damaged(
    film: Path, place: tuple[str | int, ...], value: object, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = record_path(film)
    values = json.loads(path.read_text())
    here = values
    for key in place[:-1]:
        here = here[key]
    assert place[-1] in here if isinstance(here, dict) else True
    here[place[-1]] = value
    path.write_text(json.dumps(values))
    assert main(["verify", str(film)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{path}: damaged report: " in line
    assert told in line
