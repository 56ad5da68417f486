"""The order in which the error of linear theory vanishes with the non-linearity of a network."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...validation import FloatArray
from ...verification.claims import Finding, finding
from ...verification.convergence import ConvergenceOrder
from .moments import undecided

WIDEST = 0.25
"""Half-width of the interval of an order beyond which it could not be told from the next half order."""


@dataclass(frozen=True, eq=False)
class Fit:
    r"""Least squares of :math:`\log e = a + p \log z + c z`: an order with the first correction to it.

    Attributes
    ----------
    order : float
        p.
    half_width : float
        How far p may be from the order in the limit: the change that the correction makes, which bounds what higher
        ones make, and the 95 % t-interval from the scatter about the fit.
    correction : float
        c.
    """

    order: float
    half_width: float
    correction: float

    @classmethod
    def of(cls, values: FloatArray, errors: FloatArray) -> Fit:
        """Fit at least four positive errors."""
        from scipy.stats import t  # slow to import

        design = np.stack([np.ones(len(values)), np.log(values), values], axis=1)
        found, *_ = np.linalg.lstsq(design, np.log(errors), rcond=None)
        free = len(values) - 3
        variance = np.sum((np.log(errors) - design @ found) ** 2) / free
        standard_error = math.sqrt(variance * np.linalg.inv(design.T @ design)[1, 1])
        uncorrected = np.polyfit(np.log(values), np.log(errors), 1)[0]
        change = abs(float(found[1] - uncorrected))
        return cls(float(found[1]), change + float(t.ppf(0.975, free)) * standard_error, float(found[2]))


def linear_order(label: str, values: FloatArray, errors: FloatArray, control: FloatArray) -> Finding:
    """Find that errors, shape (seeds, values), vanish with the first power of values, and those of a control do not.

    The fitted corrections are taken out of both errors before their orders are compared.
    """
    mean, wrong, parameters = errors.mean(axis=0), control.mean(axis=0), values.mean(axis=0)
    if not np.all(np.stack([mean, wrong]) > 0):
        return undecided(label, WIDEST, "an error is zero, so that it has no order; other images would decide it")
    right, null = Fit.of(parameters, mean), Fit.of(parameters, wrong)
    if not right.half_width <= WIDEST:
        reason = f"the order {right.order:.2f} ± {right.half_width:.2f} is uncertain; smaller labels would decide it"
        return undecided(label, WIDEST, reason)
    order = ConvergenceOrder(
        "<z^2>",
        parameters,
        mean * np.exp(-right.correction * parameters),
        errors.std(axis=0),
        wrong * np.exp(-null.correction * parameters),
        (1 - right.half_width, 1 + right.half_width),
    )
    return finding(order, label)


def edge(values: FloatArray, errors: FloatArray, level: float) -> float:
    """Return the value at which an error of first order reaches a level, from the smallest value."""
    smallest = int(np.argmin(values.mean(axis=0)))
    return float(level * values[:, smallest].mean() / errors[:, smallest].mean())
