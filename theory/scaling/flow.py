"""Losses during gradient flow on random features: exact for given data, and expected over data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...datasets.random_features import RandomFeatures
from ...problem import NoClosedForm
from ...validation import FloatArray, array, instance, integer
from .losses import MARGIN, effective_ridge

Complex = NDArray[np.complex128]

NODES = (512, 1024, 2048, 4096, 8192, 16384, 32768)
CONVERGED = 1e-9


@dataclass(frozen=True, eq=False)
class FlowLosses:
    """Expected losses per row over time.

    Attributes
    ----------
    times : ndarray, shape (T,)
        Absolute time: with a step of size alpha, t = alpha * steps.
    test, train : ndarray, shape (T,)
        As in :class:`~linmod.theory.scaling.ExpectedLosses`.
    declared_error : ndarray, shape (T,)
        Bound of the error of both, the test loss relative to itself, the train loss relative to its start; 0 where
        exact.

    See Also
    --------
    flow_losses : The prediction that returns it.
    """

    times: FloatArray
    test: FloatArray
    train: FloatArray
    declared_error: FloatArray


def flow_losses_given(model: RandomFeatures, features: ArrayLike, times: ArrayLike) -> FlowLosses:
    r"""Return the losses of gradient flow from zero on given features, expected over weights and noise. Exact.

    .. math:: \dot\theta = \frac{1}{N} \Phi^\top (y - \Phi\theta), \qquad S = \frac{1}{N}\Phi^\top\Phi

    .. math:: L_{test}(t) = \mathrm{Tr}[C e^{-tS} V e^{-tS}] + t_2 + \frac{\tau}{N}\mathrm{Tr}[C (1-e^{-tS})^2 S^{-1}]

    .. math:: L_{train}(t) = \mathrm{Tr}[V S e^{-2tS}] + \frac{\tau}{N} (\mathrm{Tr}\, e^{-2tS} + N - p)

    with C and V the variances of the used features and of their weights (Advani, Saxe & Sompolinsky 2020; Ali, Kolter &
    Tibshirani 2019).

    Parameters
    ----------
    model : RandomFeatures
    features : array_like, shape (N, p)
        Phi, the used features of all rows.
    times : array_like, shape (T,)

    Returns
    -------
    FlowLosses

    See Also
    --------
    flow_losses : The average over features.

    Examples
    --------
    >>> model = RandomFeatures.scaled([1.0, 0.5], used=1)
    >>> flow_losses_given(model, [[1.0], [1.0]], [0.0, 1.0, 100.0]).test.round(4)
    array([1.5   , 0.7352, 0.75  ])
    """
    instance("model", model, (RandomFeatures,))
    phi, t = array("features", features, 2), _times(times)
    if phi.shape[1] != model.used or len(phi) < 1:
        raise ValueError(f"features must have shape (rows, {model.used}), got {phi.shape}")
    n, p = phi.shape
    rates, axes = np.linalg.eigh(phi.T @ phi / n)
    rates = np.where(rates > p * np.finfo(float).eps * rates[-1:], rates, 0.0)
    c = axes.T @ (model.feature_variances[:p, None] * axes)
    v = axes.T @ (model.weight_variances[:p, None] * axes)
    kept = np.exp(-np.outer(t, rates))
    fitted = _spread(rates, t)
    test = np.einsum("ti,ij,tj->t", kept, c * v, kept) + model.unseen + model.residual / n * fitted @ np.diag(c)
    train = (kept**2) @ (rates * np.diag(v)) + model.residual / n * (np.sum(kept**2, axis=1) + n - p)
    return FlowLosses(t, test, train, np.zeros_like(t))


def flow_losses(model: RandomFeatures, rows: int, times: ArrayLike) -> FlowLosses:
    r"""Return the expected losses of gradient flow from zero over features, weights and noise, asymptotically.

    .. math:: \mathrm{Tr}[C f(S)] \simeq \frac{N}{2\pi i} \oint f(w) \frac{\kappa(-w)}{w}\, dw, \qquad
              \mathrm{Tr}\, g(S) \simeq -\frac{1}{2\pi i} \oint g(w)
              \Big[\frac{N - p}{w} + \frac{N}{\kappa(-w)}\Big] dw

    .. math:: \kappa(z) = z + \frac{1}{N}\sum_{i \le p} \frac{c_i\,\kappa(z)}{c_i + \kappa(z)}

    around the spectrum of S and 0 (Ledoit & Peche 2011), for the traces of :func:`flow_losses_given`. Integrated over
    kappa: w is a rational function of kappa, so that no equation needs solving, and any circle that passes between 0
    and the largest kappa of the spectrum's left edge, and beyond minus the largest variance, gives the same integral.
    As f and g are entire in w, the null space of p > N needs no special treatment.

    At time t flow acts like a ridge N/t; ``declared_error`` is that of
    :func:`~linmod.theory.scaling.deterministic_equivalent` at this ridge, and so is the zone near the threshold.
    Measured errors are far smaller (2 percent at N = 40).

    Parameters
    ----------
    model : RandomFeatures
        With used features of equal variance, or weights of equal variance.
    rows : int
        N >= 1.
    times : array_like, shape (T,)
        t >= 0, finite.

    Returns
    -------
    FlowLosses

    Raises
    ------
    NoClosedForm
        Too near the threshold, or where neither features nor weights have equal variances.

    See Also
    --------
    flow_losses_given : For given features.
    expected_losses : The end of the flow.

    Examples
    --------
    >>> from linmod.datasets import PowerLaw
    >>> model = RandomFeatures.scaled(PowerLaw.with_exponent(2, 1.5).eigenvalues(300), used=120, noise=0.1)
    >>> flow_losses(model, rows=40, times=[0.0, 10.0, 100.0, 1000.0]).test.round(4)
    array([0.9209, 0.4217, 0.2769, 0.3112])
    """
    instance("model", model, (RandomFeatures,))
    n, t = integer("rows", rows, 1), _times(times)
    if not (model.isotropic or model.uniform_weights):
        raise NoClosedForm("model must have used features of equal variance, or weights of equal variance")
    declared = np.array([_declared_error(model, n, time) for time in t])
    if model.used == 0 or len(t) == 0:
        flat = np.full_like(t, model.unseen)
        return FlowLosses(t, flat, np.full_like(t, model.residual), declared)
    test, train = _converged(model, n, t)
    return FlowLosses(t, test, train, declared)


def _converged(model: RandomFeatures, n: int, t: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Double the nodes of the contour until the losses settle."""
    before = None
    for nodes in NODES:
        losses = np.array(_integrated(model, n, t, nodes))
        if before is not None and np.max(np.abs(losses - before)) <= CONVERGED * np.max(np.abs(losses)):
            return losses[0], losses[1]
        before = losses
    raise NoClosedForm(f"times must be short enough for {NODES[-1]} nodes of the contour, got up to {t.max():g}")


