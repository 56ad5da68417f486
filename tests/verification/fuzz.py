"""One random problem, its right prediction and twelve wrong ones: what the verdicts are, and what they should be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from unittest import mock

import numpy as np

from linmod import Flow, Problem, Trajectory, dynamics, verify
from linmod.problem import Divergence
from linmod.verification import Agreement, comparison, tolerances
from linmod.verification.errors import gaps, ranges

from .random_problems import random_problem, wrong_predictions

FAR = ("lambda and delta doubled", "constant")
"""Wrong predictions that must never hold, even where the reported times do not tell them from the right one."""


@dataclass
class Verdicts:
    """What became of one problem.

    `accepted` lists the wrong predictions that hold although some compared quantity is more than twice its bound from
    a simulation with ten times finer tolerances, or although they are far from right. `missed` lists those that are
    undecided although they differ from it by more than ten times what theory neglects.
    """

    seed: int
    problem: Problem
    right: Agreement
    verdicts: dict[str, str] = field(default_factory=dict)
    accepted: list[str] = field(default_factory=list)
    material: list[str] = field(default_factory=list)
    missed: dict[str, str] = field(default_factory=dict)


class Simulations:
    """Simulations of one problem, each made once."""

    def __init__(self) -> None:
        self.made: dict[str, Trajectory] = {}

    def __call__(self, problem: Problem) -> Trajectory:
        key = f"{problem.training} {problem.initial}"
        if key not in self.made:
            self.made[key] = dynamics.solve(problem)
        return self.made[key]


def _finer(problem: Problem) -> Problem:
    training = problem.training
    if not isinstance(training, Flow):
        return problem
    return replace(problem, training=replace(training, rtol=max(training.rtol / 10, 1e-13), atol=training.atol / 10))


SHARED = (
    (comparison, "_closed_form"),
    (comparison, "_derived"),
    (comparison, "_probed"),
    (tolerances, "_grown_rounding"),
)


@contextmanager
def _theory_once() -> Iterator[None]:
    """What does not depend on the prediction under test is made once."""
    made = {}

    def once(name, make):
        def made_once(*arguments):
            if name not in made:
                made[name] = make(*arguments)
            return made[name]

        return made_once

    with ExitStack() as stack:
        for owner, name in SHARED:
            stack.enter_context(mock.patch.object(owner, name, once(name, getattr(owner, name))))
        yield


def verdicts_of(seed: int) -> Verdicts | None:
    """Judge the right prediction and the wrong ones; None if training diverges."""
    problem, right = random_problem(seed)
    simulate = Simulations()
    try:
        with _theory_once():
            found = Verdicts(seed, problem, verify(problem, predict=lambda _: right, simulate=simulate))
            fine = simulate(_finer(problem))
            for kind, wrong in wrong_predictions(problem, right).items():
                agreement = verify(problem, predict=lambda _, wrong=wrong: wrong, simulate=simulate)
                _judge(found, kind, (right, wrong), agreement, fine)
    except Divergence:
        return None
    return found


def _judge(
    found: Verdicts, kind: str, sides: tuple[Trajectory, Trajectory], agreement: Agreement, fine: Trajectory
) -> None:
    right, wrong = sides
    found.verdicts[kind] = agreement.verdict
    true = {**fine.quantities, "strengths with signs": fine.strengths}
    said = {**wrong.quantities, "strengths with signs": wrong.strengths}
    off = {name: gaps(said[name], true[name]) for name in said if said[name].shape == true[name].shape}
    bounds = {name: agreement.by_quantity[name].bound for name in off if name in agreement.by_quantity}
    if any(name != "strengths with signs" and gap[0] > 2 * bounds[name] for name, gap in off.items()):
        found.material.append(kind)
    shares = {name: right.neglected_shares.get(name, right.neglected) for name in off}
    if agreement.verdict == "holds" and (kind in found.material or kind in FAR):
        found.accepted.append(kind)
    beyond = any(
        np.any(gap > 10 * shares[name] * ranges(true[name]) + agreement.by_quantity[name].rounding)
        for name, gap in off.items()
        if name in agreement.by_quantity and shares[name] < np.inf
    )
    if beyond and agreement.verdict == "undecided":
        found.missed[kind] = agreement.reason
