"""A prediction held against a simulation: errors by quantity, a tolerance with a reason, and null controls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from tabulate import tabulate

from .. import dynamics, theory
from ..problem import Divergence, Problem, Trajectory
from ..validation import FloatArray, array, instance, real
from .controls import null_controls
from .tolerances import default_tolerance

Prediction = Trajectory | Mapping[str, ArrayLike]
Predictor = Callable[[Problem], Prediction]

MOVEMENT = 100.0


@dataclass(frozen=True)
class QuantityError:
    """How far one predicted quantity is from the simulated one, over all times.

    Attributes
    ----------
    error : float
        Largest absolute difference.
    range : float
        Largest minus smallest simulated value over time.
    scale : float
        Largest simulated value among all quantities of the same kind (modes, norms, loss).
    """

    error: float
    range: float
    scale: float

    @property
    def relative(self) -> float:
        """Error in units of the scale: the number that a tolerance bounds."""
        return self.error / self.scale if self.scale > 0 else self.error

    @property
    def of_range(self) -> float:
        """Error in units of the quantity's own range; NaN if it does not move."""
        return self.error / self.range if self.range > 0 else float("nan")


@dataclass(frozen=True)
class Control:
    """What became of a prediction that is wrong on purpose.

    Attributes
    ----------
    name : str
    error : float
        Its largest relative error against the simulation.
    difference : float
        Its largest relative difference from the prediction under test.
    tolerance : float
    """

    name: str
    error: float
    difference: float
    tolerance: float

    @property
    def distinct(self) -> bool:
        """Whether it differs from the prediction by more than twice the tolerance, so that it can be told apart."""
        return self.difference > 2 * self.tolerance

    @property
    def rejected(self) -> bool:
        """Whether its error exceeds the tolerance."""
        return self.error > self.tolerance


@dataclass(frozen=True)
class Agreement:
    """The outcome of a comparison.

    Attributes
    ----------
    by_quantity : mapping of str to QuantityError
    controls : tuple of Control
    tolerance : float
        Bound for the relative error of every quantity.
    description, prediction, simulation : str
        What was solved, and by what on either side.
    """

    by_quantity: Mapping[str, QuantityError]
    controls: tuple[Control, ...]
    tolerance: float
    description: str = field(repr=False)
    prediction: str = field(repr=False)
    simulation: str = field(repr=False)

    @property
    def max_error(self) -> float:
        """Largest relative error of all quantities."""
        return max(quantity.relative for quantity in self.by_quantity.values())

    @property
    def moved(self) -> bool:
        """Whether some quantity moves by at least 100 tolerances, so that standing still would be noticed."""
        return any(
            quantity.range >= MOVEMENT * self.tolerance * quantity.scale > 0 for quantity in self.by_quantity.values()
        )

    @property
    def null_rejected(self) -> bool:
        """Whether the trajectory moves, and every wrong prediction that can be told apart is rejected."""
        return self.moved and all(control.rejected for control in self.controls if control.distinct)

    @property
    def passed(self) -> bool:
        """Whether the prediction is within its tolerance and the null controls are rejected."""
        return self.max_error <= self.tolerance and self.null_rejected

    def require(self, *names: str) -> Agreement:
        """Return self, or raise if one of these controls is absent or cannot be told apart from the prediction."""
        distinct = {control.name for control in self.controls if control.distinct}
        missing = sorted(set(names) - distinct)
        if missing:
            raise ValueError(f"controls {missing} do not differ from the prediction of {self.description}")
        return self

    def table(self, style: str = "simple") -> str:
        """The errors by quantity as a table in one of tabulate's styles, such as "simple", "github" or "html"."""
        rows = [
            (name, f"{q.error:.2e}", f"{q.of_range:.2e}", f"{q.relative / self.tolerance:.2g}")
            for name, q in self.by_quantity.items()
        ]
        header = ("quantity", "error", "of its range", "of tolerance")
        return tabulate(rows, header, tablefmt=style, disable_numparse=True)

    def __str__(self) -> str:
        controls = "\n".join(f"  {control.name}: {_verdict(control)}" for control in self.controls)
        return (
            f"{self.description}\npredicted: {self.prediction}\nsimulated: {self.simulation}\n{self.table()}\n"
            f"null controls:\n{controls}\n"
            f"{'passed' if self.passed else 'FAILED'}: largest relative error {self.max_error:.2e},"
            f" tolerance {self.tolerance:.2e}"
        )

    def _repr_html_(self) -> str:
        controls = "".join(f"<li>{control.name}: {_verdict(control)}</li>" for control in self.controls)
        return (
            f"<p><b>{'passed' if self.passed else 'FAILED'}</b>: largest relative error {self.max_error:.2e},"
            f" tolerance {self.tolerance:.2e}</p>{self.table('html')}<ul>{controls}</ul>"
        )