def _integrated(model: RandomFeatures, n: int, t: FloatArray, nodes: int) -> tuple[FloatArray, FloatArray]:
    sizes, p = model.feature_variances[: model.used], model.used
    weight = float(np.sum(model.variances[:p]) / np.sum(sizes))
    kappa, step = _circle(sizes, n, float(t.max()), nodes)
    ratio = sizes / (sizes + kappa[:, None])
    over = -1 / (1 - np.sum(ratio, axis=1) / n)
    w = kappa / over
    dw = -(1 - np.sum(ratio**2, axis=1) / n) * step
    decay = np.exp(-np.outer(t, w))
    fitted = -np.expm1(-np.outer(t, w))
    bias = n * _contour(decay**2 * over * dw)
    spread = n * _contour(fitted**2 / w * over * dw)
    density = -((n - p) / w + n / kappa) * dw
    left = _contour(decay**2 * density)
    loud = _contour(decay**2 * w * density)
    test = weight * bias + model.unseen + model.residual / n * spread
    return test, weight * loud + model.residual / n * (left + n - p)


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


def _spread(rates: FloatArray, t: FloatArray) -> FloatArray:
    """Return the value of (1 - e^{-t mu})^2/mu, 0 at mu = 0."""
    fitted = np.expm1(-np.outer(t, rates)) ** 2
    return np.asarray(np.divide(fitted, rates, out=np.zeros_like(fitted), where=rates > 0))


def _declared_error(model: RandomFeatures, n: int, time: float) -> float:
    if model.used == 0 or time == 0:
        return 0.0
    sizes = model.feature_variances[: model.used]
    learned = sizes / (sizes + effective_ridge(sizes, n, n / time))
    margin = n - float(np.sum(learned**2))
    if margin < MARGIN:
        raise NoClosedForm(
            f"times must leave {MARGIN:g} degrees of freedom to the interpolation threshold, got {margin:.3g} at"
            f" t={time:g} with rows={n} and {model.used} features; simulate instead"
        )
    return 1 / margin


def _times(times: ArrayLike) -> FloatArray:
    t = array("times", times, 1)
    if np.any(t < 0):
        raise ValueError(f"times must not be negative, got {t.min():g}")
    return t
