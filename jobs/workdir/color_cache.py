"""Finds predicted colour by content: the same pictures, weights and settings give the same colour in any film.

The key of a segment is made of the luma hashes in the plan and of every setting. A cached proxy is used only if the
128-bit hash of the lumas that it was made of equals that of the lumas decoded now.
"""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import xxhash

from jobs.workdir.cache_folder import ProxyCache
from jobs.workdir.film_spec import FilmSpec
from jobs.workdir.fingerprints import content_key, prediction
from pipeline.colorize.chroma_proxy import read_proxy, write_proxy
from pipeline.errors import SourceError
from pipeline.media import Plane, Segment
from pipeline.source.frame_reader import FrameReader


def luma_digest(luma: Plane) -> bytes:
    """The 128-bit hash of a luma, its size and its sample type."""
    seen = xxhash.xxh3_128(f"{luma.shape}{luma.dtype}".encode())
    seen.update(np.ascontiguousarray(luma).data)
    return seen.digest()


class Slot:
    """The entry of one segment's colour in the cache, present or not; made by `ContentCache.slot`."""

    def __init__(self, cache: ProxyCache, spec: FilmSpec, segment: Segment, *, key: str) -> None:
        self._cache, self._spec, self._segment, self._key = cache, spec, segment, key
        self._seen = xxhash.xxh3_128()

    def see(self, digest: bytes) -> None:
        """Adds the `luma_digest` of the next luma that the colour is made of."""
        self._seen.update(digest)

    def take(self, path: Path, reader: FrameReader, *, on_frame: Callable[[], None]) -> bool:
        """Publishes the cached colour as this segment's proxy, with its times; False if there is none.

        The bytes are those that predicting again would give.
        """
        segment, film = self._segment, self._spec.film
        found = self._cache.find(self._key)
        if found is None or not self._is_same_luma(found[0].luma, reader):
            return False
        pts = (int(film.plan.timeline.pts[number]) for number in segment.frames())
        frames = read_proxy(path, film=film.info, frame_count=segment.end - segment.start, data=found[1])
        try:
            with closing(frames):
                write_proxy(path, zip(pts, frames, strict=True), film=film.info)
        except SourceError:
            self._cache.forget(self._key)
            return False
        for _ in segment.frames():
            on_frame()
        return True

    def keep(self, path: Path) -> None:
        """Stores a proxy that was made of the lumas passed to `see`."""
        frames = self._segment.end - self._segment.start
        self._cache.keep(self._key, path.read_bytes(), luma=self._seen.hexdigest(), frames=frames)

    def _is_same_luma(self, luma: str, reader: FrameReader) -> bool:
        for frame in reader.read(self._segment.lead_start, self._segment.lead_end):
            self.see(luma_digest(frame.luma))
        is_same = self._seen.hexdigest() == luma
        self._seen.reset()
        return is_same


class ContentCache:
    """The colour cache of a job."""

    def __init__(self, folder: Path, *, limit_gb: float) -> None:
        self._proxies = ProxyCache(folder, limit_bytes=round(limit_gb * 1e9))

    def slot(self, spec: FilmSpec, segment: Segment, *, device: str) -> Slot:
        """The slot of a segment's colour; `device` is what would predict it."""
        assert spec.weights_sha256 is not None
        film, job = spec.film, spec.job
        weights = spec.weights_sha256[spec.shots[segment.shot].treatment.weights]
        key = content_key(
            film.info,
            plan=film.plan,
            segment=segment,
            predict=prediction(job, weights_sha256=weights),
            steady=job.steady,
            device=device,
        )
        return Slot(self._proxies, spec, segment, key=key)
