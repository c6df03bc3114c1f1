"""What the two products of a segment are made of: the inputs that their fingerprints cover."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from jobs.jobfile import Job
from jobs.ledger import Inputs, as_inputs
from jobs.version import VERSION
from pipeline.color import resolve_color
from pipeline.encode import EncodeSettings
from pipeline.media import FilmInfo, Segment
from pipeline.plan import Plan
from pipeline.render import OutputPicture
from pipeline.steady import SteadySettings

CODE_FORMAT = 1
"""Raised when a stage's result changes for the same inputs: work of an older format is done again."""


def prediction(job: Job, *, weights_sha256: str) -> dict[str, object]:
    """Everything about the network that a job asks for and that its colours depend on.

    Device and precision count as they were asked for: with `auto`, any machine of a farm may go on with what
    another began, and a film need not be coloured on the machine that muxes it.
    """
    return {
        "weights": weights_sha256,
        "batch": job.batch,
        "device": job.device.partition(":")[0],
        "precision": job.precision,
        "color": {
            "short_side": job.color.short_side,
            "temperature": job.color.temperature,
            "vividness": job.color.vividness,
        },
    }


def color_inputs(
    film: FilmInfo, *, plan: Plan, segment: Segment, predict: Mapping[str, Any], steady: SteadySettings
) -> Inputs:
    """What a chroma proxy depends on."""
    return as_inputs(
        {
            "product": "color",
            "format": CODE_FORMAT,
            "version": VERSION,
            "source": plan.source.xxh3_128,
            "segment": asdict(segment),
            "picture": asdict(plan.shots[segment.shot].picture),
            "film": asdict(resolve_color(film)),
            **predict,
            "steady": asdict(steady),
        }
    )


def video_inputs(
    *,
    plan: Plan,
    segment: Segment,
    proxy_sha256: str,
    encode: EncodeSettings,
    output: OutputPicture,
    saturation: float,
) -> Inputs:
    """What coded pictures depend on; the proxy counts by its bytes."""
    return as_inputs(
        {
            "product": "video",
            "format": CODE_FORMAT,
            "version": VERSION,
            "source": plan.source.xxh3_128,
            "segment": {"start": segment.start, "end": segment.end},
            "proxy": proxy_sha256,
            "encode": vars(encode) | {"options": dict(encode.options)},
            "output": asdict(output),
            "color": {"saturation": saturation},
        }
    )
