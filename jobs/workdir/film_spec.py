"""What a job wants to be made of a film that is planned: of every segment its colour and its coded pictures."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from jobs.settings.job import Job
from jobs.settings.shot_choices import ShotChoice, choose_treatments
from jobs.workdir.fingerprints import color_inputs, prediction, video_inputs
from jobs.workdir.folder import WorkDir
from jobs.workdir.segment_records import Inputs
from pipeline.media import FilmInfo, Segment
from pipeline.plan.plan import Plan
from pipeline.render.render import OutputPicture


@dataclass(frozen=True, kw_only=True)
class Film:
    """What every segment of a job shares."""

    info: FilmInfo
    plan: Plan
    work: WorkDir


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a job wants to be made of a planned film."""

    job: Job
    film: Film
    picture: OutputPicture
    weights_sha256: Mapping[str, str] | None
    """Of all weights that the job names, by their names; None where colours come from proxies."""

    @cached_property
    def shots(self) -> tuple[ShotChoice, ...]:
        """What becomes of each shot."""
        return choose_treatments(self.job, self.film.plan)

    def color(self, segment: Segment) -> Inputs:
        """What the segment's proxy is to be made of."""
        assert self.weights_sha256 is not None
        treatment = self.shots[segment.shot].treatment
        return color_inputs(
            self.film.info,
            plan=self.film.plan,
            segment=segment,
            predict=prediction(self.job, weights_sha256=self.weights_sha256[treatment.weights]),
            steady=self.job.steady,
            source=treatment.source,
        )

    def video(self, segment: Segment, *, proxy_sha256: str) -> Inputs:
        """What the segment's coded pictures are to be made of."""
        return video_inputs(
            plan=self.film.plan,
            segment=segment,
            proxy_sha256=proxy_sha256,
            encode=self.job.encode,
            output=self.picture,
            treatment=self.shots[segment.shot].treatment,
        )
