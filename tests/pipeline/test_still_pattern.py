"""Numbered stills: what a pattern names, and the film that they are."""

from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import SettingsError, SourceError
from pipeline.plan.fingerprint import check_source, source_fingerprint
from pipeline.plan.plan import scan_film
from pipeline.plan.segments import SegmentSettings
from pipeline.plan.shots import ShotSettings
from pipeline.source.frame_reader import FrameReader
from pipeline.source.open_film import check_stills, probe_film_or_stills
from pipeline.still_pattern import find_numbers, is_pattern_name, parse_pattern, parse_rate
from pipeline.verify.fixity import hash_content
from tests.pictures import picture
from tests.stills_films import code_light, make_stills, write_grey_dpx, write_sound


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("24", Fraction(24)),
        ("16", Fraction(16)),
        ("18", Fraction(18)),
        ("23.976", Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        ("24000/1001", Fraction(24000, 1001)),
        ("16.5", Fraction(33, 2)),
    ],
)
def test_a_rate_is_exact(text: str, rate: Fraction) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["0", "-24", "24/0", "1e3", "nan", "fast", "1001", "", "24 fps", "١٢"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="frames per second"):
        parse_rate(text)


@pytest.mark.parametrize(
    "name",
    [
        "%s.dpx",
        "%06d_%06d.dpx",
        "%d%s.png",
        "%6d.tif",
        "%-06d.tif",
        "%x.exr",
        "%+d.png",
        "%100000d.dpx",
        "%n.png",
    ],
)
def test_a_hostile_pattern_is_refused(name: str, tmp_path: Path) -> None:
    assert is_pattern_name(tmp_path / name)
    with pytest.raises(SettingsError, match=r"needs %d or %0Nd once"):
        find_numbers(tmp_path / name)


def test_only_suffixes_of_stills_and_a_conversion_make_a_name_a_pattern() -> None:
    names = ("50%discount.mkv", "100% wool.png", "%%06d.png", "%06d.TIF")
    assert [is_pattern_name(Path(name)) for name in names] == [False, False, False, True]


def test_percent_signs_in_folders_and_doubled_ones_are_characters(tmp_path: Path) -> None:
    folder = tmp_path / "100%d done %s"
    planes = make_stills(folder / "a%%_%04d.png", pixel_format="gray", first=8, count=3)
    film = probe_film_or_stills(folder / "a%%_%04d.png", rate=Fraction(24))
    with FrameReader(film) as reader:
        found = [frame.luma for frame in reader.frames()]
    assert all(np.array_equal(one, other) for one, other in zip(found, planes, strict=True))
    with pytest.raises(SourceError, match="only the name of the file may hold the number"):
        find_numbers(tmp_path / "%06d" / "a_%04d.png")


def _touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).write_bytes(b"x")
    return folder / "%06d.png"


def test_missing_numbers_are_named(tmp_path: Path) -> None:
    path = _touch(
        tmp_path, "000001.png", "000003.png", "000004.png", "000008.png", "notes.txt", "x000002.png"
    )
    with pytest.raises(SourceError, match=r"4 stills are missing between 1 and 8: 2, 5-7; put them back"):
        find_numbers(path)


def test_a_gap_of_billions_is_told_at_once(tmp_path: Path) -> None:
    path = _touch(tmp_path, "000001.png", "2147483647.png")
    with pytest.raises(SourceError, match="2147483645 stills are missing"):
        find_numbers(path)
    path = _touch(tmp_path, "99999999999.png")
    with pytest.raises(SourceError, match="too large"):
        find_numbers(path)


def test_numbers_that_are_there_twice_are_named(tmp_path: Path) -> None:
    path = _touch(tmp_path, "000001.png", "1.png", "000002.png", "000002.PNG")
    with pytest.raises(SourceError, match=r"2 numbers are there twice: 000001.png and 1.png, 000002"):
        find_numbers(path)


def test_numbers_of_other_widths_are_refused_by_name(tmp_path: Path) -> None:
    path = _touch(tmp_path, "000001.png", "2.png")
    with pytest.raises(SourceError, match=r"1 stills have numbers with more or fewer digits: 2.png"):
        find_numbers(path)


