"""What has to hold of a film of some kind once it is coloured."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av

from pipeline.source.probe import probe
from tests.kindfilms import Maker

Check = Callable[[Path, Path], None]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A film of a kind, and what has to become of it."""

    kind: str
    make: Maker
    source: str = "film.mkv"
    output: str = "out.mkv"
    arguments: tuple[str, ...] = ("--preset", "archival")
    refused: str | None = None
    """What the line of the refusal says; None where the film is coloured."""
    check: Check | None = None
    """What else holds, of source and output."""


def same(*names: str) -> Check:
    """These members of `FilmInfo` are equal, a dot reaches into them."""

    def check(source: Path, output: Path) -> None:
        before, after = probe(source), probe(output)
        for name in names:
            mine, theirs = before, after
            for part in name.split("."):
                mine, theirs = getattr(mine, part), getattr(theirs, part)
            assert mine == theirs, name

    return check


def has_format(name: str) -> Check:
    def check(source: Path, output: Path) -> None:
        assert probe(output).pixel_format.name == name

    return check


def has_size(width: int, height: int) -> Check:
    def check(source: Path, output: Path) -> None:
        film = probe(output)
        assert (film.width, film.height) == (width, height)

    return check


def has_eight_bits(source: Path, output: Path) -> None:
    assert probe(output).pixel_format.depth == 8


def keeps_flags(source: Path, output: Path) -> None:
    """Every frame is flagged as its source's."""
    assert _interlaced(source) == _interlaced(output)
    assert all(_interlaced(source)), "the test needs interlaced frames"


def keeps_chapters(source: Path, output: Path) -> None:
    """The same titles at the same times."""
    before, after = (
        [(chapter.start * chapter.time_base, chapter.title) for chapter in probe(path).chapters]
        for path in (source, output)
    )
    assert before == after != []


def has_fields(source: Path, output: Path) -> None:
    """Every frame is flagged as interlaced, whether its source's are or not."""
    assert all(_interlaced(output))


def rises_by_one_frame(source: Path, output: Path) -> None:
    """All frames are there, one 25th of a second after the other."""
    with av.open(str(output)) as container:
        times = [
            frame.pts * Fraction(frame.time_base or 0) for frame in container.decode(video=0) if frame.pts
        ]
    steps = {later - earlier for earlier, later in pairwise(times)}
    assert len(times) == 24
    assert steps == {Fraction(1, 25)}


def _interlaced(path: Path) -> list[bool]:
    with av.open(str(path)) as container:
        return [frame.interlaced_frame for frame in container.decode(video=0)]


def keeps_color(source: Path, output: Path) -> None:
    """The last frames are the source's in every plane; the first are not."""
    before, after = _planes(source), _planes(output)
    assert before[16:] == after[16:]
    assert before[0] != after[0]


def _planes(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray().tobytes() for frame in container.decode(video=0)]


def keeps_slate(source: Path, output: Path) -> None:
    """Timecode and reel, wherever the container keeps them."""
    with av.open(str(output)) as container:
        tags = [container.metadata, *(stream.metadata for stream in container.streams)]
    found = [{key.lower(): value for key, value in some.items()} for some in tags]
    assert any(some.get("timecode") == "01:00:00:00" for some in found)
    assert any(some.get("reel_name") == "A001" for some in found)


def starts_at(seconds: Fraction) -> Check:
    def check(source: Path, output: Path) -> None:
        film = probe(output)
        assert film.video.start_pts is not None
        assert film.video.start_pts * film.time_base == seconds

    return check


def keeps_distances(source: Path, output: Path) -> None:
    """The first picture and the first sound are as far apart as they were, and so are all pictures."""
    before, after = _times(source), _times(output)
    assert [len(times) for times in before[:1]] == [len(times) for times in after[:1]]
    assert len(before) == len(after) == 2
    for one, other in zip(before[0], after[0], strict=True):
        assert abs((one - before[0][0]) - (other - after[0][0])) <= Fraction(1, 500)
    if output.suffix != ".mxf":  # whose sound begins with the picture
        assert abs((before[1][0] - before[0][0]) - (after[1][0] - after[0][0])) <= Fraction(1, 500)
    assert min(after[0][0], after[1][0]) >= 0


def _times(path: Path) -> list[list[Fraction]]:
    """Of the packets of each stream, sorted, in seconds."""
    with av.open(str(path)) as container:
        found: list[list[Fraction]] = [[] for _ in container.streams]
        for packet in container.demux():
            if packet.size and packet.pts is not None:
                found[packet.stream.index].append(packet.pts * Fraction(packet.time_base))
        kinds = [stream.type for stream in container.streams]
    return [sorted(found[kinds.index(kind)]) for kind in ("video", "audio")]


def has_sound(codec: str) -> Check:
    """The film's only sound is in that codec, and as long as it was."""

    def check(source: Path, output: Path) -> None:
        (before,), (after,) = (
            [stream for stream in probe(path).streams if stream.kind == "audio"] for path in (source, output)
        )
        assert after.codec == codec
        assert after.channels == before.channels
        lengths = [_sound_seconds(path) for path in (source, output)]
        assert abs(lengths[0] - lengths[1]) < 0.1

    return check


def _sound_seconds(path: Path) -> float:
    with av.open(str(path)) as container:
        frames = [frame for frame in container.decode(audio=0) if isinstance(frame, av.AudioFrame)]
    return sum(frame.samples for frame in frames) / frames[0].sample_rate
