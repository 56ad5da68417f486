r"""The equations that couple all modes, and the error of a closed form that treats modes separately.

With :math:`A = W_1 V` the first layer along the directions V in which the inputs vary, D their variances,
:math:`C = \Sigma_{yx} V` and :math:`P = W_2 A`, training of two layers under a rule follows

.. math::
    \dot A &= W_2^\top (C - P D) + \nabla\,(A D - A D A^\top A) \\
    \dot W_2 &= (C - P D) A^\top + \gamma\,(\Sigma_y - P D P^\top)\, W_2

while the rest R of the first layer, along directions in which the inputs do not vary, follows
:math:`\dot R = -\nabla\, A D A^\top R`. These equations have no closed form. A closed form from given
weights neglects that modes share hidden directions, that weights lie outside the modes, and that the two layers of a
mode differ at first. All of this is in the initial weights, so these equations give the size of the neglected part
before any training.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np

from ...problem import Descent, Observation, Problem, Rule, observe
from ...validation import FloatArray
from ..spectrum import input_directions

RTOL, ATOL = 1e-10, 1e-14
State = tuple[FloatArray, FloatArray, FloatArray]


@dataclass(frozen=True, eq=False)
class CoupledModes:
    """The coupled equations of a two-layer network on given data under a rule.

    Attributes
    ----------
    correlations : ndarray, shape (output features, directions)
        C, along the directions in which the inputs vary.
    variances : ndarray, shape (directions,)
        D.
    directions : ndarray, shape (input features, directions)
        V.
    sigma_y : ndarray, shape (output features, output features)
    idle : ndarray, shape (rank, input features)
        Orthonormal rows: the directions without variance that the first layer reads.
    rule : Rule
    """

    correlations: FloatArray
    variances: FloatArray
    directions: FloatArray
    sigma_y: FloatArray
    idle: FloatArray
    rule: Rule

    def velocity(self, state: State) -> State:
        """Return the time derivative of A, R and the second layer, in units of 1/tau."""
        first, rest, second = state
        product = second @ first
        error = self.correlations - product * self.variances
        into_first, into_rest, into_second = second.T @ error, np.zeros_like(rest), error @ first.T
        if self.rule.hebbian:
            scaled = first * self.variances
            gram = scaled @ first.T
            into_first = into_first + self.rule.hebbian * (scaled - gram @ first)
            into_rest = -self.rule.hebbian * (gram @ rest)
        if self.rule.contrastive:
            free = (product * self.variances) @ (product.T @ second)
            into_second = into_second + self.rule.contrastive * (self.sigma_y @ second - free)
        return into_first, into_rest, into_second

    def map(self, state: State) -> FloatArray:
        """Return the input-output map."""
        first, rest, second = state
        return (second @ first) @ self.directions.T + (second @ rest) @ self.idle


def coupled_modes(problem: Problem) -> tuple[CoupledModes, State]:
    """Return the equations of a problem with two layers, and the state in which it starts."""
    dataset, (first, second) = problem.dataset, problem.initial_weights
    directions, singular, _ = input_directions(dataset)
    along = first @ directions
    idle, rest = np.linalg.qr((first - along @ directions.T).T)
    equations = CoupledModes(
        correlations=dataset.sigma_yx @ directions,
        variances=singular**2 / dataset.n_items,
        directions=directions,
        sigma_y=dataset.sigma_y,
        idle=idle.T,
        rule=problem.training.rule,
    )
    return equations, (along, rest.T, second)


def coupled_maps(problem: Problem) -> Iterator[FloatArray]:
    """Return the input-output map at each reported time, by the coupled equations of a problem with two layers."""
    equations, start = coupled_modes(problem)
    run = _descent if problem.training.is_descent else _flow
    return map(equations.map, run(problem, equations, start))


def _descent(problem: Problem, equations: CoupledModes, state: State) -> Iterator[State]:
    training, done = cast(Descent, problem.training), 0
    for target in training.recorded_steps:
        for _ in range(target - done):
            change = equations.velocity(state)
            state = cast(State, tuple(now + training.step_size * by for now, by in zip(state, change, strict=True)))
        done = target
        yield state


def _flow(problem: Problem, equations: CoupledModes, start: State) -> Iterator[State]:
    stops = np.cumsum([part.size for part in start])[:-1]

    def unpacked(flat: FloatArray) -> State:
        parts = np.split(flat, stops)
        return cast(State, tuple(part.reshape(like.shape) for part, like in zip(parts, start, strict=True)))

    def velocity(_: float, flat: FloatArray) -> FloatArray:
        return np.concatenate([part.ravel() for part in equations.velocity(unpacked(flat))])

    packed, times = np.concatenate([part.ravel() for part in start]), problem.times
    if times[-1] == 0:
        return iter([start])
    from scipy.integrate import solve_ivp  # slow to import

    solved = solve_ivp(velocity, (0.0, times[-1]), packed, "DOP853", t_eval=times, rtol=RTOL, atol=ATOL)
    states = [unpacked(flat) for flat in solved.y.T]
    lost = [cast(State, tuple(np.full_like(part, np.nan) for part in start))] * (len(times) - len(states))
    return iter(states + lost)


def left_out(problem: Problem, predicted: Observation, maps: Iterator[FloatArray]) -> float:
    """Return the largest error of a prediction against the coupled equations, relative to the range of each quantity.

    Parameters
    ----------
    problem : Problem
    predicted : Observation
        What the closed form says of modes, block norms and loss.
    maps : iterator of ndarray
        The maps of the coupled equations, one for each reported time.

    Returns
    -------
    float
        Infinite if the coupled equations diverge, or if a quantity differs that does not change at all.
    """
    with np.errstate(all="ignore"):
        coupled = observe(problem.dataset, maps)
        values = zip(_quantities(predicted), _quantities(coupled), strict=True)
        parts = [_relative(mine, reference) for mine, reference in values]
    return max(parts, default=0.0)


def _quantities(seen: Observation) -> list[FloatArray]:
    return [*seen.modes.values(), *seen.norms.values(), seen.loss]


def _relative(mine: FloatArray, reference: FloatArray) -> float:
    error, span = float(np.max(np.abs(mine - reference))), float(np.ptp(reference))
    if not math.isfinite(error) or not math.isfinite(span):
        return math.inf
    if error == 0:
        return 0.0
    return error / span if span > 0 else math.inf
