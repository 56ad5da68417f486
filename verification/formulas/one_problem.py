"""The verdict on a formula in one problem: errors by mode and time, with null controls made from the formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ... import dynamics, theory
from ...problem import Problem, Trajectory
from ...theory.symbolic.formula import Formula
from ...validation import FloatArray
from ..agreement import Agreement
from ..comparison import verify
from ..tolerances import MOST_NEGLECTED, NEGLECTED_FACTOR
from ..verdicts import FAILS, HOLDS, UNDECIDED
from .design import Setting, starts_of
from .measure import Wanted, as_rows, map_of, measured, modes_of
from .predict import misfit, predicted
from .random_start import by_class, covers, mode_rows
from .rows import Rows

CURVES = ("mode", "norm", "loss")
"""Quantities over time, which are compared as predictions of problems are."""
FACTOR = 1.5
WRONG_START = 3.0


@dataclass(frozen=True)
class Line:
    """The largest error of one quantity: in absolute terms, in bounds, and where it is.

    Attributes
    ----------
    label : str
    error : float
    of_bound : float
        Above 1 the formula is wrong.
    time : float
        In units of tau; NaN where time does not matter.
    predicted, simulated : float
        The two values there.
    """

    label: str
    error: float
    of_bound: float
    time: float
    predicted: float
    simulated: float


@dataclass(frozen=True, eq=False)
class OneProblem:
    """What one problem says of a formula.

    Attributes
    ----------
    verdict : str
        "holds", "fails" or "undecided".
    reason : str
    lines : tuple of Line
        The largest error of each mode, or of each other quantity.
    controls : tuple of str
        Deliberately wrong forms of the formula, and what became of them.
    agreement : Agreement or None
        The whole comparison of a quantity over time.
    description : str
        Of the problem.
    """

    verdict: str
    reason: str
    lines: tuple[Line, ...]
    controls: tuple[str, ...]
    agreement: Agreement | None
    description: str


def one_problem(formula: Formula, problem: Problem) -> OneProblem:
    """Compare a formula with the simulation of one problem."""
    setting = Setting(problem, tau=_time_constant(problem), extra=_held_out_size(formula, problem))
    if formula.of in CURVES:
        return _of_curves(formula, setting)
    return _of_numbers(formula, setting)


def _time_constant(problem: Problem) -> float:
    return 1 / problem.training.step_size if problem.training.is_descent else 2.0


def _held_out_size(formula: Formula, problem: Problem) -> Mapping[str, float]:
    return {"j": float(problem.dataset.n_items - 1)} if formula.of == "held_out" else {}


def _of_curves(formula: Formula, setting: Setting) -> OneProblem:
    """Compare curves; from random weights, those of single modes brought together by class."""
    problem = setting.problem
    random = not starts_of(problem)
    if random and not (covers(problem) and formula.of == "mode"):
        raise ValueError(
            "initial must be Aligned, so that the start of each mode is known; for modes of two layers it may be"
            " SmallRandom or Explicit too"
        )
    tolerance = _neglected(problem) if random else None
    if tolerance is not None and not np.isfinite(tolerance):
        return OneProblem(UNDECIDED, UNKNOWN, (), (), None, repr(problem))
    seen = dynamics.solve(problem)
    fine = mode_rows(setting, seen) if random else _aligned_rows(formula, setting, seen)
    if fine is None:
        raise ValueError(f"this problem has no {formula.of} of {formula.block or 'any mode'}")
    rows, together = by_class(fine) if random else (fine, _same)
    said = bound_values(formula, fine)
    named = _named(formula, rows)
    if not np.all(np.isfinite(said)):
        return _without_value(formula, fine, said, list(fine.labels), seen.description)
    controls = {
        name: _mapping(named, rows, together(values)) for name, values in wrong_values(formula, fine, said).items()
    }
    agreement = verify(
        problem,
        predict=lambda _: _mapping(named, rows, together(said)),
        simulate=lambda asked: seen if asked is problem else dynamics.solve(asked),
        tolerance=tolerance,
        controls={name: _always(mapping) for name, mapping in controls.items()},
    )
    bounds = {label: agreement.by_quantity[label] for label in named}
    lines = tuple(
        _line(label, rows, together(said), index, bounds[label].of_bound) for index, label in enumerate(named)
    )
    told = tuple(f"{control.name}: {control}" for control in agreement.controls)
    verdict, reason = agreement.verdict, agreement.reason + _blind_spots(formula, rows, agreement.verdict)
    if verdict == HOLDS and tolerance is not None and tolerance > MOST_NEGLECTED:
        verdict, reason = UNDECIDED, TOO_LARGE.format(100 * tolerance)
    return OneProblem(verdict, reason, lines, told, agreement, seen.description)


TOO_LARGE = (
    "from weights of this size even a right formula may be off by {:.2g} % of the largest strength; smaller weights"
    " would decide it"
)
UNKNOWN = "from weights of this size the initial strengths of the modes are not known; smaller weights would decide it"


def _aligned_rows(formula: Formula, setting: Setting, seen: Trajectory) -> Rows | None:
    problem = setting.problem
    if formula.of == "mode":
        return as_rows(setting, [*modes_of(problem, seen)])
    return as_rows(setting, [map_of(problem, seen, Wanted(formula.of, formula.block))])


def _same(values: FloatArray) -> FloatArray:
    return values


def _neglected(problem: Problem) -> float:
    """What a right formula may be off by, relative to the largest strength: what the closed form neglects."""
    return max(NEGLECTED_FACTOR * theory.solve(problem).neglected, LEAST)


LEAST = 1e-7
"""Tolerance where the closed form is exact."""


def _always(mapping: Mapping[str, FloatArray]) -> Callable[[Problem], Mapping[str, FloatArray]]:
    return lambda _: mapping


def bound_values(formula: Formula, rows: Rows) -> FloatArray:
    """What a formula predicts; not finite where it has no real value.

    Raises
    ------
    ValueError
        If a symbol has no value in this problem.
    """
    try:
        return predicted(formula.tree, formula.form, rows)
    except KeyError as error:
        raise ValueError(f"{error.args[0]} has no value for of={formula.of!r} in this problem") from None


def _without_value(formula: Formula, rows: Rows, said: FloatArray, named: list[str], description: str) -> OneProblem:
    """A formula fails where it gives no real number."""
    worst = int(np.flatnonzero(~np.isfinite(said))[0])
    shown = ("lam", "delta", "pi0", "t", "n")
    at = ", ".join(f"{name} = {rows.values[name][worst]:.6g}" for name in shown if name in formula.symbols)
    reason = f"the formula gives no finite real number{f' at {at}' if at else ''}"
    lines = tuple(_line(label, rows, said, index, np.inf) for index, label in enumerate(named))
    return OneProblem(FAILS, reason, lines, (), None, description)


def wrong_values(formula: Formula, rows: Rows, said: FloatArray) -> dict[str, FloatArray]:
    """What deliberately wrong forms of a formula predict, those that differ from it."""
    found = {}
    for name, change in _CHANGES.items():
        values = {**rows.values, **change(rows)}
        try:
            wrong = predicted(formula.tree, formula.form, replace(rows, values=values))
        except KeyError:
            continue
        wrong = np.where(np.isfinite(wrong), wrong, 0.0)
        if np.any(np.abs(wrong - said) > 4 * rows.bound):
            found[name] = wrong
    return found


def _scaled(name: str, factor: float) -> Callable[[Rows], dict[str, FloatArray]]:
    return lambda rows: {name: factor * rows.values[name]} if name in rows.values else {}


def _halved_times(rows: Rows) -> dict[str, FloatArray]:
    return {name: 0.5 * rows.values[name] for name in ("t", "n") if name in rows.values}


def _other_class(rows: Rows) -> dict[str, FloatArray]:
    """Lambda of the next class of modes."""
    if "lam" not in rows.values or len(rows.labels) < 2:
        return {}
    first = np.unique(rows.series, return_index=True)[1]
    following = np.roll(rows.values["lam"][first], 1)
    return {"lam": following[np.searchsorted(rows.series[first], rows.series)]}


_CHANGES: dict[str, Callable[[Rows], dict[str, FloatArray]]] = {
    "times x 0.5": _halved_times,
    "delta left out": lambda rows: {"delta": np.ones(len(rows))} if "delta" in rows.values else {},
    "initial strengths x 3": _scaled("pi0", WRONG_START),
    "lambda of the next class": _other_class,
    "layers + 1": lambda rows: {"L": rows.values["L"] + 1},
    **{f"{name} x {FACTOR}": _scaled(name, FACTOR) for name in ("N", "n_x", "n_y", "k_x", "k_y", "r", "rho", "j")},
    **{f"pi_{i} x {FACTOR}": _scaled(f"pi_{i}", FACTOR) for i in (1, 2, 3, 4)},
    f"lambda x {FACTOR}": _scaled("lam", FACTOR),
    f"pi_star x {FACTOR}": _scaled("pi_star", FACTOR),
}


def _named(formula: Formula, rows: Rows) -> list[str]:
    """Names of the series as quantities of a trajectory."""
    if formula.of == "mode":
        return [f"mode {label}" for label in rows.labels]
    if formula.of == "norm" and formula.block is not None:
        return [f"norm {formula.block[0]} -> {formula.block[1]}"]
    return ["loss"]


def _mapping(named: list[str], rows: Rows, values: FloatArray) -> dict[str, FloatArray]:
    return {name: values[rows.series == index] for index, name in enumerate(named)}


def _line(label: str, rows: Rows, said: FloatArray, index: int, of_bound: float) -> Line:
    here = np.flatnonzero(rows.series == index)
    with np.errstate(invalid="ignore"):
        error = np.nan_to_num(np.abs(said[here] - rows.truth[here]), nan=np.inf)
    worst = here[int(np.argmax(error))]
    time = float(rows.values["t"][worst]) if "t" in rows.values else float("nan")
    return Line(label, float(error.max()), of_bound, time, float(said[worst]), float(rows.truth[worst]))


def _of_numbers(formula: Formula, setting: Setting) -> OneProblem:
    rows = measured(setting, Wanted(formula.of, formula.block))
    description = repr(setting.problem)
    if rows is None:
        reason = f"this problem has nothing to compare with of={formula.of!r}; another start or dataset would decide it"
        return OneProblem(UNDECIDED, reason, (), (), None, description)
    said = bound_values(formula, rows)
    if not np.all(np.isfinite(said)):
        return _without_value(formula, rows, said, list(rows.labels), description)
    errors = misfit(formula.tree, formula.form, rows)
    lines = tuple(
        _line(label, rows, said, index, float(errors[rows.series == index].max()))
        for index, label in enumerate(rows.labels)
    )
    wrong = wrong_values(formula, rows, said)
    told, accepted = [], []
    for name, values in wrong.items():
        off = float(np.max(np.abs(values - rows.truth) / rows.bound))
        told.append(f"{name}: {'rejected' if off > 1 else 'NOT rejected'} (error {off:.2g} bounds)")
        accepted += [name] if off <= 1 else []
    verdict, reason = _decision(lines, wrong, accepted)
    reason += _blind_spots(formula, rows, verdict)
    return OneProblem(verdict, reason, lines, tuple(told), None, description)


def _blind_spots(formula: Formula, rows: Rows, verdict: str) -> str:
    """What a formula that holds could have wrong without being noticed: symbols that are 1, or equal to each other."""
    if verdict != HOLDS:
        return ""
    known = {name: rows.values[name] for name in sorted(formula.symbols) if name in rows.values}
    ones = [f"powers of {name}, which is 1" for name, values in known.items() if np.all(values == 1)]
    pairs = [
        f"{one} taken for {other}, which are equal"
        for index, one in enumerate(known)
        for other in list(known)[index + 1 :]
        if np.array_equal(known[one], known[other])
    ]
    blind = [*ones, *pairs]
    return f"; this problem cannot notice {' or '.join(blind)}" if blind else ""


def _decision(lines: tuple[Line, ...], wrong: Mapping[str, FloatArray], accepted: list[str]) -> tuple[str, str]:
    worst = max(lines, key=lambda line: line.of_bound)
    if not worst.of_bound <= 1:
        return FAILS, f"{worst.label} is off by {worst.error:.2e}, {worst.of_bound:.3g} times its bound"
    if accepted:
        return FAILS, f"the wrong form {accepted[0]!r} is within all bounds"
    if not wrong:
        return (
            UNDECIDED,
            "the formula has no symbol that could be wrong; one that depends on the problem would decide it",
        )
    return (
        HOLDS,
        f"all {len(lines)} values are within their bounds, {len(wrong)} of {len(wrong)} wrong forms are rejected",
    )
