"""A chain of any number of layers in the dataset space, in spectral coordinates: both ends are rotated."""

from __future__ import annotations

import numpy as np

from ...datasets import SystematicityDataset
from ...problem import Weights, product
from ...validation import FloatArray
from ..systems import Balance, Seen, balance_of
from .chains import Chains, Coupling
from .factors import lower_factor
from .forms import Correlations
from .layout import IDENTITY, full_layout, layout, width
from .observer import observer_of, sums_of_squares
from .principal import rows_times
from .spectral import SpectralFrame


class SpectralChain(Chains):
    """A chain whose first layer is rotated along the inputs, and whose last layer along the outputs.

    Static columns inside the identity blocks are replaced by their triangular factor, which only norms see.

    Parameters
    ----------
    dataset : SystematicityDataset
    weights : tuple of ndarray
        All layers at the start, of one network or of several along leading axes.
    """

    def __init__(self, dataset: SystematicityDataset, weights: Weights) -> None:
        self._frame, full = SpectralFrame(dataset), full_layout(dataset)
        self._initial, self._moving = weights, full.n_moving
        first = self._frame.inputs(weights[0])
        last = self._frame.outputs(weights[-1].swapaxes(-1, -2)).swapaxes(-1, -2)
        static = first[..., full.n_moving :]
        self._static_energy = sums_of_squares(static)
        kept = static.shape[-1] - width(full.columns, IDENTITY)
        null = lower_factor(static[..., kept:])
        self._static = np.concatenate([static[..., :kept], null], axis=-1)
        plain = dataset.n_items - len({*dataset.input_signs, *dataset.output_signs})
        seen_layout = layout(dataset, plain, null.shape[-1], width(full.rows, IDENTITY))
        self._observer = observer_of(dataset, seen_layout)
        targets = Correlations(full.lam, full.delta).targets(last.shape[-2])
        coupling = Coupling(np.ascontiguousarray(targets.T), full.delta[:, None], (slice(None),))
        super().__init__(coupling, [(first[..., : full.n_moving], *weights[1:-1], last)])

    def weights(self, state: FloatArray) -> Weights:
        """Return all weights of the network, in their own coordinates."""
        (first, *middle, last) = self.matrices(state)[0]
        unchanged = self._frame.inputs(self._initial[0])[..., self._moving :]
        outputs = self._frame.restored_outputs(last.swapaxes(-1, -2)).swapaxes(-1, -2)
        inputs = self._frame.restored_inputs(np.concatenate([first, unchanged], axis=-1))
        return (inputs, *middle, outputs)

    def maps(self, states: FloatArray) -> FloatArray:
        """Return the maps of states along a first axis, in the layout of the observer."""
        layers = self.matrices(states)[0]
        written, static = product(layers[1:]), self._static
        J = np.empty((*written.shape[:-1], self._moving + static.shape[-1]))
        np.matmul(written, layers[0], out=J[..., : self._moving])
        J[..., self._moving :] = rows_times(written, static) if static.ndim == 2 else written @ static
        return J

    def observe(self, maps: FloatArray) -> Seen:
        """Return the modes, block norms and loss of maps along a first axis."""
        return self._observer(maps)

    def strengths(self, state: FloatArray) -> FloatArray:
        """Return the effective singular value of every mode."""
        paired = self._frame.layout.n_paired
        moving = self.maps(state[None])[0][..., :paired, :paired]
        return np.diagonal(moving, axis1=-2, axis2=-1)

    def balance(self, state: FloatArray) -> Balance:
        """Return what gradient flow conserves, up to a constant, and the largest energy of a layer."""
        layers = self.matrices(state)[0]
        balance, first = balance_of(layers), sums_of_squares(layers[0]) + self._static_energy
        return Balance(balance.differences, np.maximum(balance.energy, first))
