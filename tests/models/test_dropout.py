import torch

from models.dropout import SparingDropout


def test_spared_pictures_pass_whole_and_the_others_lose_channels() -> None:
    torch.manual_seed(1)
    drop, x = SparingDropout(0.5), torch.rand(4, 64, 3, 3) + 1
    drop.spared = torch.tensor([True, False, True, False])
    out = drop(x)
    assert torch.equal(out[drop.spared], x[drop.spared])
    lost = (out[~drop.spared] == 0).all(dim=(2, 3))
    assert 0.3 < float(lost.float().mean()) < 0.7
    assert torch.equal(out[~drop.spared][~lost], 2 * x[~drop.spared][~lost])


def test_nothing_is_lost_in_evaluation_mode() -> None:
    drop, x = SparingDropout(0.5).eval(), torch.rand(2, 8, 3, 3)
    drop.spared = torch.tensor([True, False])
    assert torch.equal(drop(x), x)
    drop.spared = None
    assert torch.equal(drop(x), x)
