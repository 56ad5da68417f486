"""Training of networks of modules, where modules that write the same outputs share the error."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...problem import Modular, Problem, Weights, input_output_map, observe_stack
from ...validation import FloatArray
from ..integrators.descent import PlainSteps
from ..systems import Balance, Seen, Steps, balance_of


class ModuleCoordinates:
    r"""Every weight of every module, trained on the items as they are.

    With the output :math:`\hat Y = \sum_p E_p h_{p,L_p}` and the activities :math:`h_{p,0} = S_p R_p X`,
    :math:`h_{p,l} = W_{p,l} h_{p,l-1}` of module p, the error is propagated back through each module from the rows
    that it writes:

    .. math:: \dot W_{p,l} = -\frac{1}{N} g_{p,l} h_{p,l-1}^\top, \qquad
              g_{p,L_p} = E_p^\top (\hat Y - Y), \qquad g_{p,l-1} = W_{p,l}^\top g_{p,l}
    """

    def __init__(self, problem: Problem, network: Modular) -> None:
        self._dataset, self._network = problem.dataset, network
        self._shapes = network.shapes(problem.dataset)
        self._stops = np.cumsum([0, *(rows * columns for rows, columns in self._shapes)])
        self.start = np.concatenate([matrix.ravel() for matrix in problem.initial_weights])
        self._rows = [module.rows(problem.dataset) for module in network.modules]
        X, self._targets = problem.dataset.rotated_items
        self._inputs = [
            module.scales(problem.dataset)[:, None] * X[module.columns(problem.dataset)] for module in network.modules
        ]

    def weights(self, state: FloatArray) -> Weights:
        """Return the weight matrices as views of the state, module after module, each from its input on."""
        return tuple(state[self._stops[i] : self._stops[i + 1]].reshape(shape) for i, shape in enumerate(self._shapes))

    def velocity(self, state: FloatArray) -> FloatArray:
        """Return minus the gradient of the loss."""
        modules = self._network.split(self.weights(state))
        activities = [_forward(inputs, layers) for inputs, layers in zip(self._inputs, modules, strict=True)]
        error = self._targets.copy()
        for rows, activity in zip(self._rows, activities, strict=True):
            error[rows] -= activity[-1]
        error /= self._dataset.n_items
        parts = [
            _backward(error[rows], layers, activity)
            for rows, layers, activity in zip(self._rows, modules, activities, strict=True)
        ]
        return np.concatenate([part.ravel() for module in parts for part in module])

    def descent(self, step_size: FloatArray | float) -> Steps:
        """Return steps of descent."""
        return PlainSteps(self.velocity, step_size, self.start.shape)

    def maps(self, states: FloatArray) -> FloatArray:
        """Return the sums of the modules' maps."""
        return np.array([self._map(state) for state in states])

    def observe(self, maps: FloatArray) -> Seen:
        """Return the modes, block norms and loss of maps along a first axis."""
        return Seen.of_maps(self._dataset, maps)

    def strengths(self, state: FloatArray) -> FloatArray:
        """Return the effective singular value of every mode."""
        return observe_stack(self._dataset, self._map(state)).strengths

    def balance(self, state: FloatArray) -> Balance:
        """Return what gradient flow conserves in each module."""
        return balance_of(*self._network.split(self.weights(state)))

    def _map(self, state: FloatArray) -> FloatArray:
        return input_output_map(self._network, self._dataset, self.weights(state))


def _forward(inputs: FloatArray, layers: Sequence[FloatArray]) -> list[FloatArray]:
    activity = [inputs]
    for matrix in layers:
        activity.append(matrix @ activity[-1])
    return activity


def _backward(error: FloatArray, layers: Sequence[FloatArray], activity: list[FloatArray]) -> list[FloatArray]:
    changes = []
    for index in reversed(range(len(layers))):
        changes.append(error @ activity[index].T)
        if index:
            error = layers[index].T @ error
    return changes[::-1]
