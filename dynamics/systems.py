"""What is integrated: a state vector, its velocity under gradient flow, and what can be seen of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np

from ..datasets import Data
from ..problem import Problem, Weights, product
from ..trajectory import Observation, observe
from ..validation import FloatArray


class System(Protocol):
    """A system of ordinary differential equations that stands for a problem."""

    start: FloatArray

    def velocity(self, state: FloatArray) -> FloatArray:
        """Time derivative of the state in units of 1/tau: minus the gradient of the loss."""
        ...

    def observe(self, states: Iterable[FloatArray]) -> Observation:
        """Modes, block norms and loss of a sequence of states."""
        ...

    def weights(self, state: FloatArray) -> Weights:
        """All weights of the network in this state."""
        ...


class DataCoordinates:
    r"""Every weight of the network, trained on the items as they are: the reference.

    The gradient is back-propagated through the chain, with :math:`h_0 = X`, :math:`h_l = W_l h_{l-1}`:

    .. math:: \dot W_l = -\frac{1}{N}\, g_l\, h_{l-1}^\top, \qquad g_L = h_L - Y, \qquad g_{l-1} = W_l^\top g_l
    """

    def __init__(self, problem: Problem) -> None:
        self._dataset: Data = problem.dataset
        self._shapes = problem.network.shapes(problem.dataset)
        self._stops = np.cumsum([0, *(rows * columns for rows, columns in self._shapes)])
        self.start = np.concatenate([matrix.ravel() for matrix in problem.initial_weights])
        self._scaled_X = problem.dataset.X / problem.dataset.n_items
        self._velocity = np.empty_like(self.start)
        self._parts = self.weights(self._velocity)

    def weights(self, state: FloatArray) -> Weights:
        """The weight matrices as views of the state, from the input on."""
        return tuple(
            state[self._stops[layer] : self._stops[layer + 1]].reshape(shape)
            for layer, shape in enumerate(self._shapes)
        )

    def velocity(self, state: FloatArray) -> FloatArray:
        """Minus the gradient of the loss, in a buffer that the next call overwrites."""
        matrices = self.weights(state)
        hidden = [self._dataset.X]
        for matrix in matrices:
            hidden.append(matrix @ hidden[-1])
        error = (self._dataset.Y - hidden.pop()) / self._dataset.n_items
        for matrix, before, part in zip(reversed(matrices), reversed(hidden), reversed(self._parts), strict=True):
            np.matmul(error, before.T, out=part)
            if before is not self._dataset.X:
                error = matrix.T @ error
        return self._velocity

    def observe(self, states: Iterable[FloatArray]) -> Observation:
        """Modes, block norms and loss, from the product of the weights."""
        return observe(self._dataset, (product(self.weights(state)) for state in states))
