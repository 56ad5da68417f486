r"""Tolerances with a reason: how far a right prediction can be from a right simulation, quantity by quantity.

The bound of a quantity is the sum of three parts.

*Rounding.* Each step of the simulation computes inner products of at most d terms, with relative error at most
:math:`d\,\epsilon`; n steps, and ten such operations to observe or to predict them, add up to
:math:`(n + 10)\, d\, \epsilon` of the largest value of the kind. For a projected network :math:`\epsilon` is that of
the numbers it was trained in. Where training is unstable it makes rounding errors grow; how
much is measured, where a prediction would fail, by training from weights that differ by rounding.

*Integration* (flow only). The problem is integrated once more with ten times coarser tolerances. The global error of
these integrators is proportional to the tolerance, so the difference is about nine times the error of the finer run
(four times for stabilised steps, whose error follows the tolerance to the power 2/3).
Three times the difference is allowed, since single quantities can by chance differ less, above all once converged.
Two further runs with coarser tolerances estimate the error too, and the largest estimate counts: two runs can by
chance have the same error, for instance where it changes its sign. They are made for every verdict, so that the
sensitivity of a prediction that holds is that with which a wrong one is judged.

*Theory.* What the closed form neglects: ``prediction.neglected_shares`` has the error of each quantity in units of its
own range up to a factor, for which 10 is allowed. It is 0 where the closed form is exact. An error in the closed form
would widen this part of its own bound; so where it exceeds 1 % of the range, the comparison can refute but not confirm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np

from ..dynamics import solve
from ..problem import STRENGTHS, Descent, Divergence, Explicit, Flow, Problem, Shares, Trajectory, Weights
from ..projection import Projection
from ..validation import FloatArray
from .errors import PARTS, Values, gaps, kind, largest, ranges, ratio, scales

NEGLECTED_FACTOR = 10.0
MOST_NEGLECTED = 0.01
"""Largest share of a quantity's range that the bound may leave to what the closed form neglects if a prediction is to
hold. An error of 1 % is about the width of a line in a figure, and as large as the changes of start, rate and plateau
by which the sensitivity of a comparison is measured."""
COARSER, FURTHER = 10.0, (30.0, 100.0)
UNEVEN = 3.0
OBSERVED = 10
AMPLIFIED = 10.0
SAMPLED, PERTURBED, ROUNDINGS = 20, 3, 4.0
MOST_GROWN = 1e-3
WIDTH = 100

UNSTABLE = (
    "training is unstable, so that rounding errors in the initial weights decide its course; fewer steps or another"
    " start would decide it"
)

Simulator = Callable[[Problem], Trajectory]


@dataclass(frozen=True, eq=False)
class Bounds:
    """Bounds of the absolute error of every quantity, one for each of its components.

    Attributes
    ----------
    total : mapping of str to ndarray
    rounding : mapping of str to float
        The part that rounding takes.
    neglected : mapping of str to float
        What the closed form neglects of the range of each quantity.
    doubt : str
        Why the bounds cannot be relied on; empty if they can.
    """

    total: Mapping[str, FloatArray]
    rounding: Mapping[str, float]
    neglected: Shares = field(default_factory=dict)
    doubt: str = ""

    def plus(self, parts: Mapping[str, FloatArray]) -> Bounds:
        """Add a part to the bounds of some quantities."""
        return replace(self, total={name: bound + parts.get(name, 0.0) for name, bound in self.total.items()})

    def at_least(self, other: Bounds) -> Bounds:
        """The larger one of each bound."""
        return replace(self, total={name: np.maximum(bound, other.total[name]) for name, bound in self.total.items()})


def given_bounds(tolerance: float, simulated: Values, simulation: Trajectory) -> Bounds:
    """The same bound for every quantity, relative to the largest value of its kind."""
    scale_of = scales(simulated)
    total = {
        name: np.full(ranges(values).shape, tolerance * (scale_of[kind(name)] or 1.0))
        for name, values in simulated.items()
    }
    return Bounds(total, _rounding(simulated, _steps(simulation) * WIDTH * _precision(simulation)))


def derived_bounds(problem: Problem, neglected: Shares, simulation: Trajectory, simulated: Values) -> Bounds:
    """Bounds from rounding, and from what the closed form neglects; infinite where that is unknown.

    Raises
    ------
    ValueError
        If a projected network was integrated in an unknown number of steps; a tolerance must then be given.
    """
    if isinstance(problem.training, Flow) and isinstance(simulation, Projection):
        raise ValueError("tolerance must be given: in how many steps the given network was integrated is not known")
    longest = max(problem.dataset.n_items, *(max(shape) for shape in problem.network.shapes(problem.dataset)))
    steps = problem.training.steps if isinstance(problem.training, Descent) else _steps(simulation)
    rounding = _rounding(simulated, (steps + OBSERVED) * longest * _precision(simulation))
    most = max(neglected.values(), default=0.0)
    shares = {name: neglected.get(name, most if name in PARTS else 0.0) for name in simulated}
    total = {
        name: rounding[name] + _left_out(shares[name], rounding[name] + _sizes(problem, name, values, simulated))
        for name, values in simulated.items()
    }
    return Bounds(total, rounding, shares)


def _left_out(share: float, sizes: FloatArray) -> FloatArray:
    """What the closed form may neglect of sizes; without limit if the share is unknown."""
    return NEGLECTED_FACTOR * share * sizes if np.isfinite(share) else np.full(sizes.shape, np.inf)


def _sizes(problem: Problem, name: str, values: FloatArray, simulated: Values) -> FloatArray:
    """What a neglected share refers to: the range of each component over time.

    Strengths of single modes share that of their class. At a single time there is no range: there it is the largest
    value of the kind, and nothing is tested.
    """
    if len(values) == 1:
        return np.full(ranges(values).shape, scales(simulated)[kind(name)])
    own = ranges(values)
    if name == STRENGTHS:
        for block in problem.dataset.mode_basis.classes.values():
            own[block] = np.max(own[block], initial=0.0)
    return own


def with_integration(bounds: Bounds, problem: Problem, simulate: Simulator, simulated: Values) -> Bounds:
    """Add the integrator's global error, from a second run with ten times coarser tolerances."""
    if problem.training.is_descent:
        return bounds
    try:
        second = _coarser(problem, simulate, simulated, COARSER)
    except Divergence as error:
        return replace(bounds, doubt=f"a second run with ten times coarser tolerances does not end ({error})")
    moved = any(np.any(ranges(values) > bounds.rounding[name]) for name, values in simulated.items())
    if moved and all(np.array_equal(second[name], simulated[name]) for name in second):
        doubt = (
            "the error of the simulation is unknown, since other tolerances of integration do not change it;"
            " a given tolerance would decide it"
        )
        return replace(bounds, doubt=doubt)
    return bounds.plus({name: UNEVEN * gaps(values, simulated[name]) for name, values in second.items()})


