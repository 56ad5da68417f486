"""The states of a system under gradient flow, at the times to report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.integrate import BDF, DOP853, LSODA, RK23, OdeSolver, Radau

from ...problem import Divergence, Flow
from ...validation import FloatArray
from ..systems import System
from .explicit import LeanRK45
from .stabilised import Stabilised, Velocity
from .switching import STABLE_REACH, Switching

INTEGRATORS: dict[str, Any] = {
    "DOP853": DOP853,
    "RK45": LeanRK45,
    "RK23": RK23,
    "Radau": Radau,
    "BDF": BDF,
    "LSODA": LSODA,
    "RKC": Stabilised,
}

MOST_STEPS, PACE_STEPS = 1_000_000, 1_000
"""The most steps of one integration, and the number of steps over which its pace is measured. Stabilised steps, of many
stages, count as the explicit steps that take as many evaluations."""


@dataclass
class Progress:
    """Progress of an integration, which is updated while it runs."""

    state: FloatArray
    steps: int = 0
    evaluations: int = 0


def flow_states(system: System, training: Flow, integrator: str, done: Progress) -> Iterator[FloatArray]:
    """Return the states at the requested times, by step control, and dense output between the steps.

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
    pace = _Pace(integrator)
    solver = _solver(integrator, velocity, system.start, due[-1], training)
    while due:
        _step(solver)
        done.steps, done.evaluations = done.steps + 1, solver.nfev
        pace.require(solver, done.steps)
        if due[0] <= solver.t:
            between = solver.dense_output()
            while due and due[0] <= solver.t:
                yield between(due.pop(0))


def _solver(
    integrator: str, velocity: Velocity, start: FloatArray, end: float, training: Flow
) -> OdeSolver | Switching:
    """Return the integrator of a name; an explicit one yields to a stabilised one where stability limits its steps."""
    method = INTEGRATORS[integrator]
    if method in STABLE_REACH:
        return Switching(method, velocity, start, end, rtol=training.rtol, atol=training.atol)
    made: OdeSolver = method(velocity, 0.0, start, end, rtol=training.rtol, atol=training.atol)
    return made


def _step(solver: OdeSolver | Switching) -> None:
    message = solver.step()
    if solver.status == "failed":
        raise Divergence(f"integration stopped at time {solver.t:g}: {message} (loosen rtol or atol, or end earlier)")


@dataclass
class _Pace:
    """How fast an integration proceeds: the time and the steps at which it was last looked at."""

    integrator: str
    time: float = 0.0
    steps: int = 0

    def require(self, solver: OdeSolver | Switching, steps: int) -> None:
        """Raise if the rest of the span, at the pace of the last steps, takes more steps than are allowed."""
        if isinstance(solver, Switching | Stabilised):
            steps = solver.nfev // solver.n_stages
        if steps - self.steps < PACE_STEPS:
            return
        covered, taken = solver.t - self.time, steps - self.steps
        if covered * (MOST_STEPS - steps) < (solver.t_bound - solver.t) * taken:
            raise Divergence(
                f"integrator={self.integrator!r} would take more than {MOST_STEPS:,} steps: after {steps:,} it has"
                f" reached time {solver.t:g} of {solver.t_bound:g}; some weights learn too fast for so long a span:"
                " scale the inputs down, end earlier, or use an implicit integrator, such as 'LSODA' or 'Radau'"
            )
        self.time, self.steps = solver.t, steps
