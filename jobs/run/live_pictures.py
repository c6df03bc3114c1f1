"""Answers questions about pictures of films and stills, with the last few of them kept open.

Questions and answers are plain values, so that they may come from another process.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypedDict

from jobs.run.live_film import LiveFilm
from jobs.run.live_still import LiveStill
from jobs.segments.task import make_predictor
from jobs.settings.job import Job
from jobs.settings.job_file import make_job
from pipeline.color.picture_file import encode_picture
from pipeline.colorize.predict import Predictor
from pipeline.colorize.settings import ColorSettings
from pipeline.errors import SettingsError
from pipeline.guidance.looks.color_names import GivenColor, hex_of

DEFAULT: Final = "default"
"""Name of the weights that come with Kinochrome, as a job has it."""
_MOST_OPEN = 2
_FAST = 1
"""Compression of a PNG that is only looked at."""
_TAKE_LINES = 240


class Source(TypedDict):
    """A film or still, and the job whose colours are asked for."""

    values: dict[str, Any]
    """Keys of a job, with whole paths."""
    plan: str | None
    """Path of a film's plan; None for a still."""


class LivePictures:
    """Keeps the last films and stills open; used from one thread at a time."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[object, ...], LiveFilm | LiveStill] = OrderedDict()
        self._networks: dict[tuple[str, ColorSettings], Predictor] = {}

    def warm_up(self) -> None:
        """Loads the default network, for which a first question would have to wait. Raises WeightsError."""
        self._networks[DEFAULT, ColorSettings()] = Predictor()

    def answer(self, question: str, arguments: Mapping[str, Any]) -> Any:
        """The answer to a question by its name; ValueError where there is no such question.

        Raises KinochromeError and ModelError as the work does.
        """
        questions: dict[str, Callable[..., Any]] = {
            "frame": self.frame,
            "likely": self.likely,
            "takes": self.takes,
            "strip": self.strip,
        }
        if question not in questions:
            raise ValueError(f"no question {question!r}")
        return questions[question](**arguments)

    def frame(
        self, source: Source, number: int, *, side: str, lines: int | None, is_draft: bool
    ) -> tuple[bytes, int, bool]:
        """A frame as PNG, its pts, and whether its colour is the rendered one; `side` is grey or colour."""
        job = _job(source)
        live = self._live(source, job)
        if side == "grey":
            made = live.grey(number, lines=lines)
        else:
            made = live.colored(job, number, lines=lines, is_draft=is_draft)
        return encode_picture(made.rgb, ".png", compression=_FAST), made.pts, made.is_rendered

    def likely(
        self, source: Source, number: int, *, place: tuple[float, float], count: int
    ) -> dict[str, Any]:
        """`grey` and `colours` of a place, as the page shows them."""
        lightness, found = self._live(source, _job(source)).likely(number, place, count=count)
        return {
            "grey": hex_of(GivenColor(lightness, 0, 0)),
            "colours": [
                {
                    "hex": hex_of(GivenColor(lightness, color.a, color.b)),
                    "ab": [round(color.a, 2), round(color.b, 2)],
                    "share": round(color.share, 4),
                }
                for color in found
            ],
        }

    def takes(self, source: Source, shot: int, *, count: int, seed: int) -> dict[str, Any]:
        """`frame`, `takes` and `regions` as PNG, and `letters`."""
        live = self._live(source, _job(source))
        made = live.takes(shot, count=count, seed=seed, lines=_TAKE_LINES)
        return {
            "frame": made.frame,
            "takes": [encode_picture(take, ".png", compression=_FAST) for take in made.takes],
            "regions": encode_picture(made.regions, ".png", compression=_FAST),
            "letters": list(made.letters),
        }

    def strip(self, source: Source, shot: int) -> tuple[bytes, bytes | None, tuple[int, ...]]:
        """A shot's small pictures as JPEG in grey, and in colour where that is rendered; their frames."""
        job = _job(source)
        live = self._live(source, job)
        if isinstance(live, LiveStill):
            raise SettingsError("a still has no shots")
        made, is_rendered = live.strip(job, shot)
        return made.grey, made.color if is_rendered else None, made.frames

    def close(self) -> None:
        """Closes all that is open."""
        while self._open:
            self._open.popitem()[1].close()

    def _live(self, source: Source, job: Job) -> LiveFilm | LiveStill:
        paths = [job.input, *([Path(source["plan"])] if source["plan"] else [])]
        key = (
            *paths,
            *((stat.st_mtime_ns, stat.st_size) for stat in (path.stat() for path in paths if path.exists())),
        )
        live = self._open.pop(key, None)
        if live is None:
            while len(self._open) >= _MOST_OPEN:
                self._open.popitem(last=False)[1].close()
            network = self._network_of(job)
            if source["plan"] is None:
                live = LiveStill(job, network=network)
            else:
                live = LiveFilm(job, plan_path=Path(source["plan"]), network=network)
        self._open[key] = live
        return live

    def _network_of(self, job: Job) -> Predictor:
        """The network of a job, shared by all films; the last one that was needed is kept."""
        key = job.weights, replace(job.color, saturation=1.0)
        if key not in self._networks:
            self._networks.clear()
            self._networks[key] = make_predictor(job)
        return self._networks[key]


def _job(source: Source) -> Job:
    return make_job(source["values"])
