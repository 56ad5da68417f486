r"""Gaussian weights drawn directly in compressed coordinates.

Rotated Gaussian weights are Gaussian again. The triangular factor of a class that is wider than high has independent
entries (Bartlett 1933): normal ones below the diagonal, and on it in row i the root of a chi-square variable of
:math:`n - i` degrees of freedom for n columns.
"""

from __future__ import annotations

import sys

import numpy as np

from ...datasets import SystematicityDataset
from ...problem import NO_WEIGHTS, RandomModes, Weights
from ...validation import FloatArray, count_text
from .layout import IDENTITY, PLAIN, full_layout, layout, width
from .two_layer import TwoLayerParts

FLOAT_BITS = sys.float_info.max_exp - 1


def draw(dataset: SystematicityDataset, hidden: int, initial: RandomModes) -> TwoLayerParts:
    """Draw the compressed parts of a two-layer network with independent Gaussian weights, for any number of items."""
    largest = max(dataset.n_inputs, dataset.n_outputs)
    if largest.bit_length() > FLOAT_BITS:
        raise ValueError(
            f"RandomModes is limited to fewer than 2**{FLOAT_BITS} features, the range of floats, got"
            f" {count_text(largest)} with n_bits={dataset.n_bits}; use a smaller n_bits"
        )
    full, generator = full_layout(dataset), np.random.default_rng(initial.seed)
    with_plain = (PLAIN in full.columns) + (PLAIN in full.rows)
    count = max(width(full.columns, PLAIN), width(full.rows, PLAIN))
    plain = gaussian_factor(generator, hidden * max(with_plain, 1), count)
    static = gaussian_factor(generator, hidden, width(full.columns, IDENTITY))
    moving = gaussian_factor(generator, hidden, width(full.rows, IDENTITY))
    new = layout(dataset, plain.shape[1], static.shape[1], moving.shape[1])
    inputs = generator.standard_normal((hidden, new.n_columns))
    outputs = generator.standard_normal((hidden, new.n_rows))
    for columns, parts, factors in (
        (inputs, new.columns, {PLAIN: plain[:hidden], IDENTITY: static}),
        (outputs, new.rows, {PLAIN: plain[-hidden:], IDENTITY: moving}),
    ):
        for name in factors.keys() & parts.keys():
            columns[:, parts[name]] = factors[name]
    inputs, outputs = initial.std * inputs, initial.std * outputs
    return TwoLayerParts(new, inputs, outputs, np.sum(np.square(inputs[:, new.n_moving :])))


def gaussian_factor(generator: np.random.Generator, rows: int, columns: int) -> FloatArray:
    """Return a factor of the Gram matrix of standard normal entries: the entries themselves unless wider than high."""
    if columns <= rows:
        return generator.standard_normal((rows, columns))
    factor = np.tril(generator.standard_normal((rows, rows)), -1)
    np.fill_diagonal(factor, np.sqrt(generator.chisquare(columns - np.arange(rows, dtype=np.float64))))
    return factor


class NoFrame:
    """In place of the way back to full weights: there are none."""

    def parts(self, parts: TwoLayerParts) -> TwoLayerParts:
        """Raise: the modes inside a class were never told apart."""
        raise ValueError(NO_WEIGHTS)

    def weights(self, parts: TwoLayerParts) -> Weights:
        """Raise: weights were never drawn."""
        raise ValueError(NO_WEIGHTS)
