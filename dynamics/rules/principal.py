r"""Training under a learning rule in principal coordinates, where the number of items does not appear.

With the first layer :math:`[A, S]`, of which S has no inputs, the second one :math:`C^\top`, and
:math:`J = C^\top A`, the rule adds to the gradient

.. math:: [\dot A, \dot S] \mathrel{+}= \nabla \big([A \Delta, 0] - A \Delta A^\top [A, S]\big) \quad\text{or}\quad
          \nabla \frac{[A \Delta, 0]}{1 \pm |\mathrm{row}|^2}, \qquad
          \dot C \mathrel{+}= \gamma\, C\, (\Sigma_y - J \Delta J^\top)

S moves by products from the left alone, so that its triangular factor stands for it.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from ...datasets import Data
from ...problem import Rule, Weights
from ...validation import FloatArray
from ..dense.factors import lower_factor, orthonormal_rows
from ..dense.forms import multiply, per_matrix
from ..dense.principal import rows_times
from ..integrators.programs import Call, Program, ProgramSteps
from ..systems import Balance, Steps, balance_of
from .systems import complement


class PrincipalRule:
    """A chain of two layers under a rule, of one network or of several along leading axes."""

    def __init__(self, dataset: Data, rule: Rule, weights: Weights) -> None:
        first, second = weights
        self._axes, self._rule, self._lead = dataset.axes, rule, first.shape[:-2]
        along = first @ self._axes.P
        square = self._axes.P.shape[0] == self._axes.P.shape[1]
        static = first[..., :0] if square else first - along @ self._axes.P.T
        self._rest = orthonormal_rows(static)
        matrices = (along, lower_factor(static), second)
        self._shapes = [matrix.shape[-2:] for matrix in matrices]
        self._stops = np.cumsum([0, *(rows * columns for rows, columns in self._shapes)]).tolist()
        self._sigma_y = _correlation(dataset)
        self.start = np.concatenate([matrix.reshape(*self._lead, -1) for matrix in matrices], axis=-1)
        self._program = self._programmed(1.0)

    def matrices(self, state: FloatArray) -> Weights:
        """Return both parts of the first layer, and the second layer, as views of states of shape (..., size)."""
        return tuple(
            state[..., self._stops[i] : self._stops[i + 1]].reshape(*state.shape[:-1], *shape)
            for i, shape in enumerate(self._shapes)
        )

    def velocity(self, state: FloatArray) -> FloatArray:
        """Return minus the gradient of the loss plus the terms of the rule, in a buffer."""
        return self._program.velocity(state)

    def descent(self, step_size: FloatArray | float) -> Steps:
        """Return steps of descent."""
        return ProgramSteps(self._programmed(per_matrix(step_size)))

    def _programmed(self, rate: FloatArray | float) -> Program:
        """Return the calls that make a multiple of the velocity."""
        state, change = np.zeros((2, *self.start.shape))
        (A, _, second), (into_A, _, into_second) = self.matrices(state), self.matrices(change)
        times, axes, rule = multiply(bool(self._lead)), self._axes, self._rule
        written, errors = np.empty((2, *self._lead, *axes.targets.shape))
        scale, targets = -rate * np.broadcast_to(axes.delta, axes.targets.shape), rate * axes.targets
        calls: list[Call] = [
            partial(times, second, A, written),
            partial(np.multiply, written, scale, errors),
            partial(np.add, errors, targets, errors),
            partial(times, second.swapaxes(-1, -2), errors, into_A),
            partial(times, errors, A.swapaxes(-1, -2), into_second),
        ]
        if rule.hebbian:
            hebbian = self._oja if rule.form == "oja" else self._divided
            calls += hebbian(rate * rule.hebbian, self.matrices(state), self.matrices(change))
        if rule.contrastive:
            calls += self._contrast(rate * rule.contrastive, written, second, into_second)
        return Program(state, change, calls)

    def _oja(self, rate: FloatArray | float, state: Weights, change: Weights) -> list[Call]:
        """Return the calls that add Oja's term."""
        (A, S, _), (into_A, into_S, _) = state, change
        times, scaled, removed = multiply(bool(self._lead)), np.empty_like(A), np.empty_like(A)
        minus_inner = np.empty((*self._lead, A.shape[-2], A.shape[-2]))
        delta = rate * self._axes.delta
        return [
            partial(np.multiply, A, -delta, scaled),
            partial(times, scaled, A.swapaxes(-1, -2), minus_inner),
            partial(times, minus_inner, A, removed),
            partial(np.subtract, removed, scaled, removed),
            partial(np.add, into_A, removed, into_A),
            partial(times, minus_inner, S, into_S),
        ]

    def _divided(self, rate: FloatArray | float, state: Weights, change: Weights) -> list[Call]:
        """Return the calls that add the Hebbian term over a function of the norm of each hidden unit."""
        (A, S, _), (into_A, _, _) = state, change
        scaled, delta, inverse_norm = np.empty_like(A), rate * self._axes.delta, self._rule.form == "inverse_norm"

        def divide() -> None:
            squared_norm = np.sum(A * A, axis=-1, keepdims=True) + np.sum(S * S, axis=-1, keepdims=True)
            np.divide(scaled, 1 + squared_norm if inverse_norm else complement(squared_norm), scaled)

        return [partial(np.multiply, A, delta, scaled), divide, partial(np.add, into_A, scaled, into_A)]

    def _contrast(self, rate: FloatArray | float, J: FloatArray, second: FloatArray, into: FloatArray) -> list[Call]:
        """Return the calls that add the contrast of the clamped and the free outputs."""
        times, scaled, change = multiply(bool(self._lead)), np.empty_like(J), np.empty_like(second)
        free = np.empty((*self._lead, J.shape[-2], J.shape[-2]))
        return [
            partial(np.multiply, J, rate * self._axes.delta, scaled),
            partial(times, scaled, J.swapaxes(-1, -2), free),
            partial(np.subtract, rate * self._sigma_y, free, free),
            partial(times, free, second, change),
            partial(np.add, into, change, into),
        ]

    def layers(self, state: FloatArray) -> list[Weights]:
        """Return the layers of the only chain, in their own coordinates."""
        return [(self._first(state), self.matrices(state)[2])]

    def _first(self, state: FloatArray) -> FloatArray:
        along, static, _ = self.matrices(state)
        moved = rows_times(along, self._axes.P.T)
        if not static.shape[-1]:
            return moved
        return moved + (static if self._rest is None else static @ self._rest)

    def maps(self, states: FloatArray) -> list[FloatArray]:
        """Return the map of the only chain in states of shape (..., size)."""
        along, static, second = self.matrices(states)
        moved = rows_times(second @ along, self._axes.P.T)
        if not static.shape[-1]:
            return [moved]
        return [moved + (second @ static if self._rest is None else second @ static @ self._rest)]

    def balance(self, state: FloatArray) -> Balance:
        """Return what gradient flow conserves."""
        along, static, second = self.matrices(state)
        return balance_of((np.concatenate([along, static], axis=-1), second))


def _correlation(dataset: Data) -> FloatArray:
    targets = dataset.rotated_items[1]
    return np.asarray(targets @ targets.T / dataset.n_items)
