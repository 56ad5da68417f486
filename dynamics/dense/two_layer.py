r"""The two-layer network in rotated coordinates.

With the columns :math:`A = W_1 V` that the inputs drive, and the rows of :math:`W_2` as columns
:math:`C = W_2^\top [U, U_0]`, the gradient flow of all weights is

.. math:: \dot A = C \Lambda - M A \Delta, \qquad \dot C = A \Lambda - G C, \qquad
          M = C C^\top, \quad G = A \Delta A^\top

with :math:`\Lambda` zero where a column has no counterpart; :mod:`linmod.dynamics.dense.forms` computes it.

Columns of :math:`W_1` that the inputs do not reach are static; rows of :math:`W_2` that the targets do not reach move
and are among the columns of C.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from ...problem import Weights
from ...validation import FloatArray
from ..systems import Balance, Seen, Steps
from .forms import Correlations, cheapest
from .layout import Layout
from .observer import Observer, sums_of_squares


@dataclass(frozen=True, eq=False)
class TwoLayerParts:
    """The weights of a two-layer network (or of several, along leading axes) in rotated coordinates.

    Attributes
    ----------
    layout : Layout
    inputs : ndarray, shape (..., hidden, columns)
        The first layer: moving columns, then static ones.
    outputs : ndarray, shape (..., hidden, rows)
        The second layer, transposed; all of it moves.
    static_energy : ndarray, shape (...)
        Sum of squares of the static columns of the first layer, as they were before any reduction.
    """

    layout: Layout
    inputs: FloatArray
    outputs: FloatArray
    static_energy: FloatArray

    def moved(self, A: FloatArray, C: FloatArray) -> TwoLayerParts:
        """Return the same static columns with other moving ones."""
        static = np.broadcast_to(self.static, (*A.shape[:-1], self.static.shape[-1]))
        return replace(self, inputs=np.concatenate([A, static], axis=-1), outputs=C)

    @property
    def moving(self) -> FloatArray:
        """Columns of the first layer that the inputs drive."""
        return self.inputs[..., : self.layout.n_moving]

    @property
    def static(self) -> FloatArray:
        """Columns of the first layer that the inputs do not reach."""
        return self.inputs[..., self.layout.n_moving :]


class Frame(Protocol):
    """The way back from reduced parts."""

    def parts(self, parts: TwoLayerParts) -> TwoLayerParts:
        """Return the full parts that reduced ones stand for."""
        ...

    def weights(self, parts: TwoLayerParts) -> Weights:
        """Return all weights of the network."""
        ...


class TwoLayerEquations:
    """The equations of motion of the moving columns of both layers, of one network or of several along leading axes.

    Parameters
    ----------
    seen : Correlations
    A : ndarray, shape (..., hidden, columns)
    C : ndarray, shape (..., hidden, rows)
    static_energy : ndarray, shape (...)
        Sum of squares of the static columns of the first layer.
    """

    def __init__(self, seen: Correlations, A: FloatArray, C: FloatArray, static_energy: FloatArray) -> None:
        lead, sizes = A.shape[:-2], (A.shape[-2], A.shape[-1], C.shape[-1])
        self._form = cheapest(seen.lam.ndim == 1, *sizes, math.prod(lead))(seen, lead, *sizes)
        self._static_energy = static_energy
        self.start = self._form.state(A, C)

    def matrices(self, state: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the columns A and C as views of the state."""
        return self._form.matrices(state)

    def velocity(self, state: FloatArray) -> FloatArray:
        """Return minus the gradient of the loss, in a buffer that the next call overwrites."""
        return self._form.velocity(state)

    def descent(self, step_size: FloatArray | float) -> Steps:
        """Return steps of descent."""
        return self._form.descent(step_size)

    def balance(self, state: FloatArray) -> Balance:
        """Return what gradient flow conserves, up to a constant, and the larger energy of the two layers."""
        A, C = self.matrices(state)
        energy = np.maximum(sums_of_squares(A) + self._static_energy, sums_of_squares(C))
        return Balance([C @ C.swapaxes(-1, -2) - A @ A.swapaxes(-1, -2)], energy)


class TwoLayerCoordinates(TwoLayerEquations):
    """A two-layer network in the dataset space.

    Parameters
    ----------
    parts : TwoLayerParts
        How training starts.
    observer : Observer
        For the layout that `narrow` makes.
    narrow : callable
        Reduces the moving columns of these parts without loss before they are observed.
    lift : callable
        Makes the frame that turns parts into full ones; called when full weights are asked for.
    """

    def __init__(
        self,
        parts: TwoLayerParts,
        observer: Observer,
        narrow: Callable[[TwoLayerParts, FloatArray, FloatArray], tuple[FloatArray, FloatArray]],
        lift: Callable[[], Frame],
    ) -> None:
        layout = parts.layout
        seen = Correlations(layout.lam, layout.delta)
        super().__init__(seen, parts.moving, parts.outputs, parts.static_energy)
        self._parts, self._observer, self._narrow, self._make_frame = parts, observer, narrow, lift

    def maps(self, states: FloatArray) -> FloatArray:
        """Return the maps of states along a first axis, in the layout of the observer."""
        A, C = self._narrow(self._parts, *self.matrices(states))
        static, columns = self._parts.static, A.shape[-1]
        J = np.empty((*A.shape[:-2], C.shape[-1], columns + static.shape[-1]))
        written = C.swapaxes(-1, -2)
        np.matmul(written, A, out=J[..., :columns])
        if static.ndim == 2:
            rows = written.reshape(-1, len(static)) @ static
            J[..., columns:] = rows.reshape(*J.shape[:-1], static.shape[-1])
        else:
            np.matmul(written, static, out=J[..., columns:])
        return J

    def observe(self, maps: FloatArray) -> Seen:
        """Return the modes, block norms and loss of maps along a first axis."""
        return self._observer(maps)

    @cached_property
    def _frame(self) -> Frame:
        return self._make_frame()

    def strengths(self, state: FloatArray) -> FloatArray:
        """Return the effective singular value of every mode."""
        full = self._frame.parts(self._parts.moved(*self.matrices(state)))
        paired = full.layout.n_paired
        return np.asarray(np.sum(full.inputs[..., :paired] * full.outputs[..., :paired], axis=-2))

    def weights(self, state: FloatArray) -> Weights:
        """Return all weights of the network, in their own coordinates."""
        return self._frame.weights(self._parts.moved(*self.matrices(state)))
