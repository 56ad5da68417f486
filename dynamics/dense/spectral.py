"""Spectral coordinates: every weight, rotated so that the correlations of the dataset space are diagonal."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ...datasets import SystematicityDataset
from ...problem import Weights
from ...validation import FloatArray
from .layout import LAYOUTS, Layout, full_layout, gather, scatter
from .rotation import Side, sides
from .two_layer import TwoLayerParts

FEW_FEATURES = 128


class SpectralFrame:
    """The rotated basis of a systematicity dataset, in which no weight is lost and no correlation off the diagonal."""

    def __init__(self, dataset: SystematicityDataset) -> None:
        self.layout = full_layout(dataset)
        self.input, self.output = sides(dataset)

    def inputs(self, weights: FloatArray) -> FloatArray:
        """Return the weights of shape (..., input features) with their columns rotated and laid out."""
        return _rotated(self.input, self.layout, "columns", weights)

    def outputs(self, weights: FloatArray) -> FloatArray:
        """Return the weights of shape (..., output features) with their columns rotated and laid out."""
        return _rotated(self.output, self.layout, "rows", weights)

    def two_layer(self, weights: Weights) -> TwoLayerParts:
        """Rotate the weights of a two-layer network."""
        first, second = weights
        inputs = self.inputs(first)
        static = inputs[..., self.layout.n_moving :]
        return TwoLayerParts(
            self.layout, inputs, self.outputs(second.swapaxes(-1, -2)), np.sum(np.square(static), axis=(-2, -1))
        )

    def two_layer_weights(self, parts: TwoLayerParts) -> Weights:
        """Return all weights of a two-layer network: the inverse of :meth:`two_layer`."""
        return self.restored_inputs(parts.inputs), self.restored_outputs(parts.outputs).swapaxes(-1, -2)

    def restored_inputs(self, placed: FloatArray) -> FloatArray:
        """Return the weights of shape (..., input features) from their columns: the inverse of :meth:`inputs`."""
        return scatter(self.input, self.layout.columns, self.layout.classes, placed)

    def restored_outputs(self, placed: FloatArray) -> FloatArray:
        """Return the weights of shape (..., output features) from their columns: the inverse of :meth:`outputs`."""
        return scatter(self.output, self.layout.rows, self.layout.classes, placed)

    def map(self, weights: FloatArray) -> FloatArray:
        """Rotate an input-output map of shape (..., output features, input features) on both sides."""
        return self.outputs(self.inputs(weights).swapaxes(-1, -2)).swapaxes(-1, -2)

    def full_map(self, J: FloatArray) -> FloatArray:
        """Return an input-output map from its rotated form: the inverse of :meth:`map`."""
        return self.restored_inputs(self.restored_outputs(J.swapaxes(-1, -2)).swapaxes(-1, -2))


def _rotated(side: Side, layout: Layout, axis: str, weights: FloatArray) -> FloatArray:
    """Rotate weights and lay them out: by a matrix where features are few, else by fast transforms."""
    if side.n_features <= FEW_FEATURES:
        return weights @ _rotation(side, layout, axis)
    return gather(side, getattr(layout, axis), layout.classes, weights)


@lru_cache(maxsize=2 * LAYOUTS)
def _rotation(side: Side, layout: Layout, axis: str) -> FloatArray:
    matrix = gather(side, getattr(layout, axis), layout.classes, np.eye(side.n_features))
    matrix.flags.writeable = False
    return matrix


class StaticFrame:
    """The way back from parts whose static columns alone were reduced."""

    def __init__(self, spectral: SpectralFrame, weights: Weights) -> None:
        self._spectral, self._start = spectral, spectral.two_layer(weights)

    def parts(self, parts: TwoLayerParts) -> TwoLayerParts:
        """Return the same moving columns together with the full static ones."""
        return self._start.moved(parts.moving, parts.outputs)

    def weights(self, parts: TwoLayerParts) -> Weights:
        """Return all weights of the network."""
        return self._spectral.two_layer_weights(self.parts(parts))
