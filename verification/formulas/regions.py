"""Where a formula holds: by depth and training, by what tells right from wrong cases, and the orders of its error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...datasets import SystematicityDataset
from ...problem import Aligned, Descent, Flow, Problem
from ...theory.symbolic.formula import Formula
from ..verdicts import FAILS, HOLDS, UNDECIDED
from .design import ATOL, CONFIRMED, DEPTHS, EXPLORED, RTOL, SPACE, Setting, chain, moving_times, stable_step
from .mends import tally, tested
from .predict import misfit, predicted
from .rows import Rows
from .sample import Family, Sample

OVER_TIME = ("mode", "norm", "loss", "systematicity")
DOES_NOT_APPLY = "does not apply"
STARTS = {1: (1e-1, 1e-2, 1e-3, 1e-4), 2: (1e-1, 1e-2, 1e-3, 1e-4)}
DEEP_STARTS = (1e-1, 3e-2, 1e-2, 3e-3)
SHARES = (0.2, 0.1, 0.05, 0.025)
"""Of the largest stable step."""
EVEN, REPEATED = 0.35, 0.2
"""Largest difference of the local orders of one dataset, and of the orders of two datasets."""
WORDS = {0.5: "of order one half", 1.0: "of first order", 1.5: "of order 3/2", 2.0: "of second order"}


@dataclass(frozen=True)
class Region:
    """One part of the space.

    Attributes
    ----------
    name : str
        In words.
    explored, confirmed : tuple of int
        Settings in which the formula holds, and all, in each half of the design.
    verdict : str
        "holds", "fails", "mixed", "undecided" or "does not apply".
    """

    name: str
    explored: tuple[int, int]
    confirmed: tuple[int, int]
    verdict: str


def families(formula: Formula) -> list[Family]:
    """The families in which a formula can be tried."""
    if formula.of == "held_out":
        return [(1, False)]
    trainings = (False, True) if formula.of in OVER_TIME else (False,)
    return [(depth, descent) for depth in DEPTHS for descent in trainings]


def in_words(family: Family) -> str:
    """A family in words.

    Examples
    --------
    >>> in_words((2, False))
    '2 layers, gradient flow'
    """
    layers, descent = family
    return f"{layers} layer{'s' if layers > 1 else ''}, {'gradient descent' if descent else 'gradient flow'}"


def regions(sample: Sample) -> Iterator[Region]:
    """One region for each depth and kind of training."""
    for family in families(sample.formula):
        yield _region(sample, family)


def _region(sample: Sample, family: Family) -> Region:
    formula, counts = sample.formula, []
    descent = family[1]
    if ({"n", "alpha"} & formula.symbols or formula.form == "recursion") and not descent:
        return Region(in_words(family), (0, 0), (0, 0), DOES_NOT_APPLY)
    for part in (EXPLORED, CONFIRMED):
        rows = sample.rows(family, part)
        counts.append((0, 0) if rows is None else tally(formula.tree, formula.form, rows))
    explored, confirmed = counts
    return Region(in_words(family), explored, confirmed, _verdict(explored, confirmed))


def _verdict(explored: tuple[int, int], confirmed: tuple[int, int]) -> str:
    held, tried = explored[0] + confirmed[0], explored[1] + confirmed[1]
    if not explored[1] or not confirmed[1]:
        return UNDECIDED
    return HOLDS if held == tried else FAILS if held == 0 else "mixed"


@dataclass(frozen=True)
class _Series:
    """One series: whether the formula holds for it, and its numbers."""

    holds: bool
    label: str
    features: dict[str, float]


def _series(formula: Formula, rows: Rows) -> list[_Series]:
    errors, moving = misfit(formula.tree, formula.form, rows), tested(rows)
    found = []
    for index, label in enumerate(rows.labels):
        here = rows.series == index
        if not np.any(here & moving):
            continue
        first = int(np.flatnonzero(here)[0])
        numbers = {
            name: float(rows.values[name][first]) for name in ("lam", "delta", "pi0", "pi_star") if name in rows.values
        }
        numbers |= rows.settings[int(rows.setting[first])].features
        found.append(_Series(bool(np.all(errors[here] <= 1)), label, numbers))
    return found


Test = Callable[[_Series], bool]


def _compare(one: str, other: str, sign: int) -> Test:
    def test(series: _Series) -> bool:
        return bool(np.sign(round(series.features.get(one, np.nan) - series.features.get(other, np.nan), 9)) == sign)

    return test


def _equals(name: str, value: float) -> Test:
    return lambda series: abs(series.features.get(name, np.nan) - value) < 1e-9


def _differs(test: Test) -> Test:
    return lambda series: not test(series)


def _predicates(known: list[_Series]) -> Iterator[tuple[str, Test]]:
    yield "n_y < n_x", _compare("n_y", "n_x", -1)
    yield "n_y = n_x", _compare("n_y", "n_x", 0)
    yield "k_x = k_y", _compare("k_x", "k_y", 0)
    yield "lambda = delta", _compare("lam", "delta", 0)
    yield "pi0 < pi*", _compare("pi0", "pi_star", -1)
    yield "pi0 > pi*", _compare("pi0", "pi_star", 1)
    for name, value in _SPECIAL:
        yield f"{name} = {value:g}", _equals(name, value)
        yield f"{name} is not {value:g}", _differs(_equals(name, value))
    yield "r < 0", lambda series: series.features.get("r", 1.0) < 0
    yield "r > 0", lambda series: series.features.get("r", 1.0) > 0
    for depth in sorted({series.features["L"] for series in known}):
        yield f"L = {depth:g}", _equals("L", depth)
        yield f"L is not {depth:g}", _differs(_equals("L", depth))
    for label in sorted({series.label for series in known}):
        yield f"modes {label}", _labelled(label)
        yield f"modes other than {label}", _differs(_labelled(label))


_SPECIAL = (
    ("delta", 1.0),
    ("lam", 1.0),
    ("r", 1.0),
    ("k_x", 0.0),
    ("k_y", 0.0),
    ("n_y", 0.0),
    ("n_x", 1.0),
    ("n_y", 1.0),
)


def _labelled(label: str) -> Test:
    return lambda series: series.label == label


def condition(sample: Sample) -> str:
    """What tells the cases in which a formula holds from those in which it fails; empty if nothing simple does."""
    halves = []
    for part in (EXPLORED, CONFIRMED):
        rows = sample.home_rows(part)
        halves.append([] if rows is None else _series(sample.formula, rows))
    explored, confirmed = halves
    if all(s.holds for s in explored) or not any(s.holds for s in explored):
        return ""
    found = []
    for name, test in _predicates(explored):
        if all(test(s) == s.holds for s in explored) and all(test(s) == s.holds for s in confirmed):
            found.append(name)
    held = sum(s.holds for s in confirmed)
    if not found or held in (0, len(confirmed)):
        return ""
    words = " (in this sample the same as ".join(found[:2]) + (")" if len(found) > 1 else "")
    return f"it holds where {words}, and only there: {held} and {len(confirmed) - held} confirming cases"


def orders(sample: Sample) -> Iterator[str]:
    """How the error vanishes with the initial strength, and with the step, where it does."""
    layers, formula = sample.home[0], sample.formula
    if formula.of == "held_out":
        return
    by_start = [_start_error(sample, index) for index in (4, 3)]
    statement = _order("the initial strength", by_start)
    if statement:
        yield statement
    if formula.of == "mode" and not ({"n", "alpha"} & formula.symbols) and formula.form != "recursion":
        by_step = [_step_error(sample, layers, index) for index in (4, 3)]
        statement = _order("the step, under gradient descent", by_step)
        if statement:
            yield statement


Errors = tuple[NDArray[np.float64], NDArray[np.float64]]


def _start_error(sample: Sample, index: int) -> Errors:
    layers, descent = sample.home
    starts = STARTS.get(layers, DEEP_STARTS)
    chosen = [_at_start(layers, descent, index, start) for start in starts]
    return np.array(starts), _largest_errors(sample, chosen)


def _at_start(layers: int, descent: bool, index: int, start: float) -> Setting:
    dataset = SystematicityDataset(**SPACE[index])
    problem = Problem(dataset, chain(layers, dataset), Aligned(start), Flow([1.0]))
    times = moving_times(problem)
    if descent:
        step = stable_step(problem, 0.1)
        steps = int(times[-1] / step)
        return Setting(replace(problem, training=Descent(step, steps, max(1, steps // 12))), tau=1 / step)
    return Setting(replace(problem, training=Flow(times, rtol=RTOL, atol=ATOL)), tau=1.7)


def _step_error(sample: Sample, layers: int, index: int) -> Errors:
    dataset = SystematicityDataset(**SPACE[index])
    problem = Problem(dataset, chain(layers, dataset), Aligned(0.05), Flow([1.0]))
    end = float(moving_times(problem)[-1])
    largest = stable_step(problem, 1.0)
    chosen = []
    for share in SHARES:
        steps = round(end / (share * largest) / 12) * 12
        training = Descent(end / steps, steps, steps // 12)
        chosen.append(Setting(replace(problem, training=training), tau=steps / end))
    return np.array(SHARES), _largest_errors(sample, chosen)


def _largest_errors(sample: Sample, chosen: list[Setting]) -> NDArray[np.float64]:
    """Largest relative error in each setting; infinite where the formula gives no number."""
    formula, found = sample.formula, []
    for setting in chosen:
        rows = sample.measured([setting])
        if rows is None:
            found.append(np.nan)
            continue
        try:
            gap = np.abs(predicted(formula.tree, formula.form, rows) - rows.truth)
        except KeyError:
            return np.full(len(chosen), np.nan)
        found.append(float(np.max(gap / rows.largest(np.abs(rows.truth)))))
    return np.array(found)


def _order(parameter: str, both: list[Errors]) -> str:
    """The order in words, if the errors of both datasets vanish with it."""
    fitted = [_slope(values, errors) for values, errors in both]
    if any(slope is None for slope in fitted):
        return ""
    first, second = (float(slope) for slope in fitted if slope is not None)
    if abs(first - second) > REPEATED or first < 0.25:
        return ""
    nearest = min(WORDS, key=lambda order: abs(order - first))
    words = WORDS[nearest] if abs(nearest - first) < 0.15 else f"of order {first:.2f}"
    return f"its error is {words} in {parameter} (measured {first:.2f}, and {second:.2f} on a dataset kept aside)"


def _slope(values: NDArray[np.float64], errors: NDArray[np.float64]) -> float | None:
    if not np.all(np.isfinite(errors)) or np.any(errors <= 1e-7) or errors[-1] > 0.05:
        return None
    local = np.diff(np.log(errors)) / np.diff(np.log(values))
    late = local[-2:]
    return float(late[-1]) if np.ptp(late) <= EVEN else None
