"""How far a film is, and for how long still."""

from jobs.progress.overall import OverallProgress, Place, command_progress


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_time_left_goes_by_the_pace_of_the_phase_without_what_was_kept() -> None:
    clock = Clock()
    overall = OverallProgress("shots", clock=clock)
    overall.update("render", 500, 1000)
    overall.update("colour", 500, 1000)
    assert (overall.share, overall.seconds_left()) == (0.5, None)
    clock.now += 10
    for stage in ("colour", "render"):
        overall.update(stage, 600, 1000)
    assert round(overall.share, 6) == 0.6
    assert round(overall.seconds_left() or 0) == 40


def test_one_frame_that_waited_for_the_network_says_nothing_of_the_time_left() -> None:
    clock = Clock()
    short = OverallProgress("shots", clock=clock)
    short.update("colour", 0, 27)
    clock.now += 15
    short.update("colour", 1, 27)
    assert 0.01 < short.share < 0.03
    assert short.seconds_left() is None
    short.update("colour", 27, 27)
    assert short.seconds_left() is not None
    long = OverallProgress("shots", clock=clock)
    long.update("colour", 0, 100_000)
    clock.now += 60
    long.update("colour", 4_000, 100_000)
    assert 0.01 < long.share < 0.03
    assert long.seconds_left() is not None


def test_it_never_falls_and_only_the_end_makes_it_whole() -> None:
    overall = OverallProgress("run")
    seen = []
    for stage in ("fingerprint", "scan", "colour", "render", "render", "mux", "copies", "prove", "scan"):
        overall.update(stage, 1, 1 if stage != "scan" else 4)
        seen.append(overall.percent)
    assert seen == sorted(seen)
    assert seen[-1] == 99


def test_the_share_of_the_command_counts_from_where_it_began() -> None:
    clock = Clock()
    place = Place(number=2, count=2, start=0.6, end=1.0, first=0.5, began=clock.now)
    overall = OverallProgress("shots", place=place, clock=clock)
    clock.now += 20
    overall.update("render", 500, 1000)
    share, left = command_progress(overall, clock=clock)
    assert round(share, 6) == 0.8
    assert round(left or 0, 3) == round(20 * 0.2 / 0.3, 3)
