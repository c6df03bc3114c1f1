from pathlib import Path

import pytest

from pipeline.errors import SourceError
from pipeline.plan.fingerprint import source_fingerprint


def test_a_source_that_cannot_be_read_is_a_source_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"cannot read .*: Is a directory"):
        source_fingerprint(tmp_path)
