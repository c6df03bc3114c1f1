"""What the network saw is held to the bit, in half the memory where half of its bits are zero."""

import numpy as np
import numpy.typing as npt
import pytest

from pipeline.colorize.sight import Sight

SHAPE = 6, 8


def planes(count: int, *, halved: bool) -> npt.NDArray[np.float32]:
    """(count, 6, 8), as torch hands them over: channels lie side by side in memory."""
    values = np.random.default_rng(count).normal(0, 9, (*SHAPE, count)).astype(np.float32)
    values[0, :3, 0] = -0.0, np.inf, np.nan
    if halved:
        values = (values.view(np.uint32) & 0xFFFF0000).view(np.float32)
    return values.transpose(2, 0, 1)


@pytest.mark.parametrize("halved", [True, False])
def test_nothing_is_lost(halved: bool) -> None:
    light, two = np.full((24, 32), 50, np.float32), planes(2, halved=False)
    logits, maps = planes(20, halved=halved), (planes(5, halved=halved), planes(7, halved=False))
    sight = Sight.of(lightness=light, ab=two, plain=two, logits=logits, maps=maps)
    assert sight.packed_logits.nbytes == logits.nbytes // (2 if halved else 1)
    assert sight.packed_maps[1].nbytes == maps[1].nbytes
    for before, after in zip((logits, *maps), (sight.logits, *sight.maps), strict=True):
        np.testing.assert_array_equal(before.view(np.uint32), after.view(np.uint32))
        assert before.strides == after.strides


def test_a_network_may_predict_no_distribution() -> None:
    none = np.zeros((0, *SHAPE), np.float32)
    sight = Sight.of(lightness=none, ab=none, plain=none, logits=none, maps=())
    assert sight.logits.shape == none.shape and sight.maps == ()
