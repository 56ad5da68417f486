"""Ratios of times in interleaved rounds, and tables of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import process_time

import numpy as np

Run = Callable[[], object]


@dataclass(frozen=True)
class Ratio:
    """How many times as long as linmod a peer takes: above 1, linmod is faster.

    Attributes
    ----------
    ours_ms : float
        Median time of linmod.
    peer : str
        The fastest peer.
    median, low, high : float
        Median and quartiles of the ratio of that peer over the rounds.
    """

    ours_ms: float
    peer: str
    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} [{self.low:.2f}, {self.high:.2f}] {self.peer}"


def ratio(ours: Run, peers: Mapping[str, Run], rounds: int = 9) -> Ratio:
    """Time linmod and its peers by turns, in processor time, and compare with the peer of the shortest median."""
    runs = {"linmod": ours, **peers}
    for run in runs.values():
        run()
    taken = np.array([[_seconds(run) for run in runs.values()] for _ in range(rounds)])
    times = dict(zip(runs, taken.T, strict=True))
    best = min(peers, key=lambda name: float(np.median(times[name])))
    low, median, high = np.percentile(times[best] / times["linmod"], [25, 50, 75])
    return Ratio(1e3 * float(np.median(times["linmod"])), best, float(median), float(low), float(high))


def _seconds(run: Run) -> float:
    start = process_time()
    run()
    return process_time() - start


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
