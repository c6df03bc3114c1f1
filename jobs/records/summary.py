"""The sentence with which the report page opens: what is the same, what was made, what is missing."""

from collections import Counter
from fractions import Fraction

from jobs.records.film_record import FilmRecord
from pipeline.verify.luma_proof import LumaProof

_LEAST_SECONDS = 0.5
"""Sound often goes on a little longer than the picture; that is nothing to tell."""


def summary_sentence(record: FilmRecord) -> str:
    """One plain sentence about the whole film."""
    missing = missing_parts(record)
    last = ", and ".join(missing) if missing else "nothing of the source is missing"
    return f"{_same(record.luma, record.frames)}; {_made(record)}; {last}."


def missing_parts(record: FilmRecord) -> list[str]:
    """What of the source is not in the film, in words; nothing where all came along."""
    found = []
    without, whole = uncovered_seconds(record)
    if without:
        found.append(f"{without:.1f} of {whole:.1f} s have no picture, as in the source")
    if record.damage:
        found.append(f"the source is damaged in {_count(len(record.damage), 'place')}")
    if record.lost:
        found.append(
            f"{_count(len(record.lost), 'thing')} that the file cannot hold {_were(len(record.lost))} left out"
        )
    return found


def uncovered_seconds(record: FilmRecord) -> tuple[float, float]:
    """How long there is no picture, and how long the source is, by its header and with its sound; (0, length) where the
    picture is as long, to half a second."""
    covered, whole = float(picture_length(record)), record.source_seconds
    if whole is None or whole - covered < _LEAST_SECONDS:
        return 0.0, covered
    return whole - covered, whole


def picture_length(record: FilmRecord) -> Fraction:
    """Seconds from the first frame to the end of the last, which lasts as long as the one before it."""
    runs = [tuple(map(int, run.split(":"))) for run in record.pts_runs.split()]
    (begin, _, _), (first, step, count) = runs[0], runs[-1]
    last = first + step * (count - 1)
    return (last + step - begin) * Fraction(record.time_base)


def _same(luma: LumaProof, frames: int) -> str:
    every = "The frame is there" if frames == 1 else f"All {frames:,} frames are there"
    if not luma.comparable or (luma.equal is None and luma.psnr_mean_db is None):
        return f"{every}, and their brightness was not compared with the source's ({luma.reason})"
    if luma.equal:
        return f"{every}, and every sample of brightness is the source's"
    if luma.psnr_mean_db is None:
        return f"{every}, and their brightness is the source's, {luma.reason}"
    return f"{every}, and their brightness was compressed anew, with loss (PSNR {luma.psnr_mean_db:.1f} dB)"


def _made(record: FilmRecord) -> str:
    sources = Counter("predicted" if s.treatment is None else s.treatment.source for s in record.shots)
    coloured, count = sources["predicted"], len(record.shots)
    who = "a machine" if record.weights is not None else "proxies that were given"
    which = f"all {count:,} shots" if coloured == count > 1 else f"{coloured:,} of {count:,} shots"
    line = f"{who} made the colours of {'the one shot' if coloured == count == 1 else which}"
    guided = sum(1 for shot in record.shots if shot.guidance is not None)
    others = [
        (guided, f"{_count(guided, 'shot')} after colours that a person gave"),
        (sources["original"], f"{_count(sources['original'], 'shot')} with the source's own colours"),
        (sources["grey"], f"{_count(sources['grey'], 'shot')} left black-and-white"),
    ]
    parts = [text for number, text in others if number]
    return f"{line} ({', '.join(parts)})" if parts else line


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"
