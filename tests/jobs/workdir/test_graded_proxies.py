from pathlib import Path

import pytest

from jobs.workdir.graded_proxies import GradedProxies
from pipeline.errors import SettingsError
from pipeline.media import Segment


def _segment(index: int) -> Segment:
    return Segment(index=index, shot=0, start=8 * index, end=8 * index + 8, lead_start=0, lead_end=80)


def test_a_proxy_is_found_in_a_work_folder_and_in_a_plain_one(tmp_path: Path) -> None:
    places = ("segments/000000/proxy.mkv", "000001/proxy.mov", "000002.graded.mov")
    for name in (*places, "000002.mov.partial", "0000021.mov"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    proxies = GradedProxies(tmp_path)
    assert [str(proxies.find(_segment(index)).relative_to(tmp_path)) for index in range(3)] == list(places)


def test_none_two_and_one_that_went_away_are_refused(tmp_path: Path) -> None:
    for name in ("000001.mov", "000001.mkv", "000002.mov"):
        (tmp_path / name).touch()
    proxies = GradedProxies(tmp_path)
    with pytest.raises(SettingsError, match=r"segment 0 \(frames 0 to 7\) needs one file .*; found none"):
        proxies.find(_segment(0))
    with pytest.raises(SettingsError, match=r"found 000001\.mkv, 000001\.mov"):
        proxies.find(_segment(1))
    proxies.find(_segment(2)).unlink()
    with pytest.raises(SettingsError, match="found none"):
        proxies.find(_segment(2))


def test_the_folder_is_listed_once_for_all_segments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(5):
        (tmp_path / f"{index:06d}.mov").touch()
    proxies, listed, glob = GradedProxies(tmp_path), [], Path.glob

    def counted(folder: Path, pattern: str) -> object:
        listed.append(folder)
        return glob(folder, pattern)

    monkeypatch.setattr(Path, "glob", counted)
    assert [proxies.find(_segment(index)).name for index in range(5)] == [f"{i:06d}.mov" for i in range(5)]
    assert listed == [tmp_path]
