r"""The shallow network in rotated coordinates.

In rotated coordinates :math:`J = [U, U_0]^\top W V` the gradient flow of all weights is

.. math:: \dot J = \Lambda - J \Delta

so every entry moves independently, and static columns stay. All columns of one :math:`\delta` cover the same share s
of their distance, :math:`\dot s = \delta (1 - s)`: in compressed coordinates the state is one share for each class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import pairwise

import numpy as np

from ...problem import BlockPair, Weights
from ...validation import FloatArray
from ..systems import Balance, Seen, Steps
from .factors import lower_factor
from .forms import Correlations
from .layout import Layout
from .observer import Observer
from .spectral import SpectralFrame


class ShallowEquations:
    """The equations of motion of the moving columns of a map, of one network or of several along leading axes.

    Parameters
    ----------
    seen : Correlations
    moving : ndarray, shape (..., rows, moving columns)
    """

    def __init__(self, seen: Correlations, moving: FloatArray) -> None:
        self._shape = moving.shape
        self._delta = np.broadcast_to(seen.delta, moving.shape[-2:]).ravel()
        self._targets = seen.targets(moving.shape[-2]).ravel()
        self.start = moving.reshape(*moving.shape[:-2], -1)
        self._velocity = np.empty_like(self.start)

    def matrix(self, states: FloatArray) -> FloatArray:
        """Return the moving columns in states of shape (..., size)."""
        return states.reshape(*states.shape[:-1], *self._shape[-2:])

    def velocity(self, state: FloatArray) -> FloatArray:
        """Return minus the gradient of the loss, in a buffer that the next call overwrites."""
        np.multiply(state, -self._delta, out=self._velocity)
        self._velocity += self._targets
        return self._velocity

    def descent(self, step_size: FloatArray | float) -> Steps:
        """Return steps of descent."""
        return ShallowSteps(1 - step_size * self._delta, step_size * self._targets, self.start.shape)

    def balance(self, state: FloatArray) -> Balance:
        """Return an empty balance, since there is one layer."""
        return Balance([], np.zeros(state.shape[:-1]))


class ShallowSteps:
    """Steps of numbers that move independently of each other."""

    def __init__(self, kept: FloatArray, gained: FloatArray, shape: tuple[int, ...]) -> None:
        self._kept, self._gained, self._shape = kept, gained, shape

    def views(self, states: FloatArray) -> Sequence[FloatArray]:
        """Return the states."""
        return list(states)

    def between(self) -> Sequence[FloatArray]:
        """Return two states to pass through in turn."""
        return self.views(np.empty((2, *self._shape)))

    def walk(self, path: Iterable[FloatArray]) -> None:
        """Overwrite every state of a path but the first."""
        kept, gained = self._kept, self._gained
        for before, after in pairwise(path):
            np.multiply(before, kept, after)
            np.add(after, gained, after)


class ShallowSpectral(ShallowEquations):
    """A shallow network in the dataset space, whose weights move independently."""

    def __init__(self, frame: SpectralFrame, observer: Observer, J: FloatArray) -> None:
        layout = frame.layout
        super().__init__(Correlations(layout.lam, layout.delta), J[..., : layout.n_moving])
        self._frame, self._observer, self._static = frame, observer, J[..., layout.n_moving :]

    def maps(self, state: FloatArray) -> FloatArray:
        """Return the maps of states of shape (..., size), in the layout of the observer."""
        moving = self.matrix(state)
        return np.concatenate([moving, np.broadcast_to(self._static, (*moving.shape[:-1], self._static.shape[-1]))], -1)

    def observe(self, maps: FloatArray) -> Seen:
        """Return the modes, block norms and loss of maps along a first axis."""
        return self._observer(maps)

    def strengths(self, state: FloatArray) -> FloatArray:
        """Return the effective singular value of every mode."""
        paired = self._frame.layout.n_paired
        return np.diagonal(state.reshape(self._shape)[..., :paired, :paired], axis1=-2, axis2=-1)

    def weights(self, state: FloatArray) -> Weights:
        """Return the weights, in their own coordinates."""
        return (self._frame.full_map(self.maps(state)),)


class ShallowCompressed:
    r"""A shallow network in the dataset space, as the share s of its way that each class of columns has gone.

    The map is :math:`J = J(0) + \sum_c s_c D_c`. Whatever is observed of it is the norm of such a sum, and known from
    the triangular factor of :math:`[J(0), D_1, \dots]`.

    Parameters
    ----------
    frame : SpectralFrame
    observer : Observer
    J : ndarray, shape (..., rows, columns)
        The rotated map at the start.
    again : callable
        Makes J once more when full weights are asked for.
    """

    def __init__(
        self, frame: SpectralFrame, observer: Observer, J: FloatArray, again: Callable[[], FloatArray]
    ) -> None:
        layout = frame.layout
        self._frame, self._again, self._out_of_sight = frame, again, observer.out_of_sight
        self._delta = np.array([one.delta for one in layout.classes if one.in_inputs])
        directions = _directions(layout, J)
        self._factors = {name: lower_factor(part) for name, part in observer.regions(directions).items()}
        self._error = lower_factor(_errors(layout, directions))
        paired = layout.n_paired
        self._diagonals = np.array(np.diagonal(directions[..., :paired, :paired], axis1=-2, axis2=-1))
        self._counts = {one.name: one.count for one in layout.paired}
        self.start = np.zeros((*J.shape[:-2], len(self._delta)))

    def velocity(self, state: FloatArray) -> FloatArray:
        """Return the time derivative of the shares."""
        return self._delta * (1 - state)

    def maps(self, states: FloatArray) -> FloatArray:
        """Return the coefficients of the maps of states along a first axis."""
        return _coefficients(states)

    def observe(self, maps: FloatArray) -> Seen:
        """Return the modes, block norms and loss of maps with these coefficients."""
        modes: dict[str, FloatArray] = {}
        norms: dict[BlockPair, FloatArray] = {}
        for name, factor in self._factors.items():
            length = np.linalg.norm(maps @ factor, axis=(-2, -1))
            if isinstance(name, str):
                modes[name] = length / np.sqrt(self._counts[name])
            else:
                norms[name] = length
        error = np.sum(np.square(maps @ self._error), axis=(-2, -1))
        return Seen(modes, norms, (error + self._out_of_sight) / 2)

    def strengths(self, state: FloatArray) -> FloatArray:
        """Return the effective singular value of every mode."""
        return np.asarray((_coefficients(state) @ self._diagonals)[..., 0, :])

    @cached_property
    def _all_directions(self) -> FloatArray:
        return _directions(self._frame.layout, self._again())

    def weights(self, state: FloatArray) -> Weights:
        """Return the weights, in their own coordinates."""
        J = np.tensordot(_coefficients(state)[0], self._all_directions, axes=1)
        return (self._frame.full_map(J),)

    def descent(self, step_size: FloatArray | float) -> Steps:
        """Return steps of descent."""
        return ShallowSteps(1 - step_size * self._delta, step_size * self._delta, self.start.shape)

    def balance(self, state: FloatArray) -> Balance:
        """Return an empty balance, since there is one layer."""
        return Balance([], np.zeros(state.shape[:-1]))


def _coefficients(state: FloatArray) -> FloatArray:
    """Return one for the start, followed by the shares: shape (..., 1, directions)."""
    return np.concatenate([np.ones((*state.shape[:-1], 1)), state], axis=-1)[..., None, :]


def _directions(layout: Layout, J: FloatArray) -> FloatArray:
    """Return the start and the full change of each class of moving columns: shape (..., directions, rows, columns)."""
    classes = [one for one in layout.classes if one.in_inputs]
    directions = np.zeros((*J.shape[:-2], 1 + len(classes), *J.shape[-2:]))
    directions[..., 0, :, :] = J
    for index, one in enumerate(classes):
        part = layout.columns[one.name]
        way = directions[..., 1 + index, :, part]
        way -= J[..., part]
        if one.paired:
            own = np.arange(part.start, part.stop)
            directions[..., 1 + index, own, own] += one.lam / one.delta
    return directions


def _errors(layout: Layout, directions: FloatArray) -> FloatArray:
    """Return the errors on the items that each direction makes, concatenated: shape (..., directions, entries)."""
    errors = directions[..., : layout.n_moving] * -np.sqrt(layout.delta)
    for one in layout.paired:
        own = np.arange(layout.rows[one.name].start, layout.rows[one.name].stop)
        errors[..., 0, own, own] += np.sqrt(one.sigma)
    return errors.reshape(*errors.shape[:-2], -1)
