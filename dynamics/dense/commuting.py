"""Spectral coordinates for data whose modes the gradient does not couple, by dense orthonormal bases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...datasets import Data
from ...problem import Weights
from ...validation import FloatArray
from ..systems import Seen
from .forms import Correlations
from .shallow import ShallowEquations
from .two_layer import TwoLayerEquations

DIAGONAL_TOLERANCE = 1e-13


@dataclass(frozen=True, eq=False)
class CommutingFrame:
    """Orthonormal bases in which the correlations of a dataset are diagonal.

    Attributes
    ----------
    V : ndarray, shape (input features, moving columns)
        The modes, then directions that the inputs contain and the targets do not.
    U : ndarray, shape (output features, output features)
        The modes, then all other output directions.
    lam : ndarray, shape (modes,)
    delta : ndarray, shape (moving columns,)
    residual : float
        Largest entry of the correlations off their diagonals, relative to their largest singular value, or of what
        the bases lack to be orthonormal.
    """

    V: FloatArray
    U: FloatArray
    lam: FloatArray
    delta: FloatArray
    residual: float

    @property
    def is_exact(self) -> bool:
        """Whether the correlations are diagonal to rounding, so that these coordinates lose nothing."""
        return self.residual <= DIAGONAL_TOLERANCE


def commuting_frame(dataset: Data) -> CommutingFrame:
    """Complete the modes of a dataset to orthonormal bases, and measure how diagonal the correlations are there."""
    modes, root = dataset.mode_basis, np.sqrt(dataset.n_items)
    X, Y = (side / root for side in dataset.rotated_items)
    V = np.concatenate([modes.V, _remaining_directions(X, modes.V)], axis=1)
    U = np.linalg.qr(modes.U, mode="complete").Q
    U[:, : modes.n_modes] = modes.U
    inputs, targets = V.T @ X, U.T @ Y
    correlation, input_correlation = targets @ inputs.T, inputs @ inputs.T
    lam, delta = np.diagonal(correlation)[: modes.n_modes].copy(), np.diagonal(input_correlation).copy()
    off_diagonal = correlation.copy()
    np.fill_diagonal(off_diagonal[: modes.n_modes, : modes.n_modes], 0.0)
    scale_x, scale_y = (np.linalg.norm(side, 2) or 1.0 for side in (X, Y))
    errors = (
        np.abs(off_diagonal).max(initial=0.0) / (scale_x * scale_y),
        np.abs(input_correlation - np.diag(delta)).max(initial=0.0) / scale_x**2,
        np.abs(X - V @ inputs).max(initial=0.0) / scale_x,
        *(np.abs(basis.T @ basis - np.eye(basis.shape[1])).max(initial=0.0) for basis in (U, V)),
    )
    return CommutingFrame(V, U, lam, delta, float(max(errors)))


def _remaining_directions(X: FloatArray, V: FloatArray) -> FloatArray:
    """Return the input directions of the data outside the span of V: singular vectors of X without its part in V."""
    left = X - V @ (V.T @ X)
    left -= V @ (V.T @ left)
    directions, sizes, _ = np.linalg.svd(left, full_matrices=False)
    threshold = max(X.shape) * np.finfo(float).eps * np.linalg.norm(X, 2)
    return np.asarray(directions[:, sizes > threshold])


class CommutingTwoLayer(TwoLayerEquations):
    """A two-layer network on data whose modes the gradient does not couple."""

    def __init__(self, dataset: Data, frame: CommutingFrame, weights: Weights) -> None:
        first, second = weights
        A = first @ frame.V
        self._dataset, self._frame, self._static = dataset, frame, first - A @ frame.V.T
        seen = Correlations(frame.lam, frame.delta)
        super().__init__(seen, A, second.T @ frame.U, np.sum(np.square(self._static)))

    def weights(self, state: FloatArray) -> Weights:
        """Return all weights of the network, in their own coordinates."""
        A, C = self.matrices(state)
        return (A @ self._frame.V.T + self._static, self._frame.U @ C.T)

    def maps(self, states: FloatArray) -> FloatArray:
        """Return the products of the weights."""
        A, C = self.matrices(states)
        written = self._frame.U @ C.swapaxes(-1, -2)
        return written @ A @ self._frame.V.T + written @ self._static

    def observe(self, maps: FloatArray) -> Seen:
        """Return the modes, block norms and loss of maps along a first axis."""
        return Seen.of_maps(self._dataset, maps)

    def strengths(self, state: FloatArray) -> FloatArray:
        """Return the effective singular value of every mode."""
        A, C = self.matrices(state)
        paired = len(self._frame.lam)
        return np.asarray(np.sum(A[:, :paired] * C[:, :paired], axis=0))


class CommutingShallow(ShallowEquations):
    """A shallow network on data whose modes the gradient does not couple."""

    def __init__(self, dataset: Data, frame: CommutingFrame, weights: Weights) -> None:
        columns = weights[0] @ frame.V
        self._dataset, self._frame, self._static = dataset, frame, weights[0] - columns @ frame.V.T
        super().__init__(Correlations(frame.lam, frame.delta), frame.U.T @ columns)

    def weights(self, state: FloatArray) -> Weights:
        """Return the weights, in their own coordinates."""
        return (self._frame.U @ state.reshape(self._shape) @ self._frame.V.T + self._static,)

    def maps(self, states: FloatArray) -> FloatArray:
        """Return the weights."""
        return np.asarray(self._frame.U @ self.matrix(states) @ self._frame.V.T + self._static)

    def observe(self, maps: FloatArray) -> Seen:
        """Return the modes, block norms and loss of maps along a first axis."""
        return Seen.of_maps(self._dataset, maps)

    def strengths(self, state: FloatArray) -> FloatArray:
        """Return the effective singular value of every mode."""
        return np.diagonal(state.reshape(self._shape))[: len(self._frame.lam)]
