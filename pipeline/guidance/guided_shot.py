"""Colours the segments of a shot for which colours were given.

What is given on a frame becomes a hint map of that key frame, which travels to every frame that gets a prediction and
lies over the predicted colours there. Takes change the prediction before that, words and regions give their colours in
each of those frames, and a look comes last. Then the colours are steadied as those of any shot.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from pipeline.colorize.network_view import FrameView, NetworkView
from pipeline.colorize.predict import Predictor
from pipeline.colorize.segment_colors import SegmentColors
from pipeline.colorize.sight import Sight
from pipeline.colorize.temporal import SteadySettings, TemporalFilter
from pipeline.guidance.hints.hint_map import Floats, HintMap
from pipeline.guidance.hints.likeness import MapScale
from pipeline.guidance.hints.references import score
from pipeline.guidance.hints.regions import hints_from_regions
from pipeline.guidance.hints.travel import Carried, KeyFrame, TravelledHints, merge, nowhere
from pipeline.guidance.hints.words import hints_from_words
from pipeline.guidance.key_hints import ShotFrames, make_key_frames
from pipeline.guidance.looks.look import Look, parse_look
from pipeline.guidance.looks.palette_transfer import sample_ab
from pipeline.guidance.shot_guidance import ShotGuidance
from pipeline.guidance.shot_memory import ShotMemory
from pipeline.guidance.shot_travel import KeyTravel
from pipeline.media import Segment, Shot
from pipeline.progress import FrameDone
from pipeline.source.frame_reader import FrameReader


class GuidedShot:
    """A shot with its guidance; what is found once for the shot is kept for its other segments."""

    def __init__(
        self,
        guidance: ShotGuidance,
        shot: Shot,
        *,
        view: NetworkView,
        network: Predictor,
        settings: SteadySettings,
        memory: ShotMemory | None = None,
    ) -> None:
        """Nothing is read yet. `view` is for this shot alone; `memory` is of the shot as other guidance left it."""
        self._guidance, self._shot = guidance, shot
        self._view, self._network, self._settings = view, network, settings
        self._layout = view.layout_of(shot.index)
        self._memory = memory or ShotMemory(shot, view=view, network=network)
        self._travelled: list[TravelledHints] = []

    def colors(
        self, reader: FrameReader, segment: Segment, *, on_frame: FrameDone | None = None
    ) -> SegmentColors:
        """The colours of the segment's frames; `on_frame` is called once for each of them.

        Raises SettingsError for guidance that does not fit the shot, else as `predict_colors`.
        """
        self._memory.reader, self._travelled = reader, []
        temporal_filter = TemporalFilter(
            self._layout.whole.output, settings=self._settings, seams=self._view.seams(segment)
        )
        views, chosen = self._choose(temporal_filter, segment)
        frames = range(segment.lead_start, segment.lead_end)
        wanted = frozenset(segment.lead_start + number for number in chosen)
        travelled = [travel.through(frames, wanted) for travel in self._travels]
        predicted, done = [], segment.start
        for number in chosen:
            frame = segment.lead_start + number
            carried = [found[frame] for found in travelled]
            sight, luma = self._network.see(views[number].lightness), self._layout.cut(views[number].luma)
            predicted.append(self._layout.framed(self._colored(sight, luma, carried)))
            for _ in range(done, min(frame + 1, segment.end)):
                if on_frame is not None:
                    on_frame()
            done = max(done, frame + 1)
        steadied = temporal_filter.spread(np.stack(predicted))
        own = slice(segment.start - segment.lead_start, segment.end - segment.lead_start)
        luma = np.stack([view.luma for view in views[own]])
        return SegmentColors(luma=luma, ab=self._with_look(luma, steadied[own]))

    def frame_colors(self, reader: FrameReader, number: int) -> SegmentColors:
        """The colours of one frame by itself, not steadied: what somebody who paints it is shown.

        Raises as `colors`.
        """
        self._memory.reader, self._travelled = reader, []
        view, (sight, luma) = self._memory.viewed(number)
        frames = range(number, number + 1)
        carried = [travel.through(frames, frozenset(frames))[number] for travel in self._travels]
        ab = self._layout.framed(self._colored(sight, luma, carried))
        lumas = view.luma[np.newaxis]
        return SegmentColors(luma=lumas, ab=self._with_look(lumas, ab[np.newaxis]))

    @property
    def fit(self) -> float | None:
        """How well the reference stills fit the frames of the last segment, 0 to 1; None without stills."""
        return score(self._travelled) if self._guidance.references and self._travelled else None

    def _choose(self, temporal_filter: TemporalFilter, segment: Segment) -> tuple[list[FrameView], list[int]]:
        """The segment's frames with its overlap, and which of them get a prediction."""
        views: list[FrameView] = []
        chosen: list[int] = []
        for view in self._view.frames(self._memory.reader, segment):
            chosen += temporal_filter.push(view.guide, known=view.links)
            view.links = temporal_filter.last_links
            views.append(view)
        return views, chosen + temporal_filter.finish()

    def _colored(self, sight: Sight, luma: Floats, carried: Sequence[Carried]) -> Floats:
        """The colours (2, h, w) of the picture in one frame, which has this small luma (h, w)."""
        ab = sight.ab
        if self._guidance.take:
            logits = self._memory.takes.apply(sight, self._guidance.take, seed=self._guidance.seed)
            ab = self._network.colors(logits, sight)
        for hints in self._hints(sight, luma, carried):
            ab = hints.over(ab)
        return ab

    def _hints(self, sight: Sight, luma: Floats, carried: Sequence[Carried]) -> Iterator[HintMap]:
        """What is given for one frame; each lies over those before."""
        guidance = self._guidance
        if guidance.words:
            yield hints_from_words(sight, self._network.bins, guidance.words)
        if guidance.regions:
            yield hints_from_regions(sight, self._memory.regions, guidance.regions)
        if self._keys:
            inside = [self._inside(one) for one in carried]
            inside += [nowhere(sight.shape)] * (len(self._keys) - len(inside))  # stills of other scenes
            merged = merge(sight, luma, inside, self._keys, self._scale)
            self._travelled.append(merged)
            yield merged

    def _inside(self, carried: Carried) -> Carried:
        """Places of whole frames as those of the pictures inside their borders."""
        rows, columns = self._layout.rows, self._layout.columns
        corner = np.array([columns.start, rows.start], np.float32)
        return Carried(carried.places[rows, columns] - corner, carried.trust[rows, columns])

    def _with_look(self, luma: Floats, ab: Floats) -> Floats:
        look = self._look
        if look is None:
            return ab
        return np.stack(
            [look.apply(*planes, transfer=self._view.transfer) for planes in zip(luma, ab, strict=True)]
        )

    @cached_property
    def _keys(self) -> tuple[KeyFrame, ...]:
        film = self._view.film
        frames = ShotFrames(
            numbers=range(self._shot.start, self._shot.end),
            width=film.width,
            height=film.height,
            sample_aspect=float(film.sample_aspect),
            layout=self._layout,
            see=self._memory.seen,
            bins=self._network.bins,
            see_still=self._network.see_picture,
            guides=self._memory.guides,
        )
        return make_key_frames(self._guidance, frames)

    @cached_property
    def _scale(self) -> MapScale:
        return MapScale.of([key.sight for key in self._keys])

    @cached_property
    def _travels(self) -> tuple[KeyTravel, ...]:
        tolerance = self._settings.luma_tolerance
        return tuple(
            self._memory.travel(key.number, tolerance=tolerance) for key in self._keys if not key.is_foreign
        )

    @cached_property
    def _look(self) -> Look | None:
        guidance = self._guidance
        if guidance.look is None:
            return None
        look = parse_look({"name": guidance.look, "strength": guidance.look_strength}, Path())
        if not look.needs_sample:
            return look
        return look.for_shot(sample_ab([sight.ab for sight, _ in self._memory.samples]))
