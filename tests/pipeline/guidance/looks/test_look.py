"""A look as a job file asks for it, and what every look keeps to."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from pipeline.color.colorimetry import Floats, ab_to_chroma, chroma_to_rgb, lightness
from pipeline.color.lab import lab_from_srgb, srgb_from_lab
from pipeline.color.transfer import PQ
from pipeline.errors import SettingsError
from pipeline.guidance.looks.built_in_looks import BUILT_IN
from pipeline.guidance.looks.look import Look, look_names, parse_look
from pipeline.guidance.looks.palette_transfer import sample_ab

FILES = ("swap.cube", "identity.cube", "palette.png")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Has `FILES`: a table that exchanges red and blue, one that changes nothing, a palette of warm colours."""
    made = tmp_path_factory.mktemp("looks")
    steps = np.linspace(0, 1, 9)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    for name, channels in (("swap.cube", (blue, green, red)), ("identity.cube", (red, green, blue))):
        rows = np.stack(channels, axis=-1).reshape(-1, 3)
        np.savetxt(made / name, rows, fmt="%.6f", header="LUT_3D_SIZE 9", comments="")
    rng = np.random.default_rng(5)
    warm = np.stack([rng.integers(*ends, (64, 64)) for ends in ((120, 255), (60, 180), (10, 80))], axis=-1)
    Image.fromarray(warm.astype(np.uint8)).save(made / "palette.png")
    return made


def _frame(seed: int = 4) -> tuple[Floats, Floats]:
    """Luma (30, 40) and ab (2, 30, 40) of colours that sRGB shows."""
    rgb = np.random.default_rng(seed).uniform(0, 1, (30, 40, 3)).astype(np.float32)
    lab = lab_from_srgb(rgb)
    steps = np.linspace(0, 1, 65536, dtype=np.float32)
    luma = np.interp(lab[..., 0], lightness(steps), steps).astype(np.float32)
    return luma, np.moveaxis(lab[..., 1:], -1, 0)


def _ready(value: object, folder: Path, ab: Floats) -> Look:
    return parse_look(value, folder).for_shot(sample_ab([ab]))


@pytest.mark.parametrize("name", [*BUILT_IN, *FILES])
def test_strength_0_is_identity_to_the_bit_and_half_is_half_way(name: str, folder: Path) -> None:
    luma, ab = _frame()
    none, half, whole = (
        _ready({"name": name, "strength": strength}, folder, ab).apply(luma, ab) for strength in (0, 0.5, 1)
    )
    assert none is ab
    assert half.dtype == whole.dtype == np.float32
    assert half.shape == whole.shape == ab.shape
    off = np.abs(half - (ab + whole) / 2).max(axis=0)
    assert np.mean(off < 0.1) > 0.9  # the rest would leave what sRGB shows


@pytest.mark.parametrize("name", [*BUILT_IN, *FILES])
@given(
    ab=arrays(np.float32, (2, 3, 4), elements=st.floats(-1e6, 1e6, width=32)),
    luma=arrays(np.float32, (3, 4), elements=st.sampled_from([0.0, 1e-6, 0.01, 0.5, 0.99, 1.0])),
)
@settings(max_examples=25, deadline=None)
def test_every_look_is_finite_and_can_be_shown(name: str, folder: Path, ab: Floats, luma: Floats) -> None:
    found = _ready(name, folder, ab).apply(luma, ab)
    assert np.isfinite(found).all()
    # what is rendered of it has the same hue and chroma: nothing was left to be cut off
    cb, cr = ab_to_chroma(luma, found, kr=0.2126, kb=0.0722)
    assert np.isfinite(cb).all()
    rgb = chroma_to_rgb(luma, cb, cr, kr=0.2126, kb=0.0722)
    assert rgb.min() > -1e-3
    assert rgb.max() < 1.001
    linear = srgb_from_lab(np.concatenate([lightness(luma)[None], found]).transpose(1, 2, 0))
    np.testing.assert_allclose(lab_from_srgb(linear)[..., 1:], found.transpose(1, 2, 0), atol=0.6)


def test_an_identity_table_changes_no_color(folder: Path) -> None:
    luma, ab = _frame()
    np.testing.assert_allclose(parse_look("identity.cube", folder).apply(luma, ab), ab, atol=0.5)


