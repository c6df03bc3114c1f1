"""Single frames of a planned film, in grey and in colour, for whoever looks at it or paints it.

The network, the last frames that it saw and the luma on the way between key frames are kept, so that a stroke shows
at once. Nothing is written.
"""

from collections import OrderedDict
from functools import cached_property
from pathlib import Path

import numpy as np

from jobs.review.shot_strips import Strip, StripMaker, strip_frames
from jobs.review.small_pictures import SmallPictures
from jobs.run.live_values import NO_GUIDANCE, FramePicture, TakePictures, guidance_of_takes
from jobs.run.rendered_colors import RenderedColors
from jobs.settings.guidance import choose_guidance
from jobs.settings.job import Job
from jobs.settings.shot_choices import choose_treatments
from jobs.workdir.film_spec import probe_source
from pipeline.colorize.chroma_proxy import ProxyFrame
from pipeline.colorize.grade import treat_frame
from pipeline.colorize.network_view import NetworkView
from pipeline.colorize.predict import Predictor
from pipeline.colorize.segment_colors import as_proxy_frames
from pipeline.errors import SettingsError
from pipeline.fields import as_counted
from pipeline.guidance.guided_shot import GuidedShot
from pipeline.guidance.lettered_picture import framed_masks, lettered_picture
from pipeline.guidance.likely import LikelyColor, likely_colors
from pipeline.guidance.recolored_shot import RecoloredShot
from pipeline.guidance.shot_guidance import ShotGuidance
from pipeline.guidance.shot_memory import ShotMemory
from pipeline.media import Frame, Segment, Shot
from pipeline.plan.fingerprint import check_source
from pipeline.plan.plan_file import read_plan
from pipeline.source.frame_reader import FrameReader

_MOST_SEEN = 4
_MOST_SHOTS = 2
"""Whose memory is kept."""


