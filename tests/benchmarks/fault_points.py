"""Points of a command at which a system call fails or a process is killed."""

import random
from dataclasses import dataclass, replace

VERBS = ("run", "mux", "verify", "submit", "worker")
KINDS = ("write", "fsync", "rename", "unlink", "close", "open", "mkdir", "read", "open to read")
MODES = {"kill before": 2, "kill after": 3, "kill all before": 4, "kill all after": 5}
_ERRORS = {
    "write": ("ENOSPC", "EIO", "EDQUOT", "EROFS"),
    "fsync": ("ENOSPC", "EIO", "EDQUOT"),
    "rename": ("ENOSPC", "EIO", "EDQUOT", "EROFS"),
    "unlink": ("EIO", "EROFS"),
    "close": ("ENOSPC", "EIO", "EDQUOT"),
    "open": ("ENOSPC", "EIO", "EDQUOT", "EROFS", "EMFILE"),
    "mkdir": ("ENOSPC", "EIO", "EDQUOT", "EROFS"),
    "read": ("EIO",),
    "open to read": ("EIO", "EMFILE"),
}
_TRIES = 100


@dataclass(frozen=True, kw_only=True)
class Point:
    """The n-th call of a kind, and what befalls it."""

    kind: str
    number: int
    fault: str
    supervised: bool

    def __str__(self) -> str:
        return f"{self.kind} {self.number}{', supervised' if self.supervised else ''}"

    def redrawn(self, count: int, rng: random.Random) -> "Point":
        """The same fault at another of the calls, of which a command made only so many."""
        return replace(self, number=rng.randint(1, max(1, count)))


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a point."""

    code: int
    verdict: str
    """`ok`, `tolerated` (the command went on), `not reached`, or what is wrong."""
    told: str = ""


def choose(counts: dict[str, int], number: int, rng: random.Random) -> list[Point]:
    """Points spread evenly over the kinds of calls, half of them failures; none twice where there are enough."""
    points: list[Point] = []
    for _ in range(number):
        drawn = (draw(counts, rng) for _ in range(_TRIES))
        points.append(next((point for point in drawn if point not in points), draw(counts, rng)))
    return points


def draw(counts: dict[str, int], rng: random.Random) -> Point:
    """One point."""
    kind = rng.choice(sorted(counts))
    fault = rng.choice((rng.choice(_ERRORS[kind]), rng.choice(sorted(MODES))))
    return Point(kind=kind, number=rng.randint(1, counts[kind]), fault=fault, supervised=rng.random() < 0.5)
