"""The variance of a modular target that one module explains, and when the rule prefers a mixture to a true module."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import gammaln

from ...validation import FloatArray, array, integer

DEGREES = 60


def sine_coefficients(
    frequencies: Sequence[float], amplitudes: Sequence[float], phases: ArrayLike, *, degrees: int | None = None
) -> FloatArray:
    r"""Return the Hermite coefficients of sums of sine waves :math:`f(z) = \sum_f a_f \sin(\omega_f z + \varphi_f)`.

    In the orthonormal polynomials :math:`He_k/\sqrt{k!}` under :math:`z \sim N(0, 1)`,

    .. math:: h_k = \sum_f a_f\, e^{-\omega_f^2/2}\, \frac{\omega_f^k}{\sqrt{k!}}\, \sin(\varphi_f + k\pi/2)

    from :math:`E[e^{i\omega z} He_k(z)] = (i\omega)^k e^{-\omega^2/2}`. Degrees above :math:`\omega^2 + 10\,\omega`
    contribute nothing; frequencies may have either sign.

    Parameters
    ----------
    frequencies, amplitudes : sequence of float, length (frequencies,)
    phases : array_like, shape (modules, frequencies)
    degrees : int, optional
        Highest degree k, above which the series is cut; unless given, the least that loses nothing for all of the
        frequencies, and at least 60.

    Returns
    -------
    ndarray, shape (modules, degrees + 1)

    See Also
    --------
    captured_variance : The variance that they give.

    Examples
    --------
    >>> h = sine_coefficients([1.0], [1.0], [[0.0]])
    >>> bool(abs(np.sum(h**2) - (1 - np.exp(-2)) / 2) < 1e-15)
    True
    """
    omega, size = array("frequencies", frequencies, 1), array("amplitudes", amplitudes, 1)
    angle = array("phases", phases, 2)
    if not len(omega) == len(size) == angle.shape[1]:
        raise ValueError(
            f"frequencies, amplitudes and the last axis of phases must have the same length, got {len(omega)}, "
            f"{len(size)} and {angle.shape[1]}"
        )
    k = np.arange((_enough(omega) if degrees is None else integer("degrees", degrees)) + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        powers = np.where(k == 0, 0.0, k * np.log(np.abs(omega))[:, None])
    gain = size[:, None] * np.exp(powers - omega[:, None] ** 2 / 2 - gammaln(k + 1) / 2)
    gain = gain * np.where(omega[:, None] < 0, (-1.0) ** k, 1.0)
    quarter = np.sin(angle[:, :, None] + (k % 4) * (math.pi / 2))
    return np.asarray(np.sum(gain * quarter, axis=1))


def _enough(omega: FloatArray) -> int:
    """Return the degree ten standard deviations above the mean of the Poisson law of the squared coefficients."""
    highest = float(np.max(np.abs(omega), initial=0.0))
    return max(DEGREES, math.ceil(highest**2 + 10 * highest))


def captured_variance(coefficients: ArrayLike, overlaps: ArrayLike) -> float:
    r"""Return the variance of a modular target that the best function of one direction u explains.

    For :math:`y = \sum_j f_j(u_j^\top x)`, :math:`x \sim N(0, I)` and orthonormal :math:`u_j`, with the overlaps
    :math:`\rho_j = u^\top u_j`,

    .. math:: V(u) = \sum_{k \ge 1} \Big(\sum_j h_{jk}\, \rho_j^k\Big)^2

    because :math:`E[He_k(s)\,|\,t] = \rho^k He_k(t)` (Mehler). In the limit of many samples the kernel objective J(u)
    becomes proportional to the unexplained variance Var y - V(u), for every ridge and length scale. For degree 1 the
    best u is the mixture :math:`\propto (h_{11}, \dots, h_{K1})`; degree 2 is a matrix problem; only degrees from 3 on
    favour true modules.

    Parameters
    ----------
    coefficients : array_like, shape (modules, degrees + 1)
        Of one output; add up over outputs. See :func:`sine_coefficients`.
    overlaps : array_like, shape (modules,)
        Of length at most 1.

    Returns
    -------
    float

    See Also
    --------
    best_direction : The direction that explains most.

    Examples
    --------
    >>> captured_variance([[0.0, 1.0], [0.0, 1.0]], [1.0, 0.0])
    1.0
    >>> round(captured_variance([[0.0, 1.0], [0.0, 1.0]], [0.5**0.5, 0.5**0.5]), 12)
    2.0
    """
    h, rho = _checked(coefficients, overlaps)
    return float(np.sum(_projected(h, rho) ** 2))


def module_tilt(coefficients: ArrayLike, module: int) -> FloatArray:
    r"""Return the slopes of the captured variance at a true module towards the others: if not 0, mixtures are better.

    At :math:`u = u_j` the slope towards :math:`u_i` is :math:`2\, h_{j1} h_{i1}`: a true module is a stationary point
    of the rule only if its own linear part, or those of all others, vanish.

    Parameters
    ----------
    coefficients : array_like, shape (modules, degrees + 1)
    module : int
        j.

    Returns
    -------
    ndarray, shape (modules,)
        0 at the module itself.

    See Also
    --------
    best_direction : The best direction.

    Examples
    --------
    >>> module_tilt([[0.0, 0.5, 1.0], [0.0, 0.25, 0.0]], 0)
    array([0.  , 0.25])
    """
    h = array("coefficients", coefficients, 2)
    here = integer("module", module)
    if here >= len(h):
        raise ValueError(f"module must be below {len(h)}, got {here}")
    slope = 2 * h[here, 1] * h[:, 1]
    slope[here] = 0.0
    return np.asarray(slope)


def best_direction(coefficients: ArrayLike) -> FloatArray:
    r"""Return the overlaps of the direction that captures the most variance, the optimum of the rule for many samples.

    A maximum of :func:`captured_variance` over the unit sphere in the span of the modules, found from every true
    module, from the linear mixture, and from a fixed set of 64 directions. A global maximum in all cases tried, but
    not proved to be one.

    Parameters
    ----------
    coefficients : array_like, shape (modules, degrees + 1)

    Returns
    -------
    ndarray, shape (modules,)
        A unit vector, its largest entry positive (u and -u capture the same). An entry of 1 is a true module.

    See Also
    --------
    captured_variance : What the direction explains.

    Examples
    --------
    >>> best_direction([[0.0, 3.0], [0.0, 4.0]]).round(6)
    array([0.6, 0.8])
    >>> best_direction([[0.0, 0.0, 0.0, 3.0], [0.0, 0.0, 0.0, 4.0]]).round(6)
    array([0., 1.])
    """
    h = array("coefficients", coefficients, 2)
    starts = [*np.eye(len(h)), *np.random.default_rng(0).standard_normal((64, len(h)))]
    if np.any(h[:, 1]):
        starts.append(h[:, 1])
    found = [minimize(_lost, start, args=(h,), jac=True, method="L-BFGS-B", tol=1e-14) for start in starts]
    best = min(found, key=lambda result: float(result.fun)).x
    best = best / np.linalg.norm(best)
    return np.asarray(math.copysign(1.0, best[np.argmax(np.abs(best))]) * best)


def _checked(coefficients: ArrayLike, overlaps: ArrayLike) -> tuple[FloatArray, FloatArray]:
    h, rho = array("coefficients", coefficients, 2), array("overlaps", overlaps, 1)
    if len(h) != len(rho):
        raise ValueError(f"overlaps must be one for each of {len(h)} modules, got {len(rho)}")
    if np.linalg.norm(rho) > 1 + 1e-9:
        raise ValueError(f"overlaps must have length at most 1, got {np.linalg.norm(rho)}")
    return h, rho


def _projected(h: FloatArray, rho: FloatArray) -> FloatArray:
    """Return the Hermite coefficients from degree 1 on of the best function of the direction."""
    degrees = np.arange(1, h.shape[1])
    return np.asarray(np.sum(h[:, 1:] * rho[:, None] ** degrees, axis=0))


def _lost(free: FloatArray, h: FloatArray) -> tuple[float, FloatArray]:
    """Return minus the captured variance in the direction of a free vector, with its gradient."""
    length = float(np.linalg.norm(free))
    rho = free / length
    degrees = np.arange(1, h.shape[1])
    g = _projected(h, rho)
    slope = 2 * np.sum(g * degrees * h[:, 1:] * rho[:, None] ** (degrees - 1), axis=1)
    return -float(np.sum(g**2)), -(slope - rho * (rho @ slope)) / length
