"""The inputs of a segment's proxy and coded pictures, which their fingerprints cover."""

from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from jobs.settings.job import Job
from jobs.version import VERSION
from jobs.workdir.segment_records import Inputs, as_inputs, fingerprint
from pipeline.color.colorimetry import resolve_color
from pipeline.colorize.grade import ColorSource, ShotTreatment
from pipeline.colorize.temporal import SteadySettings
from pipeline.guidance.shot_guidance import ShotGuidance
from pipeline.media import FilmInfo, Segment
from pipeline.plan.plan import Plan
from pipeline.render.delivery import Delivery
from pipeline.render.output_picture import OutputPicture
from pipeline.render.settings import EncodeSettings

CODE_FORMAT = 11
"""Raised when a stage's result changes for the same inputs: work of an older format is done again."""


def prediction(job: Job, *, weights_sha256: str) -> dict[str, object]:
    """The settings of the network on which the colours of a job depend.

    Device and precision enter as the job names them: with `auto`, any machine of a farm can continue what another
    began, and a film need not be coloured on the machine that muxes it.
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
    film: FilmInfo,
    *,
    plan: Plan,
    segment: Segment,
    predict: Mapping[str, Any],
    steady: SteadySettings,
    source: ColorSource = "predicted",
    guidance: ShotGuidance | None = None,
) -> Inputs:
    """What a chroma proxy depends on; `predict` comes from `prediction`."""
    color = {**predict["color"], "source": source}
    how = {**predict, "color": color, "steady": asdict(steady)}
    if source != "predicted":
        how = {"color": {"short_side": color["short_side"], "source": source}}
    if guidance is not None:
        how["guidance"] = guidance.identity()
    return as_inputs(
        {
            "product": "color",
            "source": plan.source.xxh3_128,
            "segment": asdict(segment),
            "time_base": str(plan.time_base),
            **_shown(film, plan, segment),
            **how,
        }
    )


def content_key(
    film: FilmInfo,
    *,
    plan: Plan,
    segment: Segment,
    predict: Mapping[str, Any],
    steady: SteadySettings,
    device: str,
) -> str:
    """The cache key of a predicted proxy: of its pictures and how it is made, whatever film they are in.

    `device` is part of it because devices differ in the last bit.
    """
    lumas = plan.timeline.luma_hash[segment.lead_start : segment.lead_end].astype(">u8").tobytes()
    return fingerprint(
        as_inputs(
            {
                "product": "color by content 2",
                "luma": sha256(lumas).hexdigest(),
                "frames": [segment.start - segment.lead_start, segment.end - segment.start, len(lumas) // 8],
                "size": [film.width, film.height, str(film.sample_aspect), film.pixel_format.depth],
                "field_order": film.field_order,
                **_shown(film, plan, segment),
                **predict,
                "device": device,
                "steady": asdict(steady),
            }
        )
    )


def video_inputs(
    *,
    plan: Plan,
    segment: Segment,
    proxy_sha256: str,
    encode: EncodeSettings,
    output: OutputPicture,
    treatment: ShotTreatment,
    delivery: Delivery | None = None,
) -> Inputs:
    """What coded pictures depend on; the proxy enters by the hash of its bytes."""
    delivered = {}
    if delivery is not None:
        part = slice(segment.start, segment.end)
        times = {"times": delivery.times[part].tolist(), "first": delivery.pts_of(segment.start)[0]}
        delivered = {"delivery": {"rate": str(delivery.rate), **times}}
    return as_inputs(
        {
            **delivered,
            "product": "video",
            "format": CODE_FORMAT,
            "version": VERSION,
            "source": plan.source.xxh3_128,
            "segment": {"start": segment.start, "end": segment.end},
            "time_base": str(plan.time_base),
            "proxy": proxy_sha256,
            "is_deinterlaced": plan.is_deinterlaced,
            "encode": vars(encode) | {"options": dict(encode.options)},
            "output": asdict(output),
            "color": {
                "source": treatment.source,
                "saturation": treatment.saturation,
                "hue_degrees": treatment.hue_degrees,
            },
        }
    )


def _shown(film: FilmInfo, plan: Plan, segment: Segment) -> dict[str, object]:
    """What colour depends on besides pictures and settings."""
    return {
        "format": CODE_FORMAT,
        "version": VERSION,
        "is_deinterlaced": plan.is_deinterlaced,
        "picture": asdict(plan.shots[segment.shot].picture),
        "film": asdict(resolve_color(film)),
    }
