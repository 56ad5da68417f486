r"""Chains of layers that write the same outputs, in coordinates that hold the inputs by their principal axes.

Chain p reads inputs of the principal axes :math:`P_p`, and its first layer is held as :math:`A_p = W_{p,1} P_p`. With
the map :math:`J_p = W_{p,L} \cdots W_{p,2} A_p` of each chain,

.. math:: G_p = \Lambda_p - \sum_q J_q \Delta_{qp}, \qquad
          \dot W_{p,l} = (W_{p,L} \cdots W_{p,l+1})^\top G_p\, (W_{p,l-1} \cdots A_p)^\top

where :math:`\Lambda_p` and :math:`\Delta_{qp}` are the correlations of the inputs of chain p with the targets and with
the inputs of chain q. The number of items does not appear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from ...problem import Weights
from ...validation import FloatArray
from ..integrators.programs import Call, Program, ProgramSteps
from ..systems import Steps
from .forms import multiply, per_matrix


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
        self._program = self._programmed(1.0)

    def matrices(self, state: FloatArray) -> list[Weights]:
        """Return the layers of each chain as views of states of shape (..., size)."""
        lead, parts = state.shape[:-1], iter(pairwise(self._stops))
        return [
            tuple(state[..., slice(*next(parts))].reshape(*lead, *shape) for shape in chain) for chain in self._shapes
        ]

    def velocity(self, state: FloatArray) -> FloatArray:
        """Return minus the gradient of the loss, in a buffer that the next call overwrites."""
        return self._program.velocity(state)

    def descent(self, step_size: FloatArray | float) -> Steps:
        """Return steps of descent."""
        return ProgramSteps(self._programmed(per_matrix(step_size)))

    def _programmed(self, rate: FloatArray | float) -> Program:
        """Return the calls that make a multiple of the velocity."""
        coupling, lead, several = self._coupling, self._lead, bool(self._lead)
        maps, errors = np.zeros((2, *lead, *coupling.targets.shape))
        targets, scale = rate * coupling.targets, -rate * coupling.inputs
        if coupling.inputs.shape[1] == 1:
            scale = scale + np.zeros(coupling.targets.shape)
        through = np.multiply if coupling.inputs.shape[1] == 1 else multiply(several)
        state, change = np.empty((2, *self.start.shape))
        stops = list(accumulate((chain[0][1] for chain in self._shapes), initial=0))
        passes = [
            _Pass(layers, into, maps[..., slice(*axes), :], errors[..., slice(*axes), :], rows)
            for layers, into, axes, rows in zip(
                self.matrices(state), self.matrices(change), pairwise(stops), coupling.rows, strict=True
            )
        ]
        share = [partial(through, scale, maps, errors), partial(np.add, errors, targets, errors)]
        forward = [call for one in passes for call in one.forward()]
        backward = [call for one in passes for call in one.backward()]
        return Program(state, change, [*forward, *share, *backward])


class _Pass:
    """Activities and errors of one chain, in buffers.

    Parameters
    ----------
    layers, into : tuple of ndarray
        Its layers, and where their velocities are put.
    maps, errors : ndarray, shape (..., axes, outputs)
        Where its map is put, and where its errors are found, transposed.
    rows : ndarray or slice
        The outputs that it writes.
    """

    def __init__(
        self, layers: Weights, into: Weights, maps: FloatArray, errors: FloatArray, rows: NDArray[np.intp] | slice
    ) -> None:
        lead, axes = layers[0].shape[:-2], layers[0].shape[-1]
        self._times, self._layers, self._into = multiply(bool(lead)), layers, into
        self._maps, self._errors, self._rows = maps, errors, rows
        self._active = [layers[0], *(np.empty((*lead, layer.shape[-2], axes)) for layer in layers[1:-1])]
        self._back = [into[0], *(np.empty((*lead, layer.shape[-1], axes)) for layer in layers[2:])]
        self._own_maps, self._own_errors = np.empty((2, *lead, axes, layers[-1].shape[-2]))

    def forward(self) -> list[Call]:
        """Return the calls that put the map where it belongs."""
        layers, active = self._layers, self._active
        whole = isinstance(self._rows, slice)
        written = self._maps if whole else self._own_maps
        calls: list[Call] = [
            partial(self._times, layers[index], active[index - 1], active[index]) for index in range(1, len(layers) - 1)
        ]
        if len(layers) == 1:
            calls.append(partial(np.copyto, written, active[0].swapaxes(-1, -2)))
        else:
            calls.append(partial(self._times, active[-1].swapaxes(-1, -2), layers[-1].swapaxes(-1, -2), written))
        if not whole:
            calls.append(partial(self._maps.__setitem__, (..., self._rows), written))
        return calls

    def backward(self) -> list[Call]:
        """Return the calls that put the velocities where they belong, to follow those of :meth:`forward`."""
        layers, into, calls = self._layers, self._into, list[Call]()
        error = self._errors.swapaxes(-1, -2)
        if not isinstance(self._rows, slice):
            calls.append(partial(np.take, self._errors, self._rows, -1, self._own_errors))
            error = self._own_errors.swapaxes(-1, -2)
        if len(layers) == 1:
            return [*calls, partial(np.copyto, into[0], error)]
        for index in range(len(layers) - 1, 0, -1):
            calls.append(partial(self._times, error, self._active[index - 1].swapaxes(-1, -2), into[index]))
            calls.append(partial(self._times, layers[index].swapaxes(-1, -2), error, self._back[index - 1]))
            error = self._back[index - 1]
        return calls
