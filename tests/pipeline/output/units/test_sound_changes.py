"""A sound that changes in mid-film is told with its time, and one that stays as it is is not."""

from pathlib import Path

import av
import pytest

from pipeline.output.units.sound_changes import SoundChanges
from tests import fieldfilms
from tests.kindfilms import ffmpeg


def _found(path: Path) -> dict[int, str]:
    changes = SoundChanges()
    with av.open(str(path)) as film:
        for packet in film.demux(film.streams.audio[0]):
            changes.see(packet)
    return changes.found


@pytest.mark.parametrize(
    ("rates", "found"),
    [((48000, 48000), {}), ((48000, 32000, 48000), {1: "its rate changes to 32000 Hz at 0.120 s"})],
)
def test_the_rate_of_a_tape(tmp_path: Path, rates: tuple[int, ...], found: dict[int, str]) -> None:
    fieldfilms.from_tape(*rates)(tmp_path / "film.dv")
    assert _found(tmp_path / "film.dv") == found


@pytest.mark.parametrize(("channels", "changes"), [((2, 2), False), ((2, 1), True)])
def test_the_channels_of_a_broadcast(tmp_path: Path, channels: tuple[int, int], changes: bool) -> None:
    parts = []
    for number, count in enumerate(channels):
        part = tmp_path / f"{number}.ts"
        offset = ("-output_ts_offset", str(0.5 * number))
        ffmpeg("-f", "lavfi", "-i", "sine=330:r=48000:d=0.5", "-ac", str(count), "-c:a", "aac", *offset, part)
        parts.append(part.read_bytes())
    (tmp_path / "film.ts").write_bytes(b"".join(parts))
    found = _found(tmp_path / "film.ts")
    assert bool(found) is changes
    assert all(what.startswith("its rate or its channels change at ") for what in found.values())


@pytest.mark.parametrize(("channels", "changes"), [((2, 2), False), ((2, 1), True)])
def test_a_stream_that_was_started_anew(tmp_path: Path, channels: tuple[int, int], changes: bool) -> None:
    """FLV tells the coding again, with no more than the packets that follow."""
    data = b""
    for number, count in enumerate(channels):
        offset = ("-output_ts_offset", str(0.5 * number))
        sound = ("-f", "lavfi", "-i", "sine=330:r=44100:d=0.5", "-ac", str(count), "-c:a", "aac")
        ffmpeg(*sound, *offset, tmp_path / "part.flv")
        data += (tmp_path / "part.flv").read_bytes()[13 if number else 0 :]
    (tmp_path / "film.flv").write_bytes(data)
    found = _found(tmp_path / "film.flv")
    assert bool(found) is changes
    assert all(
        what.startswith(("its coding changes at 0.4", "its coding changes at 0.5")) for what in found.values()
    )
