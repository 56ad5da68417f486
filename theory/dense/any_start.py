"""The shallow network in closed form, on any data and from any start."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...problem import Problem, Trajectory
from ...validation import FloatArray
from ..spectrum import Spectrum
from ..spectrum import spectrum as spectrum_of
from .evolution import finite, origin
from .shallow import shallow_descent, shallow_flow


def predict(problem: Problem, spectrum: Spectrum, strength_factor: float) -> Trajectory:
    r"""Exact course of the whole map: each eigendirection of :math:`\Sigma_x` learns by itself.

    .. math:: W(t) = W(0)\, e^{-\Sigma_x t} + \Sigma_{yx}\, \varphi(\Sigma_x, t)
    """
    map_at = map_over_time(problem, spectrum, strength_factor)
    times = range(len(problem.times))
    return Trajectory.of_maps(
        problem,
        origin(problem, "any start"),
        (finite(problem, map_at(i)[None])[0] for i in times),
        make_weights=lambda: (np.array([map_at(i) for i in times]),),
    )


def map_over_time(problem: Problem, spectrum: Spectrum, factor: float) -> Callable[[int], FloatArray]:
    """Map at each of the reported times, by number."""
    sigma_x, sigma_yx = _correlations(problem, spectrum)
    delta, axes = np.linalg.eigh(sigma_x)
    delta = np.maximum(delta, 0.0)
    lam, pi0 = sigma_yx @ axes, factor * problem.initial_weights[0] @ axes
    training = problem.training

    def map_at(index: int) -> FloatArray:
        if training.is_descent:
            pi = shallow_descent(lam, delta, pi0, training.step_size, training.recorded_steps[index])
        else:
            pi = shallow_flow(lam, delta, pi0, training.times[index])
        return np.asarray(pi @ axes.T)

    return map_at


def _correlations(problem: Problem, spectrum: Spectrum) -> tuple[FloatArray, FloatArray]:
    """Correlations of the dataset, changed along its modes where the given spectrum differs from its own."""
    dataset, basis, own = problem.dataset, problem.dataset.mode_basis, spectrum_of(problem.dataset)
    delta_change = spectrum.per_mode("delta") - own.per_mode("delta")
    lam_change = spectrum.per_mode("lam") - own.per_mode("lam")
    sigma_x = dataset.sigma_x + (basis.V * delta_change) @ basis.V.T
    sigma_yx = dataset.sigma_yx + (basis.U * lam_change) @ basis.V.T
    return sigma_x, sigma_yx
