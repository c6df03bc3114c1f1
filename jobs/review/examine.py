"""One pass over a finished film beside its chroma proxies: proof of its luma, figures and pictures of its shots."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from jobs.review.course import Course
from jobs.review.shot_figures import ShotFigures
from jobs.review.shot_meter import ShotMeter
from jobs.review.shot_stills import ShotStills, StillsMaker
from jobs.settings.shot_choices import ShotChoice
from pipeline.color.colorimetry import luma_coefficients, resolve_color
from pipeline.colorize.chroma_proxy import ProxyFrame, read_proxy
from pipeline.colorize.grade import treat
from pipeline.errors import OutputError
from pipeline.media import FilmInfo, Frame
from pipeline.plan.plan import Plan
from pipeline.prefetch import ahead
from pipeline.progress import FrameDone
from pipeline.render.delivery import Delivery
from pipeline.render.output_picture import OutputPicture
from pipeline.source.frame_reader import FrameReader
from pipeline.timeline import Timeline
from pipeline.verify.luma_proof import LumaProof, LumaProver, not_comparable, result_frames

_AHEAD_FRAMES = 8


@dataclass(frozen=True, kw_only=True)
class ColoredFilm:
    """A film and the colour that it was given, segment by segment."""

    info: FilmInfo
    """Of the source."""
    plan: Plan
    proxies: Sequence[Path]
    """The chroma proxy of each segment."""
    choices: Sequence[ShotChoice]
    """What became of each shot."""
    delivery: Delivery | None = None
    """The film at a rate of its own, where it does not keep its times."""

    @property
    def timeline(self) -> Timeline:
        """Of the finished film, in units of `time_base`."""
        return self.plan.timeline if self.delivery is None else self.delivery.timeline

    @property
    def time_base(self) -> Fraction:
        """Of the finished film's times."""
        return self.plan.time_base if self.delivery is None else self.delivery.film.time_base


@dataclass(frozen=True, kw_only=True)
class Examined:
    """What the pass found. Figures and stills are of every shot, in order."""

    luma: LumaProof
    figures: tuple[ShotFigures, ...]
    stills: tuple[ShotStills, ...]
    course: Course


@dataclass
class _FilmMeter:
    """Measures shot after shot."""

    film: ColoredFilm
    figures: list[ShotFigures] = field(default_factory=list)
    course: Course = field(default_factory=Course)
    meter: ShotMeter | None = None

    def colors(self) -> Generator[tuple[int, ProxyFrame], None, None]:
        """Every frame's number and colour as it is rendered, in order; measured before it is handed on."""
        film = self.film
        for segment, path in zip(film.plan.segments, film.proxies, strict=True):
            count = segment.end - segment.start
            with closing(read_proxy(path, film=film.info, frame_count=count)) as frames:
                treated = treat(frames, film.choices[segment.shot].treatment)
                for number, color in zip(segment.frames(), treated, strict=True):
                    self._push(number, color)
                    yield number, color

    def _push(self, number: int, color: ProxyFrame) -> None:
        shot = self.film.plan.shots[len(self.figures)]
        if self.meter is None:
            kr, kb = luma_coefficients(resolve_color(self.film.info).matrix)
            self.meter = ShotMeter(kr=kr, kb=kb)
        self.course.push(self.meter.push(color))
        if number == shot.end - 1:
            self.figures.append(self.meter.finish())
            self.meter = None


def examine(
    film: ColoredFilm, *, result: FilmInfo, output: Path, picture: OutputPicture, on_frame: FrameDone
) -> Examined:
    """Decodes the finished film `result`, to be published as `output`; holds a few frames.

    Raises OutputError where it does not decode whole.
    """
    reason = not_comparable(film.info, picture)
    if reason is not None:
        return examine_proxies(film, luma=LumaProof(comparable=False, reason=reason), on_frame=on_frame)
    meter, maker = _FilmMeter(film), StillsMaker(result, shots=film.plan.shots)
    with ExitStack() as stack:
        frames = stack.enter_context(closing(result_frames(result, name=output)))
        colors = stack.enter_context(closing(ahead(meter.colors(), depth=_AHEAD_FRAMES)))
        prover = stack.enter_context(LumaProver(film.info, timeline=film.plan.timeline, picture=picture))
        for frame in _shown_first(frames, film.delivery):
            prover.push(frame.luma)  # refuses a frame too many, so there is a colour for each
            number, color = next(colors)
            if maker.wants(number):
                maker.push(number, frame, proxy=color)
            on_frame()
        luma = prover.finish()
    return Examined(luma=luma, figures=tuple(meter.figures), stills=tuple(maker.stills), course=meter.course)


def _shown_first(frames: Iterable[Frame], delivery: Delivery | None) -> Iterator[Frame]:
    """Each frame of the source once: where it is shown first. Raises OutputError where their number is wrong."""
    if delivery is None:
        yield from frames
        return
    first, count = set(delivery.starts.tolist()), 0
    for number, frame in enumerate(frames):
        count += 1
        if number in first:
            yield frame
    if count != len(delivery.timeline):
        raise OutputError(
            f"{delivery.film.path}: {count} frames decode of {len(delivery.timeline)} that were written"
        )


def examine_proxies(film: ColoredFilm, *, luma: LumaProof, on_frame: FrameDone) -> Examined:
    """The same without a look at the finished film: of the source, only the frames that are shown are read."""
    meter, maker = _FilmMeter(film), StillsMaker(film.info, shots=film.plan.shots)
    with (
        FrameReader(film.info, timeline=film.plan.timeline) as reader,
        closing(meter.colors()) as colors,
    ):
        for number, color in colors:
            if maker.wants(number):
                (frame,) = reader.read(number, number + 1)
                maker.push(number, frame, proxy=color)
            on_frame()
    return Examined(luma=luma, figures=tuple(meter.figures), stills=tuple(maker.stills), course=meter.course)
