r"""Closed forms of how strongly one mode is learned: the effective singular value over time.

Throughout, time is in units of tau, :math:`\lambda` is the mode's input-output correlation and
:math:`\delta \ge 0` its input correlation. All functions broadcast their arguments against each other.
Infinite times are allowed.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from ...validation import FloatArray, real, step_counts
from .stable import as_floats, decay, phi_integral, relative_start, vanishing_product


def two_layer_flow(lam: ArrayLike, delta: ArrayLike, pi0: ArrayLike, t: ArrayLike) -> FloatArray:
    r"""Return the gradient flow of one mode of the two-layer network from a balanced start.

    .. math:: \dot\pi = 2\pi(\lambda - \delta\pi), \qquad
              \pi(t) = \frac{\pi_0}{e^{-2\lambda t} + 2\delta\pi_0\,\varphi(2\lambda, t)} \qquad (\pi_0 \ge 0)

    A negative start is the balanced start with opposite layers (a = -b): the stable manifold of the saddle at
    zero, :math:`\dot\pi = 2|\pi|(\lambda - \delta\pi)`, on which pi tends to zero from below.

    Domain: lambda >= 0, delta >= 0, any real pi0, t >= 0. For delta = 0 and lambda > 0 it grows without bound.
    Source: Saxe, McClelland & Ganguli 2014, in the form that is free of 0/0 at lambda = 0, delta = 0 or pi0 = 0.

    Parameters
    ----------
    lam, delta, pi0, t : array_like
        Correlations, strength at time 0, and times in units of tau; they broadcast.

    Returns
    -------
    ndarray
        Strengths, in the shape that the arguments broadcast to.

    See Also
    --------
    two_layer_descent : The same under descent.
    two_layer_vector_flow : From a start that is not balanced.

    Examples
    --------
    >>> round(float(two_layer_flow(1.5, 0.5, 1e-6, np.inf)), 12)
    3.0
    >>> float(two_layer_flow(0.0, 0.5, 1.0, 3.0))
    0.25
    """
    _, _, pi0, _ = as_floats(lam, delta, pi0, t)
    y0, z0 = 4 * np.maximum(pi0, 0.0), 4 * np.maximum(-pi0, 0.0)
    return two_layer_vector_flow(lam, delta, y0, z0, t)


def two_layer_vector_flow(lam: ArrayLike, delta: ArrayLike, y0: ArrayLike, z0: ArrayLike, t: ArrayLike) -> FloatArray:
    r"""Return the gradient flow of one mode of the two-layer network from any hidden vectors.

    With a the hidden vector that the mode's input drives and b the one that drives its output,
    :math:`\dot a = b(\lambda - \delta\, a \cdot b)`, :math:`\dot b = a(\lambda - \delta\, a \cdot b)`. Put
    :math:`y = |a + b|^2`, :math:`z = |a - b|^2`. Then :math:`\pi = a \cdot b = (y - z)/4`, :math:`K^2 = yz` is
    conserved, and y obeys the Riccati equation
    :math:`\dot y = \tfrac12\delta K^2 + 2\lambda y - \tfrac12\delta y^2` (and z the same with
    :math:`-\lambda`), solved by

    .. math:: y(t) = y_0 \frac{u}{d}, \quad z(t) = z_0 \frac{d}{u}, \quad
              u = p + m E + \delta z_0 \varphi, \quad d = m + p E + \delta y_0 \varphi, \quad
              p, m = 1 \pm \frac{\lambda}{w}, \quad
              w^2 = \lambda^2 + \tfrac14 \delta^2K^2, \; E = e^{-2wt}, \; \varphi = \frac{1 - E}{2w}

    It is evaluated in a form in which y and z do not cancel where both are much larger than pi: with
    :math:`c = \lambda/w`, :math:`s = \delta K/2w`, :math:`g = c/(1 + s)`, :math:`h = s/(1 + c)`,

    .. math:: \pi = \frac{1 + c + s}{4} \left(\sqrt{y_0}\,(g + hE) + \sqrt{z_0}\,(gh - E)\right)
                   \left(\frac{\sqrt{y_0}}{d} + \frac{\sqrt{z_0}}{u}\right)

    Domain: lambda >= 0, delta >= 0, y0 >= 0, z0 >= 0, t >= 0. Balanced starts are z0 = 0 (or y0 = 0).

    Parameters
    ----------
    lam, delta : array_like
        Correlations.
    y0, z0 : array_like
        Initial squared lengths of a + b and of a - b.
    t : array_like
        Times in units of tau.

    Returns
    -------
    ndarray
        The effective singular value pi(t).

    See Also
    --------
    two_layer_flow : From a balanced start.
    initial_strengths : The start from initial weights.

    Examples
    --------
    >>> a, b = np.array([0.1, 0.2]), np.array([0.3, -0.1])
    >>> y0, z0 = np.sum((a + b)**2), np.sum((a - b)**2)
    >>> round(float(two_layer_vector_flow(1.5, 0.5, y0, z0, 0.0)), 12)
    0.01
    >>> round(float(two_layer_vector_flow(1.5, 0.5, y0, z0, np.inf)), 12)
    3.0
    """
    lam, delta, y0, z0, t = np.broadcast_arrays(*as_floats(lam, delta, y0, z0, t))
    A, B = np.sqrt(y0), np.sqrt(z0)
    coupling = delta * A * B / 2
    w = np.hypot(lam, coupling)
    c = np.divide(lam, w, out=np.zeros_like(w), where=w > 0)
    s = np.divide(coupling, w, out=np.ones_like(w), where=w > 0)
    g, h = c / (1 + s), s / (1 + c)
    half, phi = decay(w, t), phi_integral(2 * w, t)
    E = half * half
    u = 1 + c + s * h * E + vanishing_product(delta * z0, phi)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        d_per_root = s * h / A + (1 + c) * half * (half / A) + vanishing_product(delta * A, phi)
        rise = np.where((A > 0) & (delta > 0), 1 / d_per_root, 0.0)
        bounded = (1 + c + s) * (A * (g + h * E) + B * (g * h - E)) * (rise + B / u) / 4
        unbounded = (vanishing_product(A, 1 / half) ** 2 - z0 * E) / 4
    return np.where(delta > 0, bounded, unbounded)


def two_layer_descent(
    lam: ArrayLike, delta: ArrayLike, y0: ArrayLike, z0: ArrayLike, step_size: float, steps: ArrayLike
) -> FloatArray:
    r"""Return the exact values after numbers of steps of gradient descent of two-layer modes from any hidden vectors.

    With :math:`y = |a + b|^2`, :math:`z = |a - b|^2` (see :func:`two_layer_vector_flow`) one step of size alpha is

    .. math:: y \leftarrow (1 + \alpha e)^2\, y, \qquad z \leftarrow (1 - \alpha e)^2\, z, \qquad
              e = \lambda - \delta\pi, \quad \pi = (y - z)/4

    It has no closed form, so it is iterated; values of pi far below (y + z)/4 carry the rounding of y - z.
    Domain: lambda >= 0, delta >= 0, y0 >= 0, z0 >= 0, alpha > 0.

    Parameters
    ----------
    lam, delta, y0, z0 : array_like
        Correlations and initial squared lengths of a + b and a - b; they broadcast to a shape S.
    step_size : float
        The step alpha = 1/tau.
    steps : array_like of int, shape (T,)
        Increasing numbers of steps.

    Returns
    -------
    ndarray, shape (T, *S)
        The effective singular values; not finite where the step is so large that descent diverges.

    See Also
    --------
    two_layer_flow : The same under gradient flow.

    Examples
    --------
    >>> pi0 = 1e-3
    >>> two_layer_descent(1.5, 0.5, 4 * pi0, 0.0, 0.1, [0, 1, 200]).round(6).tolist()
    [0.001, 0.001322, 3.0]
    """
    alpha = real("step_size", step_size, positive=True)
    lam, delta, y, z = np.broadcast_arrays(*as_floats(lam, delta, y0, z0))
    wanted = step_counts(steps)
    values = np.empty((len(wanted), *lam.shape))
    both, quarter, taken = np.stack([y, z]), delta / 4, 0
    y, z = both[0, ...], both[1, ...]
    either_way = np.stack([np.full_like(lam, alpha), np.full_like(lam, -alpha)])
    error, factor = np.empty_like(lam), np.empty_like(both)
    with np.errstate(over="ignore", invalid="ignore"):
        for row, target in enumerate(wanted):
            for _ in range(target - taken):  # in place, since the arrays are small
                np.subtract(y, z, out=error)
                np.multiply(quarter, error, out=error)
                np.subtract(lam, error, out=error)
                np.multiply(either_way, error, out=factor)
                np.add(1.0, factor, out=factor)
                np.multiply(factor, factor, out=factor)
                np.multiply(both, factor, out=both)
            taken = target
            values[row] = (y - z) / 4
    return values


def half_time_two_layer(lam: float, delta: float, pi0: float) -> float:
    r"""Return the time at which a balanced two-layer mode reaches half its final value, in units of tau.

    .. math:: t_{1/2} = \frac{1}{2\lambda} \ln\left(\frac{\pi^*}{\pi_0} - 1\right), \qquad \pi^* = \lambda/\delta

    Domain: lambda > 0, delta > 0, 0 < pi0 < pi*/2.

    Parameters
    ----------
    lam, delta : float
        Correlations of the mode.
    pi0 : float
        Initial strength, above 0 and below half of the final one.

    Returns
    -------
    float
        It grows as the logarithm of 1/pi0.

    Raises
    ------
    ValueError
        If lambda, delta or pi0 is not positive, or pi0 not below half of the final strength.

    See Also
    --------
    two_layer_flow : The course of learning that it belongs to.

    Examples
    --------
    >>> round(half_time_two_layer(1.936, 2.5, 1e-4), 3)
    2.313
    """
    relative_start(lam, delta, pi0)
    if pi0 <= 0:
        raise ValueError(f"pi0 must be positive for a two-layer mode to be learned, got {pi0}")
    return math.log(math.sqrt(lam / delta - pi0) / math.sqrt(pi0)) / lam
