"""Interlaced films through whole jobs: what every preset's file says of its fields, and the key `interlaced`."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from jobs.progress.reporters import QuietProgress
from jobs.run.film import run_job
from jobs.settings.job_file import make_job
from jobs.workdir.film_plan import plan_film
from jobs.workdir.film_spec import probe_source
from jobs.workdir.folder import WorkDir
from pipeline.colorize.chroma_proxy import ProxyFrame, write_proxy
from pipeline.errors import SourceError
from pipeline.fields import FieldMarker, Fields
from pipeline.source.frame_reader import FrameReader
from pipeline.source.probe import probe
from tests.fields import field_flags, header_order, luma_sums
from tests.media import fill_frame, make_film, picture

COUNT = 6


@pytest.mark.parametrize(("preset", "suffix"), [("access", "mp4"), ("archival", "mkv"), ("mezzanine", "mov")])
@pytest.mark.parametrize(("order", "flag", "header"), [("tff", "T", "top"), ("bff", "B", "bottom")])
def test_field_order_is_carried(
    tmp_path: Path, preset: str, suffix: str, order: str, flag: str, header: str
) -> None:
    film, output = tmp_path / "film.mkv", tmp_path / f"out.{suffix}"
    make_film(film, frames=COUNT, pixel_format="yuv420p", interlaced="tff" if order == "tff" else "bff")
    _run(film, output, preset=preset)
    assert field_flags(output) == flag * COUNT
    assert header_order(output).startswith(header)


@pytest.mark.parametrize(
    ("preset", "suffix", "flags"),
    [("archival", "mkv", "TTPPTB"), ("access", "mp4", "TTTTTT"), ("mezzanine", "mov", "TTTTTT")],
)
def test_mixed_frames_keep_their_flags_where_the_codec_has_one_for_each(
    tmp_path: Path, preset: str, suffix: str, flags: str
) -> None:
    """Else all are in the order of most: x264 and ProRes call progressive frames bottom field first."""
    film, output = tmp_path / "film.mkv", tmp_path / f"out.{suffix}"
    kinds: tuple[Fields, ...] = ("top", "top", "progressive", "progressive", "top", "bottom")
    _make_mixed(film, kinds)
    assert field_flags(film) == "TTPPTB"
    _run(film, output, preset=preset)
    assert field_flags(output) == flags


def test_a_deinterlaced_film_is_progressive_and_proved(tmp_path: Path) -> None:
    film, output = tmp_path / "film.mkv", tmp_path / "out.mkv"
    make_film(film, frames=COUNT, pixel_format="gray10le", interlaced="tff")
    _run(film, output, preset="archival", interlaced="deinterlace")
    assert field_flags(output) == "P" * COUNT
    assert header_order(output) in ("", "progressive")
    assert [time for time, _ in luma_sums(output)] == [time for time, _ in luma_sums(film)]
    job = make_job(
        _options(film, output, tmp_path, "archival") | {"overwrite": True},
        overrides=("interlaced=deinterlace",),
    )
    with FrameReader(probe_source(job)) as source, FrameReader(probe(output)) as made:
        for one, other in zip(source.frames(), made.frames(), strict=True):
            np.testing.assert_array_equal(one.luma, other.luma)


def test_another_setting_plans_the_film_again(tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    make_film(film, frames=COUNT, interlaced="bff")
    found = []
    with WorkDir(tmp_path / "work") as work:
        for setting in ("keep", "deinterlace", "keep"):
            options = {"input": str(film), "output": str(tmp_path / "out.mkv"), "preset": "archival"}
            job = make_job(options, overrides=(f"interlaced={setting}",))
            plan = plan_film(job, probe_source(job), work=work, progress=QuietProgress())
            found.append((plan.is_deinterlaced, plan.timeline.luma_hash.tolist()))
    assert [is_deinterlaced for is_deinterlaced, _ in found] == [False, True, False]
    assert found[0] == found[2]
    assert found[0][1] != found[1][1]


@pytest.mark.parametrize("first", ["top", "progressive"])
def test_refused_films_are_named_before_any_work(tmp_path: Path, first: Fields) -> None:
    film = tmp_path / "film.mkv"
    _make_mixed(film, (first, "top", "top"), header="tt" if first == "top" else "progressive")
    with pytest.raises(SourceError, match=r"film\.mkv: .*interlaced.*would work"):
        _run(film, tmp_path / "out.mkv", preset="archival", interlaced="refuse")
    assert not (tmp_path / "out.mkv").exists()


def _options(film: Path, output: Path, folder: Path, preset: str) -> dict[str, object]:
    return {"input": str(film), "output": str(output), "preset": preset, "from_proxy": str(folder / "graded")}


def _run(film: Path, output: Path, *, preset: str, interlaced: str = "keep") -> None:
    """A job whose colours are given: no network is needed."""
    red = np.full((12, 16), 0.2, np.float32)
    frame = ProxyFrame(luma=np.full_like(red, 0.5), cb=-red, cr=red)
    count = len(field_flags(film))
    proxy = output.parent / "graded" / "000000.mkv"
    proxy.parent.mkdir()
    write_proxy(proxy, [(number * 40, frame) for number in range(count)], film=probe(film))
    overrides = (f"interlaced={interlaced}", "report_page=false")
    job = make_job(_options(film, output, output.parent, preset), overrides=overrides)
    with WorkDir(output.parent / "work") as work:
        run_job(job, work=work, progress=QuietProgress())


def _make_mixed(path: Path, kinds: tuple[Fields, ...], *, header: str = "tt") -> None:
    """FFV1 in Matroska, which says of every frame what it is."""
    base = Fraction(1, 25)
    marker = FieldMarker(base)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("ffv1", rate=25, options={"level": "3", "field_order": header})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number, kind in enumerate(kinds):
            frame = fill_frame(picture(number), "yuv420p")
            frame.pts, frame.time_base = number, base
            out.mux(stream.encode(marker.mark(frame, kind)))
        out.mux(stream.encode(None))
