"""Strengths of modes over the course of a problem's training, for every network and kind of training."""

from __future__ import annotations

import numpy as np

from ...problem import Divergence, NoClosedForm, Problem
from ...validation import FloatArray
from .deep import deep_descent, deep_flow
from .shallow import shallow_descent, shallow_flow
from .stability import largest_stable_step
from .two_layer import two_layer_descent, two_layer_vector_flow

NETWORKS = {1: "shallow", 2: "two layers", 3: "three layers", 4: "four layers", 5: "five layers"}


def evolve(problem: Problem, lam: FloatArray, delta: FloatArray, y0: FloatArray, z0: FloatArray) -> FloatArray:
    """Return the effective singular values over time, shape (T, modes), of modes that start from y0 and z0.

    Raises
    ------
    Divergence
        If a value is not finite.
    """
    training, pi0 = problem.training, (y0 - z0) / 4
    if problem.network.layers > 2:
        return finite(problem, _evolve_deep(problem, lam, delta, pi0))
    if training.is_descent:
        steps = np.array(training.recorded_steps)
        if problem.network.layers == 1:
            pi = shallow_descent(lam, delta, pi0, training.step_size, steps[:, None])
        else:
            pi = two_layer_descent(lam, delta, y0, z0, training.step_size, steps)
    elif problem.network.layers == 1:
        pi = shallow_flow(lam, delta, pi0, training.times[:, None])
    else:
        pi = two_layer_vector_flow(lam, delta, y0, z0, training.times[:, None])
    return finite(problem, pi)


def _evolve_deep(problem: Problem, lam: FloatArray, delta: FloatArray, pi0: FloatArray) -> FloatArray:
    training, layers = problem.training, problem.network.layers
    if training.is_descent:
        return deep_descent(lam, delta, pi0, training.step_size, training.recorded_steps, layers)
    return deep_flow(lam, delta, pi0, training.times[:, None], layers)


def finite(problem: Problem, values: FloatArray, first: int = 0) -> FloatArray:
    """Return values of leading axis T, from time number `first` on, or raise Divergence if a square is not finite."""
    with np.errstate(over="ignore"):
        squares = np.square(values.reshape(len(values), -1))
    bad = np.flatnonzero(~np.all(np.isfinite(squares), axis=1))
    if bad.size:
        raise Divergence(
            f"{problem.training!r} diverged: non-finite values by time {problem.times[first + bad[0]]:g};"
            f" {_remedy(problem)}"
        )
    return values


def _remedy(problem: Problem) -> str:
    if not problem.training.is_descent:
        return "start from smaller weights, or scale the data down"
    try:
        limit = largest_stable_step(problem.network, problem.dataset)
    except NoClosedForm:
        return "take a smaller step"
    said = f"the largest stable step for this dataset is {limit:.6g}"
    if problem.training.step_size > limit:
        return said
    return f"{said}, so that the initial weights are too large for this step: start from smaller ones"


def origin(problem: Problem, rule: str) -> str:
    """Return the name of the closed form that was used."""
    return f"{network_name(problem.network.layers)}, {training_name(problem)}, {rule}"


def network_name(layers: int) -> str:
    """Return a number of layers as text."""
    return NETWORKS.get(layers, f"{layers} layers")


def training_name(problem: Problem) -> str:
    """Name what the closed form follows: the discrete map or the flow."""
    return "discrete map" if problem.training.is_descent else "flow"
