r"""The kernel objective that finds modules, with its gradient.

.. math::
    J(U_1, \dots, U_K) = \mathrm{tr}\, Y^\top (\bar K + \sigma I)^{-1} Y, \qquad
    \bar K = \frac{1}{K} \sum_j k(U_j^\top X, U_j^\top X)

It is the value of the penalised least squares :math:`\min_f |Y - f|^2/\sigma + |f|^2` over functions
:math:`f(x) = \sum_j f_j(U_j^\top x)`: a step of projection pursuit (Friedman & Stuetzle 1981). For K = 1 it is the rule
of "Breaking Neural Network Scaling Laws with Modularity" (Boopathy, Jiang, Yue, Hwang, Iyer & Fiete, ICLR 2025).
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.spatial.distance import pdist, squareform

from ...validation import FloatArray, real
from .features import Features, WaveFeatures


class SingularKernel(ValueError):  # noqa: N818
    """The kernel matrix plus ridge is singular to working precision."""


class Objective(Protocol):
    """A value to minimise over projections of shape (modules, inputs, dims)."""

    def __call__(self, projections: FloatArray) -> tuple[float, FloatArray]:
        """Return the value and gradient; the gradient has the shape of the projections."""
        ...


class FeatureObjective:
    r"""The objective of a kernel with finitely many features, at the cost of n r^2 for r features in all.

    With features :math:`\Phi` (n x r), :math:`(\Phi^\top\Phi + \sigma I) C = \Phi^\top Y` and
    :math:`A = (Y - \Phi C)/\sigma`: :math:`J = \mathrm{tr}\,Y^\top A`, and
    :math:`\partial J = -2\,\mathrm{tr}\,A^\top (\partial\Phi)\, C`. One Cholesky factor each time, of the smaller of
    r x r and n x n.

    Parameters
    ----------
    X : ndarray, shape (samples, inputs)
    Y : ndarray, shape (samples, outputs)
    ridge : float
        sigma.
    features : Features

    Raises
    ------
    SingularKernel
        If the ridge is too small against rounding (when called).

    See Also
    --------
    KernelObjective : The same objective for a kernel.

    Examples
    --------
    >>> from linmod.dynamics.module_finding import LinearFeatures
    >>> X, Y = np.eye(2), np.array([[2.0], [0.0]])
    >>> objective = FeatureObjective(X, Y, 1.0, LinearFeatures())
    >>> along, across = (np.array([[[a], [b]]]) for a, b in ((1.0, 0.0), (0.0, 1.0)))
    >>> round(objective(along)[0], 12), round(objective(across)[0], 12)
    (2.0, 4.0)
    """

    def __init__(self, X: FloatArray, Y: FloatArray, ridge: float, features: Features) -> None:
        self.X, self.Y, self.features = X, Y, features
        self.ridge = real("ridge", ridge, positive=True)

    def __call__(self, projections: FloatArray) -> tuple[float, FloatArray]:
        """Return the value and gradient at projections of shape (modules, inputs, dims)."""
        share = 1 / np.sqrt(len(projections))
        seen = [self.X @ projection for projection in projections]
        parts = [self.features.evaluate(z) for z in seen]
        weights, dual = self._solve(share * np.hstack(parts))
        edges = np.cumsum([0, *(part.shape[1] for part in parts)])
        gradient = np.array(
            [
                -2 * share * self.X.T @ self.features.slope(z, part, weights[low:high], dual)
                for z, part, low, high in zip(seen, parts, edges[:-1], edges[1:], strict=True)
            ]
        )
        return float(np.sum(self.Y * dual)), gradient

    def _solve(self, phi: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the weights C of the features and the dual coefficients A."""
        n, r = phi.shape
        if r < n:
            weights = _solve(phi.T @ phi, self.ridge, phi.T @ self.Y)
            return weights, (self.Y - phi @ weights) / self.ridge
        dual = _solve(phi @ phi.T, self.ridge, self.Y)
        return phi.T @ dual, dual


