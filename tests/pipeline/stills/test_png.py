"""PNGs keep their chunks."""

from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from pipeline.stills.metadata import (
    orientation,
    profile_space,
)
from tests.still_files import GAMMA_1_8, colored, grey_profile, picture


def test_png_keeps_its_chunks(tmp_path: Path) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "A street")
    text.add_itxt("Comment", "Straße", zip=True)
    exif = Image.Exif()
    exif[0x0112] = 3
    Image.fromarray(picture(np.uint16)).save(
        tmp_path / "a.png", pnginfo=text, exif=exif, dpi=(600, 600), icc_profile=grey_profile(GAMMA_1_8)
    )
    before, after, notes = colored(tmp_path / "a.png", tmp_path / "out.png")
    assert before.tags.native == after.tags.native
    assert before.tags.exif == after.tags.exif
    assert orientation(after.tags) == 3
    assert notes == ()
    with Image.open(tmp_path / "out.png") as out:
        out.load()
        assert isinstance(out, PngImagePlugin.PngImageFile)
        assert out.text["Title"] == "A street"
        assert out.text["Comment"] == "Straße"
        assert round(out.info["dpi"][0]) == 600
        assert profile_space(out.info["icc_profile"]) == "RGB"
