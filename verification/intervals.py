"""Means over seeds with their intervals, and when one method is better than another on the same draws."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .claims import Finding

COVERAGE = 0.95


@dataclass(frozen=True)
class MeanInterval:
    """A mean over seeds, and half the width of its 95% t-interval."""

    mean: float
    half_width: float

    @property
    def below_zero(self) -> bool:
        """Whether the whole interval is."""
        return self.mean + self.half_width < 0

    @property
    def uncertainty(self) -> float:
        """Half width in units of the distance below zero: below 1 if the whole interval is."""
        return self.half_width / -self.mean if self.mean < 0 else math.inf

    def __str__(self) -> str:
        return f"{self.mean:+.3f} ± {self.half_width:.3f}"


def mean_interval(values: ArrayLike) -> MeanInterval:
    """Mean of one value for each seed, with its 95% t-interval.

    Raises
    ------
    ValueError
        For fewer than 2 values.

    Examples
    --------
    >>> print(mean_interval([1.0, 2.0, 3.0]))
    +2.000 ± 2.484
    """
    given = np.asarray(values, dtype=np.float64)
    if len(given) < 2:
        raise ValueError(f"an interval needs at least 2 seeds, got {len(given)}")
    from scipy.stats import t  # slow to import

    standard_error = float(np.std(given, ddof=1)) / math.sqrt(len(given))
    return MeanInterval(float(np.mean(given)), float(t.ppf((1 + COVERAGE) / 2, len(given) - 1)) * standard_error)


def lower(label: str, methods: tuple[ArrayLike, ArrayLike], control: tuple[ArrayLike, ArrayLike]) -> Finding:
    """Find that the first of two methods has the lower values, and has less of an advantage in a null control.

    Parameters
    ----------
    label : str
    methods, control : pair of array_like, shape (seeds,)
        Values of both methods, and of both where there is nothing to find, for the same seeds.
    """
    advantage, null = np.subtract(*methods), np.subtract(*control)
    difference, removed = mean_interval(advantage), mean_interval(advantage - null).below_zero
    return Finding(
        label=f"{label}: {difference} (control {mean_interval(null)})",
        error=difference.uncertainty,
        tolerance=1.0,
        passed=difference.below_zero and removed,
        controls=1,
        rejected=int(removed),
        unit="of mean",
    )
