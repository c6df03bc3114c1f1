"""Numbered stills as the input and the output of jobs, through the command line."""

import json
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import av
import numpy as np
import pytest

from jobs.cli.main import main
from jobs.records.verify import verify_film
from jobs.settings.job_file import load_job, make_job
from pipeline.errors import SettingsError
from pipeline.source.luma_planes import luma_plane
from tests.graded import color_flat
from tests.media import ColorTags, make_film
from tests.stages import events, finish, start
from tests.stills_films import make_stills, read_still, write_sound


@pytest.fixture
def stills(tmp_path: Path) -> Path:
    """A folder of 16 stills of 10-bit DPX, numbered from 5, of two shots, with sound and a job file beside it."""
    make_stills(tmp_path / "in" / "a_%04d.dpx", pixel_format="gbrp10be", count=16, first=5, cut=8)
    write_sound(tmp_path / "in.wav", seconds=Fraction(16 * 1001, 24000))
    (tmp_path / "job.yaml").write_text(
        "input: in/a_%04d.dpx\noutput: out/b_%04d.dpx\nrate: 23.976\nsegment_frames: 8\noverlap_frames: 8\n"
        "color: {short_side: 128}\n"
    )
    return tmp_path


def _luma(folder: Path) -> list[str]:
    found = (luma_plane(read_still(path)) for path in sorted(folder.iterdir()))
    return [sha256(plane.tobytes()).hexdigest() for plane in found]


def test_a_killed_run_goes_on_and_stills_in_are_stills_out_with_a_record(stills: Path) -> None:
    kill = (
        "import os, jobs.run.stills_output\n"
        "from pipeline.output import stills_mux as sequence_mux\n"
        "real, count = sequence_mux.write_still_frame, [0]\n"
        "def dying(path, frame, *, kind):\n"
        "    count[0] += 1\n"
        "    if count[0] == 5: os.kill(os.getpid(), 9)\n"
        "    return real(path, frame, kind=kind)\n"
        "sequence_mux.write_still_frame = dying\n"
    )
    code, _, _ = finish(start("run", stills / "job.yaml", setup=kill))
    assert code != 0
    assert not (stills / "out").exists()
    made = events(stills / ".out.kinochrome", "published")
    assert main(["run", str(stills / "job.yaml"), "--quiet", "--keep-work"]) == 0
    assert events(stills / ".out.kinochrome", "published") == made  # no segment was done again
    assert _luma(stills / "out") == _luma(stills / "in")
    assert [path.name for path in sorted((stills / "out").iterdir())] == [
        f"b_{n:04d}.dpx" for n in range(5, 21)
    ]
    assert list(stills.glob("*.partial")) == []
    record = json.loads((stills / "out.report.json").read_text())
    assert (record["luma"]["equal"], record["frames"], record["time_base"]) == (True, 16, "1001/24000")
    assert record["picture"]["codec"] == "dpx"
    assert verify_film(stills / "out").faults == ()
    (stills / "out" / "b_0009.dpx").write_bytes((stills / "out" / "b_0010.dpx").read_bytes())
    (fault,) = verify_film(stills / "out" / "b_%04d.dpx").faults
    assert "1 frame changed, the first is frame 4 at 00:00:00.167, in segment 0 of shot 0" in fault
    (stills / "out" / "b_0009.dpx").unlink()
    assert "1 frame missing, the first is frame 4" in verify_film(stills / "out").faults[0]


def test_stills_with_sound_become_a_film_and_that_film_stills_again(stills: Path) -> None:
    source, film = stills / "in" / "a_%04d.dpx", stills / "film.mkv"
    options = ["--quiet", "--set", "color.short_side=128", "--set", "report_page=false"]
    sound = ["--rate", "24000/1001", "--sound", str(stills / "in.wav")]
    assert main(["colorize", str(source), "-o", str(film), "--preset", "archival", *sound, *options]) == 0
    record = json.loads((stills / "film.mkv.report.json").read_text())
    assert record["luma"]["equal"] is True
    assert [s["codec"] for s in record["output"]["content"]["streams"]] == ["ffv1", "pcm_s16le"]
    assert main(["verify", str(film), "--source", str(source), "--quiet"]) == 0
    with av.open(str(film)) as container:
        base = Fraction(container.streams.video[0].time_base or 1)
        pictures = [(frame.pts or 0) * base for frame in container.decode(video=0)]
        assert container.streams.video[0].average_rate == Fraction(24000, 1001)
    assert all(abs(time - Fraction(n * 1001, 24000)) <= Fraction(1, 1000) for n, time in enumerate(pictures))
    back = stills / "back" / "%04d.tif"
    assert main(["colorize", str(film), "-o", str(back), *options]) == 1  # its sound would be lost
    assert not back.parent.exists()
    assert main(["colorize", str(film), "-o", str(back), "--allow-loss", "--bag", *options]) == 0
    record = json.loads((stills / "back.report.json").read_text())
    assert (record["luma"]["equal"], record["frames"]) == (True, 16)
    assert any("audio stream 1" in lost for lost in record["lost"])
    assert main(["verify", str(stills / "back.bag"), "--quiet"]) == 0
    with (stills / "back.bag" / "data" / "back" / "0003.tif").open("r+b") as still:
        still.write(b"x")
    assert main(["verify", str(stills / "back.bag"), "--quiet"]) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"rate": None}, "rate: found none, and numbered stills have no times"),
        ({"rate": "fast"}, "frames per second"),
        ({"input": "in/a_%s.dpx"}, "input: .*needs %d or %0Nd once"),
        ({"input": "in/a_%04d_%04d.dpx"}, "input: .*needs %d or %0Nd once"),
        ({"input": "in/b_%04d.dpx"}, "input: .*no still has such a name"),
        ({"input": "in/a_%04d.jpg"}, "input: .*numbered stills can be .dpx, .exr, .png, .tif, .tiff"),
        ({"output": "out/%04d.mkv"}, "output: .*numbered stills can be .dpx"),
        ({"output": "in/%04d.tif"}, "output: found the folder of the input itself"),
        ({"output": "%04d.tif"}, "output: .*holds other files"),
        ({"output": "in/a_0007.dpx/out/%04d.tif"}, r"output: found .*a_0007\.dpx, which is not a folder"),
        ({"sound": "none.wav"}, "sound: no such file"),
        ({"start_number": -1}, "start_number"),
        ({"input": "in.wav"}, "rate: is for numbered stills"),
        ({"output": "out.mkv", "start_number": 7}, "start_number: is for numbered stills"),
    ],
)
def test_what_is_wrong_is_told_before_the_start(stills: Path, change: dict[str, object], told: str) -> None:
    paths = ("input", "output", "sound")
    values = {"input": "in/a_%04d.dpx", "output": "out/%04d.tif", "rate": "24"} | change
    options = {k: str(stills / str(v)) if k in paths else v for k, v in values.items() if v is not None}
    with pytest.raises(SettingsError, match=told):
        make_job(options)


