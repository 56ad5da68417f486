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
before any training. The inverse forms of the Hebbian term are :math:`(A D)_i / (1 \pm |A_i|^2 \pm |R_i|^2)` for each
hidden unit i, and leave R as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from ...problem import STRENGTHS, Descent, Explicit, Observation, Problem, Rule, observe
from ...validation import FloatArray
from ..spectrum import input_directions
from ..terms import on_layers

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
        first, _, second = state
        product = second @ first
        error = self.correlations - product * self.variances
        added = on_layers(self.rule, state, product, self.variances, self.sigma_y)
        return second.T @ error + added[0], added[1], error @ first.T + added[2]

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


def nearby(problem: Problem) -> Problem:
    """Return the problem with errors of a few roundings in its initial weights."""
    generator, size = np.random.default_rng(0), 4 * float(np.finfo(float).eps)
    weights = problem.initial_weights
    changed = [w + size * np.max(np.abs(w), initial=0.0) * generator.standard_normal(w.shape) for w in weights]
    return replace(problem, initial=Explicit(changed))


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


def left_out(problem: Problem, predicted: Observation, maps: Iterator[FloatArray]) -> dict[str, float]:
    """Return the error of each quantity against the coupled equations, relative to its range.

    Signed strengths of single modes are relative to the largest range in their class.

    Parameters
    ----------
    problem : Problem
    predicted : Observation
        What the closed form says of modes, block norms and loss.
    maps : iterator of ndarray
        The maps of the coupled equations, one for each reported time.

    Returns
    -------
    dict of str to float
        Infinite if the coupled equations diverge, or if a quantity differs that does not change at all.
    """
    with np.errstate(all="ignore"):
        coupled = observe(problem.dataset, maps)
        reference = coupled.quantities
        shares = {name: _relative(mine, reference[name]) for name, mine in predicted.quantities.items()}
        classes = problem.dataset.mode_basis.classes.values()
        strengths = [_relative(predicted.strengths[:, c], coupled.strengths[:, c]) for c in classes]
    return {**shares, STRENGTHS: max(strengths, default=0.0)}


def _relative(mine: FloatArray, reference: FloatArray) -> float:
    error = float(np.max(np.abs(mine - reference), initial=0.0))
    span = float(np.max(np.ptp(reference, axis=0), initial=0.0))
    if not math.isfinite(error) or not math.isfinite(span):
        return math.inf
    if error == 0:
        return 0.0
    return error / span if span > 0 else math.inf
