"""What a sweep can record of a trajectory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from .. import dynamics, theory
from ..datasets import CLASS_NAMES
from ..problem import Problem, Trajectory
from ..validation import FloatArray

Labels = tuple[str, ...]
Measured = Mapping[Labels, FloatArray]

LABELS = {
    "mode_class": CLASS_NAMES,
    "input_block": ("omega_x", "gamma_x"),
    "output_block": ("omega_y", "gamma_y"),
}
DIMENSIONS = ("solution", *LABELS, "report")


@dataclass(frozen=True)
class Quantity:
    """Something to record: its dimensions, its unit, and how it is measured.

    Attributes
    ----------
    dimensions : tuple of str
        Beside those of the sweep, and time.
    units, long_name : str
    measure : callable
        Maps a problem and its trajectory to arrays by their labels along the dimensions: of shape (T,), or () if
        the quantity does not depend on time.
    in_time : bool
        Whether it depends on time.
    """

    dimensions: Labels
    units: str
    long_name: str
    measure: Callable[[Problem, Trajectory], Measured]
    in_time: bool = True


def half_times(problem: Problem, trajectory: Trajectory) -> dict[Labels, FloatArray]:
    r"""When each class of modes first reaches half its final value :math:`\pi^* = \lambda/\delta`.

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


QUANTITIES: dict[str, Quantity] = {
    "modes": Quantity(
        ("mode_class",),
        "1",
        "effective singular value of each class of modes",
        lambda _, run: {(name,): values for name, values in run.modes.items()},
    ),
    "norms": Quantity(
        ("input_block", "output_block"),
        "1",
        "Frobenius norm of each block of the map",
        lambda _, run: {(source, target): values for (source, target), values in run.norms.items()},
    ),
    "loss": Quantity((), "1", "half the mean squared error over items", lambda _, run: {(): run.loss}),
    "systematicity_ratio": Quantity(
        (), "1", "sign inputs' share of the map to the sign outputs", lambda _, run: {(): run.systematicity_ratio}
    ),
    "half_time": Quantity(
        ("mode_class",), "tau", "time at which a class of modes is half learned", half_times, in_time=False
    ),
}
SOLUTIONS: dict[str, Callable[[Problem], Trajectory]] = {
    "simulation": lambda problem: dynamics.solve(problem),
    "prediction": lambda problem: theory.solve(problem),
}
