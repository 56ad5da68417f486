r"""Training under a learning rule in principal coordinates, where the number of items does not appear.

With the first layer :math:`[A, S]`, of which S has no inputs, the second one :math:`C^\top`, and
:math:`J = C^\top A`, the rule adds to the gradient

.. math:: [\dot A, \dot S] \mathrel{+}= \nabla \big([A \Delta, 0] - A \Delta A^\top [A, S]\big) \quad\text{or}\quad
          \nabla \frac{[A \Delta, 0]}{1 \pm |\mathrm{row}|^2}, \qquad
          \dot C \mathrel{+}= \gamma\, C\, (\Sigma_y - J \Delta J^\top)

S moves by products from the left alone, so that its triangular factor stands for it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...datasets import Data
from ...problem import Rule, Weights
from ...validation import FloatArray
from ..dense.factors import lower_factor, orthonormal_rows
from ..dense.forms import multiply
from ..dense.principal import rows_times
from ..descent import PlainSteps
from ..systems import Balance, Steps, balance_of
from .systems import complement


class PrincipalRule:
    """A chain of two layers under a rule, of one network or of several along leading axes."""

    def __init__(self, dataset: Data, rule: Rule, weights: Weights) -> None:
        first, second = weights
        self._axes, self._rule = dataset.axes, rule
        along = first @ self._axes.P
        square = self._axes.P.shape[0] == self._axes.P.shape[1]
        static = first[..., :0] if square else first - along @ self._axes.P.T
        self._lead, self._shape = first.shape[:-2], first.shape[-2:]
        factor, self._rest = lower_factor(static), orthonormal_rows(static)
        self._count = along.shape[-1]
        both = np.concatenate([along, factor], axis=-1)
        self._split, self._outputs = both.shape[-2] * both.shape[-1], second.shape[-2]
        self._sigma_y = _correlation(dataset)
        self.start = np.concatenate([both.reshape(*self._lead, -1), second.reshape(*self._lead, -1)], axis=-1)
        self._velocity = np.empty_like(self.start)
        self._error = np.empty((*self._lead, self._outputs, self._count))
        self._times = multiply(bool(self._lead))

    def matrices(self, state: FloatArray) -> Weights:
        """Return both parts of the first layer, and the second layer, as views of states of shape (..., size)."""
        lead, hidden = state.shape[:-1], self._shape[0]
        return (
            state[..., : self._split].reshape(*lead, hidden, -1),
            state[..., self._split :].reshape(*lead, self._outputs, hidden),
        )

    def velocity(self, state: FloatArray) -> FloatArray:
        """Return minus the gradient of the loss plus the terms of the rule, in a buffer."""
        (first, second), (into_first, into_second) = self.matrices(state), self.matrices(self._velocity)
        times, axes, rule, error = self._times, self._axes, self._rule, self._error
        along = first[..., : self._count]
        scaled = along * axes.delta
        written = times(second, along)
        np.multiply(written, -axes.delta, out=error)
        error += axes.targets
        into_first[..., self._count :] = 0.0
        into_first[..., : self._count] = times(second.swapaxes(-1, -2), error)
        times(error, along.swapaxes(-1, -2), into_second)
        if rule.hebbian:
            into_first += rule.hebbian * HEBBIAN[rule.form](first, scaled)
        if rule.contrastive:
            free = times(written * axes.delta, written.swapaxes(-1, -2))
            into_second += rule.contrastive * times(self._sigma_y - free, second)
        return self._velocity

    def descent(self, step_size: FloatArray | float) -> Steps:
        """Return steps of descent."""
        return PlainSteps(self.velocity, step_size, self.start.shape)

    def layers(self, state: FloatArray) -> list[Weights]:
        """Return the layers of the only chain, in their own coordinates."""
        first, second = self.matrices(state)
        return [(self._first(first), second)]

    def _first(self, both: FloatArray) -> FloatArray:
        along, static = both[..., : self._count], both[..., self._count :]
        moved = rows_times(along, self._axes.P.T)
        if not static.shape[-1]:
            return moved
        return moved + (static if self._rest is None else static @ self._rest)

    def maps(self, states: FloatArray) -> list[FloatArray]:
        """Return the map of the only chain in states of shape (..., size)."""
        first, second = self.matrices(states)
        return [second @ self._first(first)]

    def balance(self, state: FloatArray) -> Balance:
        """Return what gradient flow conserves."""
        return balance_of(self.matrices(state))


def _correlation(dataset: Data) -> FloatArray:
    targets = dataset.rotated_items[1]
    return np.asarray(targets @ targets.T / dataset.n_items)


def _widened(scaled: FloatArray, first: FloatArray) -> FloatArray:
    """The correlations of hidden units with the inputs, none along static parts."""
    wide = np.zeros_like(first)
    wide[..., : scaled.shape[-1]] = scaled
    return wide


def _oja(first: FloatArray, scaled: FloatArray) -> FloatArray:
    inner = scaled @ first[..., : scaled.shape[-1]].swapaxes(-1, -2)
    change = -(inner @ first)
    change[..., : scaled.shape[-1]] += scaled
    return np.asarray(change)


def _inverse_norm(first: FloatArray, scaled: FloatArray) -> FloatArray:
    return _widened(scaled / (1 + np.sum(first**2, axis=-1, keepdims=True)), first)


def _inverse_complement(first: FloatArray, scaled: FloatArray) -> FloatArray:
    return _widened(scaled / complement(np.sum(first**2, axis=-1, keepdims=True)), first)


HEBBIAN: dict[str, Callable[[FloatArray, FloatArray], FloatArray]] = {
    "oja": _oja,
    "inverse_norm": _inverse_norm,
    "inverse_complement": _inverse_complement,
}
