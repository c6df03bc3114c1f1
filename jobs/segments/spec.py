"""Says of a job and a planned film what is to be made, so that every stage goes by the same: format and weights.

Nothing here loads torch: `status` asks for little, and often.
"""

from dataclasses import replace

from jobs.settings.job import Job
from jobs.settings.shot_choices import weights_of_shots
from jobs.workdir.film_spec import Film, FilmSpec
from jobs.workdir.folder import WorkDir
from models.weights_info import WeightsInfo, read_weights_info, weights_file
from pipeline.fields import CODES_EACH_FRAME, as_counted, order_of
from pipeline.media import FilmInfo
from pipeline.output.containers import check_container
from pipeline.plan.plan import Plan
from pipeline.render.encoder import LEFT_SITE_CODECS, LIMITED_CODECS, check_encoder, output_format
from pipeline.render.output_picture import OutputPicture, as_coded, output_picture
from pipeline.render.settings import codec_of
from pipeline.source.picture_tags import as_tagged
from pipeline.still_pattern import parse_rate


def make_spec(
    job: Job, film: FilmInfo, *, plan: Plan, work: WorkDir, weights: WeightsInfo | None
) -> FilmSpec:
    """What the job makes of the film."""
    film = as_tagged(as_counted(film, plan.fields), plan.tags)
    named = {} if weights is None else {job.weights: weights} | shot_weights(job)
    return FilmSpec(
        job=job,
        film=Film(info=film, plan=plan, work=work),
        picture=check_output(job, film),
        weights_sha256={name: info.sha256 for name, info in named.items()} or None,
    )


def check_output(job: Job, film: FilmInfo) -> OutputPicture:
    """The format of the rendered frames; raises before anything starts if encoder or container would refuse it."""
    if job.delivery_rate is not None:
        film = replace(film, rate_from_header=parse_rate(job.delivery_rate))
    check_container(film, job.target, video_codec=job.encode.codec, allow_loss=job.allow_loss)
    picture = output_picture(
        film,
        pixel_format=output_format(film, job.encode),
        range="limited" if codec_of(job.encode.codec) in LIMITED_CODECS else "source",
        max_lines=job.encode.max_lines,
        side_by_side=job.encode.side_by_side,
        all_fields=None if job.encode.codec in CODES_EACH_FRAME else order_of(film),
        chroma_site="left" if codec_of(job.encode.codec) in LEFT_SITE_CODECS else None,
    )
    check_encoder(
        as_coded(film, picture), job.encode, width=picture.width, height=picture.height, color=picture.color
    )
    return picture


def find_weights(job: Job) -> WeightsInfo | None:
    """What the job's weights file says of itself; None if colours come from proxies. Raises WeightsError."""
    if job.from_proxy is not None:
        return None
    return read_weights_info(weights_file(job.weights))


def shot_weights(job: Job) -> dict[str, WeightsInfo]:
    """What the weights files of single shots say of themselves, by name. Raises WeightsError."""
    names = weights_of_shots(job) if job.from_proxy is None else ()
    return {name: read_weights_info(weights_file(name)) for name in names}


def check_weights(job: Job, *, own: bool) -> None:
    """Reads the weights files of single shots whole, and the job's own one if `own`. Raises WeightsError.

    Where colours come from proxies no weights are needed, and none are looked at.
    """
    if job.from_proxy is not None:
        return
    names = (*((job.weights,) if own else ()), *weights_of_shots(job))
    if names:
        from models.checkpoint import load_weights

        for name in names:
            load_weights(weights_file(name))
