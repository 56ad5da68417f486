"""The module-finding rule on linear modules, for which everything is known in closed form."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh

from ...validation import FloatArray, array, integer, real


def ridge_direction(X: ArrayLike, y: ArrayLike, ridge: float) -> tuple[FloatArray, float]:
    r"""Minimise :math:`y^\top (Xu u^\top X^\top + \sigma I)^{-1} y` over :math:`|u|=1`, the rule with a linear kernel.

    By Sherman & Morrison, with :math:`t = Xu`,

    .. math:: J(u) = \frac{1}{\sigma}\Big(y^\top y - \frac{(y^\top t)^2}{\sigma + t^\top t}\Big)

    is on the unit sphere a generalised Rayleigh quotient: its only minima are
    :math:`\pm u^* \propto (X^\top X + \sigma I)^{-1} X^\top y`, the ridge regression weights, with
    :math:`J^* = y^\top (XX^\top + \sigma I)^{-1} y`. For a target that is a sum of linear modules this is their
    mixture from every start; no restart finds a module.

    Parameters
    ----------
    X : array_like, shape (samples, inputs)
    y : array_like, shape (samples,)
    ridge : float
        sigma, positive.

    Returns
    -------
    direction : ndarray, shape (inputs,)
    value : float

    See Also
    --------
    reduced_rank_directions : The case of several outputs.

    Examples
    --------
    >>> direction, value = ridge_direction([[1.0, 0.0], [0.0, 1.0]], [3.0, 4.0], 1.0)
    >>> direction, round(value, 12)
    (array([0.6, 0.8]), 12.5)
    """
    inputs, target = array("X", X, 2), array("y", y, 1)
    directions, value = reduced_rank_directions(inputs, target[:, None], ridge, 1)
    direction = directions[:, 0]
    return direction * (1.0 if direction @ (inputs.T @ target) >= 0 else -1.0), value


def reduced_rank_directions(X: ArrayLike, Y: ArrayLike, ridge: float, rank: int) -> tuple[FloatArray, float]:
    r"""Return the optimum for several outputs: top directions of a generalised eigenproblem, reduced-rank regression.

    The eigenvectors of :math:`X^\top Y Y^\top X\, u = \lambda (X^\top X + \sigma I)\, u` (Izenman 1975), scaled to
    length 1. The first minimises :math:`\mathrm{tr}\,Y^\top (Xu u^\top X^\top + \sigma I)^{-1} Y`, with the value
    :math:`(\mathrm{tr}\,Y^\top Y - \lambda_1)/\sigma`. Of linear modules with K outputs the first K span what the
    modules see, but no one of them is a module: the target determines modules only up to an invertible mixing.

    Parameters
    ----------
    X : array_like, shape (samples, inputs)
    Y : array_like, shape (samples, outputs)
    ridge : float
    rank : int
        How many directions, at most the number of inputs.

    Returns
    -------
    directions : ndarray, shape (inputs, rank)
    value : float
        Of the objective at the first of them.

    Raises
    ------
    ValueError
        For a ridge that is not positive, different numbers of samples, or a rank above the number of inputs.

    See Also
    --------
    ridge_direction : The case of one output.

    Examples
    --------
    >>> X = np.eye(3)
    >>> Y = X @ [[3.0, 0.0], [0.0, 1.0], [0.0, 0.0]]
    >>> directions, value = reduced_rank_directions(X, Y, ridge=1.0, rank=1)
    >>> abs(directions[:, 0]).round(12), round(value, 12)
    (array([1., 0., 0.]), 5.5)
    """
    inputs, targets = array("X", X, 2), array("Y", Y, 2)
    sigma, wanted = real("ridge", ridge, positive=True), integer("rank", rank, 1)
    if len(inputs) != len(targets):
        raise ValueError(f"X and Y must have the same number of samples (rows), got {len(inputs)} and {len(targets)}")
    size = inputs.shape[1]
    if wanted > size:
        raise ValueError(f"rank must be at most the number of inputs, {size}, got {wanted}")
    cross = inputs.T @ targets
    values, vectors = eigh(cross @ cross.T, inputs.T @ inputs + sigma * np.eye(size))
    directions = vectors[:, ::-1][:, :wanted]
    value = (float(np.sum(targets**2)) - float(values[-1])) / sigma
    return np.asarray(directions / np.linalg.norm(directions, axis=0)), value


def excess_error(variables: int, samples: int, noise: float) -> float:
    r"""Return the expected excess test error of least squares on Gaussian inputs, :math:`\sigma^2 p/(n - p - 1)`.

    With the projections unknown p is the number of inputs m, with them known the number of modules K: for linear
    modules all that modularity gains is that the projections are known.

    Parameters
    ----------
    variables : int
        p.
    samples : int
        n, at least p + 2.
    noise : float
        Variance of the label noise.

    Returns
    -------
    float
        In the units of the noise.

    See Also
    --------
    reduced_rank_directions : The directions with the least error.

    Examples
    --------
    >>> excess_error(8, 60, 1.0) / excess_error(3, 60, 1.0) > 2.9
    True
    """
    p, n = integer("variables", variables, 1), integer("samples", samples)
    if n < p + 2:
        raise ValueError(f"samples must be at least variables + 2 = {p + 2}, got {n}")
    return real("noise", noise, 0.0) * p / (n - p - 1)
