"""Tolerances with a reason: how far a correct prediction can be from a correct simulation."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from ..problem import Descent, Flow, Problem, Trajectory
from ..projection import Projection


def default_tolerance(
    problem: Problem, prediction: Trajectory | Mapping[str, ArrayLike], simulation: Trajectory
) -> float:
    r"""Bound for the relative error between a correct prediction and a correct simulation.

    It is the sum of three parts.

    *Rounding.* Each step of the simulation computes inner products of at most d terms, with relative error at most
    :math:`d\,\epsilon`; n steps add up to :math:`n d \epsilon`. For a projected network :math:`\epsilon` is that of the
    numbers it was trained in.

    *Integration* (flow only). A step may err by :math:`\sqrt{P}\,(\mathrm{atol} + \mathrm{rtol}\,|w|)` in the norm of
    all P weights. In a deep network an error made while a mode is still small relative to its hidden vectors, of
    initial length g, stays with it as a shift in time, so that n steps give
    :math:`n \sqrt{P} (\mathrm{atol}/g + \mathrm{rtol})`. A shallow mode forgets errors: there g = 1.

    *Theory.* What the closed form itself neglects, ``prediction.neglected`` (0 where it is exact).

    Parameters
    ----------
    problem : Problem
    prediction : Trajectory or mapping
        Values that are not a trajectory are taken to be exact.
    simulation : Trajectory

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the closed form is an approximation of unknown error, or a projected network was integrated in an unknown
        number of steps; a tolerance must then be given.
    """
    neglected = prediction.neglected if isinstance(prediction, Trajectory) else 0.0
    if math.isnan(neglected):
        raise ValueError("tolerance must be given: the closed form from so large a start is an approximation")
    shapes = problem.network.shapes(problem.dataset)
    evaluations = max(1, _evaluations(problem, simulation))
    longest = max(problem.dataset.n_items, *(max(shape) for shape in shapes))
    epsilon = simulation.precision if isinstance(simulation, Projection) else float(np.finfo(float).eps)
    total = evaluations * longest * epsilon + neglected
    if isinstance(problem.training, Flow):
        size = math.sqrt(sum(rows * columns for rows, columns in shapes))
        training = problem.training
        total += evaluations * size * (training.atol / _smallest_gain(problem) + training.rtol)
    return float(total)


def _evaluations(problem: Problem, simulation: Trajectory) -> int:
    if simulation.statistics:
        return simulation.statistics.evaluations
    if isinstance(problem.training, Descent):
        return problem.training.steps
    if isinstance(simulation, Projection):
        raise ValueError("tolerance must be given: in how many steps the given network was integrated is not known")
    return len(problem.times)


def _smallest_gain(problem: Problem) -> float:
    """Length of the shortest initial hidden vector of a mode; 1 for a shallow network or a start at zero."""
    parts = problem.network.parts(problem.dataset)
    lengths = [
        np.linalg.norm(weights[0] @ part.data.mode_basis.V, axis=0) if len(weights) > 1 else np.ones(1)
        for part, weights in zip(parts, problem.network.split(problem.initial_weights), strict=True)
    ]
    return min(float(np.min(part[part > 0], initial=1.0)) for part in lengths)
