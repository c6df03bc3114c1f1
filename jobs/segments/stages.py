"""The first stage of a segment: `Colorist` publishes its colours as a proxy, then records it.

`Networks` holds the network of the film and opens those of single shots when they are needed.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from jobs.settings.guidance_file import error_of_shot
from jobs.workdir.color_cache import ContentCache, luma_digest
from jobs.workdir.film_spec import FilmSpec
from jobs.workdir.segment_records import commit, count_attempt
from jobs.workdir.status import SegmentStatus
from pipeline.colorize.chroma_proxy import ProxyFrame, write_proxy
from pipeline.colorize.network_view import Digest, NetworkView
from pipeline.colorize.predict import Predictor
from pipeline.colorize.segment_colors import (
    as_proxy_frames,
    own_colors_of,
    predict_colors,
)
from pipeline.errors import DeviceError, SettingsError
from pipeline.guidance.guided_shot import GuidedShot
from pipeline.guidance.recolored_shot import RecoloredShot
from pipeline.guidance.shot_guidance import ShotGuidance
from pipeline.media import Segment
from pipeline.source.frame_reader import FrameReader


class Networks:
    """Opens the network of given weights once and keeps it; use it from one thread at a time."""

    def __init__(self, first: Predictor, *, weights: str, make: Callable[[str], Predictor]) -> None:
        """`first` is the network of `weights`; `make` opens others by the job's names of their weights."""
        self._opened, self._make = {weights: first}, make

    def of(self, weights: str) -> Predictor:
        """The network of these weights. Raises WeightsError, DeviceError."""
        if weights not in self._opened:
            self._opened[weights] = self._make(weights)
        return self._opened[weights]


class Proxy(NamedTuple):
    """The colour of a segment, as a file."""

    path: Path
    sha256: str
    """Of the file when it was recorded or last read."""


