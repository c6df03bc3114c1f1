import pytest
import torch

from models.networks.color_queries import ColorQueries
from models.networks.efficient import EfficientGenerator, EfficientSettings

SMALL = EfficientSettings(context=32, decoder=(24, 20, 16), heads=2)


def test_extended_weights_give_the_same_colours_until_they_learn() -> None:
    torch.manual_seed(1)
    before = EfficientGenerator(SMALL).eval()
    after = before.extended(queries=8, guided=True)
    lightness = torch.rand(2, 1, 64, 96) * 100
    with torch.inference_mode():
        assert torch.equal(after(lightness), before(lightness))
    after.train()
    loss = after(lightness).square().mean()
    loss.backward()
    optimizer = torch.optim.SGD(after.parameters(), lr=0.1)
    optimizer.step()
    after.eval()
    assert after.queries is not None
    last = after.queries.colors[-1]
    assert isinstance(last, torch.nn.Linear)
    assert last.weight.abs().max() > 0
    again = after.extended(queries=99, guided=True)  # what it has stays
    assert again.settings == after.settings
    with torch.inference_mode():
        assert torch.equal(again(lightness), after(lightness))


def test_all_that_a_query_has_gets_its_colours() -> None:
    """Two queries, two kinds of pixel: each kind has one distribution, wherever it is."""
    torch.manual_seed(0)
    queries = ColorQueries(2, map_channels=(5, 4), pixel_channels=2, bin_count=7).eval()
    last = queries.colors[-1]
    assert isinstance(last, torch.nn.Linear)
    torch.nn.init.normal_(last.weight)
    queries.sharpness.data.fill_(50.0)
    kinds = torch.zeros(1, 2, 6, 8)
    kinds[:, 0, :3] = 1
    kinds[:, 1, 3:] = 1
    with torch.inference_mode():
        logits = queries((torch.randn(1, 5, 2, 2), torch.randn(1, 4, 3, 4)), kinds)
    assert logits.shape == (1, 7, 6, 8)
    upper, lower = logits[0, :, :3].flatten(1), logits[0, :, 3:].flatten(1)
    torch.testing.assert_close(upper, upper[:, :1].expand_as(upper))
    torch.testing.assert_close(lower, lower[:, :1].expand_as(lower))


def test_a_number_of_queries_that_cannot_work_is_refused() -> None:
    with pytest.raises(ValueError, match="queries: a number from 0 to 1024 works"):
        EfficientSettings(queries=-1)
