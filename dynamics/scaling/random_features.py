"""Least squares on random features, averaged over draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...datasets.random_features import RandomFeatures
from ...validation import FloatArray, instance, integer, real
from .monte_carlo import Estimate, estimate

TARGETS = 8
"""Targets (weights and noise) that are learned from each draw of the features."""
NUMBERS = 1_000_000
"""Random numbers drawn at a time, about."""
FINITE_VARIANCE = 4
"""|rows - features| from which on the test loss without ridge has a finite variance."""


class InfiniteVariance(ValueError):  # noqa: N818
    """A mean was asked for that has no standard error: too few rows or features from the interpolation threshold."""


@dataclass(frozen=True)
class EstimatedLosses:
    """Mean losses over draws, with standard errors.

    Attributes
    ----------
    test, train : float
        Mean losses per row; the test loss is against the target without label noise.
    test_error, train_error : float
        Their standard errors.
    draws : int
        Of the features.

    See Also
    --------
    estimate_losses : The simulation that returns it.
    """

    test: float
    test_error: float
    train: float
    train_error: float
    draws: int


def estimate_losses(
    model: RandomFeatures,
    rows: int,
    *,
    ridge: float = 0.0,
    draws: int = 1000,
    targets: int = TARGETS,
    seed: int = 0,
    relative_error: float | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> EstimatedLosses:
    """Return the losses of the minimum-norm or ridge solution, averaged over draws of features, weights and noise.

    Parameters
    ----------
    model : RandomFeatures
    rows : int
        N >= 1.
    ridge : float, default 0
        delta >= 0 of |y - Phi theta|^2 + delta |theta|^2; the minimum-norm least-squares solution at 0.
    draws : int, default 1000
        Largest number of draws of the features.
    targets : int, default 8
        Targets (weights and noise) learned from each of them; standard errors are over draws of the features.
    seed : int
    relative_error : float, optional
        Stop when the standard errors are at most this fraction of the means.
    progress : callable, optional

    Returns
    -------
    EstimatedLosses

    Raises
    ------
    InfiniteVariance
        Without ridge at fewer than 4 rows more or less than features, where the mean of draws converges to nothing, or
        too slowly to have a standard error. :func:`sample_losses` gives the draws, for medians.

    See Also
    --------
    sample_losses : The single draws.

    Examples
    --------
    >>> model = RandomFeatures.whitened([0.5, 0.3, 0.1, 0.1], used=2)
    >>> found = estimate_losses(model, rows=12, draws=2000)
    >>> print(f"{found.test:.3f} +- {found.test_error:.3f}")
    0.244 +- 0.002
    """
    n, delta = _arguments(model, rows, ridge)
    count_targets = integer("targets", targets, 1)
    require_finite_variance(model, n, delta)

    def sample(generator: np.random.Generator, count: int) -> FloatArray:
        return np.asarray(np.mean(_draw(model, n, delta, count, generator, count_targets), axis=1))

    goal = relative_error
    found: Estimate = estimate(
        sample, draws=draws, seed=seed, batch=batch_size(model, n), relative_error=goal, progress=progress
    )
    (test, train), (test_error, train_error) = found.mean.tolist(), found.standard_error.tolist()
    return EstimatedLosses(test, test_error, train, train_error, found.draws)


def sample_losses(
    model: RandomFeatures, rows: int, *, ridge: float = 0.0, draws: int = 1000, seed: int = 0
) -> FloatArray:
    """Return test losses of single draws, with one target per draw, for medians and tails near the threshold.

    Parameters are those of :func:`estimate_losses`; any number of rows and features is allowed.

    Parameters
    ----------
    model : RandomFeatures
    rows : int
    ridge : float, default 0
    draws : int, default 1000
    seed : int, default 0

    Returns
    -------
    ndarray, shape (draws,)

    See Also
    --------
    estimate_losses : Their means with standard errors.

    Examples
    --------
    >>> model = RandomFeatures.whitened([0.5, 0.3, 0.1, 0.1], used=2)
    >>> bool(np.median(sample_losses(model, rows=2)) > np.median(sample_losses(model, rows=12)))
    True
    """
    n, delta = _arguments(model, rows, ridge)
    generator, size = np.random.default_rng(integer("seed", seed)), batch_size(model, n)
    counts = [min(size, draws - done) for done in range(0, integer("draws", draws, 1), size)]
    return np.concatenate([_draw(model, n, delta, count, generator, 1)[:, 0, 0] for count in counts])


def sample_inverse_traces(rows: int, features: int, *, draws: int = 1000, seed: int = 0) -> FloatArray:
    """Return the squared Frobenius norms of the pseudo-inverses of Gaussian matrices, by their singular values.

    Parameters
    ----------
    rows, features : int
        Shape of the matrices.
    draws : int, default 1000
        Number of matrices.
    seed : int, default 0

    Returns
    -------
    ndarray, shape (draws,)

    See Also
    --------
    sample_losses : Draws of the losses.

    Examples
    --------
    >>> round(float(np.mean(sample_inverse_traces(30, 10))), 2)
    0.53
    """
    n, p = integer("rows", rows, 1), integer("features", features, 1)
    generator = np.random.default_rng(integer("seed", seed))
    size = max(1, NUMBERS // (n * p))
    counts = [min(size, draws - done) for done in range(0, integer("draws", draws, 1), size)]
    values = [np.linalg.svd(generator.standard_normal((c, n, p)), compute_uv=False) for c in counts]
    return np.asarray(np.sum(np.concatenate(values) ** -2.0, axis=1))


def batch_size(model: RandomFeatures, rows: int) -> int:
    """Return the number of draws to make at a time with bounded memory; it is part of what fixes the random numbers."""
    return max(1, min(200, NUMBERS // (rows * max(1, len(model.variances)))))


def require_finite_variance(model: RandomFeatures, rows: int, ridge: float) -> None:
    """Raise :class:`InfiniteVariance` without ridge near the interpolation threshold."""
    if ridge == 0 and model.used > 0 and abs(rows - model.used) < FINITE_VARIANCE:
        raise InfiniteVariance(
            f"rows must differ from the {model.used} used features by at least {FINITE_VARIANCE} without ridge, got"
            f" {rows}: the test loss has no finite variance there. Use sample_losses and its median, or a ridge"
        )


def draw_data(
    model: RandomFeatures, rows: int, count: int, generator: np.random.Generator, targets: int = TARGETS
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Draw features, weights and labels.

    Parameters
    ----------
    model : RandomFeatures
    rows : int
        N.
    count : int
        Number of draws.
    generator : numpy.random.Generator
    targets : int, default 8
        Targets (weights and noise) of each draw of the features.

    Returns
    -------
    used : ndarray, shape (count, N, p)
        The features that the student sees.
    labels : ndarray, shape (count, N, targets)
    weights : ndarray, shape (count, p, targets)
        Of the used features.
    unseen : ndarray, shape (count, targets)
        Test loss that no student can avoid: the variance of the features that it does not see.

    See Also
    --------
    sample_losses : Losses of students on such data.

    Examples
    --------
    >>> model = RandomFeatures.scaled([1.0, 0.5, 0.2], used=2)
    >>> used, labels, weights, unseen = draw_data(model, rows=4, count=3, generator=np.random.default_rng(0))
    >>> used.shape, labels.shape, weights.shape, unseen.shape
    ((3, 4, 2), (3, 4, 8), (3, 2, 8), (3, 8))
    """
    p, scale = model.used, np.sqrt(model.feature_variances)
    used = generator.standard_normal((count, rows, p)) * scale[:p]
    others = generator.standard_normal((count, rows, len(scale) - p)) * scale[p:]
    spread = np.sqrt(model.weight_variances)[:, None]
    weights = generator.standard_normal((count, len(scale), targets)) * spread
    labels = used @ weights[:, :p] + others @ weights[:, p:]
    labels += np.sqrt(model.rest + model.noise) * generator.standard_normal(labels.shape)
    unseen = np.einsum("i,bij->bj", model.feature_variances[p:], weights[:, p:] ** 2) + model.rest
    return used, labels, weights[:, :p], unseen