def test_a_table_s_colors_come_at_the_frame_s_own_luma(folder: Path) -> None:
    luma = np.full((1, 1), 0.5, np.float32)
    orange = np.array([20, 40], np.float32).reshape(2, 1, 1)
    found = parse_look("swap.cube", folder).apply(luma, orange)[:, 0, 0]
    rgb = srgb_from_lab(np.array([float(lightness(luma)[0, 0]), 20, 40], np.float32))
    np.testing.assert_allclose(found, lab_from_srgb(rgb[::-1])[1:], atol=0.3)
    assert found[1] < -20


def test_a_palette_waits_for_its_shot_and_gives_it_its_colors(folder: Path) -> None:
    luma, ab = _frame()
    look = parse_look({"name": "palette.png", "strength": 1}, folder)
    assert look.needs_sample
    with pytest.raises(ValueError, match="for_shot"):
        look.apply(luma, ab)
    fitted = look.for_shot(sample_ab([ab]))
    assert not fitted.needs_sample
    found = fitted.apply(luma, ab)
    assert (found[1] > 5).mean() > 0.9  # all warm
    weak = (
        parse_look({"name": "palette.png", "strength": 0.3}, folder).for_shot(sample_ab([ab])).apply(luma, ab)
    )
    assert np.abs(weak - ab).mean() < 0.5 * np.abs(found - ab).mean()
    assert not parse_look({"name": "palette.png", "strength": 0}, folder).needs_sample
    assert not parse_look("sepia", folder).needs_sample


def test_hdr_keeps_the_color_of_what_is_brighter_than_paper() -> None:
    luma = np.full((1, 1), 0.75, np.float32)
    look = parse_look("amber", Path())
    assert np.abs(look.apply(np.ones((1, 1), np.float32), np.zeros((2, 1, 1), np.float32))).max() < 1
    assert look.apply(luma, np.zeros((2, 1, 1), np.float32), transfer=PQ)[1, 0, 0] > 40


@pytest.mark.parametrize("value", ["sepia", " Sepia ", {"name": "SEPIA"}, {"name": "sepia", "strength": 1}])
def test_a_look_may_be_written_in_several_ways(value: object, folder: Path) -> None:
    assert parse_look(value, folder).theme is BUILT_IN["sepia"]
    assert parse_look("Bleach-Bypass", folder).theme is BUILT_IN["bleach bypass"]
    assert set(look_names()) == set(BUILT_IN)


def test_the_digest_follows_content_and_strength_and_a_look_travels_to_workers(
    folder: Path, tmp_path: Path
) -> None:
    digests = {parse_look(name, folder).digest for name in (*BUILT_IN, *FILES)}
    assert len(digests) == len(BUILT_IN) + len(FILES)
    assert parse_look({"name": "sepia", "strength": 0.5}, folder).digest not in digests
    (tmp_path / "copy.cube").write_bytes((folder / "swap.cube").read_bytes())
    assert parse_look("copy.cube", tmp_path).digest == parse_look("swap.cube", folder).digest
    luma, ab = _frame()
    for name in ("sepia", *FILES):
        look = _ready(name, folder, ab)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(look)).apply(luma, ab), look.apply(luma, ab))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("sepa", "look 'sepa': no such look; did you mean sepia"),
        ("two strip technicolor", "did you mean two-strip"),
        ("look.3dl", "a .cube file or a picture work"),
        ("q" * 10_000, "no such look; two-strip"),
        (None, "look None: a name, a .cube file or a picture works"),
        ("", "look '': a name"),
        (3, "look 3: a name"),
        ([1], "a name"),
        ({}, "look None: a name"),
        ({"strength": 1}, "look None: a name"),
        ({"name": "sepia", "strenght": 1}, "'strenght': no such key; name and strength work"),
        ({"name": "sepia", "strength": 1.5}, "look strength 1.5: a number from 0 to 1 works"),
        ({"name": "sepia", "strength": float("nan")}, "look strength nan"),
        ({"name": "sepia", "strength": True}, "look strength True"),
        ({"name": "sepia", "strength": "much"}, "look strength 'much'"),
        ("none.cube", "none.cube: cannot be read: No such file"),
        ("none.png", "none.png: No such file"),
        ("a\0b.cube", r"look 'a\x00b.cube': a name"),
    ],
)
def test_what_is_no_look_is_one_line_that_says_what_works(value: object, told: str, folder: Path) -> None:
    with pytest.raises(SettingsError, match=r"^look") as caught:
        parse_look(value, folder)
    message = str(caught.value)
    assert told in message
    assert "\n" not in message
    assert len(message) < 400
