r"""Closed forms of how strongly one mode is learned by a balanced network of any number of layers.

Time is in units of tau. A balanced mode carries :math:`|\pi|^{1/L}` in each of its L layers, and the last layer the
sign. All functions broadcast their arguments against each other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, hyp2f1

from ...validation import FloatArray, integer, real, step_counts
from .incomplete import NEWTON_STEPS, incomplete, invert_incomplete
from .shallow import half_time_shallow, shallow_flow
from .two_layer import half_time_two_layer, two_layer_flow


def deep_flow(lam: ArrayLike, delta: ArrayLike, pi0: ArrayLike, t: ArrayLike, layers: int) -> FloatArray:
    r"""Return the gradient flow of one mode of a network of L layers from a balanced start.

    .. math:: \dot\pi = L\,|\pi|^{2 - 2/L} (\lambda - \delta\pi)

    With :math:`\pi^* = \lambda/\delta`, :math:`x = \pi/\pi^*` and :math:`s = 2/L - 1` it is solved, for
    :math:`0 < x_0 < 1` and :math:`L \ge 3`, by

    .. math:: B_s(x) = B_s(x_0) + L \lambda (\pi^*)^{-s}\, t, \qquad
              B_s(x) = \frac{x^s}{s}\,{}_2F_1(1, s; s + 1; x)

    and for :math:`x_0 > 1` by the same with :math:`B_{1-s}(1/x)`; for :math:`\pi_0 < 0` by
    :math:`\tfrac{1}{s}|x|^s{}_2F_1(1, s; s+1; -|x|)`, which falls by the same amount: the stable manifold of the
    saddle at zero. Each is inverted by Newton's method. Limits: :math:`\lambda = 0` decays as
    :math:`\pi_0\,[1 + (2L-2)\,\delta t\,|\pi_0|^{2-2/L}]^{-L/(2L-2)}`; :math:`\delta = 0` grows as
    :math:`\pi_0\,[1 - (L-2)\,\lambda t\,\pi_0^{1-2/L}]^{-L/(L-2)}`, infinite from the time
    :math:`\pi_0^{s}/((L-2)\lambda)` on.

    Domain: lambda >= 0, delta >= 0, any real pi0, t >= 0 (infinity allowed), integer L >= 1. One and two layers are
    :func:`shallow_flow` and :func:`two_layer_flow`. Relative error below 1e-12.
    Source: Saxe, McClelland & Ganguli 2014 for the equation; solved here.

    Parameters
    ----------
    lam, delta, pi0, t : array_like
        Correlations, initial effective singular value, and times in units of tau.
    layers : int
        Number of weight matrices L.

    Returns
    -------
    ndarray

    See Also
    --------
    deep_descent : The same under descent.
    half_time_deep : Time to half of the final strength.

    Examples
    --------
    >>> deep_flow(1.5, 0.5, 1e-3, [0.0, 6.0, 7.0, np.inf], layers=3).round(2)
    array([0.  , 0.67, 2.96, 3.  ])
    >>> float(deep_flow(1.0, 0.0, 1.0, 1.0, layers=3))
    inf
    """
    depth = integer("layers", layers, 1)
    if depth == 1:
        return shallow_flow(lam, delta, pi0, t)
    if depth == 2:
        return two_layer_flow(lam, delta, pi0, t)
    given = np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in (lam, delta, pi0, t)))
    lam_, delta_, start, time = (value.ravel() for value in given)
    result = np.array(start)
    learns, final = (lam_ > 0) & (delta_ > 0), _ratio(lam_, delta_)
    regimes = {
        _rise: learns & (start > 0) & (delta_ * start < lam_),
        _fall: learns & (delta_ * start > lam_),
        _sink: learns & (start < 0),
        _fade: (lam_ == 0) & (delta_ > 0) & (start != 0),
        _burst: (lam_ > 0) & (delta_ == 0) & (start != 0),
    }
    with np.errstate(over="ignore", divide="ignore", invalid="ignore", under="ignore"):
        for solve, where in regimes.items():
            moving = where & (time > 0) & np.isfinite(time)
            result[moving] = solve(lam_[moving], delta_[moving], start[moving], time[moving], depth)
    ended = np.isposinf(time) & (start != 0) & ((lam_ > 0) | (delta_ > 0))
    result[ended] = np.where(start > 0, final, -0.0)[ended]
    return result.reshape(given[0].shape)


def deep_descent(
    lam: ArrayLike, delta: ArrayLike, pi0: ArrayLike, step_size: float, steps: ArrayLike, layers: int
) -> FloatArray:
    r"""Return the exact values after numbers of steps of gradient descent of balanced modes of L layers.

    All layers stay equal in size, :math:`\pi = \varsigma a^L` with :math:`\varsigma = \mathrm{sign}\,\pi_0`, and one
    step of size alpha is

    .. math:: a \leftarrow a + \alpha\,\varsigma\, a^{L-1} (\lambda - \delta\pi)

    It has no closed form, so it is iterated. Domain: any real lambda, delta and pi0, alpha > 0, integer L >= 1.

    Parameters
    ----------
    lam, delta, pi0 : array_like
        They broadcast to a shape S.
    step_size : float
        The step alpha = 1/tau.
    steps : array_like of int, shape (T,)
        Increasing numbers of steps.
    layers : int
        Number of weight matrices L.

    Returns
    -------
    ndarray, shape (T, *S)
        Not finite where the step is so large that descent diverges.

    See Also
    --------
    deep_flow : The same under gradient flow.
    two_layer_descent : For two layers, from any start.

    Examples
    --------
    >>> deep_descent(1.5, 0.5, 1e-3, 0.1, [0, 1, 300], layers=3).round(6).tolist()
    [0.001, 0.001046, 3.0]
    """
    alpha, depth = real("step_size", step_size, positive=True), integer("layers", layers, 1)
    lam, delta, start = np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in (lam, delta, pi0)))
    wanted = step_counts(steps)
    sign = np.where(start < 0, -1.0, 1.0) if depth > 1 else np.ones_like(start)
    gain = np.abs(start) ** (1 / depth) if depth > 1 else np.array(start)
    values, taken = np.empty((len(wanted), *start.shape)), 0
    with np.errstate(over="ignore", invalid="ignore"):
        for row, target in enumerate(wanted):
            for _ in range(target - taken):
                gain = gain + alpha * sign * gain ** (depth - 1) * (lam - delta * sign * gain**depth)
            taken = target
            values[row] = sign * gain**depth
    return values


def half_time_deep(lam: float, delta: float, pi0: float, layers: int) -> float:
    r"""Return the time at which a balanced mode of L layers reaches half its final value, in units of tau.

    .. math:: t_{1/2} = \frac{(\pi^*)^s}{L\lambda} \left[B_s(1/2) - B_s(\pi_0/\pi^*)\right], \qquad s = 2/L - 1

    (see :func:`deep_flow`). As the start tends to zero it grows as :math:`\pi_0^{-(1 - 2/L)}/((L-2)\lambda)`: as a
    power of the start for three layers and more, where two layers wait only for its logarithm.

    Domain: lambda > 0, delta > 0, 0 < pi0 < pi*/2 (of one layer any pi0 < pi*/2), integer L >= 1.

    Parameters
    ----------
    lam, delta : float
        Correlations of the mode.
    pi0 : float
        Initial strength, below half of the final one, and above 0 unless there is one layer.
    layers : int

    Returns
    -------
    float
        That of a shallow mode for one layer, of a two-layer mode for two.

    Raises
    ------
    ValueError
        If an argument is outside the domain.

    See Also
    --------
    deep_flow : The course of learning that it belongs to.

    Examples
    --------
    >>> [round(half_time_deep(1.936, 2.5, 1e-4, layers), 3) for layers in (1, 2, 3, 4, 5)]
    [0.277, 2.313, 10.649, 25.667, 43.212]
    """
    depth = integer("layers", layers, 1)
    if depth == 1:
        return half_time_shallow(lam, delta, pi0)
    if depth == 2:
        return half_time_two_layer(lam, delta, pi0)
    half_time_two_layer(lam, delta, pi0)
    s, final = 2 / depth - 1, lam / delta
    start = np.log(delta * pi0 / (lam - delta * pi0))
    gap = incomplete(s, np.array(0.0)) - incomplete(s, np.array(start))
    return float(gap * final**s / (depth * lam))


def _rise(lam: FloatArray, delta: FloatArray, start: FloatArray, time: FloatArray, depth: int) -> FloatArray:
    """Solve from below the final value."""
    s, final = 2 / depth - 1, lam / delta
    begin = incomplete(s, np.log(delta * start / (lam - delta * start)))
    return np.asarray(final * expit(invert_incomplete(s, begin + depth * lam * final**-s * time)))


def _fall(lam: FloatArray, delta: FloatArray, start: FloatArray, time: FloatArray, depth: int) -> FloatArray:
    """Solve from above the final value."""
    s, final = 2 / depth - 1, lam / delta
    begin = incomplete(1 - s, -np.log((delta * start - lam) / lam))
    y = invert_incomplete(1 - s, begin + depth * lam * final**-s * time)
    return np.asarray(final * (1 + np.exp(-y)))


def _sink(lam: FloatArray, delta: FloatArray, start: FloatArray, time: FloatArray, depth: int) -> FloatArray:
    """Solve from below zero towards zero: down the integral about infinity first, then down the one about zero."""
    s, final = 2 / depth - 1, lam / delta
    y0, elapsed = np.log(-start / final), depth * lam * final**-s * time
    whole = np.pi / np.sin(np.pi * s)
    high = np.where(y0 > 0, _alternating(1 - s, -y0), whole - _alternating(s, np.minimum(y0, 0.0))) + elapsed
    low = np.where(y0 > 0, whole - high, _alternating(s, np.minimum(y0, 0.0)) - elapsed)
    above = high < whole - _alternating(s, np.zeros(1))
    y = np.where(above, -_invert_alternating(1 - s, np.where(above, high, 1.0)), 0.0)
    return np.asarray(-final * np.exp(np.where(above, y, _invert_alternating(s, np.where(above, 1 / s, low)))))


def _alternating(b: float, y: FloatArray) -> FloatArray:
    """Return the integral of x^(b - 1)/(1 + x) at x = exp(y), for y <= 0; a little beyond it for Newton's method."""
    x = np.exp(np.minimum(y, 1.0))
    return np.asarray(np.exp(b * np.minimum(y, 1.0)) / b * hyp2f1(1.0, b, b + 1, -x))


