"""Keeps threads that have nothing to compute from using the processor."""

import os


def let_idle_threads_sleep() -> None:
    """Lets the network's threads sleep while they wait for work; has no effect once torch is loaded.

    OpenMP's threads otherwise ask again and again, for some milliseconds, whether there is work. Beside encoders, which
    need every core, that is lost. Child processes inherit it; OMP_WAIT_POLICY, where it is set, stays.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
