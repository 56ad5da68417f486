r"""Chains of layers that write the same outputs, in coordinates that hold the inputs by their principal axes.

Chain p reads inputs of the principal axes :math:`P_p`, and its first layer is held as :math:`A_p = W_{p,1} P_p`. With
the map :math:`J_p = W_{p,L} \cdots W_{p,2} A_p` of each chain,

.. math:: G_p = \Lambda_p - \sum_q J_q \Delta_{qp}, \qquad
          \dot W_{p,l} = (W_{p,L} \cdots W_{p,l+1})^\top G_p\, (W_{p,l-1} \cdots A_p)^\top

where :math:`\Lambda_p` and :math:`\Delta_{qp}` are the correlations of the inputs of chain p with the targets and with
the inputs of chain q. The number of items does not appear.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from ...problem import Weights
from ...validation import FloatArray
from ..systems import Steps
from .forms import multiply, per_matrix

View = tuple[FloatArray, Sequence[Weights]]


@dataclass(frozen=True, eq=False)
class Coupling:
    """What chains see of the data, in the principal axes of their inputs, one chain after the other.

    Attributes
    ----------
    targets : ndarray, shape (axes, outputs)
        Correlations of inputs and outputs.
    inputs : ndarray, shape (axes, 1) or (axes, axes)
        Correlations among inputs, the diagonal alone if there is nothing else.
    rows : tuple of ndarray or slice
        The outputs that each chain writes.
    """

    targets: FloatArray
    inputs: FloatArray
    rows: tuple[NDArray[np.intp] | slice, ...]


class Chains:
    """The equations of motion of chains that share their errors, of one network or of several along leading axes.

    Parameters
    ----------
    coupling : Coupling
    starts : sequence of tuple of ndarray
        The layers of each chain, the first one in the principal axes of its inputs.
    """

    def __init__(self, coupling: Coupling, starts: Sequence[Weights]) -> None:
        self._coupling, self._lead = coupling, starts[0][0].shape[:-2]
        self._shapes = [[layer.shape[-2:] for layer in chain] for chain in starts]
        sizes = [rows * columns for chain in self._shapes for rows, columns in chain]
        self._stops = list(accumulate(sizes, initial=0))
        layers = [layer.reshape(*self._lead, -1) for chain in starts for layer in chain]
        self.start = np.concatenate(layers, axis=-1)
        self._velocity = np.empty_like(self.start)
        self._into = self.matrices(self._velocity)
        self._move = self._mover(1.0)

    def matrices(self, state: FloatArray) -> list[Weights]:
        """Return the layers of each chain as views of states of shape (..., size)."""
        lead, parts = state.shape[:-1], iter(pairwise(self._stops))
        return [
            tuple(state[..., slice(*next(parts))].reshape(*lead, *shape) for shape in chain) for chain in self._shapes
        ]

    def velocity(self, state: FloatArray) -> FloatArray:
        """Return minus the gradient of the loss, in a buffer that the next call overwrites."""
        self._move(self.matrices(state), self._into)
        return self._velocity

    def descent(self, step_size: FloatArray | float) -> Steps:
        """Return steps of descent."""
        return _ChainSteps(self, self._mover(per_matrix(step_size)))

    def _mover(self, rate: FloatArray | float) -> Callable[[Sequence[Weights], Sequence[Weights]], None]:
        """Return a function of all layers that puts a multiple of their velocities into others."""
        coupling, lead, several = self._coupling, self._lead, bool(self._lead)
        maps, errors = np.zeros((2, *lead, *coupling.targets.shape))
        targets, scale = rate * coupling.targets, -rate * coupling.inputs
        if coupling.inputs.shape[1] == 1:
            scale = scale + np.zeros(coupling.targets.shape)
        through = np.multiply if coupling.inputs.shape[1] == 1 else multiply(several)
        stops = list(accumulate((chain[0][1] for chain in self._shapes), initial=0))
        passes = [
            _Pass(shapes, lead, maps[..., slice(*axes), :], errors[..., slice(*axes), :], rows)
            for shapes, axes, rows in zip(self._shapes, pairwise(stops), coupling.rows, strict=True)
        ]

        def move(layers: Sequence[Weights], into: Sequence[Weights]) -> None:
            for one, own in zip(passes, layers, strict=True):
                one.forward(own)
            through(scale, maps, errors)
            np.add(errors, targets, errors)
            for one, own, change in zip(passes, layers, into, strict=True):
                one.backward(own, change)

        return move


class _ChainSteps:
    """Steps of descent of chains."""

    def __init__(self, chains: Chains, move: Callable[[Sequence[Weights], Sequence[Weights]], None]) -> None:
        self._matrices, self._move, self._change = chains.matrices, move, np.empty_like(chains.start)

    def views(self, states: FloatArray) -> Sequence[View]:
        by_chain = [zip(*chain, strict=True) for chain in self._matrices(states)]
        return list(zip(states, zip(*by_chain, strict=True), strict=True))

    def walk(self, path: Iterable[View]) -> None:
        move, change, into = self._move, self._change, self._matrices(self._change)
        for (state, layers), (after, _) in pairwise(path):
            move(layers, into)
            np.add(state, change, after)


class _Pass:
    """Activities and errors of one chain, in buffers.

    Parameters
    ----------
    shapes : sequence of tuple of int
        Of its layers.
    lead : tuple of int
        Leading axes, of several networks.
    maps, errors : ndarray, shape (..., axes, outputs)
        Where its map is put, and where its errors are found, transposed.
    rows : ndarray or slice
        The outputs that it writes.
    """

    def __init__(
        self,
        shapes: Sequence[tuple[int, ...]],
        lead: tuple[int, ...],
        maps: FloatArray,
        errors: FloatArray,
        rows: NDArray[np.intp] | slice,
    ) -> None:
        axes = shapes[0][1]
        self._times, self._maps, self._errors, self._rows = multiply(bool(lead)), maps, errors, rows
        self._hidden = [np.empty((*lead, height, axes)) for height, _ in shapes[1:-1]]
        self._back = [np.empty((*lead, width, axes)) for _, width in shapes[2:]]
        self._all = isinstance(rows, slice)
        self._written = maps if self._all else np.empty((*lead, axes, shapes[-1][0]))

    def forward(self, layers: Weights) -> None:
        """Put the map of the layers where it belongs."""
        active = layers[0]
        for layer, after in zip(layers[1:-1], self._hidden, strict=True):
            active = self._times(layer, active, after)
        if len(layers) == 1:
            self._written[...] = active.swapaxes(-1, -2)
        else:
            self._times(active.swapaxes(-1, -2), layers[-1].swapaxes(-1, -2), self._written)
        if not self._all:
            self._maps[..., self._rows] = self._written

    def backward(self, layers: Weights, into: Weights) -> None:
        """Put the velocities of the layers into others, after :meth:`forward`."""
        error = (self._errors if self._all else self._errors[..., self._rows]).swapaxes(-1, -2)
        if len(layers) == 1:
            into[0][...] = error
            return
        for index in range(len(layers) - 1, 0, -1):
            before = self._hidden[index - 2] if index > 1 else layers[0]
            self._times(error, before.swapaxes(-1, -2), into[index])
            back = self._back[index - 2] if index > 1 else into[0]
            error = self._times(layers[index].swapaxes(-1, -2), error, back)
