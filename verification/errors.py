"""Errors of predicted quantities, each with the bound that it must meet."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..problem import STRENGTHS, NoClosedForm, Problem, Shares, Trajectory
from ..validation import FloatArray, array, instance, reals

Prediction = Trajectory | Mapping[str, ArrayLike]
Predictor = Callable[[Problem], Prediction]
Values = dict[str, FloatArray]

RESOLUTION = 4.0
"""Number of bounds that a quantity must move for a constant to be noticed."""
MOST_ENTRIES = 4_000_000
"""Strengths and weights over time are compared up to this number of entries."""


@dataclass(frozen=True)
class QuantityError:
    """The largest difference between a predicted and a simulated quantity over all times.

    Of a quantity with several components (signed strengths, weights) the component that is closest to its bound.

    Attributes
    ----------
    error : float
        Largest absolute difference.
    range : float
        Largest minus smallest simulated value over time.
    scale : float
        Largest simulated value among all quantities of the same kind (modes, norms, loss).
    bound : float
        Largest absolute difference that a right prediction can have; infinite if unknown.
    rounding : float
        The part of the bound that is left to rounding.
    neglected : float
        What the closed form is known to neglect, in units of the range.

    See Also
    --------
    Agreement : The comparison that it belongs to.
    """

    error: float
    range: float
    scale: float
    bound: float
    rounding: float = 0.0
    neglected: float = 0.0

    @property
    def relative(self) -> float:
        """Error in units of the scale."""
        return self.error / self.scale if self.scale > 0 else self.error

    @property
    def of_range(self) -> float:
        """Error in units of the quantity's own range; NaN if it does not move."""
        return self.error / self.range if self.range > 0 else float("nan")

    @property
    def of_bound(self) -> float:
        """Error in units of the bound: above 1 the prediction is wrong."""
        return ratio(self.error, self.bound)

    @property
    def tolerance(self) -> float:
        """Bound in units of the scale."""
        return self.bound / self.scale if self.scale > 0 else self.bound

    @property
    def still(self) -> bool:
        """Whether the quantity stands still to rounding, in the simulation and in the prediction."""
        return self.range <= self.rounding and self.error <= self.rounding

    @property
    def tested(self) -> bool:
        """Whether the quantity moves by four bounds at least, so that standing still would be noticed."""
        return self.tested_but_for(0.0)

    def tested_but_for(self, share: float) -> bool:
        """Whether it would be tested if its bound did not leave a share of the range to what theory neglects."""
        return self.range >= RESOLUTION * (self.bound - share * self.range) and self.range > 0


def ratio(error: float, bound: float) -> float:
    """Error in units of its bound; 0 for no error under no bound, NaN where either is not a number."""
    if math.isnan(error) or math.isnan(bound):
        return math.nan
    if bound == math.inf:
        return 0.0
    if bound > 0:
        return error / bound
    return math.inf if error > 0 else 0.0


def largest(values: ArrayLike) -> float:
    """Largest of non-negative values, NaN if one of them is not a number, 0 if there is none."""
    return float(np.max(np.asarray(values, dtype=np.float64), initial=0.0))


def kind(name: str) -> str:
    """The kind of a quantity: mode, norm, loss, strengths or weights."""
    return name.split(" ", 1)[0]


def scales(quantities: Mapping[str, FloatArray]) -> dict[str, float]:
    """Largest absolute value of each kind of quantity."""
    found: dict[str, float] = {}
    for name, values in quantities.items():
        found[kind(name)] = max(found.get(kind(name), 0.0), largest(np.abs(values)))
    return found


def ranges(values: FloatArray) -> FloatArray:
    """Largest minus smallest value over time, of each component."""
    return np.asarray(np.ptp(columns(values), axis=0))


def columns(values: FloatArray) -> FloatArray:
    """One column for each component, over time."""
    return values.reshape(len(values), -1)


def gaps(values: FloatArray, reference: FloatArray) -> FloatArray:
    """Largest absolute difference over time, of each component."""
    return np.asarray(np.max(np.abs(columns(values) - columns(reference)), axis=0))


