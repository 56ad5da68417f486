r"""Three ways to compute the steps of two layers, which differ in calls and multiplications.

With the moving columns A of the first layer and C of the transposed second layer, the correlations
:math:`\Lambda` between inputs and outputs, and :math:`\Delta`, diagonal, among inputs,

.. math:: \dot A = C E, \qquad \dot C = A E^\top, \qquad E = \Lambda - C^\top A \Delta

The *joint* form keeps :math:`Q = [A, C]` in one matrix and computes all products as :math:`Q^\top Q` and :math:`Q F`:
few calls, for small matrices. The *error* form follows these equations. The *hidden* form sums over the columns first,
:math:`\dot A = C \Lambda - (C C^\top) A \Delta` and :math:`\dot C = A \Lambda^\top - (A \Delta A^\top) C`, which is
cheaper where there are fewer hidden units than columns; it needs :math:`\Lambda` to be diagonal.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from typing import Any

import numpy as np

from ...validation import FloatArray
from ..costs import Cost
from ..integrators.programs import Call, Program, ProgramSteps
from ..systems import Steps

Matrices = tuple[FloatArray, FloatArray]


@dataclass(frozen=True, eq=False)
class Correlations:
    """What two layers see of the data.

    Attributes
    ----------
    lam : ndarray, shape (modes,) or (rows, columns)
        Correlations of inputs and outputs; the diagonal alone if there is nothing else.
    delta : ndarray, shape (columns,)
        Correlations among inputs.
    """

    lam: FloatArray
    delta: FloatArray

    def targets(self, rows: int) -> FloatArray:
        """Return the correlations of inputs and outputs as a matrix."""
        if self.lam.ndim == 2:
            return self.lam
        full = np.zeros((rows, len(self.delta)))
        np.fill_diagonal(full[: len(self.lam), : len(self.lam)], self.lam)
        return full


def multiply(several: bool) -> Callable[..., Any]:
    """Return NumPy's fastest product of matrices, for several along leading axes or for one."""
    return np.matmul if several else np.dot


def per_matrix(value: FloatArray | float) -> FloatArray | float:
    """Return a number for each network, shape (networks, 1), as a factor of matrices; a single number as it is."""
    return value[..., None] if isinstance(value, np.ndarray) else value


class Form(ABC):
    """How the state is held, and how it moves.

    Parameters
    ----------
    seen : Correlations
    lead : tuple of int
        Leading axes, of several networks.
    hidden, columns, rows : int
    """

    def __init__(self, seen: Correlations, lead: tuple[int, ...], hidden: int, columns: int, rows: int) -> None:
        self.lead, self.hidden, self.columns, self.rows = lead, hidden, columns, rows
        self.seen, self.several = seen, bool(lead)
        self._velocity = np.empty((*lead, hidden * (columns + rows)))

    @staticmethod
    @abstractmethod
    def cost(hidden: int, columns: int, rows: int) -> Cost:
        """Return what a step costs."""

    @abstractmethod
    def matrices(self, state: FloatArray) -> Matrices:
        """Return A and C as views of states of shape (..., size)."""

    @abstractmethod
    def descent(self, step_size: FloatArray | float) -> Steps:
        """Return steps of descent."""

    @abstractmethod
    def velocity(self, state: FloatArray) -> FloatArray:
        """Return minus the gradient of the loss, in a buffer that the next call overwrites."""

    def state(self, A: FloatArray, C: FloatArray) -> FloatArray:
        """Return a state from its matrices."""
        state = np.empty((*A.shape[:-2], self.hidden * (self.columns + self.rows)))
        for view, values in zip(self.matrices(state), (A, C), strict=True):
            view[...] = values
        return state


class JointForm(Form):
    """Both layers in one matrix."""

    def __init__(self, seen: Correlations, lead: tuple[int, ...], hidden: int, columns: int, rows: int) -> None:
        super().__init__(seen, lead, hidden, columns, rows)
        self._size = columns + rows
        self._scale, self._targets = np.zeros((2, self._size, self._size))
        self._scale[:columns, columns:] = -seen.delta[:, None]
        self._targets[:columns, columns:] = seen.targets(rows).T
        self._scale, self._targets = (one + one.T for one in (self._scale, self._targets))
        self._factor = np.empty((*lead, self._size, self._size))

    @staticmethod
    def cost(hidden: int, columns: int, rows: int) -> Cost:
        """Return what a step costs."""
        return Cost(2 * hidden * (columns + rows) ** 2, matrices=2, calls=2)

    def matrices(self, state: FloatArray) -> Matrices:
        """Return A and C as views."""
        joint = state.reshape(*state.shape[:-1], self.hidden, self._size)
        return joint[..., : self.columns], joint[..., self.columns :]

    def velocity(self, state: FloatArray) -> FloatArray:
        """Return minus the gradient of the loss."""
        shape = (*self.lead, self.hidden, self._size)
        joint, factor, times = state.reshape(shape), self._factor, multiply(self.several)
        times(joint.swapaxes(-1, -2), joint, out=factor)
        np.multiply(factor, self._scale, out=factor)
        np.add(factor, self._targets, out=factor)
        times(joint, factor, out=self._velocity.reshape(shape))
        return self._velocity

    def descent(self, step_size: FloatArray | float) -> Steps:
        """Return steps of descent."""
        rate = per_matrix(step_size)
        return _JointSteps(self, rate * self._scale, np.eye(self._size) + rate * self._targets)


