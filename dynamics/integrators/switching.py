"""Integration by an explicit method, and by a stabilised one while stability rather than accuracy limits the step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.integrate import DOP853, RK23, DenseOutput, OdeSolver

from ...validation import FloatArray
from .explicit import LeanRK45
from .stabilised import Stabilised, Velocity, stages_for

STABLE_REACH: Mapping[Any, float] = {RK23: 2.51, LeanRK45: 3.31, DOP853: 6.39}
"""Step times largest decay rate up to which each explicit method is stable, for a real spectrum."""
CHECKED_EVERY, HITS, SHARE = 5, 3, 0.85
"""How often a step is checked, how often in a row it must be at the limit, and from which share of the limit it is."""


TIGHTER = 10.0
"""How much smaller the tolerances of the stabilised method are: its errors add up over the steps of a second order."""


class Switching:
    """Steps of an explicit method of SciPy, exchanged for stabilised ones where these need fewer evaluations.

    An explicit step is at its limit of stability if its length, times the rate of change between the last two stages,
    reaches the stability interval of the method. (E. Hairer and G. Wanner, "Solving Ordinary Differential Equations
    II", section IV.2.) The stabilised method is left again if it takes more evaluations for a unit of time than the
    explicit one would at that limit, since it is of low order: this happens where modes start to move again.

    Parameters
    ----------
    method : type
        A key of `STABLE_REACH`.
    velocity : callable
    start : ndarray
    end, rtol, atol : float
    """

    def __init__(
        self, method: Any, velocity: Velocity, start: FloatArray, end: float, *, rtol: float, atol: float
    ) -> None:
        self._method, self._velocity, self._tolerances = method, velocity, np.array([rtol, atol])
        self._solver: OdeSolver = method(velocity, 0.0, start, end, rtol=rtol, atol=atol)
        self._evaluations, self._steps, self._hits, self._patience = 0, 0, 0, HITS

    @property
    def t(self) -> float:
        """The time reached."""
        return float(self._solver.t)

    @property
    def t_bound(self) -> float:
        """Where the integration ends."""
        return float(self._solver.t_bound)

    @property
    def status(self) -> str:
        """As of SciPy's solvers."""
        return str(self._solver.status)

    @property
    def nfev(self) -> int:
        """Number of evaluations of the velocity so far."""
        return self._evaluations + int(self._solver.nfev)

    @property
    def n_stages(self) -> int:
        """Number of stages of a step of the explicit method."""
        return int(self._method.n_stages)

    @property
    def is_stabilised(self) -> bool:
        """Whether the stabilised method is at work."""
        return isinstance(self._solver, Stabilised)

    def step(self) -> str | None:
        """Take one step; a message if it fails."""
        if self._hits >= self._patience:
            self._exchange()
        message = self._solver.step()
        self._steps += 1
        if self.is_stabilised or self._steps % CHECKED_EVERY == 0:
            self._hits = self._hits + 1 if self._other_is_better() else 0
        return None if message is None else str(message)

    def dense_output(self) -> DenseOutput:
        """The course of the last step."""
        return self._solver.dense_output()

    def _other_is_better(self) -> bool:
        solver: Any = self._solver
        limit = STABLE_REACH[self._method]
        if isinstance(solver, Stabilised):
            return stages_for(solver.reach) * limit > solver.reach * self.n_stages
        n = solver.n_stages
        between = np.array(solver.B)
        between[: n - 1] -= solver.A[-1][: n - 1]
        apart = (solver.t - solver.t_old) * np.linalg.norm(between @ solver.K[:n])
        change = (solver.t - solver.t_old) * np.linalg.norm(solver.K[n] - solver.K[n - 1])
        return bool(change > SHARE * limit * apart > 0)

    def _exchange(self) -> None:
        """Go on with the other method; whoever comes back to one has to be surer each time."""
        solver: Any = self._solver
        method, (rtol, atol) = Stabilised, self._tolerances / TIGHTER
        if self.is_stabilised:
            method, (rtol, atol) = self._method, self._tolerances
            self._patience *= 2
        self._hits, self._evaluations = 0, self.nfev
        left = self.t_bound - self.t
        self._solver = method(
            self._velocity, self.t, solver.y, self.t_bound, first_step=min(solver.h_abs, left), rtol=rtol, atol=atol
        )
