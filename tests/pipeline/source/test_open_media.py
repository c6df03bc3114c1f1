from pathlib import Path

from pipeline.source.open_media import open_media
from tests.stills_films import make_stills


def test_a_still_whose_name_is_a_pattern_is_that_still(tmp_path: Path) -> None:
    make_stills(tmp_path / "a_%04d.png", pixel_format="gray", count=2)
    (tmp_path / "a_*.png").write_bytes((tmp_path / "a_0002.png").read_bytes())
    with open_media(tmp_path / "a_*.png") as named, open_media(tmp_path / "a_0002.png") as second:
        one, two = (next(file.decode(video=0)).to_ndarray() for file in (named, second))
        assert (one == two).all()
        assert len(list(named.demux(video=0))) <= 1
