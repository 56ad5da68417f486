"""Losses during gradient flow on random features: exact for given data, and expected over data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...datasets.random_features import RandomFeatures
from ...problem import NoClosedForm
from ...validation import FloatArray, array, instance, integer
from .contour import CONVERGED, Part, flow_parts
from .losses import MARGIN, effective_ridge

BETWEEN = 40
"""Further times at which the expansion is examined."""


@dataclass(frozen=True, eq=False)
class FlowLosses:
    """Expected losses per row over time.

    Attributes
    ----------
    times : ndarray, shape (T,)
        Absolute time: with a step of size alpha, t = alpha * steps.
    test, train : ndarray, shape (T,)
        As in :class:`~linmod.theory.scaling.ExpectedLosses`.
    test_error, train_error : ndarray, shape (T,)
        Bounds of their absolute errors; 0 where exact. A loss below its bound is not determined.

    See Also
    --------
    flow_losses : The prediction that returns it.
    """

    times: FloatArray
    test: FloatArray
    train: FloatArray
    test_error: FloatArray
    train_error: FloatArray


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
    return FlowLosses(t, test, train, np.zeros_like(t), np.zeros_like(t))


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

    The bounds of the errors are twice the terms of order 1/N that follow in the expansion of the means (Bai &
    Silverstein 2004; see :func:`~linmod.theory.scaling.contour.flow_parts`), and 1/m^2 of the losses for further terms,
    with m the degrees of freedom to the threshold at the ridge N/t that flow acts like at time t. They are absolute. A
    part that vanishes does so exponentially in the limit, at the edge of the spectrum; the mean over draws is then
    ruled by draws whose smallest eigenvalue is below the edge, so that no relative error holds at late times. From
    where the term of order 1/N exceeds half of such a part, its bound stays: on every draw that part only decreases.

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
    sizes, p = model.feature_variances[: model.used], model.used
    if p == 0 or len(t) == 0:
        flat = np.full_like(t, model.unseen)
        return FlowLosses(t, flat, np.full_like(t, model.residual), np.zeros_like(t), np.zeros_like(t))
    between = np.geomspace(0.1 / float(sizes.max()), max(float(t.max()), 1 / float(sizes.max())), BETWEEN)
    every = np.union1d(t, [0.0, *between[between < t.max()]])
    margins = np.array([_margin(model, n, time) for time in every])
    parts = flow_parts(model, n, every)
    test_error = _bound_of_decreasing(parts.missed, margins) + _bound(parts.spread, margins)
    train_error = _bound_of_decreasing(parts.fading, margins)
    test = np.maximum(parts.missed.limit, 0.0) + model.unseen + np.maximum(parts.spread.limit, 0.0)
    train = np.maximum(parts.fading.limit, 0.0) + model.residual / n * max(n - p, 0)
    asked = np.searchsorted(every, t)
    return FlowLosses(t, *(values[asked] for values in (test, train, test_error, train_error)))


def _spread(rates: FloatArray, t: FloatArray) -> FloatArray:
    """Return the value of (1 - e^{-t mu})^2/mu, 0 at mu = 0."""
    fitted = np.expm1(-np.outer(t, rates)) ** 2
    return np.asarray(np.divide(fitted, rates, out=np.zeros_like(fitted), where=rates > 0))


def _margin(model: RandomFeatures, n: int, time: float) -> float:
    """Return the degrees of freedom to the threshold at the ridge N/t that flow acts like at time t."""
    sizes = model.feature_variances[: model.used]
    learned = sizes / (sizes + effective_ridge(sizes, n, n / time)) if time > 0 else np.zeros(0)
    margin = n - float(np.sum(learned**2))
    if margin < MARGIN:
        raise NoClosedForm(
            f"times must leave {MARGIN:g} degrees of freedom to the interpolation threshold, got {margin:.3g} at"
            f" t={time:g} with rows={n} and {model.used} features; simulate instead"
        )
    return margin


def _bound(part: Part, margins: FloatArray) -> FloatArray:
    """Return twice the term of order 1/N, and the part over the squared margin for those that follow."""
    settled = CONVERGED * float(np.max(np.abs(part.limit)))
    return np.asarray(2 * np.abs(part.next_term) + np.abs(part.limit) / margins**2 + settled)


def _bound_of_decreasing(part: Part, margins: FloatArray) -> FloatArray:
    """Return the bound of a part that decreases on every draw, at increasing times from 0.

    From where the term of order 1/N exceeds half of the limit the expansion says nothing; the mean and the limit are
    then both between 0 and their bound at the last time before.
    """
    bound = _bound(part, margins)
    usable = np.abs(part.next_term) + CONVERGED * part.limit[0] <= part.limit / 2
    usable[0] = True
    usable = np.logical_and.accumulate(usable)
    highest = np.minimum.accumulate(np.where(usable, part.limit + bound, np.inf))
    return np.where(usable, bound, highest)


def _times(times: ArrayLike) -> FloatArray:
    t = array("times", times, 1)
    if np.any(t < 0):
        raise ValueError(f"times must not be negative, got {t.min():g}")
    return t
