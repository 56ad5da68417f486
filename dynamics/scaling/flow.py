"""Gradient flow on drawn random features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...datasets.random_features import RandomFeatures
from ...validation import FloatArray, array, instance, integer
from .monte_carlo import estimate
from .random_features import batch_size, draw_data, require_finite_variance


@dataclass(frozen=True, eq=False)
class EstimatedFlow:
    """Mean losses over draws and over time, with standard errors; shapes (T,).

    Attributes
    ----------
    times : ndarray, shape (T,)
    test, train : ndarray, shape (T,)
        Mean losses.
    test_error, train_error : ndarray, shape (T,)
        Their standard errors.
    draws : int
        How many draws they are averaged over.

    See Also
    --------
    estimate_flow : The simulation that returns it.
    """

    times: FloatArray
    test: FloatArray
    test_error: FloatArray
    train: FloatArray
    train_error: FloatArray
    draws: int


def estimate_flow(
    model: RandomFeatures,
    rows: int,
    times: ArrayLike,
    *,
    draws: int = 200,
    seed: int = 0,
    relative_error: float | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> EstimatedFlow:
    r"""Return the losses along gradient flow from zero, averaged over draws of features, weights and noise.

    .. math:: \dot\theta = \frac{1}{N} \Phi^\top (y - \Phi\theta)

    Time is absolute: a descent of step alpha reaches t = alpha * steps. Every draw is integrated exactly, along the
    singular vectors of the features of that draw (see :func:`flow_weights`).

    Parameters
    ----------
    model : RandomFeatures
    rows : int
        N >= 1.
    times : array_like, shape (T,)
        t >= 0.
    draws : int, default 200
        Largest number of draws of the features; each serves 8 targets.
    seed : int
    relative_error : float, optional
        Stop when the standard errors of all losses are at most this fraction of them.
    progress : callable, optional

    Returns
    -------
    EstimatedFlow

    Raises
    ------
    InfiniteVariance
        At fewer than 4 rows more or less than features, for times beyond N^2 over the largest feature variance: by then
        flow has reached the smallest eigenvalues, about 1/N^2 of the largest, and is as heavy-tailed as least squares.

    See Also
    --------
    flow_weights : The weights of one draw.

    Examples
    --------
    >>> model = RandomFeatures.scaled([1.0, 0.5, 0.25, 0.1], used=2)
    >>> found = estimate_flow(model, rows=20, times=[0.0, 1.0, 10.0])
    >>> [f"{test:.2f} +- {error:.2f}" for test, error in zip(found.test, found.test_error)]
    ['1.87 +- 0.04', '0.72 +- 0.02', '0.39 +- 0.01']
    """
    instance("model", model, (RandomFeatures,))
    n, t = integer("rows", rows, 1), array("times", times, 1)
    if np.any(t < 0):
        raise ValueError(f"times must not be negative, got {t.min():g}")
    if t.max(initial=0.0) * model.feature_variances.max(initial=0.0) > n**2:
        require_finite_variance(model, n, 0.0)

    def sample(generator: np.random.Generator, count: int) -> FloatArray:
        data = draw_data(model, n, count, generator)
        return np.array([_losses(model, t, *one) for one in zip(*data, strict=True)])

    found = estimate(
        sample, draws=draws, seed=seed, batch=batch_size(model, n), relative_error=relative_error, progress=progress
    )
    (test, train), (test_error, train_error) = (np.split(v, 2) for v in (found.mean, found.standard_error))
    return EstimatedFlow(t, test, test_error, train, train_error, found.draws)


def flow_weights(used: ArrayLike, labels: ArrayLike, times: ArrayLike) -> FloatArray:
    r"""Return the weights along gradient flow from zero on given data, exactly.

    With :math:`\Phi/\sqrt{N} = A\,\mathrm{diag}(s) B^\top` the flow is
    :math:`\theta(t) = B\,\mathrm{diag}\big((1 - e^{-s^2 t})/s\big) A^\top y/\sqrt{N}`.

    Parameters
    ----------
    used : array_like, shape (N, p)
    labels : array_like, shape (N, targets)
    times : array_like, shape (T,)

    Returns
    -------
    ndarray, shape (T, p, targets)

    See Also
    --------
    estimate_flow : Losses averaged over draws.

    Examples
    --------
    >>> flow_weights([[1.0], [1.0]], [[2.0], [4.0]], [0.0, 1.0, 50.0])[:, 0, 0].round(4)
    array([0.    , 1.8964, 3.    ])
    """
    phi, y, t = array("used", used, 2), array("labels", labels, 2), array("times", times, 1)
    left, s, right = np.linalg.svd(phi / np.sqrt(len(phi)), full_matrices=False)
    learned = -np.expm1(-np.outer(t, s**2))
    gain = np.divide(learned, s, out=np.zeros_like(learned), where=s > 0)
    return np.asarray(right.T @ (gain[:, :, None] * (left.T @ y / np.sqrt(len(phi)))))


def _losses(
    model: RandomFeatures, t: FloatArray, used: FloatArray, labels: FloatArray, weights: FloatArray, unseen: FloatArray
) -> FloatArray:
    """Return the test and train losses of one draw over time, means over its targets, shape (2 T,)."""
    theta = flow_weights(used, labels, t)
    wrong = np.einsum("i,tij->tj", model.feature_variances[: model.used], (theta - weights) ** 2)
    train = np.mean((labels - used @ theta) ** 2, axis=(1, 2))
    return np.concatenate([np.mean(wrong + unseen, axis=1), train])
