r"""The two-layer network in rotated coordinates.

With the columns :math:`A = W_1 V` that the inputs drive, and the rows of :math:`W_2` as columns
:math:`C = W_2^\top [U, U_0]`, the gradient flow of all weights is

.. math:: \dot A = C \Lambda - M A \Delta, \qquad \dot C = A \Lambda - G C, \qquad
          M = C C^\top, \quad G = A \Delta A^\top

with :math:`\Lambda` zero where a column has no counterpart. Where there are fewer columns than hidden units the same
is computed as :math:`\dot A = C E`, :math:`\dot C = A E^\top` with the error :math:`E = \Lambda - C^\top A \Delta`.

Columns of :math:`W_1` that the inputs do not reach are static; rows of :math:`W_2` that the targets do not reach move
and are among the columns of C.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from ...problem import Weights
from ...validation import FloatArray
from ..systems import Balance, Seen, in_chunks
from .layout import Layout
from .observer import Observer


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
    lam : ndarray, shape (paired columns,)
    delta : ndarray, shape (columns of A,)
    A : ndarray, shape (..., hidden, columns)
    C : ndarray, shape (..., hidden, columns)
        The leading columns of A and C are paired.
    static_energy : ndarray, shape (...)
        Sum of squares of the static columns of the first layer.
    """

    def __init__(
        self, lam: FloatArray, delta: FloatArray, A: FloatArray, C: FloatArray, static_energy: FloatArray
    ) -> None:
        self._lam, self._minus_delta, self._static_energy = lam, -delta, static_energy
        self._paired = lam.shape[-1]
        lead, hidden = A.shape[:-2], A.shape[-2]
        self._split, self._shapes = hidden * A.shape[-1], (A.shape[-2:], C.shape[-2:])
        self.start = np.concatenate([part.reshape(*lead, -1) for part in (A, C)], axis=-1)
        self._velocity = np.empty_like(self.start)
        self._v_A, self._v_C = self.matrices(self._velocity)
        columns, rows = A.shape[-1], C.shape[-1]
        if 3 * rows * columns <= 2 * hidden * (rows + columns):
            self._move = self._move_by_error
            self._error = np.empty((*lead, rows, columns))
            self._own_errors = np.einsum("...ii->...i", self._error[..., : self._paired, : self._paired])
        else:
            self._move = self._move_by_hidden
            self._v_A_paired, self._v_C_paired = (part[..., : self._paired] for part in (self._v_A, self._v_C))
            self._scaled = np.empty(A.shape)
            self._M, self._minus_G = np.empty((2, *lead, hidden, hidden))
            self._drive = np.empty((*lead, hidden, self._paired))

    def matrices(self, state: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the columns A and C as views of the state."""
        lead = state.shape[:-1]
        return (
            state[..., : self._split].reshape(*lead, *self._shapes[0]),
            state[..., self._split :].reshape(*lead, *self._shapes[1]),
        )

    def velocity(self, state: FloatArray) -> FloatArray:
        """Return minus the gradient of the loss, in a buffer that the next call overwrites."""
        A, C = self.matrices(state)
        self._move(A, C)
        return self._velocity

    def _move_by_error(self, A: FloatArray, C: FloatArray) -> None:
        np.matmul(C.swapaxes(-1, -2), A, out=self._error)
        self._error *= self._minus_delta
        self._own_errors += self._lam
        np.matmul(C, self._error, out=self._v_A)
        np.matmul(A, self._error.swapaxes(-1, -2), out=self._v_C)

    def _move_by_hidden(self, A: FloatArray, C: FloatArray) -> None:
        np.matmul(C, C.swapaxes(-1, -2), out=self._M)
        np.multiply(A, self._minus_delta, out=self._scaled)
        np.matmul(self._scaled, A.swapaxes(-1, -2), out=self._minus_G)
        np.matmul(self._M, self._scaled, out=self._v_A)
        np.matmul(self._minus_G, C, out=self._v_C)
        self._v_A_paired += np.multiply(C[..., : self._paired], self._lam, out=self._drive)
        self._v_C_paired += np.multiply(A[..., : self._paired], self._lam, out=self._drive)

    def balance(self, state: FloatArray) -> Balance:
        """Return what gradient flow conserves, up to a constant, and the larger energy of the two layers."""
        A, C = self.matrices(state)
        energy = np.maximum(np.sum(A * A, axis=(-2, -1)) + self._static_energy, np.sum(C * C, axis=(-2, -1)))
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
        Reduces parts without loss before they are observed.
    lift : callable
        Makes the frame that turns parts into full ones; called when full weights are asked for.
    """

    def __init__(
        self,
        parts: TwoLayerParts,
        observer: Observer,
        narrow: Callable[[TwoLayerParts], TwoLayerParts],
        lift: Callable[[], Frame],
    ) -> None:
        layout = parts.layout
        super().__init__(layout.lam, layout.delta, parts.moving, parts.outputs, parts.static_energy)
        self._parts, self._observer, self._narrow, self._make_frame = parts, observer, narrow, lift

    def observe(self, states: Iterable[FloatArray]) -> Seen:
        """Return the modes, block norms and loss of a sequence of states."""
        return in_chunks(states, self._look)

    def _look(self, states: FloatArray) -> Seen:
        parts = self._narrow(self._parts.moved(*self.matrices(states)))
        return self._observer(parts.outputs.swapaxes(-1, -2) @ parts.inputs)

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