def compare(
    prediction: Prediction,
    simulation: Trajectory,
    tolerance: float,
    *,
    controls: Mapping[str, Prediction] | None = None,
) -> Agreement:
    """Hold a prediction against a simulation.

    Parameters
    ----------
    prediction : Trajectory or mapping of str to array_like
        A trajectory at the same times, or some of its quantities by name (see ``Trajectory.quantities``).
    simulation : Trajectory
    tolerance : float
        Bound for every quantity's largest error over time, relative to the largest value of its kind.
    controls : mapping of str to predictions, optional
        Predictions that are wrong on purpose and must be rejected. One that stays at the first value is
        always among them.

    Returns
    -------
    Agreement

    Raises
    ------
    ValueError
        If the times or the quantities do not match, or a value is not finite.

    Examples
    --------
    >>> import linmod
    >>> problem = linmod.Problem(linmod.SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1), linmod.Deep(hidden=50),
    ...                          linmod.Aligned(1e-6), linmod.Descent(step_size=0.16, steps=300))
    >>> agreement = linmod.compare(linmod.theory.solve(problem), linmod.dynamics.solve(problem), tolerance=1e-12)
    >>> agreement.passed, agreement.max_error < 1e-13
    (True, True)
    """
    bound = real("tolerance", tolerance, positive=True)
    instance("simulation", simulation, (Trajectory,))
    predicted, simulated = _values(prediction, simulation), simulation.quantities
    wrong = {"constant": {name: np.full_like(values, values[0]) for name, values in predicted.items()}}
    for label, control in (controls or {}).items():
        wrong[label] = {name: values for name, values in _values(control, simulation).items() if name in predicted}
    return Agreement(
        by_quantity=_errors(predicted, simulated),
        controls=tuple(
            Control(name, _worst(values, simulated), _worst(values, predicted), bound) for name, values in wrong.items()
        ),
        tolerance=bound,
        description=simulation.description,
        prediction=prediction.origin if isinstance(prediction, Trajectory) else "given values",
        simulation=simulation.origin,
    )


def verify(
    problem: Problem,
    *,
    predict: Predictor = theory.solve,
    simulate: Callable[[Problem], Trajectory] = dynamics.solve,
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
    tolerance : float, optional
        Bound for the relative error. Unless given it is derived from the problem: see
        :func:`linmod.verification.tolerances.default_tolerance`.
    controls : mapping of str to callables, optional
        Predictors that are wrong on purpose. Unless given: lambda of the first two classes swapped, delta
        missing, initial strengths three times too large.

    Returns
    -------
    Agreement

    Raises
    ------
    NoClosedForm
        If theory has no prediction for this problem.
    ValueError
        If no tolerance is known for this problem and none is given; if predictions and simulation do not match.
    Divergence
        If the simulation leaves the range of finite numbers.

    Examples
    --------
    >>> import linmod
    >>> problem = linmod.Problem(linmod.SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1), linmod.Deep(hidden=50),
    ...                          linmod.SmallRandom(std=2e-4, seed=0), linmod.Descent(step_size=0.16, steps=300))
    >>> agreement = linmod.verify(problem)
    >>> agreement.passed, agreement.max_error < 1e-3
    (True, True)
    """
    instance("problem", problem, (Problem,))
    prediction, simulation = predict(problem), simulate(problem)
    bound = default_tolerance(problem, prediction, simulation) if tolerance is None else tolerance
    wrong = null_controls(problem) if controls is None else controls
    return compare(prediction, simulation, bound, controls=dict(_evaluated(wrong, problem, simulation)))


def _evaluated(
    controls: Mapping[str, Predictor], problem: Problem, simulation: Trajectory
) -> Iterable[tuple[str, Prediction]]:
    for name, predict in controls.items():
        try:
            yield name, predict(problem)
        except Divergence:
            yield name, {key: np.full_like(values, np.inf) for key, values in simulation.quantities.items()}


def _values(prediction: Prediction, simulation: Trajectory) -> dict[str, FloatArray]:
    if isinstance(prediction, Trajectory):
        if prediction.times.shape != simulation.times.shape or not np.allclose(prediction.times, simulation.times):
            raise ValueError("prediction and simulation must report the same times")
        return prediction.quantities
    if not isinstance(prediction, Mapping) or not prediction:
        raise TypeError(f"prediction must be a Trajectory or a mapping of quantities, got {type(prediction).__name__}")
    unknown = sorted(set(prediction) - set(simulation.quantities))
    if unknown:
        raise ValueError(f"prediction names unknown quantities {unknown}; there are {list(simulation.quantities)}")
    values = {name: np.asarray(given, dtype=np.float64) for name, given in prediction.items()}
    for name, given in values.items():
        if given.shape != simulation.times.shape:
            raise ValueError(f"prediction[{name!r}] must have shape {simulation.times.shape}, got {given.shape}")
    return values


def _errors(predicted: Mapping[str, FloatArray], simulated: Mapping[str, FloatArray]) -> dict[str, QuantityError]:
    if not set(predicted) <= set(simulated):
        raise ValueError(
            f"prediction has quantities {sorted(set(predicted) - set(simulated))} that the simulation lacks"
        )
    for name, values in predicted.items():
        array(f"prediction[{name!r}]", values, 1)
    scales = _scales(simulated)
    return {
        name: QuantityError(
            error=float(np.max(np.abs(values - simulated[name]))),
            range=float(np.ptp(simulated[name])),
            scale=scales[_kind(name)],
        )
        for name, values in predicted.items()
    }


def _worst(values: Mapping[str, FloatArray], reference: Mapping[str, FloatArray]) -> float:
    scales = _scales(reference)
    errors = [
        float(np.max(np.abs(given - reference[name]))) / (scales[_kind(name)] or 1.0) for name, given in values.items()
    ]
    return max(errors, default=0.0)


def _scales(quantities: Mapping[str, FloatArray]) -> dict[str, float]:
    scales: dict[str, float] = {}
    for name, values in quantities.items():
        scales[_kind(name)] = max(scales.get(_kind(name), 0.0), float(np.max(np.abs(values))))
    return scales


def _kind(name: str) -> str:
    return name.split(" ", 1)[0]


def _verdict(control: Control) -> str:
    if control.rejected:
        return f"rejected (error {control.error:.2e})"
    return f"NOT rejected (error {control.error:.2e})" if control.distinct else "does not differ from the prediction"
