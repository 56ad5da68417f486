"""How fast a prediction's error vanishes in the limit in which it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from .. import dynamics, theory
from ..problem import Problem, Trajectory
from ..validation import FloatArray, array, real, reals
from .errors import Predictor, Values, finite, gaps, kind, largest, observed, ratio, read, scales
from .verdicts import FAILS, HOLDS, UNDECIDED, Judged


@dataclass(frozen=True, eq=False)
class ConvergenceOrder(Judged):
    """A fitted order of convergence, error ~ parameter ** order.

    Attributes
    ----------
    parameter : str
        What tends to zero.
    values : ndarray, shape (V,)
    errors : ndarray, shape (V,)
        Largest relative error at each value, a mean over repetitions where there are several.
    spread : ndarray, shape (V,)
        Standard error of that mean; zero without repetitions.
    control_errors : ndarray, shape (V,)
        The same for a deliberately wrong prediction, which must not converge.
    expected : tuple of two floats
        The range in which the order should lie.

    See Also
    --------
    convergence_order : Measure it.
    """

    parameter: str
    values: FloatArray
    errors: FloatArray
    spread: FloatArray
    control_errors: FloatArray
    expected: tuple[float, float]

    def __post_init__(self) -> None:
        for name in ("values", "errors", "spread", "control_errors"):
            object.__setattr__(self, name, reals(name, getattr(self, name), 1))
        object.__setattr__(self, "expected", _range(self.expected))

    @property
    def order(self) -> float:
        """Slope of log error against log parameter, by least squares."""
        return _slope(self.values, self.errors)[0]

    @property
    def order_error(self) -> float:
        """Standard error of the slope, from the scatter about the line."""
        return _slope(self.values, self.errors)[1]

    @property
    def control_order(self) -> float:
        """Slope for the deliberately wrong prediction."""
        return _slope(self.values, self.control_errors)[0]

    @property
    def null_rejected(self) -> bool:
        """Whether the order of the wrong prediction is a number outside the expected range."""
        low, high = self.expected
        return self.control_order < low or self.control_order > high

    @property
    def _decision(self) -> tuple[str, str]:
        low, high = self.expected
        if not np.all(np.isfinite(self.errors)):
            return FAILS, "an error is not a finite number"
        if not np.all(self.errors > 0):
            return UNDECIDED, "an error is zero, so that it has no order; larger values would decide it"
        if not low <= self.order <= high:
            return FAILS, f"the order is {self.order:.2f}, expected {low:g} to {high:g}"
        if np.array_equal(self.errors, self.control_errors):
            return UNDECIDED, "the null control is the prediction itself; a control that differs would decide it"
        if not np.all(np.isfinite(self.control_errors)):
            return UNDECIDED, "an error of the null control is not a finite number; another control would decide it"
        if not self.null_rejected:
            return FAILS, f"the wrong prediction has the order {self.control_order:.2f}, within {low:g} to {high:g}"
        return HOLDS, f"the order is {self.order:.2f}, that of the wrong prediction {self.control_order:.2f}"

    def __str__(self) -> str:
        low, high = self.expected
        return (
            f"error ~ ({self.parameter})^{self.order:.2f} +- {self.order_error:.2f}, expected {low:g} to {high:g};"
            f" null control {self.control_order:.2f}\n{self.verdict}: {self.reason}"
        )


def convergence_order(
    parameter: str,
    values: Sequence[float],
    problems: Callable[[float], Iterable[Problem]],
    *,
    expected: tuple[float, float],
    control: Predictor,
    predict: Predictor = theory.solve,
    simulate: Callable[[Problem], Trajectory] = dynamics.solve,
    progress: Callable[[float], None] = lambda _: None,
) -> ConvergenceOrder:
    """Measure the order in which a prediction's error vanishes.

    Parameters
    ----------
    parameter : str
        Name of what tends to zero.
    values : sequence of float
        At least three positive values.
    problems : callable
        The problems at one value of the parameter: one, or several (over seeds) to average.
    expected : tuple of two floats
        Range in which the order should lie.
    control : callable
        A deliberately wrong predictor; its error must not vanish at that order.
    predict, simulate : callable
        The two sides, as for :func:`linmod.verify`.
    progress : callable, optional
        Called with the fraction done.

    Returns
    -------
    ConvergenceOrder

    Raises
    ------
    ValueError
        For fewer than three values, or values that are not positive; if a prediction or a simulation is not finite.

    See Also
    --------
    linmod.verify : Compare prediction and simulation of one problem.

    Examples
    --------
    >>> import linmod
    >>> from dataclasses import replace
    >>> dataset = linmod.SystematicityDataset(n_x=3, n_y=1, k_x=1, k_y=2)
    >>> def at_step(step):
    ...     training = linmod.Descent(step, steps=round(8 / step), record_every=round(1 / step))
    ...     return [linmod.Problem(dataset, linmod.Shallow(), linmod.Aligned(0.0), training)]
    >>> def flow(problem):
    ...     return linmod.theory.solve(replace(problem, training=linmod.Flow(problem.times)))
    >>> def nothing(problem):
    ...     return {"loss": 0.5 + 0 * problem.times}
    >>> study = linmod.convergence_order("step size", [0.2, 0.1, 0.05], at_step,
    ...                                  expected=(0.9, 1.1), predict=flow, control=nothing)
    >>> study.passed, round(study.order)
    (True, 1)
    """
    grid, expected = array("values", values, 1), _range(expected)
    if len(grid) < 3 or np.any(grid <= 0):
        raise ValueError(f"values must be at least three positive numbers, got {list(values)}")
    errors, wrong = [], []
    for index, value in enumerate(grid.tolist()):
        right_here, wrong_here = [], []
        for problem in problems(value):
            simulation = simulate(problem)
            simulated = observed(simulation)
            right_here.append(_largest_error(finite("prediction", read(predict(problem), simulation)), simulated))
            wrong_here.append(_largest_error(read(control(problem), simulation), simulated))
        errors.append(right_here)
        wrong.append(wrong_here)
        progress((index + 1) / len(grid))
    return ConvergenceOrder(
        parameter=parameter,
        values=grid,
        errors=np.array([np.mean(here) for here in errors]),
        spread=np.array([np.std(here, ddof=1) / np.sqrt(len(here)) if len(here) > 1 else 0.0 for here in errors]),
        control_errors=np.array([np.mean(here) for here in wrong]),
        expected=expected,
    )


def _range(expected: tuple[float, float]) -> tuple[float, float]:
    """The range of an order, after a check."""
    low, high = expected
    return real("expected[0]", low), real("expected[1]", high)


def _largest_error(said: Values, simulated: Values) -> float:
    """Largest error of all quantities, each relative to the largest value of its kind."""
    scale_of = scales(simulated)
    return largest(
        [ratio(float(gaps(values, simulated[name])[0]), scale_of[kind(name)] or 1.0) for name, values in said.items()]
    )


def _slope(values: FloatArray, errors: FloatArray) -> tuple[float, float]:
    x, y = np.log(values), np.log(np.maximum(errors, np.finfo(float).tiny))
    x = x - x.mean()
    slope = float(np.sum(x * y) / np.sum(x**2))
    scatter = np.sum((y - y.mean() - slope * x) ** 2) / max(len(x) - 2, 1)
    return slope, float(np.sqrt(scatter / np.sum(x**2)))