def _invert_alternating(b: float, target: FloatArray) -> FloatArray:
    """Apply Newton's method from the power law, which lies below the solution."""
    y = np.log(b * target) / b
    for _ in range(NEWTON_STEPS):
        step = (target - _alternating(b, y)) * np.exp(-b * y) * (1 + np.exp(y))
        y = y + step
        if np.all(np.abs(step) <= 4e-16 * np.maximum(np.abs(y), 1.0)):
            break
    return y


def _fade(_: FloatArray, delta: FloatArray, start: FloatArray, time: FloatArray, depth: int) -> FloatArray:
    """Solve without input-output correlation."""
    base = (2 * depth - 2) * delta * time * np.abs(start) ** (2 - 2 / depth)
    return np.asarray(start * (1 + base) ** (-depth / (2 * depth - 2)))


def _burst(lam: FloatArray, _: FloatArray, start: FloatArray, time: FloatArray, depth: int) -> FloatArray:
    """Solve without the input correlation that bounds the strength."""
    base = 1 - np.sign(start) * (depth - 2) * lam * time * np.abs(start) ** (1 - 2 / depth)
    return np.asarray(start * np.where(base > 0, np.abs(base) ** (-depth / (depth - 2)), np.inf))


def _ratio(lam: FloatArray, delta: FloatArray) -> FloatArray:
    return np.divide(lam, delta, out=np.where(lam > 0, np.inf, 0.0), where=delta > 0)
