"""How a system moves on: by adaptive integration of its gradient flow, or by steps of descent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.integrate import BDF, DOP853, LSODA, RK23, RK45, OdeSolver, Radau

from ..problem import Divergence, Flow
from ..validation import FloatArray
from .systems import System

INTEGRATORS: dict[str, Any] = {
    "DOP853": DOP853,
    "RK45": RK45,
    "RK23": RK23,
    "Radau": Radau,
    "BDF": BDF,
    "LSODA": LSODA,
}

MOST_STEPS, PACE_STEPS = 1_000_000, 1_000
"""The most steps of one integration, and the number of steps over which its pace is measured."""


@dataclass
class Progress:
    """Progress of an integration, which is updated while it runs."""

    state: FloatArray
    steps: int = 0
    evaluations: int = 0


def flow_states(system: System, training: Flow, integrator: str, done: Progress) -> Iterator[FloatArray]:
    """Return the states at the requested times, by SciPy's step control and its dense output between the steps.

    Raises
    ------
    Divergence
        If the integrator cannot meet its tolerances, or would take more than `MOST_STEPS` steps.
    """

    def velocity(_: float, state: FloatArray) -> FloatArray:
        return system.velocity(state).copy()

    due = list(training.times)
    if due[0] == 0:
        yield system.start
        due.pop(0)
    if not due:
        return
    if not np.all(np.isfinite(velocity(0.0, system.start))):
        raise Divergence("the gradient is not finite at time 0: start from smaller weights, or scale the data down")
    reached = 0.0
    solver = INTEGRATORS[integrator](velocity, 0.0, system.start, due[-1], rtol=training.rtol, atol=training.atol)
    while due:
        _step(solver)
        done.steps, done.evaluations = done.steps + 1, solver.nfev
        if done.steps % PACE_STEPS == 0:
            _require_progress(solver, solver.t - reached, done.steps, integrator)
            reached = solver.t
        if due[0] <= solver.t:
            between = solver.dense_output()
            while due and due[0] <= solver.t:
                yield between(due.pop(0))


def _step(solver: OdeSolver) -> None:
    message = solver.step()
    if solver.status == "failed":
        raise Divergence(f"integration stopped at time {solver.t:g}: {message} (loosen rtol or atol, or end earlier)")


def _require_progress(solver: OdeSolver, covered: float, steps: int, integrator: str) -> None:
    """Raise if the rest of the span, at the pace of the last steps, takes more steps than are allowed."""
    if covered * (MOST_STEPS - steps) < (solver.t_bound - solver.t) * PACE_STEPS:
        raise Divergence(
            f"integrator={integrator!r} would take more than {MOST_STEPS:,} steps: after {steps:,} it has reached time"
            f" {solver.t:g} of {solver.t_bound:g}; some weights learn too fast for so long a span: scale the inputs"
            " down, end earlier, or use an implicit integrator, such as 'LSODA' or 'Radau'"
        )
