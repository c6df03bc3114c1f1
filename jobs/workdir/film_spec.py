"""Says what a job makes of a planned film: for every segment, the inputs of its colour and of its coded pictures.

`probe_source` is the one way in which jobs open their film.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from jobs.settings.guidance import choose_guidance
from jobs.settings.job import Job
from jobs.settings.shot_choices import ShotChoice, choose_treatments
from jobs.workdir.fingerprints import color_inputs, prediction, video_inputs
from jobs.workdir.folder import WorkDir
from jobs.workdir.graded_proxies import GradedProxies
from jobs.workdir.segment_records import Inputs
from pipeline.fields import take_fields
from pipeline.guidance.shot_guidance import ShotGuidance
from pipeline.media import FilmInfo, Segment
from pipeline.plan.plan import Plan
from pipeline.render.delivery import Delivery, deliver
from pipeline.render.output_picture import OutputPicture
from pipeline.source.open_film import probe_film_or_stills
from pipeline.still_pattern import parse_rate


@dataclass(frozen=True, kw_only=True)
class Film:
    """A film with its plan and its work folder."""

    info: FilmInfo
    plan: Plan
    work: WorkDir


@dataclass(frozen=True, kw_only=True)
class FilmSpec:
    """What a job makes of a planned film."""

    job: Job
    film: Film
    picture: OutputPicture
    weights_sha256: Mapping[str, str] | None
    """Of all weights that the job names, by their names; None where colours come from proxies."""

    @cached_property
    def shots(self) -> tuple[ShotChoice, ...]:
        """How each shot is treated."""
        return choose_treatments(self.job, self.film.plan)

    @cached_property
    def guidance(self) -> tuple[ShotGuidance | None, ...]:
        """The colours that are given for each shot; None where there are none."""
        return choose_guidance(self.job, self.film.info, self.film.plan)

    @cached_property
    def graded(self) -> GradedProxies | None:
        """The proxies that are given; None where the job makes its own."""
        return None if self.job.from_proxy is None else GradedProxies(self.job.from_proxy)

    @cached_property
    def delivery(self) -> Delivery | None:
        """The film at the rate that the job asks for; None where it keeps its own times."""
        return deliver_film(self.job, self.film.info, self.film.plan)

    def color(self, segment: Segment) -> Inputs:
        """The inputs of the segment's proxy."""
        assert self.weights_sha256 is not None
        treatment = self.shots[segment.shot].treatment
        return color_inputs(
            self.film.info,
            plan=self.film.plan,
            segment=segment,
            predict=prediction(self.job, weights_sha256=self.weights_sha256[treatment.weights]),
            steady=self.job.steady,
            source=treatment.source,
            guidance=self.guidance[segment.shot],
        )

    def video(self, segment: Segment, *, proxy_sha256: str) -> Inputs:
        """The inputs of the segment's coded pictures."""
        return video_inputs(
            plan=self.film.plan,
            segment=segment,
            proxy_sha256=proxy_sha256,
            encode=self.job.encode,
            output=self.picture,
            treatment=self.shots[segment.shot].treatment,
            delivery=self.delivery,
        )


def deliver_film(job: Job, film: FilmInfo, plan: Plan) -> Delivery | None:
    """A planned film at the job's `delivery_rate`; None without one. Raises SourceError as `deliver`."""
    if job.delivery_rate is None:
        return None
    return deliver(film, plan.timeline, parse_rate(job.delivery_rate))


def probe_source(job: Job) -> FilmInfo:
    """Opens the job's film. Raises SourceError if it is no film, or one that the settings refuse."""
    rate = None if job.rate is None else parse_rate(job.rate)
    film = probe_film_or_stills(job.input, rate=rate, sound=job.sound, limits=job.limits)
    return take_fields(film, job.interlaced)
