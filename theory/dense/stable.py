"""Functions that stay finite where the textbook forms are 0/0 or overflow."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...validation import FloatArray, real


def relative_start(lam: float, delta: float, pi0: float) -> float:
    """Return the ratio of the initial to the final strength, or raise ValueError unless it is below one half."""
    final = real("lam", lam, positive=True) / real("delta", delta, positive=True)
    if real("pi0", pi0) >= final / 2:
        raise ValueError(f"pi0 must be below half the final value {final / 2:g}, got {pi0}")
    return pi0 / final


def decay(rate: FloatArray, t: FloatArray) -> FloatArray:
    """Return the exponential decay, 1 at a rate of zero even for infinite times."""
    return np.exp(-vanishing_product(rate, t))


def phi_integral(rate: FloatArray, t: FloatArray) -> FloatArray:
    r"""Return the integral of the decay, :math:`(1 - e^{-ct})/c`, and t at a rate of zero."""
    x = vanishing_product(rate, t)
    learned = -np.expm1(-x)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        return np.where(x < 1, np.where(x > 0, learned / x, 1.0) * t, learned / rate)


def vanishing_product(factor: FloatArray, value: FloatArray) -> FloatArray:
    """Return a product in which a vanishing factor wins over an infinite value."""
    return np.where(factor == 0, 0.0, factor * np.where(factor == 0, 0.0, value))


def as_floats(*values: Any) -> list[FloatArray]:
    """Return each value as an array of float64."""
    return [np.asarray(value, dtype=np.float64) for value in values]
