r"""Principal coordinates: the first layer along the principal axes of the inputs, on any data.

With the singular value decomposition :math:`X = P s Q^\top` of the inputs, the first layer moves along the axes P
alone, :math:`W_1 = A P^\top + S` with a static part S. In these coordinates the correlations of the inputs are the
numbers :math:`s^2 / N`, and the number of items does not appear. Two layers are also rotated among the hidden units,
where there are more of them than directions that move.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ...datasets.items import Axes
from ...problem import Weights, product
from ...validation import FloatArray
from ..systems import Balance, balance_of
from .chains import Chains, Coupling
from .forms import Correlations
from .observer import sums_of_squares
from .shallow import ShallowEquations
from .two_layer import TwoLayerEquations


class FirstLayer:
    """First layers of one network, or of several along leading axes, along principal axes and apart from them.

    Parameters
    ----------
    axes : Axes
    start : ndarray, shape (..., hidden, input features)
    """

    def __init__(self, axes: Axes, start: FloatArray) -> None:
        self._axes, self._start = axes, start
        self.along = start @ axes.P
        every = axes.P.shape[0] == axes.P.shape[1]
        self.static = start[..., :0] if every else start - self.along @ axes.P.T
        self.static_energy = sums_of_squares(self.static)

    def weights(self, along: FloatArray) -> FloatArray:
        """Return the weights that have moved along the axes."""
        return self._start + (along - self.along) @ self._axes.P.T

    def maps(self, written: FloatArray, along: FloatArray, static: FloatArray) -> FloatArray:
        """Return the products of the layers after the first (..., outputs, hidden) with both parts of it."""
        moving = rows_times(written @ along, self._axes.P.T)
        if not static.shape[-1]:
            return moving
        return moving + (rows_times(written, static) if static.ndim == 2 else written @ static)


def rows_times(rows: FloatArray, matrix: FloatArray) -> FloatArray:
    """Return the products of many matrices with the same one, by a single product."""
    lead = rows.shape[:-1]
    return (rows.reshape(math.prod(lead), len(matrix)) @ matrix).reshape(*lead, matrix.shape[-1])


class PrincipalShallow(ShallowEquations):
    """A shallow network."""

    def __init__(self, axes: Axes, targets: FloatArray, weights: Weights) -> None:
        self._first = FirstLayer(axes, weights[0])
        super().__init__(Correlations(targets, axes.delta), self._first.along)

    def layers(self, state: FloatArray) -> list[Weights]:
        """Return the layers of the only chain, in their own coordinates."""
        return [(self.maps(state)[0],)]

    def maps(self, states: FloatArray) -> list[FloatArray]:
        """Return the map of the only chain in states of shape (..., size)."""
        return [self._first.weights(self.matrix(states))]


class PrincipalTwoLayer(TwoLayerEquations):
    """A chain of two layers."""

    def __init__(self, axes: Axes, targets: FloatArray, weights: Weights) -> None:
        first, second = weights
        self._first, self._second = FirstLayer(axes, first), second
        A, C = self._first.along, second.swapaxes(-1, -2)
        narrow = A.shape[-1] + C.shape[-1] < A.shape[-2]
        self._span = np.linalg.qr(np.concatenate([A, C], axis=-1)).Q if narrow else None
        self._static = self._within(self._first.static)
        self._origin = self._within(A), self._within(C)
        super().__init__(Correlations(targets, axes.delta), *self._origin, self._first.static_energy)

    def _within(self, columns: FloatArray) -> FloatArray:
        """Hidden vectors in the span of those that move."""
        return columns if self._span is None else self._span.swapaxes(-1, -2) @ columns

    def _moved(self, columns: FloatArray, origin: FloatArray) -> FloatArray:
        """How far hidden vectors have moved, among all hidden units."""
        return columns - origin if self._span is None else self._span @ (columns - origin)

    def layers(self, state: FloatArray) -> list[Weights]:
        """Return the layers of the only chain, in their own coordinates."""
        A, C = (self._moved(*pair) for pair in zip(self.matrices(state), self._origin, strict=True))
        return [(self._first.weights(self._first.along + A), self._second + C.swapaxes(-1, -2))]

    def maps(self, states: FloatArray) -> list[FloatArray]:
        """Return the map of the only chain in states of shape (..., size)."""
        A, C = self.matrices(states)
        return [self._first.maps(C.swapaxes(-1, -2), A, self._static)]


class PrincipalChains(Chains):
    """Chains of any number of layers that share their errors."""

    def __init__(self, axes: Sequence[Axes], coupling: Coupling, weights: Sequence[Weights]) -> None:
        self._firsts = [FirstLayer(own, layers[0]) for own, layers in zip(axes, weights, strict=True)]
        starts = [(first.along, *layers[1:]) for first, layers in zip(self._firsts, weights, strict=True)]
        super().__init__(coupling, starts)

    def layers(self, state: FloatArray) -> list[Weights]:
        """Return the layers of each chain, in their own coordinates."""
        pairs = zip(self._firsts, self.matrices(state), strict=True)
        return [(first.weights(layers[0]), *layers[1:]) for first, layers in pairs]

    def maps(self, states: FloatArray) -> list[FloatArray]:
        """Return the map of each chain in states of shape (..., size)."""
        return [
            first.weights(layers[0]) if len(layers) == 1 else first.maps(product(layers[1:]), layers[0], first.static)
            for first, layers in zip(self._firsts, self.matrices(states), strict=True)
        ]

    def balance(self, state: FloatArray) -> Balance:
        """Return what gradient flow conserves, up to a constant, and the largest energy of a layer."""
        chains = self.matrices(state)
        balance = balance_of(*chains)
        firsts = (
            sums_of_squares(layers[0]) + first.static_energy for first, layers in zip(self._firsts, chains, strict=True)
        )
        return Balance(balance.differences, np.max([balance.energy, *firsts], axis=0))
