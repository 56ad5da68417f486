"""The criterion, in standard errors, for a prediction to agree with a mean over random draws."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .claims import Finding

FALSE_ALARM = 1e-4
"""Probability with which a true statement with all of its points is rejected."""


@dataclass(frozen=True)
class Measured:
    """A predicted mean and its estimate from draws.

    Attributes
    ----------
    predicted : float
    simulated, standard_error : float
    declared : float
        Bound of the absolute error of the prediction; 0 where it is exact.
    wrong : tuple of float
        Values of deliberately wrong predictions.
    """

    predicted: float
    simulated: float
    standard_error: float
    declared: float = 0.0
    wrong: tuple[float, ...] = ()

    def excess(self, prediction: float) -> float:
        """Difference from the simulation beyond the declared error, in standard errors."""
        return max(0.0, abs(self.simulated - prediction) - self.declared) / self.standard_error

    def tells_apart(self, wrong: float, critical: float) -> bool:
        """Whether a wrong prediction lies outside all that a right one could be taken for."""
        return abs(wrong - self.predicted) > 2 * (self.declared + critical * self.standard_error)


def critical_value(points: int) -> float:
    """Return the number of standard errors that some of several true means exceeds with probability FALSE_ALARM.

    Bonferroni's bound; see :data:`FALSE_ALARM`.

    Examples
    --------
    >>> round(critical_value(10), 2)
    4.42
    """
    from scipy.stats import norm  # slow to import

    return float(norm.isf(FALSE_ALARM / (2 * points)))


def finding_of(label: str, points: Iterable[Measured]) -> Finding:
    """Apply the criterion to all points; distinguishable wrong predictions must be rejected.

    Examples
    --------
    >>> found = finding_of("mean of a die", [Measured(3.5, 3.52, 0.02, wrong=(3.0,))])
    >>> round(found.error, 2), found.passed, found.rejected
    (1.0, True, 1)
    """
    measured = tuple(points)
    critical = critical_value(len(measured))
    worst = max(point.excess(point.predicted) for point in measured)
    rejected = [
        point.excess(wrong) > critical
        for point in measured
        for wrong in point.wrong
        if point.tells_apart(wrong, critical)
    ]
    passed = worst <= critical and bool(rejected) and all(rejected)
    return Finding(
        f"{label}, in standard errors", worst, critical, passed, len(rejected), sum(rejected), unit="std. errors"
    )
