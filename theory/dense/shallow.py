"""Closed forms of one mode of the shallow network."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from ...validation import FloatArray, real
from .stable import as_floats, decay, phi_integral, relative_start, vanishing_product


def shallow_flow(lam: ArrayLike, delta: ArrayLike, pi0: ArrayLike, t: ArrayLike) -> FloatArray:
    r"""Return the gradient flow of one mode of the shallow network.

    .. math:: \dot\pi = \lambda - \delta\pi, \qquad
              \pi(t) = \lambda\,\varphi(\delta, t) + \pi_0 e^{-\delta t}, \qquad
              \varphi(c, t) = \frac{1 - e^{-ct}}{c}, \quad \varphi(0, t) = t

    Domain: any real lambda and pi0, delta >= 0, t >= 0.
    Source: "On The Specialization of Neural Modules", shallow dynamics (after Saxe et al. 2014), written so
    that delta = 0 is no special case.

    Parameters
    ----------
    lam, delta, pi0, t : array_like
        Correlations, initial effective singular value, and times in units of tau.

    Returns
    -------
    ndarray

    See Also
    --------
    shallow_descent : The same under descent.
    half_time_shallow : Time to half of the final strength.

    Examples
    --------
    >>> float(shallow_flow(1.5, 0.5, 0.0, np.inf))
    3.0
    >>> float(shallow_flow(1.5, 0.0, 1.0, 2.0))
    4.0
    """
    lam, delta, pi0, t = as_floats(lam, delta, pi0, t)
    return vanishing_product(lam, phi_integral(delta, t)) + pi0 * decay(delta, t)


def shallow_descent(lam: ArrayLike, delta: ArrayLike, pi0: ArrayLike, step_size: float, steps: ArrayLike) -> FloatArray:
    r"""Return the exact value after n steps of gradient descent of one mode of the shallow network.

    .. math:: \pi_n = q^n \pi_0 + \lambda\,\frac{1 - q^n}{\delta}, \qquad q = 1 - \alpha\delta

    Domain: any real lambda and pi0, delta >= 0, alpha > 0, integer n >= 0; it converges for alpha delta < 2.

    Parameters
    ----------
    lam, delta, pi0 : array_like
        Correlations and initial effective singular value.
    step_size : float
        The step alpha = 1/tau.
    steps : array_like of int
        Numbers of steps n.

    Returns
    -------
    ndarray

    See Also
    --------
    shallow_flow : The same under gradient flow.

    Examples
    --------
    >>> round(float(shallow_descent(1.0, 0.5, 0.0, 0.1, 2)), 12)
    0.195
    """
    alpha = real("step_size", step_size, positive=True)
    lam, delta, pi0, n = as_floats(lam, delta, pi0, steps)
    x = alpha * delta
    exponent = n * np.log1p(-np.minimum(x, 0.5))
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        decay = np.where(x < 0.5, np.exp(exponent), (1.0 - x) ** n)
        learned = np.where(x < 0.5, -np.expm1(exponent), 1.0 - decay) * alpha / x
        return decay * pi0 + lam * np.where(x == 0, alpha * n, learned)


def half_time_shallow(lam: float, delta: float, pi0: float) -> float:
    r"""Return the time at which a shallow mode reaches half its final value, in units of tau.

    .. math:: t_{1/2} = \frac{1}{\delta} \ln\frac{2(\pi^* - \pi_0)}{\pi^*}, \qquad \pi^* = \lambda/\delta

    Domain: lambda > 0, delta > 0, pi0 < pi*/2.

    Parameters
    ----------
    lam, delta : float
        Correlations of the mode.
    pi0 : float
        Initial strength, below half of the final one.

    Returns
    -------
    float
        Finite also for a start from zero.

    Raises
    ------
    ValueError
        If lambda or delta is not positive, or pi0 not below half of the final strength.

    See Also
    --------
    shallow_flow : The course of learning that it belongs to.

    Examples
    --------
    >>> round(half_time_shallow(1.0, 2.0, 0.0), 6)
    0.346574
    """
    x0 = relative_start(lam, delta, pi0)
    return math.log(2 * (1 - x0)) / delta
