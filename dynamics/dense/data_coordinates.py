"""Every weight of the network as it is, trained on the items: the reference for all other coordinates."""

from __future__ import annotations

import numpy as np

from ...problem import Problem, Weights, observe_stack, product
from ...validation import FloatArray
from ..integrators.descent import PlainSteps
from ..systems import Balance, Seen, Steps, balance_of


class DataCoordinates:
    r"""All weights of one network, or of several along a leading axis.

    The gradient is back-propagated through the chain, with :math:`h_0 = X`, :math:`h_l = W_l h_{l-1}`:

    .. math:: \dot W_l = -\frac{1}{N}\, g_l\, h_{l-1}^\top, \qquad g_L = h_L - Y, \qquad g_{l-1} = W_l^\top g_l
    """

    def __init__(self, problem: Problem, start: FloatArray | None = None) -> None:
        self._dataset, self._shapes = problem.dataset, problem.network.shapes(problem.dataset)
        self._X, self._Y = problem.dataset.rotated_items
        self._X_transposed = self._X.T
        self._stops = np.cumsum([0, *(rows * columns for rows, columns in self._shapes)]).tolist()
        self.start = flat_start(problem) if start is None else start
        self._velocity = np.empty_like(self.start)
        self._parts = self.weights(self._velocity)
        self._last, self._matrices = self._velocity, self._parts
        n_items, lead = self._X.shape[1], self.start.shape[:-1]
        self._hidden = [np.empty((*lead, rows, n_items)) for rows, _ in self._shapes]
        self._errors = [np.empty_like(hidden) for hidden in self._hidden]

    def weights(self, state: FloatArray) -> Weights:
        """Return the weight matrices as views of the state, from the input on."""
        lead = state.shape[:-1]
        return tuple(
            state[..., self._stops[layer] : self._stops[layer + 1]].reshape(*lead, *shape)
            for layer, shape in enumerate(self._shapes)
        )

    def velocity(self, state: FloatArray) -> FloatArray:
        """Return minus the gradient of the loss, in a buffer that the next call overwrites."""
        if state is not self._last:
            self._last, self._matrices = state, self.weights(state)
        matrices, hidden, errors = self._matrices, self._hidden, self._errors
        before = self._X
        for matrix, after in zip(matrices, hidden, strict=True):
            before = np.matmul(matrix, before, out=after)
        np.subtract(self._Y, hidden[-1], out=errors[-1])
        errors[-1] /= self._dataset.n_items
        for layer in range(len(matrices) - 1, 0, -1):
            np.matmul(errors[layer], hidden[layer - 1].swapaxes(-1, -2), out=self._parts[layer])
            np.matmul(matrices[layer].swapaxes(-1, -2), errors[layer], out=errors[layer - 1])
        np.matmul(errors[0], self._X_transposed, out=self._parts[0])
        return self._velocity

    def descent(self, step_size: FloatArray | float) -> Steps:
        """Return steps of descent."""
        return PlainSteps(self.velocity, step_size, self.start.shape)

    def maps(self, states: FloatArray) -> FloatArray:
        """Return the products of the weights."""
        return np.array(product(self.weights(states)))

    def observe(self, maps: FloatArray) -> Seen:
        """Return the modes, block norms and loss of maps along a first axis."""
        return Seen.of_maps(self._dataset, maps)

    def strengths(self, state: FloatArray) -> FloatArray:
        """Return the effective singular value of every mode."""
        return observe_stack(self._dataset, self.maps(state)).strengths

    def balance(self, state: FloatArray) -> Balance:
        """Return what gradient flow conserves."""
        return balance_of(self.weights(state))


def flat_start(problem: Problem) -> FloatArray:
    """Return all initial weights as one vector."""
    return np.concatenate([matrix.ravel() for matrix in problem.initial_weights])