class Colorist:
    """Colours segments: luma in, a chroma proxy out."""

    def __init__(self, spec: FilmSpec, networks: Networks, *, cache: ContentCache | None = None) -> None:
        """With `cache`, predicted colour of the same pictures is looked up there, and stored there."""
        self._spec, self._film = spec, spec.film
        self._networks, self._cache = networks, cache
        self._view = self._make_view(digest=luma_digest if cache else None)
        self._guided_shot: tuple[int, GuidedShot] | None = None
        self._recolored_shot: tuple[int, RecoloredShot] | None = None

    def color(self, reader: FrameReader, status: SegmentStatus, *, on_frame: Callable[[], None]) -> Proxy:
        """Publishes the segment's proxy, unless it exists by `status`, which was read under the segment's lock."""
        segment = status.segment
        folder = self._film.work.segment_dir(segment.index)
        if status.color is not None and status.color.record is not None:
            for _ in segment.frames():
                on_frame()
            return Proxy(folder / status.color.record.file, status.color.record.sha256)
        started, attempts = time.monotonic(), count_attempt(folder)
        path = folder / "proxy.mkv"
        choice = self._spec.shots[segment.shot]
        is_found, device = False, ""
        fit: float | None = None
        if choice.treatment.source == "recoloured":
            self._recolored(path, reader, segment, on_frame=on_frame)
        elif choice.treatment.source == "predicted":
            if (guidance := self._spec.guidance[segment.shot]) is not None:
                device, fit = self._guided(path, reader, segment, guidance, on_frame=on_frame)
            else:
                is_found, device = self._predicted(path, reader, segment, on_frame=on_frame)
        else:
            self._own(path, reader, segment, on_frame=on_frame)
        record = commit(
            folder,
            "color",
            path=path,
            inputs=self._spec.color(segment),
            pts=self._pts(segment),
            seconds=time.monotonic() - started,
            attempts=attempts,
            device=device,
            keys=choice.keys,
            is_from_cache=is_found,
            fit=fit,
        )
        frames = segment.end - segment.start
        self._film.work.log(
            "published", product="color", index=segment.index, frames=frames, from_cache=is_found
        )
        return Proxy(path, record.sha256)

    def _predicted(
        self, path: Path, reader: FrameReader, segment: Segment, *, on_frame: Callable[[], None]
    ) -> tuple[bool, str]:
        """Publishes predicted colour; returns whether it came from the cache, and the device that predicted it."""
        treatment = self._spec.shots[segment.shot].treatment
        predictor = self._networks.of(treatment.weights)
        device = f"{predictor.device.type} {predictor.precision}"
        slot = self._cache and self._cache.slot(self._spec, segment, device=device)
        if slot and slot.take(path, reader, on_frame=on_frame):
            return True, device
        with self._placed_errors(segment):
            colors = predict_colors(
                reader,
                segment,
                view=self._view,
                network=predictor,
                settings=self._spec.job.steady,
                on_frame=on_frame,
                on_digest=slot.see if slot else None,
            )
        self._write(path, segment, as_proxy_frames(colors, film=self._film.info))
        if slot:
            slot.keep(path)
        return False, device

    @contextmanager
    def _placed_errors(self, segment: Segment) -> Iterator[None]:
        """Says of which film and shot an error is."""
        try:
            yield
        except (DeviceError, SettingsError) as error:
            shot, film = segment.shot, self._film
            where = f"colouring {film.info.path}, shot {shot}, frames from {segment.lead_start}"
            if isinstance(error, DeviceError):
                raise DeviceError(f"{where}: {error}") from error
            count = len(film.plan.shots)
            raise error_of_shot(error, self._spec.job, shot=shot, shot_count=count, where=where) from error

    def _guided(
        self,
        path: Path,
        reader: FrameReader,
        segment: Segment,
        guidance: ShotGuidance,
        *,
        on_frame: Callable[[], None],
    ) -> tuple[str, float | None]:
        """Publishes colour of a shot for which some was given; returns the device, and how well stills fit.

        It is not looked up in the cache: what was given belongs to this film.
        """
        predictor = self._networks.of(self._spec.shots[segment.shot].treatment.weights)
        if self._guided_shot is None or self._guided_shot[0] != segment.shot:
            shot = GuidedShot(
                guidance,
                self._film.plan.shots[segment.shot],
                view=self._make_view(),
                network=predictor,
                settings=self._spec.job.steady,
            )
            self._guided_shot = segment.shot, shot  # kept for its other segments
        with self._placed_errors(segment):
            colors = self._guided_shot[1].colors(reader, segment, on_frame=on_frame)
        self._write(path, segment, as_proxy_frames(colors, film=self._film.info))
        return f"{predictor.device.type} {predictor.precision}", self._guided_shot[1].fit

    def _make_view(self, *, digest: Digest | None = None) -> NetworkView:
        return NetworkView(
            self._film.info,
            plan=self._film.plan,
            short_side=self._spec.job.color.short_side,
            digest=digest,
        )

    def _own(
        self, path: Path, reader: FrameReader, segment: Segment, *, on_frame: Callable[[], None]
    ) -> None:
        with closing(
            own_colors_of(
                reader,
                segment,
                view=self._view,
                grey=self._spec.shots[segment.shot].treatment.source == "grey",
                on_frame=on_frame,
            )
        ) as frames:
            self._write(path, segment, frames)

    def _recolored(
        self, path: Path, reader: FrameReader, segment: Segment, *, on_frame: Callable[[], None]
    ) -> None:
        guidance, index = self._spec.guidance[segment.shot], segment.shot
        assert guidance is not None
        if self._recolored_shot is None or self._recolored_shot[0] != index:
            shot = self._film.plan.shots[index]
            self._recolored_shot = index, RecoloredShot(guidance, shot, film=self._film.info)
        with closing(self._recolored_shot[1].colors(reader, segment, on_frame=on_frame)) as frames:
            self._write(path, segment, frames)

    def _write(self, path: Path, segment: Segment, frames: Iterator[ProxyFrame]) -> None:
        write_proxy(path, zip(self._pts(segment), frames, strict=True), film=self._film.info)

    def _pts(self, segment: Segment) -> list[int]:
        return [int(self._film.plan.timeline.pts[number]) for number in segment.frames()]
