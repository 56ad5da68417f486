"""When one method is better than another on the same draws: the paired difference with its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t

from ..claims import Finding

COVERAGE = 0.95


@dataclass(frozen=True)
class PairedDifference:
    """Mean of the differences between two methods over seeds, and half the width of its 95% t-interval."""

    mean: float
    half_width: float

    @property
    def below_zero(self) -> bool:
        """Whether the whole interval is."""
        return self.mean + self.half_width < 0

    @property
    def uncertainty(self) -> float:
        """Half width in units of the decrease: below 1 if the whole interval is below zero."""
        return self.half_width / -self.mean if self.mean < 0 else math.inf

    def __str__(self) -> str:
        return f"{self.mean:+.3f} ± {self.half_width:.3f}"


def paired_difference(first: ArrayLike, second: ArrayLike) -> PairedDifference:
    """Difference between two methods that saw the same draws, one pair of values for each seed.

    Examples
    --------
    >>> print(paired_difference([0.10, 0.12, 0.11], [0.20, 0.23, 0.20]))
    -0.100 ± 0.025
    """
    differences = np.subtract(first, second)
    if len(differences) < 2:
        raise ValueError(f"an interval needs at least 2 seeds, got {len(differences)}")
    standard_error = float(np.std(differences, ddof=1)) / math.sqrt(len(differences))
    quantile = float(t.ppf((1 + COVERAGE) / 2, len(differences) - 1))
    return PairedDifference(float(np.mean(differences)), quantile * standard_error)


def lower(label: str, methods: tuple[ArrayLike, ArrayLike], control: tuple[ArrayLike, ArrayLike]) -> Finding:
    """Find that the first of two methods has the lower values, and has less of an advantage in a null control.

    Parameters
    ----------
    label : str
    methods, control : pair of array_like, shape (seeds,)
        Values of both methods, and of both where there is nothing to find, for the same seeds.
    """
    difference, null = paired_difference(*methods), paired_difference(*control)
    removed = paired_difference(np.subtract(*methods), np.subtract(*control)).below_zero
    return Finding(
        label=f"{label}: {difference} (control {null})",
        error=difference.uncertainty,
        tolerance=1.0,
        passed=difference.below_zero and removed,
        controls=1,
        rejected=int(removed),
    )
