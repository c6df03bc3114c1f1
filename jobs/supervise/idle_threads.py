"""Keeps threads that have nothing to compute from using the processor."""

import os


def let_idle_threads_sleep() -> None:
    """Lets the network's threads sleep while they wait for work, and NumPy have none, unless both are loaded already.

    OpenMP's threads otherwise ask again and again, for some milliseconds, whether there is work; so do those of
    OpenBLAS, whatever they are told, though NumPy's products here are too small to share. Beside encoders, which need
    every core, that is lost. Child processes inherit it; OMP_WAIT_POLICY and OPENBLAS_NUM_THREADS, where set, stay.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
