"""Mean traces of functions of a sample covariance: the limit of many rows, and the term of order 1/N after it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...datasets.random_features import RandomFeatures
from ...problem import NoClosedForm
from ...validation import FloatArray
from .losses import effective_ridge

Complex = NDArray[np.complex128]

NODES = (512, 1024, 2048, 4096, 8192, 16384, 32768)
CONVERGED = 1e-9


@dataclass(frozen=True, eq=False)
class Part:
    """One term of a loss over time.

    Attributes
    ----------
    limit : ndarray, shape (T,)
        Its value in the limit of many rows and features.
    next_term : ndarray, shape (T,)
        The term of order 1/N that follows in the expansion of the mean.
    """

    limit: FloatArray
    next_term: FloatArray


@dataclass(frozen=True, eq=False)
class FlowParts:
    """The terms of both losses that change over time.

    Attributes
    ----------
    missed : Part
        Test loss from what is not yet learned; decreases.
    spread : Part
        Test loss from learned noise.
    fading : Part
        Training loss above its limit; decreases to 0.
    """

    missed: Part
    spread: Part
    fading: Part


def flow_parts(model: RandomFeatures, n: int, t: FloatArray) -> FlowParts:
    r"""Return all terms, with the nodes of the contour doubled until they settle.

    With :math:`\kappa = \kappa(-w)`, :math:`L_i = c_i/(c_i + \kappa)` and :math:`g_k = \frac{1}{N}\sum_i L_i^k` the
    mean resolvents of S are

    .. math:: E\,\mathrm{Tr}(S - w)^{-1} = \frac{N}{\kappa} + \frac{N - p}{w}
              + \frac{1}{N (1 - g_2)^2}\sum_i \frac{c_i^2}{(c_i + \kappa)^3} + \dots

    .. math:: E\,\mathrm{Tr}\,C(S - w)^{-1} = -N\Big(\frac{\kappa}{w} + 1\Big)
              - \frac{\kappa}{w}\,\frac{g_3 - g_2^2}{(1 - g_2)^2} + \dots

    The last term of the first line is that of Bai & Silverstein (2004) for real Gaussian features. It is minus the
    derivative in w of :math:`\frac{1}{2}\ln(1 - g_2)`, the term of the mean of :math:`\ln\det(S - w)`. The second line
    follows from :math:`\mathrm{Tr}\,C(S - w)^{-1} = \partial_s \ln\det(S + sC - w)` at s = 0, since S + sC - w is
    congruent to S - w with :math:`c_i/(1 - s c_i/w)` for :math:`c_i`.
    """
    before = None
    for nodes in NODES:
        parts = _integrated(model, n, t, nodes)
        limits = np.array([parts.missed.limit, parts.spread.limit, parts.fading.limit])
        if before is not None and np.max(np.abs(limits - before)) <= CONVERGED * np.max(np.abs(limits)):
            return parts
        before = limits
    raise NoClosedForm(f"times must be short enough for {NODES[-1]} nodes of the contour, got up to {t.max():g}")


def _integrated(model: RandomFeatures, n: int, t: FloatArray, nodes: int) -> FlowParts:
    sizes, p = model.feature_variances[: model.used], model.used
    weight, noise = float(np.sum(model.variances[:p]) / np.sum(sizes)), model.residual / n
    kappa, step = _circle(sizes, n, float(t.max()), nodes)
    ratio = sizes / (sizes + kappa[:, None])
    over = -1 / (1 - np.sum(ratio, axis=1) / n)
    w = kappa / over
    second, third = np.sum(ratio**2, axis=1) / n, np.sum(ratio**3, axis=1) / n
    dw = -(1 - second) * step
    sized = n * over * dw, -over * (third - second**2) / (1 - second) * step
    plain = (
        -((n - p) / w + n / kappa) * dw,
        np.sum(ratio**2 / (sizes + kappa[:, None]), axis=1) / n / (1 - second) * step,
    )
    kept, fitted = np.exp(-2 * np.outer(t, w)), np.expm1(-np.outer(t, w)) ** 2 / w
    missed, spread = (
        [factor * _contour(f * order) for order in sized] for factor, f in ((weight, kept), (noise, fitted))
    )
    fading = [_contour(kept * (weight * w + noise) * order) for order in plain]
    fading[0] = fading[0] + noise * min(n - p, 0)
    return FlowParts(Part(*missed), Part(*spread), Part(*fading))


def _circle(sizes: FloatArray, n: int, longest: float, nodes: int) -> tuple[Complex, Complex]:
    """Return the points kappa on a circle around all singularities, and d kappa; denser where it passes them closely.

    It crosses the real axis at the effective ridge of half the slowest resolved rate, where exp(-2 t w) = e, and left
    of all poles. A Moebius map of the disc onto itself moves the points to the close passage.
    """
    rate = 1 / (2 * longest) if longest > 0 else float(sizes.max())
    right = effective_ridge(sizes, n, n * min(rate, float(sizes.max())))
    left = -4 * (float(sizes.max()) + float(sizes.sum()) / n)
    middle, radius = (right + left) / 2, (right - left) / 2
    nearest = effective_ridge(sizes, n, 0.0)
    pull = 1 - min(1.0, ((right - nearest) / radius) ** 0.5)
    angles = 2 * np.pi * (np.arange(nodes) + 0.5) / nodes
    unit = np.exp(1j * angles)
    moved = (unit + pull) / (1 + pull * unit)
    slope = (1 - pull**2) / (1 + pull * unit) ** 2
    return middle + radius * moved, radius * slope * 1j * unit * (2 * np.pi / nodes)


def _contour(values: Complex) -> FloatArray:
    """Sum the values over the contour, over 2 pi i; w runs round the spectrum against the sense of kappa."""
    return np.asarray(np.sum(values, axis=1).imag / (2 * np.pi))
