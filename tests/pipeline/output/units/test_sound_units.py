"""A sound is decoded at the rate with which it began, however often it changes."""

from fractions import Fraction
from pathlib import Path

import av

from pipeline.output.units.sound_units import SoundUnits
from tests import fieldfilms


def test_a_tape_of_three_rates_has_samples_for_all_its_length(tmp_path: Path) -> None:
    film = tmp_path / "film.dv"
    fieldfilms.from_tape(48000, 32000, 44100)(film)
    with av.open(str(film)) as container:
        stream = container.streams.audio[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        units = SoundUnits(stream, is_exact=True)
        found = [unit for packet in packets for unit in units.take(packet)]
        found += units.rest()
        seconds = float(sum((packet.duration or 0) for packet in packets) * Fraction(stream.time_base or 1))
    samples = sum(len(unit.samples) for unit in found if unit.samples is not None)
    assert abs(samples / 48000 - seconds) < 0.02
