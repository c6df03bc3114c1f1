"""What is kept of frames that two segments see: each is read once, and nothing comes out otherwise."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

import cv2
import numpy as np
import pytest

from pipeline.colorize.chroma_proxy import ProxyFrame
from pipeline.colorize.network_view import NetworkView
from pipeline.colorize.predict import Predictor
from pipeline.colorize.segment_colors import as_proxy_frames, predict_colors
from pipeline.colorize.settings import ColorSettings
from pipeline.colorize.temporal import SteadySettings
from pipeline.media import FilmInfo, Plane, Segment
from pipeline.plan.plan import Plan, scan_film
from pipeline.plan.segments import SegmentSettings
from pipeline.plan.shots import ShotSettings
from pipeline.source.frame_reader import FrameReader
from pipeline.source.probe import probe
from tests.media import make_film

FRAMES = 56
CUT = 40
SHORT_SIDE = 128


def frames() -> Iterator[Plane]:
    """Two shots of clouds that drift; in one frame of the first there is a flash."""
    rng = np.random.default_rng(5)
    clouds = [cv2.resize(rng.uniform(30, 220, (6, 8)).astype(np.float32), (96, 72)) for _ in range(2)]
    for number in range(FRAMES):
        plane = np.roll(clouds[number >= CUT], number, axis=1)
        yield (plane + 60 * (number == 14)).clip(0, 255).astype(np.uint8)


class Film(NamedTuple):
    """A film and its plan."""

    info: FilmInfo
    plan: Plan


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    folder = tmp_path_factory.mktemp("film")
    make_film(folder / "film.mkv", frames=list(frames()), pixel_format="gray")
    info = probe(folder / "film.mkv")
    plan = scan_film(
        info,
        shot_settings=ShotSettings(),
        segment_settings=SegmentSettings(segment_frames=16, overlap_frames=8),
    )
    assert [(shot.start, shot.end) for shot in plan.shots] == [(0, CUT), (CUT, FRAMES)]
    return Film(info, plan)


class Colorer:
    """Colours segments with one `NetworkView`, or a new one for each; counts the frames that were read."""

    def __init__(self, film: Film, *, anew: bool = False) -> None:
        self._film, self._anew = film, anew
        self._view = self._new_view()
        self._predictor = Predictor(settings=ColorSettings(short_side=SHORT_SIDE), precision="fp32")
        self.read = 0
        self.told: list[bytes] = []

    def color(self, segments: Sequence[Segment]) -> dict[int, list[ProxyFrame]]:
        with FrameReader(self._film.info, timeline=self._film.plan.timeline) as reader:
            return {segment.index: list(self._one(reader, segment)) for segment in segments}

    def _one(self, reader: FrameReader, segment: Segment) -> Iterator[ProxyFrame]:
        if self._anew:
            self._view = self._new_view()
        colors = predict_colors(
            reader,
            segment,
            view=self._view,
            network=self._predictor,
            settings=SteadySettings(),
            on_digest=self.told.append,
        )
        return as_proxy_frames(colors, film=self._film.info)

    def _new_view(self) -> NetworkView:
        info, plan = self._film
        return NetworkView(info, plan=plan, short_side=SHORT_SIDE, digest=self._digest)

    def _digest(self, luma: Plane) -> bytes:
        self.read += 1
        return sha256(luma.data).digest()


def assert_same(found: dict[int, list[ProxyFrame]], wanted: dict[int, list[ProxyFrame]]) -> None:
    assert found.keys() == wanted.keys()
    for index, pictures in found.items():
        for one, other in zip(pictures, wanted[index], strict=True):
            for plane in ("luma", "cb", "cr"):
                np.testing.assert_array_equal(getattr(one, plane), getattr(other, plane))


def test_each_frame_is_read_once_and_the_colours_are_those_of_segments_coloured_alone(film: Film) -> None:
    segments = film.plan.segments
    assert [(s.lead_start, s.lead_end) for s in segments] == [(0, 24), (8, 40), (24, 40), (40, 56)]
    alone, together = Colorer(film, anew=True), Colorer(film)
    wanted, found = alone.color(segments), together.color(segments)
    assert_same(found, wanted)
    assert together.told == alone.told
    assert (together.read, alone.read) == (FRAMES, 24 + 32 + 16 + 16)


def test_segments_may_be_coloured_in_any_order(film: Film) -> None:
    segments = film.plan.segments
    wanted = Colorer(film, anew=True).color(segments)
    for order in ((2, 0, 1, 3), (1, 3, 2, 0), (0, 0, 1, 2, 3)):
        assert_same(Colorer(film).color([segments[index] for index in order]), wanted)


def test_seams_are_those_of_the_shot_around_a_segment(film: Film) -> None:
    view = NetworkView(film.info, plan=film.plan, short_side=SHORT_SIDE)
    found = [view.seams(segment) for segment in film.plan.segments]
    assert [seams.frames for seams in found] == [(16, 32), (8, 24), (-8, 8), ()]
    assert [seams.reach for seams in found] == [8, 8, 8, 0]


def test_what_only_one_segment_sees_is_forgotten(film: Film) -> None:
    colorer = Colorer(film)
    colorer.color(film.plan.segments[2:])
    before = colorer.read
    colorer.color(film.plan.segments[2:])
    assert colorer.read == 2 * before
