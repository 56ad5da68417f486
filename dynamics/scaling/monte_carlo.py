"""Means over random draws, with standard errors; and what takes their place where variances are infinite."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...validation import FloatArray, array, integer, real

SMALLEST = 100
"""Draws below which a standard error is not trusted to stop."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """Means of several quantities over independent draws.

    Attributes
    ----------
    mean : ndarray, shape (Q,)
    standard_error : ndarray, shape (Q,)
        Standard deviation of the draws over the root of their number.
    draws : int

    See Also
    --------
    estimate : The mean over draws that it holds.
    """

    mean: FloatArray
    standard_error: FloatArray
    draws: int


def estimate(
    sample: Callable[[np.random.Generator, int], FloatArray],
    *,
    draws: int,
    seed: int = 0,
    batch: int = 100,
    relative_error: float | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> Estimate:
    """Average draws in batches until there are enough.

    Parameters
    ----------
    sample : callable
        Maps a generator and a count to independent draws of shape (count, Q).
    draws : int
        Largest number of draws, at least 2.
    seed : int
    batch : int
        Draws made at a time. Part of what fixes the random numbers, with the seed.
    relative_error : float, optional
        Stop as soon as every standard error is at most this fraction of its mean, after 100 draws or more. Unless
        given, all draws are made.
    progress : callable, optional
        Called with the fraction done.

    Returns
    -------
    Estimate

    Raises
    ------
    FloatingPointError
        If a draw is not finite.

    See Also
    --------
    Estimate : What is returned.

    Examples
    --------
    >>> normal = lambda generator, count: 3 + generator.standard_normal((count, 1))
    >>> found = estimate(normal, draws=10_000, relative_error=0.01)
    >>> found.draws, bool(found.standard_error <= 0.01 * found.mean)
    (1200, True)
    """
    largest, size = integer("draws", draws, 2), integer("batch", batch, 1)
    goal = None if relative_error is None else real("relative_error", relative_error, positive=True)
    generator = np.random.default_rng(integer("seed", seed))
    done, mean, squares = 0, np.zeros(0), np.zeros(0)
    while done < largest:
        values = sample(generator, min(size, largest - done))
        if not np.all(np.isfinite(values)):
            raise FloatingPointError(f"draws must be finite, got {values[~np.isfinite(values)][0]} after {done}")
        done, mean, squares = _merged(done, mean, squares, values)
        errors = np.sqrt(squares / (max(done - 1, 1) * done))
        settled = goal is not None and done >= SMALLEST and bool(np.all(errors <= goal * np.abs(mean)))
        progress(1.0 if settled else done / largest)
        if settled:
            break
    return Estimate(mean, errors, done)


def _merged(done: int, mean: FloatArray, squares: FloatArray, values: FloatArray) -> tuple[int, FloatArray, FloatArray]:
    """Return the mean and sum of squared deviations of all draws so far (Chan, Golub & LeVeque 1983)."""
    count = len(values)
    own = np.mean(values, axis=0)
    spread = np.sum((values - own) ** 2, axis=0)
    if done == 0:
        return count, own, spread
    gap, total = own - mean, done + count
    return total, mean + gap * count / total, squares + spread + gap**2 * done * count / total


def hill_index(values: ArrayLike, largest: int) -> tuple[float, float]:
    r"""Return the tail index of a distribution from its largest draws, with its standard error (Hill 1975).

    .. math:: \hat\alpha = \Big[\frac{1}{k}\sum_{i=1}^{k} \ln\frac{x_{(i)}}{x_{(k+1)}}\Big]^{-1}, \qquad
              \hat\alpha / \sqrt{k}

    Moments of order alpha and above are infinite.

    Parameters
    ----------
    values : array_like, shape (D,)
        Positive draws.
    largest : int
        k, between 2 and D - 1. A compromise: the fewer, the further in the tail, and the noisier.

    Returns
    -------
    index, error : float
        The tail index and its standard error.

    See Also
    --------
    estimate : The mean over draws, where it is finite.

    Examples
    --------
    >>> draws = np.random.default_rng(0).pareto(1.5, 100_000) + 1
    >>> index, error = hill_index(draws, 1000)
    >>> round(index, 2), round(error, 2)
    (1.43, 0.05)
    """
    x, k = array("values", values, 1), integer("largest", largest, 2)
    if k >= len(x):
        raise ValueError(f"largest must be below the number of values, {len(x)}, got {k}")
    top = np.sort(x)[-k - 1 :]
    if top[0] <= 0:
        raise ValueError(f"values must be positive, got {top[0]:g} among the largest {k + 1}")
    index = float(1 / np.mean(np.log(top[1:] / top[0])))
    return index, index / k**0.5
