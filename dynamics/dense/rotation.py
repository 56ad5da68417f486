r"""The orthogonal rotation in which a systematicity dataset is diagonal, applied to weights without forming X or Y.

On one side (input or output) of the dataset every Walsh function z makes the direction

.. math:: v = \frac{[\sqrt N\, e_i;\; r\, 1_k \otimes z]}{\sqrt{N + k r^2}} \quad\text{or}\quad
          v = \mathrm{sign}(r)\,\frac{[0;\; 1_k \otimes z]}{\sqrt k}

for the function of a sign feature i, and for the rest. A Householder reflection across the k copies and a
Walsh-Hadamard transform along the items lead there; each sign feature and its own Walsh function are then turned in
their plane by the angle with cosine :math:`\sqrt{N/(N + k r^2)}`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import hadamard

from ...datasets import SystematicityDataset
from ...validation import FloatArray

BITS_AT_ONCE = 5


@dataclass(frozen=True, eq=False)
class Rotated:
    """Weights in the rotated basis; the leading axes are those of the weights.

    Attributes
    ----------
    spectrum : ndarray, shape (..., N)
        Along the direction of each Walsh function; zero where the data do not contain it.
    partners : ndarray, shape (..., sign features or 0)
        Along the direction that each sign feature shares with its Walsh function, and that the data do not contain.
    identity : ndarray, shape (..., null directions)
        Along the null directions inside the identity blocks.
    """

    spectrum: FloatArray
    partners: FloatArray
    identity: FloatArray


@dataclass(frozen=True)
class Side:
    """The input or the output side of a systematicity dataset."""

    signs: tuple[int, ...]
    copies: int
    scale: float
    n_bits: int

    @property
    def n_items(self) -> int:
        """Number of items N."""
        return 1 << self.n_bits

    @property
    def n_features(self) -> int:
        """Number of features."""
        return len(self.signs) + self.copies * self.n_items

    @property
    def names_items(self) -> bool:
        """Whether the identity blocks are there and not zero."""
        return self.copies > 0 and self.scale != 0

    @property
    def identity_share(self) -> float:
        r"""Squared length of an identity direction over N, :math:`k r^2 / N`."""
        return math.ldexp(self.copies * self.scale**2, -self.n_bits)

    @property
    def cosine(self) -> float:
        """Share of the sign feature in its direction."""
        return 1 / math.sqrt(1 + self.identity_share)

    @property
    def sine(self) -> float:
        """Share of the identity blocks in the direction of a sign feature."""
        return math.copysign(math.sqrt(self.identity_share), self.scale) * self.cosine

    @property
    def n_null(self) -> int:
        """Number of null directions inside the identity blocks."""
        alone = 0 if self.names_items or not self.copies else self.n_items - len(self.signs)
        return max(self.copies - 1, 0) * self.n_items + alone

    @property
    def _masks(self) -> NDArray[np.int64]:
        return np.array([1 << bit for bit in self.signs], dtype=np.int64)

    def rotate(self, weights: FloatArray) -> Rotated:
        """Rotate weights of shape (..., features)."""
        lead, masks, n_signs = weights.shape[:-1], self._masks, len(self.signs)
        signs = weights[..., :n_signs]
        if not self.copies:
            spectrum = np.zeros((*lead, self.n_items))
            spectrum[..., masks] = signs
            return Rotated(spectrum, np.empty((*lead, 0)), np.empty((*lead, 0)))
        copies = _reflection(self.copies) @ weights[..., n_signs:].reshape(*lead, self.copies, self.n_items)
        spectrum = walsh(copies[..., 0, :])
        means, identity = spectrum[..., masks], copies[..., 1:, :].reshape(*lead, -1)
        if self.names_items:
            spectrum *= math.copysign(1.0, self.scale)
        else:
            identity = np.concatenate([identity, np.delete(spectrum, masks, axis=-1)], axis=-1)
            spectrum = np.zeros_like(spectrum)
        spectrum[..., masks] = self.cosine * signs + self.sine * means
        return Rotated(spectrum, self.cosine * means - self.sine * signs, identity)

    def restore(self, rotated: Rotated) -> FloatArray:
        """Return the weights of shape (..., features) from their rotated form: the inverse of :meth:`rotate`."""
        masks, lead = self._masks, rotated.spectrum.shape[:-1]
        along = rotated.spectrum[..., masks]
        if not self.copies:
            return along
        signs = self.cosine * along - self.sine * rotated.partners
        means, null = np.array(rotated.spectrum), rotated.identity
        if self.names_items:
            means *= math.copysign(1.0, self.scale)
        else:
            alone = np.delete(np.arange(self.n_items), masks)
            null, means[..., alone] = np.split(null, [null.shape[-1] - len(alone)], axis=-1)
        means[..., masks] = self.sine * along + self.cosine * rotated.partners
        null = null.reshape(*lead, self.copies - 1, self.n_items)
        copies = _reflection(self.copies) @ np.concatenate([walsh(means)[..., None, :], null], axis=-2)
        return np.concatenate([signs, copies.reshape(*lead, -1)], axis=-1)


def sides(dataset: SystematicityDataset) -> tuple[Side, Side]:
    """Return the input side and the output side of a dataset."""
    return (
        Side(dataset.input_signs, dataset.k_x, dataset.r, dataset.n_bits),
        Side(dataset.output_signs, dataset.k_y, dataset.r_y, dataset.n_bits),
    )


def walsh(values: FloatArray) -> FloatArray:
    """Return the orthonormal Walsh-Hadamard transform along the last axis, a few bits at a time by matrix products."""
    n_bits = values.shape[-1].bit_length() - 1
    result = values
    for first in range(0, n_bits, BITS_AT_ONCE):
        size = 1 << min(BITS_AT_ONCE, n_bits - first)
        factor = _walsh_matrix(size)
        if first == 0:
            result = (result.reshape(-1, size) @ factor).reshape(values.shape)
        else:
            result = (factor @ result.reshape(-1, size, 1 << first)).reshape(values.shape)
    return np.array(result) if result is values else result


@lru_cache(maxsize=BITS_AT_ONCE + 1)
def _walsh_matrix(size: int) -> FloatArray:
    matrix = np.asarray(hadamard(size) / math.sqrt(size))
    matrix.flags.writeable = False
    return matrix


@lru_cache(maxsize=16)
def _reflection(copies: int) -> FloatArray:
    """Return the Householder reflection whose first row is the normalised sum over the copies."""
    axis = np.full(copies, -1 / math.sqrt(copies))
    axis[0] += 1
    reflection = np.eye(copies) - np.outer(axis, axis) * (2 / (axis @ axis or 1))
    reflection.flags.writeable = False
    return reflection
