from pathlib import Path

import pytest

from tests.job_files import Write


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a job file beside a film that is there; the text may leave out input and output."""
    (tmp_path / "film.mkv").write_bytes(b"a film")
    (tmp_path / "out").mkdir()

    def write_job(text: str, *, whole: bool = False) -> Path:
        path = tmp_path / "job.yaml"
        path.write_text(text if whole else f"input: film.mkv\noutput: out/film.mkv\n{text}", encoding="utf-8")
        return path

    return write_job
