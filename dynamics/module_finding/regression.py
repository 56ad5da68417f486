"""Additive kernel ridge regression on given projections, its kernel chosen by leaving one out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh, svd
from scipy.spatial.distance import cdist

from ...validation import FloatArray
from .features import WaveFeatures
from .objective import SingularKernel, gaussian_gram

LENGTH_SCALES = (0.35, 0.6, 1.0, 1.7, 3.0)
"""Of the kernel in one dimension; multiplied by the root of the dimension, as distances are."""
RIDGES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
BLOCK = 2048


@dataclass(frozen=True, eq=False)
class AdditiveFit:
    """A fitted function, the sum of one function of each projection.

    Attributes
    ----------
    projections : ndarray, shape (modules, inputs, dims)
    seen : ndarray, shape (modules, samples, dims)
        Projections of the training inputs.
    dual : ndarray, shape (samples, outputs)
    mean : ndarray, shape (outputs,)
    length_scale, ridge : float
    left_out_error : float
        Mean squared error on samples left out one at a time, the projections as given. If these were chosen by the
        same samples it is too small.

    See Also
    --------
    fit_additive : The regression that returns it.
    """

    projections: FloatArray
    seen: FloatArray
    dual: FloatArray
    mean: FloatArray
    length_scale: float
    ridge: float
    left_out_error: float

    def predict(self, X: FloatArray) -> FloatArray:
        """Return the predicted targets, shape (samples, outputs)."""
        blocks = [self._predict(X[low : low + BLOCK]) for low in range(0, len(X), BLOCK)]
        return np.concatenate([np.empty((0, len(self.mean))), *blocks])

    def _predict(self, X: FloatArray) -> FloatArray:
        grams = (
            np.exp(cdist(X @ projection, seen, "sqeuclidean") / (-2 * self.length_scale**2))
            for projection, seen in zip(self.projections, self.seen, strict=True)
        )
        return np.asarray(self.mean + sum(gram @ self.dual for gram in grams) / len(self.projections))


def fit_additive(
    projections: FloatArray,
    X: FloatArray,
    Y: FloatArray,
    *,
    length_scales: Sequence[float] = LENGTH_SCALES,
    ridges: Sequence[float] = RIDGES,
) -> AdditiveFit:
    r"""Fit a function of each projection by kernel ridge regression.

    The kernel is the mean of one Gaussian kernel for each projection. Of all length scales (times the root of the
    projections' dimension) and ridges the pair with the least error on samples left out one at a time is chosen:
    :math:`e_i = [(K+\sigma I)^{-1} Y]_i / [(K+\sigma I)^{-1}]_{ii}`, with the mean of Y taken as known.

    One projection onto all of the inputs makes it ordinary kernel ridge regression.

    Parameters
    ----------
    projections : ndarray, shape (modules, inputs, dims)
    X : ndarray, shape (samples, inputs)
    Y : ndarray, shape (samples, outputs)
    length_scales, ridges : sequence of float

    Returns
    -------
    AdditiveFit

    See Also
    --------
    find_modules : Where the projections come from.

    Examples
    --------
    >>> X = np.linspace(-2, 2, 40)[:, None]
    >>> fit = fit_additive(np.ones((1, 1, 1)), X, np.sin(2 * X))
    >>> bool(np.abs(fit.predict(X) - np.sin(2 * X)).max() < 1e-2)
    True
    """
    mean = Y.mean(axis=0)
    seen = np.stack([X @ projection for projection in projections])
    root = float(np.sqrt(projections.shape[2]))
    candidates = (
        (float(error), root * scale, ridge, dual)
        for scale in length_scales
        for ridge, (error, dual) in zip(ridges, _solutions(seen, Y - mean, root * scale, ridges), strict=True)
    )
    error, scale, ridge, dual = min(candidates, key=lambda candidate: candidate[0])
    if not np.isfinite(error):
        raise SingularKernel(f"ridges must be larger: every one of {list(ridges)} leaves a singular kernel matrix")
    return AdditiveFit(projections, seen, dual, mean, scale, ridge, error)


def residual(projections: FloatArray, X: FloatArray, Y: FloatArray, length_scale: float) -> FloatArray:
    """Return the residual of an additive fit on the projections, with the ridge chosen by leaving one out."""
    fit = fit_additive(projections, X, Y, length_scales=(length_scale,))
    return np.asarray(fit.ridge * fit.dual)


def _solutions(
    seen: FloatArray, Y: FloatArray, length_scale: float, ridges: Iterable[float]
) -> Iterable[tuple[float, FloatArray]]:
    """Return the error on left-out samples and dual coefficients for each ridge."""
    values, vectors = _eigenpairs(seen, length_scale)
    along = vectors.T @ Y
    for ridge in ridges:
        shrink = values / (values + ridge)
        dual = (Y - vectors @ (shrink[:, None] * along)) / ridge
        diagonal = (1 - vectors**2 @ shrink) / ridge
        with np.errstate(divide="ignore", invalid="ignore"):
            error = float(np.mean((dual / diagonal[:, None]) ** 2))
        yield (error if np.all(diagonal > 0) else np.inf), dual


def _eigenpairs(seen: FloatArray, length_scale: float) -> tuple[FloatArray, FloatArray]:
    """Return the positive eigenpairs of the kernel matrix, from waves in one dimension or from the matrix."""
    modules, samples, dims = seen.shape
    if dims == 1:
        waves = WaveFeatures(length_scale, float(np.ptp(seen, axis=1).max()))
        phi = np.hstack([waves.evaluate(z) for z in seen]) / np.sqrt(modules)
        if phi.shape[1] < samples:
            vectors, singular, _ = svd(phi, full_matrices=False, check_finite=False)
            return singular**2, vectors
        values, vectors = eigh(phi @ phi.T, check_finite=False)
    else:
        values, vectors = eigh(sum(gaussian_gram(z, length_scale) for z in seen) / modules, check_finite=False)
    return np.maximum(values, 0.0), vectors
