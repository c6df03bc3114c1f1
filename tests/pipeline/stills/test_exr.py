"""An OpenEXR that we write holds the attributes that the source had, byte for byte."""

import struct
from pathlib import Path

import numpy as np

from pipeline.stills.exr import read_exr_header, write_exr


def test_attributes_of_any_type_and_any_text_are_kept(tmp_path: Path) -> None:
    given = (
        ("framesPerSecond", "rational", struct.pack("<iI", 24, 0)),
        ("keyCode", "keycode", struct.pack("<7i", 1, 2, 3, 4, 5, 4, 64)),
        ("mystery", "aStudioOwn", b"\1\2\3"),
        ("n" * 60, "string", b"a name beyond 31 bytes"),
        ("owner", "string", "Jürgen".encode("latin-1")),
    )
    path = tmp_path / "a.exr"
    write_exr(path, np.zeros((20, 30, 3), np.uint16), attributes=given)
    header = read_exr_header(path)
    assert (header.width, header.height) == (30, 20)
    assert set(given) <= set(header.attributes)
