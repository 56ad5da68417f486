"""Quantities of a trajectory that a sweep can record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .. import dynamics, theory
from ..datasets import CLASS_NAMES, Data, HeldOut
from ..problem import OBSERVED, Initial, Labels, Network, Problem, Training, Trajectory
from ..validation import FloatArray

Measured = Mapping[Labels, FloatArray]

LABELS = {
    "mode_class": CLASS_NAMES,
    "input_block": ("omega_x", "gamma_x"),
    "output_block": ("omega_y", "gamma_y"),
}
DIMENSIONS = ("solution", *LABELS, "report")


@dataclass(frozen=True)
class Solution:
    """One way to solve problems.

    Attributes
    ----------
    solve : callable
        Maps a problem to its trajectory.
    held_out_errors : callable
        Maps a dataset with items held out, a network, a start and a training to errors by output block.
    """

    solve: Callable[[Problem], Trajectory]
    held_out_errors: Callable[[HeldOut, Network, Initial, Training], Mapping[str, FloatArray]]


@dataclass(frozen=True)
class Case:
    """A problem, how it is solved, and the dataset from which its items come.

    Attributes
    ----------
    dataset : SystematicityDataset, Dataset or HeldOut
    problem : Problem
    solution : Solution
    """

    dataset: Data | HeldOut
    problem: Problem
    solution: Solution

    @cached_property
    def run(self) -> Trajectory:
        """The trajectory, solved when it is first needed."""
        return self.solution.solve(self.problem)

    def held_out_errors(self) -> dict[Labels, FloatArray]:
        """Return the errors on the items held out."""
        if not isinstance(self.dataset, HeldOut):
            raise ValueError(f"held_out_errors needs a dataset with items held out, got {self.dataset!r}")
        problem = self.problem
        errors = self.solution.held_out_errors(self.dataset, problem.network, problem.initial, problem.training)
        return {(name,): values for name, values in errors.items()}


@dataclass(frozen=True)
class Quantity:
    """Something to record: its dimensions, its unit, and how it is measured.

    Attributes
    ----------
    dimensions : tuple of str
        Beside those of the sweep, and time.
    units, long_name : str
    measure : callable
        Maps a case to arrays by their labels along the dimensions: of shape (T,), or () if the quantity does not
        depend on time.
    in_time : bool
        Whether it depends on time.
    """

    dimensions: Labels
    units: str
    long_name: str
    measure: Callable[[Case], Measured]
    in_time: bool = True


def half_times(problem: Problem, trajectory: Trajectory) -> dict[Labels, FloatArray]:
    r"""Return when each class of modes first reaches half its final value :math:`\pi^* = \lambda/\delta`.

    Between reported times the strength is interpolated linearly. For a two-layer mode, whose curve has no curvature
    where it is half learned, that errs in third order of the interval; for a shallow one in second order.

    Parameters
    ----------
    problem : Problem
    trajectory : Trajectory
        Predicted or simulated.

    Returns
    -------
    dict of (class name,) to ndarray, shape ()
        In units of tau; NaN for a class that has not come so far by the last time.

    Examples
    --------
    >>> import linmod
    >>> problem = linmod.Problem(linmod.SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1), linmod.Deep(),
    ...                          linmod.Aligned(1e-6), linmod.Flow(np.linspace(0, 20, 401)))
    >>> print(half_times(problem, linmod.theory.solve(problem))["sign_to_sign",].round(3))
    5.514
    >>> round(linmod.theory.half_time_two_layer(1.2437, 1.375, 1e-6), 3)
    5.514
    """
    targets = {c.name: c.pi_star / 2 for c in theory.spectrum(problem.dataset).learnable}
    return {(name,): _crossing(trajectory.times, trajectory.modes[name], half) for name, half in targets.items()}


def _crossing(times: FloatArray, values: FloatArray, level: float) -> FloatArray:
    reached = np.flatnonzero(values >= level)
    if len(reached) == 0:
        return np.array(np.nan)
    after = int(reached[0])
    if after == 0:
        return np.array(times[0])
    part = (level - values[after - 1]) / (values[after] - values[after - 1])
    return np.array(times[after - 1] + part * (times[after] - times[after - 1]))


def _observed(one: Field[Any]) -> Quantity:
    """Return a quantity of every trajectory, as something to record."""
    return Quantity(one.metadata["labels"], "1", one.metadata["meaning"], lambda case: case.run.labelled(one.name))


QUANTITIES: dict[str, Quantity] = {
    **{one.name: _observed(one) for one in OBSERVED},
    "systematicity_ratio": Quantity(
        (), "1", "sign inputs' share of the map to the sign outputs", lambda case: {(): case.run.systematicity_ratio}
    ),
    "half_time": Quantity(
        ("mode_class",),
        "tau",
        "time at which a class of modes is half learned",
        lambda case: half_times(case.problem, case.run),
        in_time=False,
    ),
    "held_out_errors": Quantity(
        ("output_block",), "1", "mean squared error over the items held out", Case.held_out_errors
    ),
}
SOLUTIONS: dict[str, Solution] = {
    "simulation": Solution(lambda problem: dynamics.solve(problem), dynamics.held_out_errors),
    "prediction": Solution(lambda problem: theory.solve(problem), theory.held_out_errors),
}