class _JointSteps:
    """Steps of the joint form: a product with the identity and the change."""

    def __init__(self, form: JointForm, scale: FloatArray, targets: FloatArray) -> None:
        self._shape = (*form.lead, form.hidden, form.columns + form.rows)
        self._several, self._scale, self._targets = form.several, scale, targets
        self._factor = np.empty((*form.lead, *scale.shape[-2:]))

    def views(self, states: FloatArray) -> Sequence[Matrices]:
        matrices = states.reshape(len(states), *self._shape)
        return list(zip(matrices, matrices.swapaxes(-1, -2), strict=True))

    def between(self) -> Sequence[Matrices]:
        size = self._shape[-2] * self._shape[-1]
        return self.views(np.empty((2, *self._shape[:-2], size)))

    def walk(self, path: Iterable[Matrices]) -> None:
        factor, scale, targets, times = self._factor, self._scale, self._targets, multiply(self._several)
        scaled, moved = np.multiply, np.add
        for (before, transposed), (after, _) in pairwise(path):
            times(transposed, before, factor)
            scaled(factor, scale, factor)
            moved(factor, targets, factor)
            times(before, factor, after)


class _Apart(Form):
    """A form that holds one layer after the other."""

    def __init__(self, seen: Correlations, lead: tuple[int, ...], hidden: int, columns: int, rows: int) -> None:
        super().__init__(seen, lead, hidden, columns, rows)
        self._split = hidden * columns

    def matrices(self, state: FloatArray) -> Matrices:
        """Return A and C as views."""
        lead = state.shape[:-1]
        return (
            state[..., : self._split].reshape(*lead, self.hidden, self.columns),
            state[..., self._split :].reshape(*lead, self.hidden, self.rows),
        )

    def velocity(self, state: FloatArray) -> FloatArray:
        """Return minus the gradient of the loss."""
        return self._program.velocity(state)

    @cached_property
    def _program(self) -> Program:
        return self.program(1.0)

    def descent(self, step_size: FloatArray | float) -> Steps:
        """Return steps of descent."""
        return ProgramSteps(self.program(per_matrix(step_size)))

    def program(self, rate: FloatArray | float) -> Program:
        """Return the calls that make a multiple of the velocity."""
        state, change = np.empty((2, *self.lead, self.hidden * (self.columns + self.rows)))
        return Program(state, change, self.calls(rate, *self.matrices(state), *self.matrices(change)))

    @abstractmethod
    def calls(
        self, rate: FloatArray | float, A: FloatArray, C: FloatArray, into_A: FloatArray, into_C: FloatArray
    ) -> list[Call]:
        """Return the calls that put a multiple of the velocities of A and C into two arrays."""


class ErrorForm(_Apart):
    """The errors first, then the change of each layer."""

    @staticmethod
    def cost(hidden: int, columns: int, rows: int) -> Cost:
        """Return what a step costs."""
        return Cost(3 * hidden * rows * columns, matrices=3, calls=3)

    def calls(
        self, rate: FloatArray | float, A: FloatArray, C: FloatArray, into_A: FloatArray, into_C: FloatArray
    ) -> list[Call]:
        """Return the calls that put a multiple of the velocities of A and C into two arrays."""
        times, error = multiply(self.several), np.empty((*self.lead, self.rows, self.columns))
        scale = -rate * np.broadcast_to(self.seen.delta, (self.rows, self.columns))
        targets = rate * self.seen.targets(self.rows)

        return [
            partial(times, C.swapaxes(-1, -2), A, error),
            partial(np.multiply, error, scale, error),
            partial(np.add, error, targets, error),
            partial(times, C, error, into_A),
            partial(times, A, error.swapaxes(-1, -2), into_C),
        ]


class HiddenForm(_Apart):
    """The sums over columns first."""

    @staticmethod
    def cost(hidden: int, columns: int, rows: int) -> Cost:
        """Return what a step costs."""
        return Cost(2 * hidden**2 * (columns + rows), matrices=4, calls=6)

    def calls(
        self, rate: FloatArray | float, A: FloatArray, C: FloatArray, into_A: FloatArray, into_C: FloatArray
    ) -> list[Call]:
        """Return the calls that put a multiple of the velocities of A and C into two arrays."""
        times, hidden, paired = multiply(self.several), self.hidden, len(self.seen.lam)
        minus_delta, lam = -rate * self.seen.delta, rate * self.seen.lam
        scaled = np.empty((*self.lead, hidden, self.columns))
        outer, minus_inner = np.empty((2, *self.lead, hidden, hidden))
        drive = np.empty((*self.lead, hidden, paired))

        driven_A, driven_C = into_A[..., :paired], into_C[..., :paired]
        return [
            partial(times, C, C.swapaxes(-1, -2), outer),
            partial(np.multiply, A, minus_delta, scaled),
            partial(times, scaled, A.swapaxes(-1, -2), minus_inner),
            partial(times, outer, scaled, into_A),
            partial(times, minus_inner, C, into_C),
            partial(np.multiply, C[..., :paired], lam, drive),
            partial(np.add, driven_A, drive, driven_A),
            partial(np.multiply, A[..., :paired], lam, drive),
            partial(np.add, driven_C, drive, driven_C),
        ]


def cheapest(diagonal: bool, hidden: int, columns: int, rows: int, networks: int = 1) -> type[Form]:
    """Return the form that costs least for several networks, where inputs and outputs correlate diagonally or not."""
    forms: tuple[type[Form], ...] = (JointForm, ErrorForm, HiddenForm) if diagonal else (JointForm, ErrorForm)
    return min(forms, key=lambda form: form.cost(hidden, columns, rows).of_networks(networks))
