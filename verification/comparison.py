"""A prediction verified against a simulation, with null controls and bounds that have a reason."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

import numpy as np

from .. import dynamics, theory
from ..problem import Divergence, NoClosedForm, Problem, Shares, Trajectory
from ..projection import Projection
from ..validation import FloatArray, instance, number, real
from .agreement import Agreement, Control
from .controls import (
    CONSTANT,
    DOUBLE_TIMES,
    TIME_FACTORS,
    TIMES_OFF,
    null_controls,
    probes,
    with_doubled_times,
    with_scaled_times,
)
from .errors import Prediction, Predictor, Values, compared, errors, gaps, largest, ranges, ratio, read
from .sensitivity import PROBE, Sensitivity, from_probes, from_values
from .tolerances import (
    Bounds,
    Simulator,
    derived_bounds,
    given_bounds,
    with_further_integration,
    with_integration,
    with_unstable_rounding,
)
from .verdicts import FAILS, HOLDS

SAME_BITS = (
    "prediction and simulation are equal in every bit, so they are one computation; an independent simulation would"
    " decide it"
)
NOT_SIMULATED = (
    "the simulation is a prediction itself (it has no statistics of training), so nothing was simulated; a simulation"
    " such as dynamics.solve would decide it"
)


def compare(
    prediction: Prediction,
    simulation: Trajectory,
    tolerance: float,
    *,
    controls: Mapping[str, Prediction] | None = None,
) -> Agreement:
    """Compare a prediction with a simulation.

    Parameters
    ----------
    prediction : Trajectory or mapping of str to array_like
        A trajectory at the same times, or some of its quantities by name (see ``Trajectory.quantities``).
    simulation : Trajectory
    tolerance : float
        Bound for every quantity's largest error over time, relative to the largest value of its kind.
    controls : mapping of str to predictions, optional
        Deliberately wrong predictions that must be rejected. One that stays at the first value is
        always among them.

    Returns
    -------
    Agreement
        With the bounds and controls given.

    Raises
    ------
    ValueError
        If the times or the quantities do not match, or a value is not finite.

    See Also
    --------
    linmod.verify : Predict and simulate a problem, with bounds and null controls derived from it.

    Examples
    --------
    >>> import linmod
    >>> problem = linmod.Problem(linmod.SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1), linmod.Deep(hidden=50),
    ...                          linmod.Aligned(1e-6), linmod.Descent(step_size=0.16, steps=300))
    >>> agreement = linmod.compare(linmod.theory.solve(problem), linmod.dynamics.solve(problem), tolerance=1e-12)
    >>> agreement.verdict, agreement.max_error < 1e-13
    ('holds', True)
    """
    bound = real("tolerance", tolerance, positive=True)
    both = compared(prediction, simulation)
    wrong = {name: _Wrong(read(control, simulation)) for name, control in (controls or {}).items()}
    return _agreement(prediction, simulation, both, given_bounds(bound, both[1], simulation), wrong)


def verify(
    problem: Problem,
    *,
    predict: Predictor = theory.solve,
    simulate: Simulator = dynamics.solve,
    tolerance: float | None = None,
    controls: Mapping[str, Predictor] | None = None,
) -> Agreement:
    """Predict a problem, simulate it, and compare.

    Parameters
    ----------
    problem : Problem
    predict : callable, default theory.solve
        Maps the problem to a prediction (see :func:`compare`); one's own formula can stand here.
    simulate : callable, default dynamics.solve
        Maps the problem to a simulation. A flow is simulated a second time, with coarser tolerances of integration.
    tolerance : float, optional
        Bound for the relative error. Unless given, each quantity has a bound that is derived from the problem: see
        :mod:`linmod.verification.tolerances`.
    controls : mapping of str to callables, optional
        Deliberately wrong predictors. Unless given: times halved, times off by 1 %, lambda of the first two
        classes swapped, delta left out, initial strengths three times too large. Times doubled are among them where
        times off by 1 % go unnoticed.

    Returns
    -------
    Agreement
        With the verdict "holds", "fails" or "undecided", and its reason.

    Raises
    ------
    NoClosedForm
        If theory has no prediction for this problem.
    ValueError
        If no tolerance is known for this problem and none is given; if predictions and simulation do not match.
    Divergence
        If the simulation diverges to non-finite values.

    See Also
    --------
    linmod.compare : Compare a prediction with a simulation, both given.
    linmod.convergence_order : Measure how fast the error of a prediction vanishes.

    Examples
    --------
    >>> import linmod
    >>> problem = linmod.Problem(linmod.SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1), linmod.Deep(hidden=50),
    ...                          linmod.SmallRandom(std=2e-4, seed=0), linmod.Descent(step_size=0.16, steps=300))
    >>> agreement = linmod.verify(problem)
    >>> agreement.verdict, agreement.max_error < 1e-3
    ('holds', True)
    """
    instance("problem", problem, (Problem,))
    bound = None if tolerance is None else real("tolerance", tolerance, positive=True)
    prediction, simulation = predict(problem), simulate(problem)
    both = compared(prediction, simulation)
    closed = _closed_form(problem, predict, prediction)
    probed = _probed(problem, simulation, closed)
    if controls is None:
        wrong = _derived(problem, predict, simulation, probed[1])
    else:
        wrong = _given(controls, problem, simulation)

    def outcome(bounds: Bounds) -> Agreement:
        found = _agreement(prediction, simulation, both, bounds, wrong, probed)
        if found.verdict != HOLDS or found.sensitivity.rate <= PROBE:
            return found
        faster = _at_double_times(problem, predict, simulation)
        return _agreement(prediction, simulation, both, bounds, {**wrong, **faster}, probed)

    if bound is not None:
        return outcome(given_bounds(bound, both[1], simulation))
    exact = derived_bounds(problem, _neglected(prediction, closed), simulation, both[1])
    bounds = with_integration(exact, problem, simulate, both[1])
    bounds = with_further_integration(bounds, exact, problem, simulate, both[1])
    found = outcome(bounds)
    if found.verdict != FAILS:
        return found
    return outcome(with_unstable_rounding(bounds, problem, both[1]))


@dataclass(frozen=True, eq=False)
class _Wrong:
    """Values of a wrong prediction, and whether it counts if it equals the prediction or nearly does."""

    values: Values
    needed: bool = True
    always: bool = True

    def judged(self, name: str, predicted: Values, simulated: Values, bounds: Bounds) -> Control:
        """Judge it against the prediction and the simulation."""
        shared = {key: values for key, values in self.values.items() if key in predicted}
        return Control(
            name=name,
            error=_in_bounds(shared, simulated, bounds),
            difference=_in_bounds(shared, predicted, bounds),
            applies=self.always or _beyond_rounding(shared, predicted, bounds),
            needed=self.needed,
        )


def _given(controls: Mapping[str, Predictor], problem: Problem, simulation: Trajectory) -> dict[str, _Wrong]:
    return {name: _Wrong(_said(predict, problem, simulation)) for name, predict in controls.items()}


def _derived(
    problem: Problem, predict: Predictor, simulation: Trajectory, probed: Mapping[str, Values]
) -> dict[str, _Wrong]:
    """Values of the wrong predictions of a problem; without a closed form, of the given one at other times."""
    if theory.closed_form(problem).exists:
        wrong: Mapping[str, Predictor] = null_controls(problem)
        known = {TIMES_OFF: probed["rate"]} if "rate" in probed else {}
    else:
        wrong = {name: partial(_at_other_times, predict, factor) for name, factor in TIME_FACTORS.items()}
        known = {}
    found = {}
    for name, predictor in wrong.items():
        try:
            values = known[name] if name in known else _said(predictor, problem, simulation)
        except NoClosedForm:
            continue
        found[name] = _Wrong(values, needed=name != TIMES_OFF, always=False)
    return found


def _at_other_times(predict: Predictor, factor: float, problem: Problem) -> Prediction:
    return _as_if_at(problem, predict(with_scaled_times(problem, factor)))


def _as_if_at(problem: Problem, said: Prediction) -> Prediction:
    """What is said of a problem at other times, as if it were said of its own."""
    return replace(said, times=problem.times) if isinstance(said, Trajectory) else said


def _at_double_times(problem: Problem, predict: Predictor, simulation: Trajectory) -> dict[str, _Wrong]:
    """The course at twice the speed, which no reported time shows if all of them lie before or after learning.

    A change of the rate by 1 % that goes unnoticed tells nothing of larger ones, since learning comes to an end.
    """
    predictor = theory.solve if theory.closed_form(problem).exists else predict
    try:
        values = _said(lambda given: _as_if_at(given, predictor(with_doubled_times(given))), problem, simulation)
    except NoClosedForm:
        return {}
    return {DOUBLE_TIMES: _Wrong(values)}


def _said(predict: Predictor, problem: Problem, simulation: Trajectory) -> Values:
    """Values of a predictor; infinite where it diverges."""
    try:
        return read(predict(problem), simulation)
    except Divergence:
        return {name: np.full_like(values, np.inf) for name, values in simulation.quantities.items()}


def _closed_form(problem: Problem, predict: Predictor, prediction: Prediction) -> Trajectory | None:
    """The unchanged closed form, which is the prediction itself unless another predictor is given."""
    if predict is theory.solve:
        return cast(Trajectory, prediction)
    try:
        return theory.solve(problem)
    except (Divergence, NoClosedForm):
        return None


def _neglected(prediction: Prediction, closed: Trajectory | None) -> Shares:
    """What a prediction neglects; a closed form with another start or spectrum neglects no more than without."""
    if not isinstance(prediction, Trajectory):
        return {}
    source = closed if closed is not None and closed.origin == prediction.origin else prediction
    return {name: number(f"neglected[{name!r}]", share) for name, share in source.neglected_shares.items()}


def _probed(problem: Problem, simulation: Trajectory, closed: Trajectory | None) -> tuple[Values, dict[str, Values]]:
    """The closed form, and the same with start, rate or plateau 1 % off; empty where there is none."""
    if closed is None:
        return {}, {}
    try:
        return read(closed, simulation), {name: _said(make, problem, simulation) for name, make in probes().items()}
    except NoClosedForm:
        return {}, {}


def _sensitivity(
    times: FloatArray, both: tuple[Values, Values], bounds: Bounds, probed: tuple[Values, dict[str, Values]]
) -> Sensitivity:
    predicted, simulated = both
    slack = {name: bounds.total[name] + gaps(values, simulated[name]) for name, values in predicted.items()}
    return from_probes(*probed, slack) if probed[1] else from_values(times, predicted, slack)


def _agreement(
    prediction: Prediction,
    simulation: Trajectory,
    both: tuple[Values, Values],
    bounds: Bounds,
    wrong: Mapping[str, _Wrong],
    probed: tuple[Values, dict[str, Values]] = ({}, {}),
) -> Agreement:
    predicted, simulated = both
    still = _Wrong({name: np.broadcast_to(values[:1], values.shape) for name, values in predicted.items()})
    sensitivity = _sensitivity(simulation.times, both, bounds, probed)
    controls = tuple(
        each.judged(name, predicted, simulated, bounds) for name, each in {CONSTANT: still, **wrong}.items()
    )
    if any(control.name == DOUBLE_TIMES and not control.distinct for control in controls):
        sensitivity = replace(sensitivity, rate=math.inf)
    return Agreement(
        by_quantity=errors(predicted, simulated, bounds.total, bounds.rounding, bounds.neglected),
        controls=controls,
        sensitivity=sensitivity,
        left_out=tuple(name for name in simulation.quantities if name not in predicted),
        doubts=tuple(_doubts(prediction, simulation, both, bounds)),
        description=simulation.description,
        prediction=prediction.origin if isinstance(prediction, Trajectory) else "given values",
        simulation=simulation.origin,
    )


def _doubts(
    prediction: Prediction, simulation: Trajectory, both: tuple[Values, Values], bounds: Bounds
) -> Iterator[str]:
    """Reasons for which no comparison of these two can decide."""
    predicted, simulated = both
    if not _own_origin(prediction, simulation) and _same_bits(predicted, simulated, bounds):
        yield SAME_BITS
    if simulation.statistics is None and not isinstance(simulation, Projection):
        yield NOT_SIMULATED
    if bounds.doubt:
        yield bounds.doubt


def _own_origin(prediction: Prediction, simulation: Trajectory) -> bool:
    """Whether both are trajectories, come from different computations, and do not share their values."""
    if not isinstance(prediction, Trajectory) or prediction.origin == simulation.origin:
        return False
    theirs = simulation.quantities
    return not any(np.shares_memory(values, theirs[name]) for name, values in prediction.quantities.items())


def _same_bits(predicted: Values, simulated: Values, bounds: Bounds) -> bool:
    """Whether all that moves is equal in every bit."""
    moving = [name for name, values in simulated.items() if np.any(ranges(values) > bounds.rounding[name])]
    return bool(moving) and all(np.array_equal(predicted[name], simulated[name]) for name in predicted)


def _in_bounds(values: Values, reference: Values, bounds: Bounds) -> float:
    """Largest difference in units of the bounds."""
    return largest(
        [
            ratio(float(gap), float(bound))
            for name, given in values.items()
            for gap, bound in zip(gaps(given, reference[name]), bounds.total[name], strict=True)
        ]
    )


def _beyond_rounding(values: Values, reference: Values, bounds: Bounds) -> bool:
    """Whether values differ by more than rounding, or are not all numbers."""
    return any(not np.all(gaps(given, reference[name]) <= bounds.rounding[name]) for name, given in values.items())
