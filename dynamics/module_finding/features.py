"""Kernels of one module as finite features, where that is exact: waves for the Gaussian kernel, coordinates for linear.

With features the objective costs n r^2 for r features instead of n^3, and no kernel matrix is ever formed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ...validation import FloatArray, real

ACCURACY = 1e-13
"""Largest error of an entry of the Gaussian kernel matrix."""


class Features(Protocol):
    """A kernel k(s, t) = phi(s)'phi(t) on what one module sees."""

    def evaluate(self, seen: FloatArray) -> FloatArray:
        """Return the features of each row of `seen`, shape (samples, dims) to (samples, features)."""
        ...

    def slope(self, seen: FloatArray, features: FloatArray, weights: FloatArray, pull: FloatArray) -> FloatArray:
        """Return the derivative of sum(pull * (phi(seen) @ weights)) by each entry of `seen`, shape (samples, dims).

        `features` are those of `seen`; `weights` has shape (features, outputs), `pull` (samples, outputs).
        """
        ...


@dataclass(frozen=True)
class LinearFeatures:
    """The linear kernel k(s, t) = s't: the features are the coordinates themselves.

    See Also
    --------
    WaveFeatures : Sines and cosines of the projected inputs.

    Examples
    --------
    >>> LinearFeatures().evaluate(np.array([[1.0], [2.0]])).tolist()
    [[1.0], [2.0]]
    """

    def evaluate(self, seen: FloatArray) -> FloatArray:
        """Return what is seen."""
        return seen

    def slope(self, seen: FloatArray, features: FloatArray, weights: FloatArray, pull: FloatArray) -> FloatArray:
        """Return the slope of a linear function: its weights."""
        return np.asarray(pull @ weights.T)


@dataclass(frozen=True)
class WaveFeatures:
    r"""The Gaussian kernel of one dimension as a sum of waves.

    By Poisson summation the kernel, repeated with period P, is a Fourier series,

    .. math::
        \sum_j e^{-(s - t + jP)^2/2\ell^2} = \frac{\sqrt{2\pi}\,\ell}{P}
        \sum_k e^{-(2\pi k \ell/P)^2/2}\, e^{2\pi i k (s - t)/P}

    For distances up to the span R, repetition errs by at most :math:`2 e^{-(P-R)^2/2\ell^2}`, and cutting the series
    by a tail of the same form, so that both are below :data:`ACCURACY` with about :math:`(R/\ell + 8)\,8/\pi` features.

    Parameters
    ----------
    length_scale : float
        The kernel is exp(-(s - t)^2 / (2 length_scale^2)).
    span : float
        Largest distance between any two inputs.

    See Also
    --------
    LinearFeatures : The projected inputs themselves.

    Examples
    --------
    >>> waves = WaveFeatures(length_scale=0.5, span=3.0)
    >>> phi = waves.evaluate(np.array([[0.0], [1.0], [3.0]]))
    >>> np.round(phi @ phi.T, 12)[0] == np.round(np.exp(-np.array([0.0, 1.0, 9.0]) / (2 * 0.25)), 12)
    array([ True,  True,  True])
    """

    length_scale: float
    span: float

    def __post_init__(self) -> None:
        real("length_scale", self.length_scale, positive=True)
        real("span", self.span, 0.0)

    @property
    def period(self) -> float:
        """P."""
        return self.span + self._reach * self.length_scale

    @property
    def waves(self) -> int:
        """Number of frequencies above 0."""
        return math.ceil(self._reach * self.period / (2 * math.pi * self.length_scale))

    @property
    def _reach(self) -> float:
        return math.sqrt(-2 * math.log(ACCURACY / 4))

    @property
    def _frequencies(self) -> FloatArray:
        return np.arange(1.0, self.waves + 1) * (2 * math.pi / self.period)

    def evaluate(self, seen: FloatArray) -> FloatArray:
        """Return the features, shape (samples, 1 + 2 waves): the constant, cosines, sines."""
        power = 2 * math.sqrt(2 * math.pi) * self.length_scale / self.period
        size = np.sqrt(power * np.exp(-((self._frequencies * self.length_scale) ** 2) / 2))
        turn = np.exp(2j * math.pi / self.period * seen)
        waves = size * np.multiply.accumulate(np.repeat(turn, self.waves, axis=1), axis=1)
        return np.hstack([np.full((len(seen), 1), math.sqrt(power / 2)), waves.real, waves.imag])

    def slope(self, seen: FloatArray, features: FloatArray, weights: FloatArray, pull: FloatArray) -> FloatArray:
        """Return the slope of the sum of waves."""
        cosines, sines = features[:, 1 : 1 + self.waves], features[:, 1 + self.waves :]
        of_cosines, of_sines = weights[1 : 1 + self.waves], weights[1 + self.waves :]
        steps = self._frequencies[:, None]
        slopes = cosines @ (steps * of_sines) - sines @ (steps * of_cosines)
        return np.asarray(np.sum(pull * slopes, axis=1, keepdims=True))