class KernelObjective:
    r"""The objective of the Gaussian kernel in any dimension, at the cost of n^2 exponentials and one n x n factor.

    It keeps half a kernel matrix for each module, and one or two whole ones.
    With :math:`A = (\bar K + \sigma I)^{-1} Y` and :math:`B_j = K_j \circ A A^\top`,
    :math:`\partial J/\partial U_j = \frac{2}{K \ell^2} X^\top (\mathrm{diag}(B_j 1) - B_j) X U_j`.

    Parameters
    ----------
    X : ndarray, shape (samples, inputs)
    Y : ndarray, shape (samples, outputs)
    ridge, length_scale : float

    See Also
    --------
    FeatureObjective : The same objective for explicit features.
    gaussian_objective : With a Gaussian kernel.

    Examples
    --------
    >>> X, Y = np.array([[0.0, 0.0], [9.0, 0.0]]), np.array([[1.0], [-1.0]])
    >>> objective = KernelObjective(X, Y, ridge=1.0, length_scale=1.0)
    >>> along, across = (np.array([[[a], [b]]]) for a, b in ((1.0, 0.0), (0.0, 1.0)))
    >>> round(objective(along)[0], 12), round(objective(across)[0], 12)
    (1.0, 2.0)
    """

    def __init__(self, X: FloatArray, Y: FloatArray, ridge: float, length_scale: float) -> None:
        self.X, self.Y = X, Y
        self.ridge = real("ridge", ridge, positive=True)
        self.length_scale = real("length_scale", length_scale, positive=True)

    def __call__(self, projections: FloatArray) -> tuple[float, FloatArray]:
        """Return the value and gradient at projections of shape (modules, inputs, dims)."""
        seen = [self.X @ projection for projection in projections]
        halves = [_half_gram(z, self.length_scale) for z in seen]
        mean = halves[0].copy()
        for half in halves[1:]:
            mean += half
        mean /= len(halves)
        dual = _solve(_whole(mean), self.ridge, self.Y)
        factor = 2 / (len(halves) * self.length_scale**2)
        gradient = np.empty_like(projections)
        for module, (z, half) in enumerate(zip(seen, halves, strict=True)):
            gradient[module] = factor * self.X.T @ _pull(_whole(half), dual, z)
        return float(np.sum(self.Y * dual)), gradient


def _pull(gram: FloatArray, dual: FloatArray, seen: FloatArray) -> FloatArray:
    """Return (diag(B 1) - B) Z for B the product of K and A A' entry by entry, without forming B."""
    samples, dims = seen.shape
    weighted = dual[:, :, None] * np.concatenate([np.ones((samples, 1)), seen], axis=1)[:, None]
    spread = (gram @ weighted.reshape(samples, -1)).reshape(weighted.shape)
    sums = np.sum(dual[:, :, None] * spread, axis=1)
    return np.asarray(sums[:, :1] * seen - sums[:, 1 : dims + 1])


def gaussian_objective(X: FloatArray, Y: FloatArray, *, ridge: float, length_scale: float, dims: int = 1) -> Objective:
    """Return the objective of the Gaussian kernel in the form that costs least: waves for dims = 1, the matrix above.

    Parameters
    ----------
    X : ndarray, shape (samples, inputs)
    Y : ndarray, shape (samples, outputs)
    ridge, length_scale : float
    dims : int
        Columns of a projection; for one column the projections must have length at most 1.

    Returns
    -------
    Objective

    See Also
    --------
    KernelObjective : The objective for any kernel.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X, u = rng.standard_normal((50, 3)), np.array([[[0.6], [0.8], [0.0]]])
    >>> Y = np.sin(X @ u[0])
    >>> fast = gaussian_objective(X, Y, ridge=0.1, length_scale=1.0)
    >>> slow = KernelObjective(X, Y, 0.1, 1.0)
    >>> abs(fast(u)[0] / slow(u)[0] - 1) < 1e-10
    True
    """
    if dims > 1:
        return KernelObjective(X, Y, ridge, length_scale)
    span = 2 * float(np.linalg.norm(X, axis=1).max(initial=0.0))
    return FeatureObjective(X, Y, ridge, WaveFeatures(length_scale, span))


def gaussian_gram(seen: FloatArray, length_scale: float) -> FloatArray:
    """Return the matrix of exp(-|s - t|^2 / (2 length_scale^2)) between the rows of `seen`."""
    return _whole(_half_gram(seen, length_scale))


def _half_gram(seen: FloatArray, length_scale: float) -> FloatArray:
    """Return the entries of the kernel matrix above its diagonal, row by row."""
    half = np.asarray(pdist(seen, "sqeuclidean"))
    half /= -2 * length_scale**2
    return np.exp(half, out=half)


def _whole(half: FloatArray) -> FloatArray:
    """Return the kernel matrix from the entries above its diagonal."""
    whole = np.asarray(squareform(half, checks=False))
    np.fill_diagonal(whole, 1.0)
    return whole


def _solve(gram: FloatArray, ridge: float, right: FloatArray) -> FloatArray:
    """Return the weights C of the features and the dual coefficients A."""
    size = len(gram)
    limit = float(np.finfo(float).eps * np.trace(gram))
    if ridge <= limit:
        raise SingularKernel(f"ridge must be above {limit:.1e} for a kernel matrix of this size, got {ridge:.1e}")
    gram[np.diag_indices(size)] += ridge
    try:
        factor = cho_factor(gram.T, lower=True, overwrite_a=True, check_finite=False)
    except LinAlgError as error:
        raise SingularKernel(f"ridge must be larger: the kernel matrix is singular with {ridge:.1e}") from error
    return np.asarray(cho_solve(factor, right, check_finite=False))