class LiveFilm:
    """A planned film that is open; used from one thread at a time."""

    def __init__(self, job: Job, *, plan_path: Path, network: Predictor) -> None:
        """Raises SourceError where the film cannot be opened or is not the one that was planned."""
        film = probe_source(job)
        self.plan = read_plan(plan_path)
        check_source(film.path, self.plan.source)
        self.film = as_counted(film, self.plan.fields)
        self._job, self._network = job, network
        self._reader = FrameReader(self.film, timeline=self.plan.timeline)
        self._pictures: dict[int, SmallPictures] = {}
        self._memories: OrderedDict[int, ShotMemory] = OrderedDict()
        self._rendered = RenderedColors(self.film, self.plan, weights=network.weights)

    def close(self) -> None:
        """Closes the film."""
        self._reader.close()

    def grey(self, number: int, *, lines: int | None = None) -> FramePicture:
        """The film's own luma. Raises SettingsError for a frame that the film does not have."""
        frame = self._frame(number)
        return FramePicture(rgb=self._small(lines).grey(frame), pts=frame.pts)

    def colored(
        self, job: Job, number: int, *, lines: int | None = None, is_draft: bool = False
    ) -> FramePicture:
        """The frame in the colours of a job: as it was rendered where that is up to date, else made now.

        A draft is always made now. Raises SettingsError for guidance that does not fit, DeviceError.
        """
        shot = self._shot(number)
        treatment = choose_treatments(job, self.plan)[shot.index].treatment
        pictures = self._small(lines)
        if treatment.source == "grey":
            return self.grey(number, lines=lines)
        if treatment.source == "original":
            frame = self._frame(number, chroma=True)
            return FramePicture(rgb=pictures.pair(frame, None)[1], pts=frame.pts)
        if treatment.source == "recoloured":
            frame = self._frame(number)
            return FramePicture(
                rgb=pictures.pair(frame, self._recolored(job, shot, number))[1], pts=frame.pts
            )
        frame = self._frame(number)
        proxy = None if is_draft else self._rendered.find(job, number)
        shown = proxy or self._predicted(job, shot, number)
        return FramePicture(
            rgb=pictures.pair(frame, treat_frame(shown, treatment))[1],
            pts=frame.pts,
            is_rendered=proxy is not None,
        )

    def likely(
        self, number: int, place: tuple[float, float], *, count: int
    ) -> tuple[float, list[LikelyColor]]:
        """L* at a place (x, y) in shares of the stored picture, and its likely colours, the likeliest first."""
        shot = self._shot(number)
        memory = self._memory(shot)
        sight, _ = memory.seen(number)
        lines, columns = memory.layout.whole.output
        rows, across = memory.layout.rows, memory.layout.columns
        inside = (
            (place[0] * columns - across.start) / (across.stop - across.start),
            (place[1] * lines - rows.start) / (rows.stop - rows.start),
        )
        x, y = (min(max(value, 0.0), 1.0) for value in inside)
        height, width = sight.lightness.shape
        lightness = float(sight.lightness[min(int(y * height), height - 1), min(int(x * width), width - 1)])
        found = likely_colors(
            sight, self._network.bins, (x, y), temperature=self._network.temperature, count=count
        )
        return lightness, found

    def takes(self, index: int, *, count: int, seed: int, lines: int) -> TakePictures:
        """The takes of a shot on its middle frame. Raises SettingsError for a shot that the film does not have."""
        if not 0 <= index < len(self.plan.shots):
            raise SettingsError(f"found shot {index}; the film has shots 0 to {len(self.plan.shots) - 1}")
        shot = self.plan.shots[index]
        number = (shot.start + shot.end - 1) // 2
        memory, frame, pictures = self._memory(shot), self._frame(number), self._small(lines)
        guides = guidance_of_takes(count, seed=seed)
        shown = [pictures.pair(frame, self._guided(shot, given, number))[1] for given in guides]
        sight, _ = memory.seen(number)
        grey = np.ascontiguousarray(pictures.grey(frame)[..., 0])
        return TakePictures(
            frame=number,
            takes=tuple(shown),
            regions=lettered_picture(
                grey, framed_masks(sight, memory.regions, memory.layout, self.film.orientation)
            ),
            letters=tuple(memory.regions.letters),
        )

    def strip(self, job: Job, index: int) -> tuple[Strip, bool]:
        """A few small pictures of a shot; whether their colour is rendered: if it is not, it is none."""
        shot = self.plan.shots[index]
        maker, is_rendered = StripMaker(self.film, shots=self.plan.shots), True
        treatment = choose_treatments(job, self.plan)[index].treatment
        numbers = strip_frames(shot)
        for number in numbers:
            frame = self._frame(number)
            proxy = self._rendered.find(job, number)
            is_rendered = is_rendered and proxy is not None
            shown = _neutral() if proxy is None else treat_frame(proxy, treatment)
            maker.push(number, frame, proxy=shown)
        return maker.strips[0], is_rendered

    @cached_property
    def _view(self) -> NetworkView:
        return NetworkView(self.film, plan=self.plan, short_side=self._job.color.short_side)

    def _frame(self, number: int, *, chroma: bool = False) -> Frame:
        self._shot(number)
        (frame,) = self._reader.read(number, number + 1, chroma=chroma)
        return frame

    def _shot(self, number: int) -> Shot:
        found = next((shot for shot in self.plan.shots if shot.start <= number < shot.end), None)
        if found is None:
            count = len(self.plan.timeline)
            raise SettingsError(f"found frame {number}; the film has frames 0 to {count - 1}")
        return found

    def _small(self, lines: int | None) -> SmallPictures:
        upright = self.film.height if self.film.orientation.quarter_turns % 2 == 0 else self.film.width
        height = upright if lines is None else min(lines, upright)
        if height not in self._pictures:
            self._pictures[height] = SmallPictures(self.film, lines=height)
        return self._pictures[height]

    def _memory(self, shot: Shot) -> ShotMemory:
        memory = self._memories.pop(shot.index, None)
        memory = memory or ShotMemory(shot, view=self._view, network=self._network, most_seen=_MOST_SEEN)
        memory.reader = self._reader
        self._memories[shot.index] = memory
        while len(self._memories) > _MOST_SHOTS:
            self._memories.popitem(last=False)
        return memory

    def _predicted(self, job: Job, shot: Shot, number: int) -> ProxyFrame:
        given = choose_guidance(job, self.film, self.plan)[shot.index]
        return self._guided(shot, given or NO_GUIDANCE, number)

    def _recolored(self, job: Job, shot: Shot, number: int) -> ProxyFrame:
        given = choose_guidance(job, self.film, self.plan)[shot.index]
        assert given is not None  # it has a look
        own = Segment(
            index=0, shot=shot.index, start=number, end=number + 1, lead_start=number, lead_end=number + 1
        )
        (proxy,) = RecoloredShot(given, shot, film=self.film).colors(self._reader, own)
        return proxy

    def _guided(self, shot: Shot, given: ShotGuidance, number: int) -> ProxyFrame:
        guided = GuidedShot(
            given,
            shot,
            view=self._view,
            network=self._network,
            settings=self._job.steady,
            memory=self._memory(shot),
        )
        (proxy,) = as_proxy_frames(guided.frame_colors(self._reader, number), film=self.film)
        return proxy


def _neutral() -> ProxyFrame:
    plane = np.zeros((2, 2), np.float32)
    return ProxyFrame(luma=plane, cb=plane, cr=plane)