def _draw(
    model: RandomFeatures, n: int, ridge: float, count: int, generator: np.random.Generator, targets: int
) -> FloatArray:
    """Return the test and train losses, shape (count, targets, 2)."""
    used, labels, weights, unseen = draw_data(model, n, count, generator, targets)
    learned = _fit(used, labels, ridge)
    wrong = np.einsum("i,bij->bj", model.feature_variances[: model.used], (learned - weights) ** 2)
    train = np.mean((labels - used @ learned) ** 2, axis=1)
    return np.stack([wrong + unseen, train], axis=-1)


def _fit(used: FloatArray, labels: FloatArray, ridge: float) -> FloatArray:
    """Return the minimum-norm or ridge solution, by the smaller of the two Gram matrices."""
    flipped = np.swapaxes(used, 1, 2)
    n, p = used.shape[1:]
    if n <= p:
        return np.asarray(flipped @ np.linalg.solve(used @ flipped + ridge * np.eye(n), labels))
    return np.asarray(np.linalg.solve(flipped @ used + ridge * np.eye(p), flipped @ labels))


def _arguments(model: RandomFeatures, rows: int, ridge: float) -> tuple[int, float]:
    instance("model", model, (RandomFeatures,))
    return integer("rows", rows, 1), real("ridge", ridge, 0.0)
