r"""The equations of single modes: a second, smaller simulation in addition to training of all weights.

The correlations are measured on the data, :math:`\lambda = u^\top \Sigma_{yx} v`, :math:`\delta = v^\top \Sigma_x v`.
The equations drop the coupling between modes and everything outside them, so they equal training of all weights
exactly where a start does not couple modes.
"""

from __future__ import annotations

import numpy as np

from ...problem import Problem, Weights
from ...validation import FloatArray
from ..integrators.descent import PlainSteps
from ..systems import Balance, Seen, Steps, balance_of


class ShallowModes:
    r"""The strength of each mode of a shallow network, :math:`\dot\pi = \lambda - \delta\pi`."""

    def __init__(self, problem: Problem) -> None:
        self._dataset, self._basis = problem.dataset, problem.dataset.mode_basis
        self._lam, self._delta = measured_correlations(problem)
        (matrix,) = problem.initial_weights
        self.start = np.sum(self._basis.U * (matrix @ self._basis.V), axis=0)

    def velocity(self, state: FloatArray) -> FloatArray:
        """Return the time derivative of the strengths."""
        return self._lam - self._delta * state

    def weights(self, state: FloatArray) -> Weights:
        """Return the map that these strengths make."""
        return ((self._basis.U * state) @ self._basis.V.T,)

    def strengths(self, state: FloatArray) -> FloatArray:
        """Return the strengths of the modes."""
        return state

    def descent(self, step_size: FloatArray | float) -> Steps:
        """Return steps of descent."""
        return PlainSteps(self.velocity, step_size, self.start.shape)

    def maps(self, states: FloatArray) -> FloatArray:
        """Return the maps that these strengths make."""
        return np.asarray((self._basis.U * states[..., None, :]) @ self._basis.V.T)

    def observe(self, maps: FloatArray) -> Seen:
        """Return the modes, block norms and loss of maps along a first axis."""
        return Seen.of_maps(self._dataset, maps)

    def balance(self, state: FloatArray) -> Balance:
        """Return what gradient flow conserves."""
        return balance_of(self.weights(state))


class TwoLayerModes:
    r"""The two hidden vectors of each mode of a two-layer network.

    .. math:: \dot a = b\,(\lambda - \delta\, a \cdot b), \qquad \dot b = a\,(\lambda - \delta\, a \cdot b)
    """

    def __init__(self, problem: Problem) -> None:
        self._dataset, self._basis = problem.dataset, problem.dataset.mode_basis
        self._lam, self._delta = measured_correlations(problem)
        first, second = problem.initial_weights
        self._shape = (2, len(first), self._basis.n_modes)
        self.start = np.stack([first @ self._basis.V, second.T @ self._basis.U]).ravel()

    def velocity(self, state: FloatArray) -> FloatArray:
        """Return the time derivative of both hidden vectors of every mode."""
        a, b = state.reshape(self._shape)
        error = self._lam - self._delta * np.sum(a * b, axis=0)
        return np.stack([b * error, a * error]).ravel()

    def weights(self, state: FloatArray) -> Weights:
        """Return the layers that these hidden vectors make."""
        a, b = state.reshape(self._shape)
        return (a @ self._basis.V.T, self._basis.U @ b.T)

    def strengths(self, state: FloatArray) -> FloatArray:
        """Return the strength of each mode, the product of its hidden vectors."""
        a, b = state.reshape(self._shape)
        return np.asarray(np.sum(a * b, axis=0))

    def descent(self, step_size: FloatArray | float) -> Steps:
        """Return steps of descent."""
        return PlainSteps(self.velocity, step_size, self.start.shape)

    def maps(self, states: FloatArray) -> FloatArray:
        """Return the maps whose modes are independent."""
        several = states.reshape(-1, *self._shape)
        strengths = np.sum(several[:, 0] * several[:, 1], axis=1)
        return np.asarray((self._basis.U * strengths[:, None, :]) @ self._basis.V.T)

    def observe(self, maps: FloatArray) -> Seen:
        """Return the modes, block norms and loss of maps along a first axis."""
        return Seen.of_maps(self._dataset, maps)

    def balance(self, state: FloatArray) -> Balance:
        """Return what gradient flow conserves."""
        return balance_of(self.weights(state))


def measured_correlations(problem: Problem) -> tuple[FloatArray, FloatArray]:
    """Return the lambda and delta of every mode, measured on the data."""
    basis = problem.dataset.mode_basis
    lam = np.sum(basis.U * (problem.dataset.sigma_yx @ basis.V), axis=0)
    delta = np.sum(basis.V * (problem.dataset.sigma_x @ basis.V), axis=0)
    return lam, delta