def with_further_integration(
    bounds: Bounds, exact: Bounds, problem: Problem, simulate: Simulator, simulated: Values
) -> Bounds:
    """Let the largest of several estimates of the integrator's error count; `exact` are the bounds without any."""
    if problem.training.is_descent:
        return bounds
    for factor in FURTHER:
        try:
            other = _coarser(problem, simulate, simulated, factor)
        except Divergence:
            continue
        allowed = UNEVEN * (COARSER - 1) / (factor - 1)
        bounds = bounds.at_least(
            exact.plus({name: allowed * gaps(values, simulated[name]) for name, values in other.items()})
        )
    return bounds


def _coarser(problem: Problem, simulate: Simulator, simulated: Values, factor: float) -> Values:
    """The same quantities in a run with coarser tolerances of integration."""
    training = cast(Flow, problem.training)
    coarse = replace(training, rtol=factor * training.rtol, atol=factor * training.atol)
    return _of_run(simulate(replace(problem, training=coarse)), simulated)


def with_unstable_rounding(bounds: Bounds, problem: Problem, simulated: Values) -> Bounds:
    """Add the growth of rounding errors in the initial weights, relative to the largest weight."""
    try:
        growth = _grown_rounding(problem)
    except (Divergence, ValueError):
        return bounds
    if growth > MOST_GROWN:
        return replace(bounds, doubt=UNSTABLE)
    scale_of = scales(simulated)
    total = {name: bound + AMPLIFIED * growth * scale_of[kind(name)] for name, bound in bounds.total.items()}
    return replace(bounds, total=total)


def _grown_rounding(problem: Problem) -> float:
    """Largest change of a weight by rounding errors in the initial ones, relative to the largest weight."""
    generator = np.random.default_rng(0)
    sampled = replace(problem, training=_sampled(problem.training))
    exact = solve(sampled).weights
    changes = []
    for _ in range(PERTURBED):
        nearby = solve(replace(sampled, initial=Explicit(_rounded(problem.initial_weights, generator)))).weights
        changes += [largest(np.abs(one - other)) for one, other in zip(exact, nearby, strict=True)]
    return ratio(largest(changes), largest([largest(np.abs(layer)) for layer in exact]))


def _sampled(training: Flow | Descent) -> Flow | Descent:
    """Training that is reported a limited number of times, the last among them."""
    if isinstance(training, Descent):
        return replace(training, record_every=max(1, training.steps // SAMPLED))
    return replace(training, times=np.linspace(0.0, training.times[-1], SAMPLED + 1))


def _rounded(weights: Weights, generator: np.random.Generator) -> list[FloatArray]:
    """Weights with random errors of a few roundings, so that none of them is rounded away."""
    size = ROUNDINGS * float(np.finfo(float).eps)
    return [w + size * np.max(np.abs(w), initial=0.0) * generator.standard_normal(w.shape) for w in weights]


def _of_run(run: Trajectory, simulated: Values) -> Values:
    values = {name: given for name, given in run.quantities.items() if name in simulated}
    for name, read_one in PARTS.items():
        both = read_one(run, run) if name in simulated else None
        if both is not None:
            values[name] = both[0]
    return {name: given for name, given in values.items() if given.shape == simulated[name].shape}


def _rounding(simulated: Values, relative: float) -> dict[str, float]:
    scale_of = scales(simulated)
    return {name: relative * scale_of[kind(name)] for name in simulated}


def _steps(simulation: Trajectory) -> int:
    return max(1, simulation.statistics.evaluations if simulation.statistics else len(simulation.times))


def _precision(simulation: Trajectory) -> float:
    return simulation.precision if isinstance(simulation, Projection) else float(np.finfo(float).eps)
