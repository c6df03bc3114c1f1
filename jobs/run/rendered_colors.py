"""The colours of single frames as runs have rendered them, found in the work folders of jobs."""

from collections import OrderedDict
from contextlib import closing
from itertools import islice

from jobs.segments.spec import make_spec
from jobs.settings.job import Job
from jobs.settings.output_paths import segment_folder, work_folder
from jobs.workdir.film_spec import FilmSpec
from jobs.workdir.folder import WorkDir
from jobs.workdir.status import find_segment
from models.weights_info import WeightsInfo
from pipeline.colorize.chroma_proxy import ProxyFrame, read_proxy
from pipeline.errors import SourceError
from pipeline.media import FilmInfo
from pipeline.plan.plan import Plan

_MOST_SPECS = 2


class RenderedColors:
    """The rendered colours of one planned film, for any of its jobs."""

    def __init__(self, film: FilmInfo, plan: Plan, *, weights: WeightsInfo) -> None:
        """`weights` are those of the network that a run would take."""
        self._film, self._plan, self._weights = film, plan, weights
        self._specs: OrderedDict[str, FilmSpec] = OrderedDict()

    def find(self, job: Job, number: int) -> ProxyFrame | None:
        """The colour of a frame as a run of this job made it; None where there is none, or it is of other settings."""
        spec = self._spec(job)
        segment = next(part for part in self._plan.segments if part.start <= number < part.end)
        color = find_segment(spec, segment, hashed=False).color
        if color is None or color.record is None:
            return None
        path = segment_folder(spec.film.work.path, segment.index) / color.record.file
        count = segment.end - segment.start
        try:
            with closing(read_proxy(path, film=self._film, frame_count=count)) as frames:
                return next(islice(frames, number - segment.start, None), None)
        except SourceError:  # it is being replaced just now
            return None

    def _spec(self, job: Job) -> FilmSpec:
        """What the job makes of the film; that of the last jobs is kept."""
        key = job.model_dump_json()
        spec = self._specs.pop(key, None)
        if spec is None:
            folder = WorkDir(work_folder(job.output, work=job.work), share="part")
            spec = make_spec(job, self._film, plan=self._plan, work=folder, weights=self._weights)
        self._specs[key] = spec
        while len(self._specs) > _MOST_SPECS:
            self._specs.popitem(last=False)
        return spec
