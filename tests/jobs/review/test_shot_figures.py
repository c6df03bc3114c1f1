from jobs.review.shot_figures import ShotFigures, worst_first


def test_worst_shots_come_first_and_equals_keep_their_order() -> None:
    def figures(flicker: float = 0, cdc: float = 0, share: float = 0) -> ShotFigures:
        return ShotFigures(cdc=cdc, cdc_grey=0.001, flicker=flicker, colorfulness=20, gamut_share=share)

    calm, flickers, unsteady, edge = figures(), figures(0.5), figures(cdc=0.007), figures(share=0.5)
    assert [round(shot.attention, 6) for shot in (calm, flickers, unsteady, edge)] == [0, 1, 3, 2]
    assert worst_first([calm, flickers, unsteady, calm, edge]) == [2, 4, 1, 0, 3]
