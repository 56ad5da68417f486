"""The shallow network in closed form, on any data and from any start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from ...problem import Problem, Training, Trajectory, Weights
from ...validation import FloatArray
from ..spectrum import Spectrum, input_directions
from ..spectrum import spectrum as spectrum_of
from .evolution import finite, origin
from .shallow import shallow_descent, shallow_flow


def predict(problem: Problem, spectrum: Spectrum, strength_factor: float) -> Trajectory:
    r"""Return the exact course of the whole map: each eigendirection of :math:`\Sigma_x` learns independently.

    .. math:: W(t) = W(0)\, e^{-\Sigma_x t} + \Sigma_{yx}\, \varphi(\Sigma_x, t)
    """
    map_at = map_over_time(problem, spectrum, strength_factor)
    times = range(len(problem.times))
    return Trajectory.of_maps(
        problem,
        origin(problem, "any start"),
        (finite(problem, map_at(i)[None], first=i)[0] for i in times),
        make_weights=partial(_all_maps, map_at, len(times)),
    )


def map_over_time(problem: Problem, spectrum: Spectrum, factor: float) -> Callable[[int], FloatArray]:
    """Return the map at each of the reported times, by number."""
    axes, lam, delta = _eigendirections(problem, spectrum)
    start = factor * problem.initial_weights[0]
    pi0 = start @ axes
    return _MapOverTime(problem.training, lam, delta, pi0, axes, start - pi0 @ axes.T)


@dataclass(frozen=True, eq=False)
class _MapOverTime:
    """Strengths along the eigendirections of the inputs, these directions, and weights that no input sees."""

    training: Training
    lam: FloatArray
    delta: FloatArray
    pi0: FloatArray
    axes: FloatArray
    unseen: FloatArray

    def __call__(self, index: int) -> FloatArray:
        """Map at one of the reported times."""
        training, start = self.training, (self.lam, self.delta, self.pi0)
        if training.is_descent:
            pi = shallow_descent(*start, training.step_size, training.recorded_steps[index])
        else:
            pi = shallow_flow(*start, training.times[index])
        return np.asarray(pi @ self.axes.T + self.unseen)


def _all_maps(map_at: Callable[[int], FloatArray], times: int) -> Weights:
    return (np.array([map_at(index) for index in range(times)]),)


def _eigendirections(problem: Problem, spectrum: Spectrum) -> tuple[FloatArray, FloatArray, FloatArray]:
    r"""Return the directions that the inputs contain, with :math:`\Sigma_{yx}` and :math:`\Sigma_x` along them.

    If the given spectrum differs from the dataset's own, the correlations change with it.
    """
    dataset, basis, own = problem.dataset, problem.dataset.mode_basis, spectrum_of(problem.dataset)
    axes, singular, items = input_directions(dataset)
    root = singular / np.sqrt(dataset.n_items)
    seen = axes.T @ basis.V
    delta_change = spectrum.per_mode("delta") - own.per_mode("delta")
    lam_change = spectrum.per_mode("lam") - own.per_mode("lam")
    delta, turn = np.linalg.eigh(np.diag(root**2) + (seen * delta_change) @ seen.T)
    lam = dataset.Y @ items.T * (root / np.sqrt(dataset.n_items)) + (basis.U * lam_change) @ seen.T
    return axes @ turn, lam @ turn, np.maximum(delta, 0.0)
