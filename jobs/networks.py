"""The networks of a job: that of the film, and those that single shots ask for, opened when they are needed."""

from collections.abc import Callable

from pipeline.colorize.predict import Predictor


class Networks:
    """Gives each weights' network, and keeps it; use it from one thread at a time."""

    def __init__(self, first: Predictor, *, weights: str, make: Callable[[str], Predictor]) -> None:
        """`first` is the network of `weights`; `make` opens others, by the names that the job has for them."""
        self._opened, self._make = {weights: first}, make

    def of(self, weights: str) -> Predictor:
        """The network of these weights. Raises WeightsError, DeviceError."""
        if weights not in self._opened:
            self._opened[weights] = self._make(weights)
        return self._opened[weights]