def test_a_folder_of_stills_that_is_a_link_is_not_replaced(
    stills: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (stills / "users").mkdir()
    (stills / "users" / "b_0001.dpx").write_bytes(b"mine")
    (stills / "out").symlink_to(stills / "users")
    assert main(["run", str(stills / "job.yaml"), "-q", "--overwrite"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"found {stills / 'out'}, which is a link" in line
    assert (stills / "users" / "b_0001.dpx").read_bytes() == b"mine"


def test_missing_and_doubled_numbers_are_told_with_the_line_of_the_job(stills: Path) -> None:
    (stills / "in" / "a_0009.dpx").rename(stills / "in" / "a_0030.dpx")
    with pytest.raises(
        SettingsError, match=r"job.yaml:1: input: .*10 stills are missing between 5 and 30: 9, 21-29"
    ):
        load_job(stills / "job.yaml")
    (stills / "in" / "a_0030.dpx").rename(stills / "in" / "a_0009.dpx")
    (stills / "in" / "a_7.dpx").write_bytes(b"x")
    with pytest.raises(SettingsError, match=r"1 numbers are there twice: a_0007.dpx and a_7.dpx"):
        load_job(stills / "job.yaml")


def test_stills_choose_the_preset_of_stills_and_rates_are_kept_exactly(stills: Path) -> None:
    job = load_job(stills / "job.yaml")
    assert (job.preset, job.encode.codec, job.encode.chroma, job.rate) == (
        "sequence",
        "ffv1",
        "444",
        "24000/1001",
    )
    assert load_job(stills / "job.yaml", options={"rate": 25}).rate == "25"
    again = stills / "again.yaml"
    again.write_text(job.to_yaml())
    assert load_job(again) == job


def test_a_lossy_preset_and_unlike_stills_end_a_run_with_one_line(
    stills: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(stills / "job.yaml"), "--preset", "access", "--quiet"]) == 1
    assert "not of h264; preset: sequence would work" in capsys.readouterr().err
    make_stills(stills / "in" / "a_%04d.dpx", pixel_format="gbrp12be", count=1, first=12)
    assert main(["check", str(stills / "job.yaml"), "--quiet"]) == 1
    assert "a_0012.dpx: is 64x48 DPX, 12 bits" in capsys.readouterr().err
    assert main(["run", str(stills / "job.yaml"), "--quiet"]) == 1
    assert "a_0012.dpx: is 64x48 DPX, 12 bits" in capsys.readouterr().err
    assert sorted(path.name for path in stills.iterdir()) == ["in", "in.wav", "job.yaml"]


def test_check_and_status_know_stills(stills: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(stills / "job.yaml")]) == 0
    assert "64x48" in capsys.readouterr().out
    assert main(["plan", str(stills / "job.yaml"), "--quiet"]) == 0
    assert main(["status", str(stills / "job.yaml")]) == 0
    assert "to do" in capsys.readouterr().out


def test_stills_that_clip_a_film_s_luma_say_so_and_it_is_on_record(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    frames = [np.full((48, 64), 100, np.uint8) for _ in range(4)]
    frames[2][:8] = 250
    tags = ColorTags(range="limited")
    make_film(tmp_path / "film.mkv", frames=frames, pixel_format="yuv420p", color=tags)
    output = tmp_path / "out" / "%03d.png"
    arguments = ("-q", "--set", "report_page=false")
    assert color_flat(tmp_path / "film.mkv", output, *arguments, work=tmp_path / "work") == 0
    (told,) = (line for line in capfd.readouterr().err.splitlines() if "beyond" in line)
    assert "1 of 4 frames have luma beyond black or white (16 to 250 in a range of 16 to 235)" in told
    record = json.loads((tmp_path / "out.report.json").read_text())
    assert [warning for warning in record["warnings"] if warning in told] == record["warnings"]
    assert len(record["warnings"]) == 1
    assert record["luma"]["equal"] is not True
