"""Segments tile the film, stay in their shots, and begin where the network's batches do."""

from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import SettingsError
from pipeline.media import Segment, Shot
from pipeline.plan.segments import BATCH_FRAMES, SegmentSettings, make_segments


def _shots(lengths: list[int]) -> list[Shot]:
    edges = [0, *accumulate(lengths)]
    return [Shot(index=index, start=start, end=end) for index, (start, end) in enumerate(pairwise(edges))]


def _bounds(lengths: list[int], settings: SegmentSettings) -> list[tuple[int, int, int, int]]:
    return [(s.start, s.end, s.lead_start, s.lead_end) for s in make_segments(_shots(lengths), settings)]


_SETTINGS = st.integers(1, 40).flatmap(
    lambda batches: st.builds(
        SegmentSettings,
        segment_frames=st.just(batches * BATCH_FRAMES),
        overlap_frames=st.integers(0, batches).map(lambda count: count * BATCH_FRAMES),
    )
)


@given(st.lists(st.integers(1, 1500), min_size=1, max_size=8), _SETTINGS)
def test_segments_tile_the_film_inside_their_shots(lengths: list[int], settings: SegmentSettings) -> None:
    shots = _shots(lengths)
    segments = make_segments(shots, settings)
    assert [frame for segment in segments for frame in segment.frames()] == list(range(sum(lengths)))
    assert [segment.index for segment in segments] == list(range(len(segments)))
    for segment in segments:
        shot = shots[segment.shot]
        assert segment.end - segment.start <= settings.segment_frames
        assert segment.lead_start == max(shot.start, segment.start - settings.overlap_frames)
        assert segment.lead_end == min(shot.end, segment.end + settings.overlap_frames)


def _batches(segment: Segment, shot: Shot) -> dict[int, tuple[int, int]]:
    """Of each frame that a segment sees the [start, end) of the batch in which it is coloured."""
    starts = range(segment.lead_start, segment.lead_end, BATCH_FRAMES)
    return {
        frame: (start, min(start + BATCH_FRAMES, segment.lead_end))
        for start in starts
        for frame in range(start, min(start + BATCH_FRAMES, segment.lead_end))
    }


@given(st.integers(0, 50), st.integers(1, 1500), _SETTINGS)
def test_every_segment_colours_a_frame_in_the_batch_of_the_whole_shot(
    before: int, length: int, settings: SegmentSettings
) -> None:
    shot = Shot(index=0, start=before, end=before + length)
    whole = Segment(index=0, shot=0, start=shot.start, end=shot.end, lead_start=shot.start, lead_end=shot.end)
    of_the_shot = _batches(whole, shot)
    for segment in make_segments([shot], settings):
        for frame, batch in _batches(segment, shot).items():
            assert batch == of_the_shot[frame]


@given(st.integers(1, 1500), _SETTINGS)
def test_no_part_of_a_shot_is_a_mere_rest(length: int, settings: SegmentSettings) -> None:
    segments = make_segments(_shots([length]), settings)
    if len(segments) > 1:
        shortest = min(segment.end - segment.start for segment in segments)
        # in small segments the batch, not the quarter, is what parts are counted in
        assert shortest >= min(settings.segment_frames / 4, settings.segment_frames / 2 - BATCH_FRAMES)


def test_a_long_shot_is_cut_every_segment_frames() -> None:
    assert _bounds([10, 600], SegmentSettings(segment_frames=240, overlap_frames=16)) == [
        (0, 10, 0, 10),
        (10, 250, 10, 266),
        (250, 490, 234, 506),
        (490, 610, 474, 610),
    ]


def test_a_short_rest_is_shared_by_the_last_two() -> None:
    assert _bounds([500], SegmentSettings(segment_frames=240, overlap_frames=16)) == [
        (0, 240, 0, 256),
        (240, 376, 224, 392),
        (376, 500, 360, 500),
    ]


def test_one_frame_is_one_segment() -> None:
    assert _bounds([1], SegmentSettings()) == [(0, 1, 0, 1)]


def test_without_overlap_there_is_no_lead() -> None:
    settings = SegmentSettings(segment_frames=8, overlap_frames=0)
    assert _bounds([16], settings) == [(0, 8, 0, 8), (8, 16, 8, 16)]


@pytest.mark.parametrize("frames", [0, -8, 4, 100])
def test_segment_frames_that_do_not_hold_whole_batches_are_refused(frames: int) -> None:
    with pytest.raises(SettingsError, match=rf"segment_frames {frames} is not a multiple of 8") as caught:
        SegmentSettings(segment_frames=frames, overlap_frames=0)
    proposed = int(str(caught.value).removesuffix(" would do").split("; ")[1])
    assert SegmentSettings(segment_frames=proposed, overlap_frames=0).segment_frames == proposed


@pytest.mark.parametrize("frames", [-8, 12, 72])
def test_an_overlap_that_does_not_fit_is_refused(frames: int) -> None:
    with pytest.raises(SettingsError, match=rf"overlap_frames {frames} is not a multiple of 8") as caught:
        SegmentSettings(segment_frames=64, overlap_frames=frames)
    proposed = int(str(caught.value).removesuffix(" would do").split("; ")[1])
    assert SegmentSettings(segment_frames=64, overlap_frames=proposed).overlap_frames == proposed