def compared(prediction: Prediction, simulation: Trajectory) -> tuple[Values, Values]:
    """Read the values of both sides: quantities, and of two trajectories the signed strengths and the weights.

    Raises
    ------
    TypeError, ValueError
        If times, names or shapes do not match, or a value is not finite.
    """
    simulated = observed(simulation)
    predicted = finite("prediction", read(prediction, simulation))
    simulated = {name: simulated[name] for name in predicted}
    if isinstance(prediction, Trajectory):
        for name, read_one in PARTS.items():
            both = read_one(prediction, simulation)
            if both is not None:
                predicted |= finite("prediction", {name: both[0]})
                simulated |= finite("simulation", {name: both[1]})
    return predicted, simulated


def observed(simulation: Trajectory) -> Values:
    """All quantities of a simulation, after a check that they are finite real numbers."""
    instance("simulation", simulation, (Trajectory,))
    array("simulation.times", simulation.times, 1)
    return finite("simulation", simulation.quantities)


def finite(side: str, values: Mapping[str, FloatArray]) -> Values:
    """Values after a check that they are finite real numbers."""
    return {name: array(f"{side}[{name!r}]", given, np.ndim(given)) for name, given in values.items()}


def read(prediction: Prediction, simulation: Trajectory) -> Values:
    """The quantities that a prediction names, after a check of times, names and shapes."""
    if isinstance(prediction, Trajectory):
        if not same_times(reals("prediction.times", prediction.times, 1), simulation.times):
            raise ValueError("prediction and simulation must report the same times")
        given: Mapping[str, ArrayLike] = prediction.quantities
    elif isinstance(prediction, Mapping) and prediction:
        given = prediction
    else:
        raise TypeError(f"prediction must be a Trajectory or a mapping of quantities, got {type(prediction).__name__}")
    known = simulation.quantities
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ValueError(f"prediction names unknown quantities {unknown}; there are {list(known)}")
    values = {name: reals(f"prediction[{name!r}]", one, np.ndim(one)) for name, one in given.items()}
    for name, one in values.items():
        if one.shape != simulation.times.shape:
            raise ValueError(f"prediction[{name!r}] must have shape {simulation.times.shape}, got {one.shape}")
    return values


def same_times(one: FloatArray, other: FloatArray) -> bool:
    """Whether times agree to rounding."""
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=16 * np.finfo(float).eps, atol=0))


def _strengths(prediction: Trajectory, simulation: Trajectory) -> tuple[FloatArray, FloatArray] | None:
    """Signed strengths of single modes, where both sides have them."""
    try:
        both = prediction.strengths, simulation.strengths
    except ValueError:
        return None
    return both if both[0].shape == both[1].shape and 0 < both[0].size <= MOST_ENTRIES else None


def _weights(prediction: Trajectory, simulation: Trajectory) -> tuple[FloatArray, FloatArray] | None:
    """All weights, where both sides have them."""
    try:
        ours = prediction.weights
        if not 0 < sum(layer.size for layer in ours) <= MOST_ENTRIES:
            return None
        theirs = simulation.weights
    except (NoClosedForm, ValueError):
        return None
    if [layer.shape for layer in ours] != [layer.shape for layer in theirs]:
        return None
    return _flat(ours), _flat(theirs)


def _flat(layers: tuple[FloatArray, ...]) -> FloatArray:
    return np.concatenate([columns(layer) for layer in layers], axis=1)


PARTS = {STRENGTHS: _strengths, "weights": _weights}


def errors(
    predicted: Values,
    simulated: Values,
    bounds: Mapping[str, FloatArray],
    rounding: Mapping[str, float],
    neglected: Shares,
) -> dict[str, QuantityError]:
    """The error of every quantity, of its component that is closest to its bound."""
    scale_of = scales(simulated)
    found = {}
    for name, values in predicted.items():
        gap, bound = gaps(values, simulated[name]), bounds[name]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            share = np.where(gap > 0, gap / bound, 0.0)
        worst = (
            int(np.argmax(share))
            if np.any(share > 0) or np.any(np.isnan(share))
            else int(np.argmax(ranges(simulated[name])))
        )
        found[name] = QuantityError(
            error=float(gap[worst]),
            range=float(ranges(simulated[name])[worst]),
            scale=scale_of[kind(name)],
            bound=float(bound[worst]),
            rounding=rounding[name],
            neglected=neglected.get(name, 0.0),
        )
    return found
