"""Claims of the catalogue, checked and drawn by several processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, fields, replace
from functools import cache
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from ..datasets import Images, mnist
from ..figures import CATALOGUE, select
from ..sweeps.running import local_processes
from ..verification.claims import Claim, Evidence, Finding, Outcome, Settings, run_claims
from .drawn import Drawn, drawn

Reports = SimpleQueue[tuple[str, float]]
PATIENCE, OFTEN = 0.2, 0.1
"""Seconds between looks at the progress, and between messages of one process."""
_reports: list[Reports] = []


@dataclass(frozen=True)
class Task:
    """What a process needs to check a claim.

    Attributes
    ----------
    name : str
    seed : int
    quick : bool
    mnist : Path or None
        Folder of the images.
    folder : Path
        For the picture.
    """

    name: str
    seed: int
    quick: bool
    mnist: Path | None
    folder: Path


@dataclass(frozen=True)
class Checked:
    """What a process sends back: claims are functions, and what was measured for a picture is large.

    Attributes
    ----------
    name : str
    told : mapping of str to object
        The outcome without its claim and evidence.
    findings : tuple of Finding or None
        Those of the evidence.
    problem : str
    remarks : tuple of str
    """

    name: str
    told: Mapping[str, Any]
    findings: tuple[Finding, ...] | None
    problem: str
    remarks: tuple[str, ...]

    @classmethod
    def by(cls, found: Drawn) -> Checked:
        """Return what is sent of an outcome."""
        outcome = found.outcome
        told = {
            one.name: getattr(outcome, one.name) for one in fields(outcome) if one.name not in ("claim", "evidence")
        }
        findings = None if outcome.evidence is None else outcome.evidence.findings
        return cls(outcome.claim.name, told, findings, found.problem, found.remarks)

    def of(self, claims: Mapping[str, Claim]) -> Drawn:
        """Return the outcome of the claim of this name."""
        evidence = None if self.findings is None else Evidence(self.findings)
        return Drawn(Outcome(claims[self.name], evidence=evidence, **self.told), self.problem, self.remarks)


def in_processes(
    claims: Sequence[Claim], task: Task, workers: int, told: Callable[[str, float], None]
) -> Iterator[Drawn]:
    """Check and draw claims in several processes, those that take long first.

    Linear algebra runs on one thread in each process, so that the numbers do not depend on how many there are.

    Parameters
    ----------
    claims : sequence of Claim
        Of the catalogue.
    task : Task
        What is common to all; its name does not matter.
    workers : int
    told : callable
        Called with the name of a claim and the fraction that is done.

    Yields
    ------
    Drawn
        As soon as each claim has been checked, without the data of its evidence.

    Raises
    ------
    WorkerLost
        If a process died.
    """
    known = {claim.name: claim for claim in claims}
    seconds = {entry.name: entry.seconds for entry in CATALOGUE}
    reports: Reports = get_context("spawn").SimpleQueue()
    with local_processes(min(workers, len(known)), _listen, (reports,)) as pool:
        waiting: set[Future[Checked]] = {
            pool.submit(_check, replace(task, name=name)) for name in sorted(known, key=lambda one: -seconds[one])
        }
        while waiting:
            done, waiting = wait(waiting, PATIENCE, FIRST_COMPLETED)
            while not reports.empty():
                told(*reports.get())
            for future in done:
                yield future.result().of(known)


def _listen(reports: Reports) -> None:
    _reports.append(reports)


def _check(task: Task) -> Checked:
    (claim,) = select([task.name])
    images = None if task.mnist is None else _images(task.mnist)
    last = [0.0]

    def tell(fraction: float) -> None:
        now = time.monotonic()
        if now - last[0] > OFTEN:
            last[0] = now
            _reports[0].put((task.name, fraction))

    with threadpool_limits(1):
        (outcome,) = run_claims([claim], lambda _: Settings(task.seed, task.quick, tell, images))
        return Checked.by(drawn(outcome, task.folder))


@cache
def _images(folder: Path) -> Images:
    return mnist(folder)