def test_no_match_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no still has such a name"):
        find_numbers(_touch(tmp_path, "a.png"))


def test_numbers_wider_than_the_pattern_go_on(tmp_path: Path) -> None:
    _touch(tmp_path, "99.png", "100.png", "98.png")
    assert find_numbers(tmp_path / "%02d.png") == range(98, 101)
    assert parse_pattern(tmp_path / "%02d.png").path(100).name == "100.png"


@pytest.mark.parametrize(
    ("suffix", "pixel_format", "depth", "chroma"),
    [
        (".dpx", "gray", 8, "gray"),
        (".dpx", "gray16be", 16, "gray"),
        (".dpx", "gray16le", 16, "gray"),
        (".dpx", "rgb24", 8, "rgb"),
        (".dpx", "gbrp10be", 10, "rgb"),
        (".dpx", "gbrp10le", 10, "rgb"),
        (".dpx", "gbrp12be", 12, "rgb"),
        (".dpx", "rgb48le", 16, "rgb"),
        (".tif", "gray", 8, "gray"),
        (".tif", "gray16le", 16, "gray"),
        (".tiff", "rgb24", 8, "rgb"),
        (".tif", "rgb48le", 16, "rgb"),
        (".png", "gray", 8, "gray"),
        (".png", "gray16be", 16, "gray"),
        (".png", "rgb24", 8, "rgb"),
        (".png", "rgb48be", 16, "rgb"),
        (".exr", "grayf32le", 16, "gray"),
        (".exr", "gbrpf32le", 16, "rgb"),
    ],
)
def test_stills_are_a_film_with_exact_luma_and_times(
    suffix: str, pixel_format: str, depth: int, chroma: str, tmp_path: Path
) -> None:
    pattern = tmp_path / "s" / f"a_%04d{suffix}"
    planes = make_stills(pattern, pixel_format=pixel_format, first=17, count=9)
    film = probe_film_or_stills(pattern, rate=Fraction(24000, 1001))
    check_stills(pattern)
    plan = scan_film(film, shot_settings=ShotSettings(), segment_settings=SegmentSettings())
    assert (film.pixel_format.depth, film.pixel_format.chroma, film.color.range) == (depth, chroma, "full")
    assert (film.time_base, film.rate_from_header) == (Fraction(1001, 24000), Fraction(24000, 1001))
    assert plan.timeline.pts.tolist() == list(range(9))
    with FrameReader(film, timeline=plan.timeline) as reader:
        found = [frame.luma for frame in reader.read(4, 9)]
    assert all(np.array_equal(one, other) for one, other in zip(found, planes[4:], strict=True))


@pytest.mark.parametrize("depth", [10, 12])
def test_grey_dpx_of_10_and_12_bits(depth: int, tmp_path: Path) -> None:
    planes = [picture(n, depth=depth, full_range=True) for n in range(3)]
    for number, luma in enumerate(planes):
        write_grey_dpx(tmp_path / f"{number:04d}.dpx", luma, depth=depth, timecode="01:02:03:04")
    film = probe_film_or_stills(tmp_path / "%04d.dpx", rate=Fraction(24))
    with FrameReader(film) as reader:
        found = [frame.luma for frame in reader.frames()]
    assert film.pixel_format.depth == depth
    assert film.video.tag("timecode") == "01:02:03:04"
    assert all(np.array_equal(one, other) for one, other in zip(found, planes, strict=True))


def test_a_still_of_another_size_or_depth_is_named(tmp_path: Path) -> None:
    pattern = tmp_path / "%04d.tif"
    make_stills(pattern, pixel_format="gray", first=1, count=3)
    make_stills(pattern, pixel_format="gray", first=4, count=1, size=(62, 48))
    with pytest.raises(
        SourceError, match=r"0004.tif: is 62x48 TIFF, 8 bits, grey, the sequence began as 64x48"
    ):
        check_stills(pattern)
    make_stills(pattern, pixel_format="gray16le", first=4, count=1)
    with pytest.raises(SourceError, match=r"0004.tif: is 64x48 TIFF, 16 bits, grey, the sequence began as"):
        scan_film(
            probe_film_or_stills(pattern, rate=Fraction(24)),
            shot_settings=ShotSettings(),
            segment_settings=SegmentSettings(),
        )


