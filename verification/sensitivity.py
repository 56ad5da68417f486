"""The smallest errors of start, rate and plateau that a comparison notices."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..validation import FloatArray
from .errors import PARTS, Values, columns, gaps

PROBE = 0.01
"""Relative change of start, rate and plateau by which the sensitivity is measured."""


@dataclass(frozen=True)
class Sensitivity:
    """Smallest relative changes of a prediction that take some quantity beyond its bound.

    They are extrapolated in proportion from a change of 1 %. Infinite if no such change is noticed, NaN if unknown.

    Attributes
    ----------
    start : float
        Of the initial strengths of all modes.
    rate : float
        Of the times.
    plateau : float
        Of the final strengths of all modes.

    See Also
    --------
    Agreement : The comparison whose sensitivity it is.
    """

    start: float = math.nan
    rate: float = math.nan
    plateau: float = math.nan

    def __str__(self) -> str:
        parts = (("start", self.start), ("rate", self.rate), ("plateau", self.plateau))
        return "; ".join(f"{name} {_in_words(value)}" for name, value in parts)


def _in_words(value: float) -> str:
    if math.isnan(value):
        return "not measured"
    return f"off by {100 * value:.1g} % noticed" if value < 1 else "not noticed"


def from_probes(base: Values, probes: Mapping[str, Values], slack: Mapping[str, FloatArray]) -> Sensitivity:
    """Sensitivity from predictions whose start, rate or plateau is changed by 1 %.

    Parameters
    ----------
    base : mapping
        The prediction that the probes change.
    probes : mapping
        Changed predictions by "start", "rate" and "plateau".
    slack : mapping of str to ndarray
        Change of each quantity that is noticed for sure: bound and error together.

    Returns
    -------
    Sensitivity
    """
    noticed = {}
    for what, values in probes.items():
        moved = {name: gaps(given, base[name]) / PROBE for name, given in values.items() if name in slack}
        noticed[what] = _smallest(slack, moved)
    return Sensitivity(**noticed)


def from_values(times: FloatArray, predicted: Values, slack: Mapping[str, FloatArray]) -> Sensitivity:
    r"""Sensitivity to rate and plateau from the predicted values alone.

    A change of times by x moves a value by :math:`x\,t\,|dq/dt|`. Between times that lie far apart the slope is
    unknown, so the smaller of the slopes to either neighbour counts, and the first and the last time do not.
    """
    own = {name: values for name, values in predicted.items() if name not in PARTS}
    plateau = {name: np.max(np.abs(columns(values)), axis=0) for name, values in own.items() if name != "loss"}
    return Sensitivity(
        rate=_smallest(slack, {name: _steepness(times, values) for name, values in own.items()}),
        plateau=_smallest(slack, plateau),
    )


def _steepness(times: FloatArray, values: FloatArray) -> FloatArray:
    slopes = np.abs(np.diff(columns(values), axis=0)) / np.diff(times)[:, None]
    if len(slopes) < 2:
        return np.zeros(columns(values).shape[1])
    least = np.minimum(slopes[1:], slopes[:-1])
    return np.asarray(np.max(times[1:-1, None] * least, axis=0))


def _smallest(slack: Mapping[str, FloatArray], moved: Mapping[str, FloatArray]) -> float:
    found = math.inf
    for name, change in moved.items():
        noticed = change > 0
        if np.any(noticed):
            found = min(found, float(np.min(slack[name][noticed] / change[noticed])))
    return found