@pytest.mark.parametrize(
    ("suffix", "pixel_format", "told"),
    [(".png", "rgba", "alpha"), (".tif", "rgba", "alpha"), (".exr", "gbrapf32le", "channels A, B, G, R")],
)
def test_alpha_is_refused_rather_than_lost(suffix: str, pixel_format: str, told: str, tmp_path: Path) -> None:
    pattern = tmp_path / f"%04d{suffix}"
    make_stills(pattern, pixel_format=pixel_format, count=1)
    with pytest.raises(SourceError, match=told):
        probe_film_or_stills(pattern, rate=Fraction(24))


@pytest.mark.parametrize(
    "content", [b"", b"x" * 100, b"SDPX" + bytes(3000), b"\x89PNG\r\n\x1a\n" + bytes(40)]
)
def test_a_file_that_is_no_still_is_named(content: bytes, tmp_path: Path) -> None:
    for suffix in ("dpx", "png", "tif", "exr"):
        (tmp_path / f"0001.{suffix}").write_bytes(content)
        with pytest.raises(SourceError, match=f"0001.{suffix}"):
            probe_film_or_stills(tmp_path / f"%04d.{suffix}", rate=Fraction(24))


def test_light_beyond_white_is_refused_by_the_name_of_the_still(tmp_path: Path) -> None:
    pattern = tmp_path / "%04d.exr"
    make_stills(pattern, pixel_format="grayf32le", count=3)
    film = probe_film_or_stills(pattern, rate=Fraction(24))
    (tmp_path / "0002.exr").write_bytes(code_light(np.full((48, 64), 4.0, np.float32), "grayf32le"))
    with (
        pytest.raises(SourceError, match=r"0002.exr: holds light from .*only 0 \(black\) to 1"),
        FrameReader(film) as r,
    ):
        list(r.frames())


def test_rate_is_asked_for_and_sound_must_be_sound(tmp_path: Path) -> None:
    pattern = tmp_path / "%04d.png"
    make_stills(pattern, pixel_format="gray", count=2)
    with pytest.raises(SettingsError, match="numbered stills have no times; rate: 24"):
        probe_film_or_stills(pattern)
    (tmp_path / "s.wav").write_bytes(b"no sound")
    with pytest.raises(SourceError, match="cannot be read as a sound file"):
        probe_film_or_stills(pattern, rate=Fraction(24), sound=tmp_path / "s.wav")
    write_sound(tmp_path / "s.wav", seconds=Fraction(1, 12))
    film = probe_film_or_stills(pattern, rate=Fraction(24), sound=tmp_path / "s.wav")
    assert [(s.index, s.kind, s.codec) for s in film.streams] == [
        (0, "video", "png"),
        (1, "audio", "pcm_s16le"),
    ]


def test_the_fingerprint_knows_names_and_contents_and_a_copy_is_the_same_film(tmp_path: Path) -> None:
    one, other = tmp_path / "one" / "%04d.png", tmp_path / "other" / "%04d.png"
    make_stills(one, pixel_format="gray", count=3)
    make_stills(other, pixel_format="gray", count=3)
    source = source_fingerprint(one)
    check_source(other, source)
    (tmp_path / "other" / "0002.png").write_bytes((tmp_path / "other" / "0001.png").read_bytes())
    with pytest.raises(SourceError, match="its stills changed"):
        check_source(other, source)
    (tmp_path / "one" / "0003.png").unlink()
    with pytest.raises(SourceError, match="its stills changed"):
        check_source(one, source)


def test_the_hash_is_that_of_the_list_that_sha256sum_prints(tmp_path: Path) -> None:
    pattern = tmp_path / "%04d.png"
    make_stills(pattern, pixel_format="gray", count=3)
    files = sorted(tmp_path.glob("*.png"))
    listing = "".join(f"{sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
    found = hash_content(pattern, picture_index=0)
    assert found.sha256 == sha256(listing.encode()).hexdigest()
    assert found.streams[0].sha256 == sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    assert found.streams[0].frames is not None
    assert len(found.streams[0].frames) == 16 * 3
