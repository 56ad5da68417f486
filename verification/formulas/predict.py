"""What a formula predicts at rows: its value, or what its equation gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp
from scipy.special import expit

from ...theory.symbolic.formula.formula import EXPLICIT, FLOW, IMPLICIT, RECURSION
from ...theory.symbolic.formula.nodes import Node, names
from ...theory.symbolic.formula.values import evaluated
from ...validation import FloatArray
from .rows import Rows

HALVINGS, FAR = 60, 36.0
MOST_EVALUATIONS = 60_000
RTOL, ATOL = 1e-9, 1e-14
SMOOTH = 0.01
"""Largest relative difference between slopes of second and of fourth order."""


def predicted(tree: Node, form: str, rows: Rows) -> FloatArray:
    """The quantity of each row; not a number where the formula gives none.

    Raises
    ------
    KeyError
        With the symbol that has no value in these rows.
    """
    return _FORMS[form](tree, rows)


def misfit(tree: Node, form: str, rows: Rows) -> FloatArray:
    """The error of each row in units of its bound; infinite where the formula gives no number."""
    with np.errstate(all="ignore"):
        error = np.abs(predicted(tree, form, rows) - rows.truth) / rows.bound
    return np.asarray(np.where(np.isnan(error), np.inf, error))


def _value(tree: Node, rows: Rows) -> FloatArray:
    return evaluated(tree, rows.bind(names(tree)), rows.truth.shape)


def _inverted(tree: Node, rows: Rows) -> FloatArray:
    """The strength at which an increasing time is reached, between the start and the final value."""
    symbols = names(tree)
    values = rows.bind(symbols - {"pi"})
    wanted = rows.values["t"] * (rows.values["tau"] if "tau" in symbols else 1.0)
    start, final = rows.values["pi0"], rows.values["pi_star"]
    low, high = np.zeros(len(rows)), np.ones(len(rows))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        strength = _between(start, final, middle)
        time = evaluated(tree, {**values, "pi": strength}, rows.truth.shape)
        early = time < wanted
        low, high = np.where(early, middle, low), np.where(early, high, middle)
    return _between(start, final, low)


def _between(start: FloatArray, final: FloatArray, share: FloatArray) -> FloatArray:
    """From start to final, evenly in the logarithm of the distances from 0 and from the final value."""
    with np.errstate(all="ignore"):
        x = start / final
        level = np.log(x / (1 - x))
        rising = expit(level + share * (FAR - level))
        other = 1 + (x - 1) * np.exp(-FAR * share)
    return np.asarray(final * np.where((x > 0) & (x < 1), rising, other))


def _integrated(tree: Node, rows: Rows) -> FloatArray:
    """The course from the start under a rate of change, all series together, each in units of its length."""
    first = np.unique(rows.series, return_index=True)[1]
    one = rows.where(np.isin(np.arange(len(rows)), first))
    symbols = names(tree)
    values = one.bind(symbols - {"pi", "t"})
    ends = rows.largest(rows.values["t"])[first]
    factor = one.values["tau"] if "tau" in symbols else np.ones(len(one))
    count = [0]

    def rate(share: float, state: FloatArray) -> FloatArray:
        count[0] += 1
        if count[0] > MOST_EVALUATIONS:
            raise FloatingPointError
        now = {**values, "pi": state, "t": share * ends * factor}
        return ends * factor * evaluated(tree, now, state.shape)

    start = one.values["pi0"]
    index = np.searchsorted(rows.series[first], rows.series)
    shares = rows.values["t"] / np.where(ends > 0, ends, 1.0)[index]
    grid = np.unique(shares)
    try:
        with np.errstate(all="ignore"):
            run = solve_ivp(
                rate, (0.0, 1.0), start, t_eval=grid, method="RK45", rtol=RTOL, atol=ATOL * np.abs(start).max()
            )
    except (FloatingPointError, ValueError):
        return np.full(len(rows), np.nan)
    if not run.success:
        return np.full(len(rows), np.nan)
    return np.asarray(run.y[index, np.searchsorted(grid, shares)])


def _iterated(tree: Node, rows: Rows) -> FloatArray:
    """The course from the start under a map, all series together."""
    first = np.unique(rows.series, return_index=True)[1]
    one = rows.where(np.isin(np.arange(len(rows)), first))
    symbols = names(tree)
    values = one.bind(symbols - {"pi", "n", "t"})
    index = np.searchsorted(rows.series[first], rows.series)
    steps = rows.values["n"].astype(int)
    state, result = one.values["pi0"].copy(), np.empty(len(rows))
    for n in range(int(steps.max()) + 1):
        here = steps == n
        result[here] = state[index[here]]
        now: dict[str, FloatArray | float] = {**values, "pi": state, "n": float(n), "t": n * one.values["alpha"]}
        state = evaluated(tree, now, state.shape)
    return result


_FORMS: dict[str, Callable[[Node, Rows], FloatArray]] = {
    EXPLICIT: _value,
    IMPLICIT: _inverted,
    FLOW: _integrated,
    RECURSION: _iterated,
}


@dataclass(frozen=True, eq=False)
class Screen:
    """Rows at which a tree alone can be compared.

    Attributes
    ----------
    rows : Rows
        Of an implicit formula the truth is the time, of a rate the slope of the simulated course, and of a map the next
        strength.
    factor : float
        Of the bounds, which these truths need.
    share : float
        Of the rows at which a right formula agrees at least.
    """

    rows: Rows
    factor: float = 1.0
    share: float = 1.0


def screening(form: str, rows: Rows) -> Screen:
    """Rows at which many formulas can be compared fast."""
    if form == EXPLICIT:
        return Screen(rows)
    values = {**rows.values, "pi": rows.truth}
    whole = Rows(values, rows.truth, rows.series, rows.setting, rows.settings, rows.labels)
    return _SCREENS[form](whole)


def _times(rows: Rows) -> Screen:
    times = Rows(rows.values, rows.values["t"], rows.series, rows.setting, rows.settings, rows.labels)
    final, start = rows.values["pi_star"], rows.values["pi0"]
    between = np.abs(rows.truth - final) > 1e-3 * np.abs(final)
    between &= np.abs(rows.truth - start) > 1e-2 * np.abs(start)
    return Screen(times.where(between), 30.0)


def _slopes(rows: Rows) -> Screen:
    """Slopes of the course by differences of fourth order, where those of second order nearly agree."""
    slopes = np.full(len(rows), np.nan)
    for series in np.unique(rows.series):
        here = np.flatnonzero(rows.series == series)
        times, y = rows.values["t"][here], rows.truth[here]
        if len(here) > 8:
            step = times[1] - times[0]
            fine = (y[:-4] - 8 * y[1:-3] + 8 * y[3:-1] - y[4:]) / (12 * step)
            coarse = (y[3:-1] - y[1:-3]) / (2 * step)
            clear = np.abs(y[3:-1] - y[1:-3]) > 1e-4 * np.abs(y[2:-2])
            smooth = np.abs(fine - coarse) <= SMOOTH * np.abs(fine)
            slopes[here[2:-2]] = np.where(clear & smooth, fine, np.nan)
    whole = Rows(rows.values, slopes, rows.series, rows.setting, rows.settings, rows.labels)
    return Screen(whole.where(np.isfinite(slopes)), 300.0, 0.85)


def _next(rows: Rows) -> Screen:
    following = np.append(rows.truth[1:], np.nan)
    same = np.append(rows.series[1:] == rows.series[:-1], False)
    steps = np.append(rows.values["n"][1:] - rows.values["n"][:-1] == 1, False)
    whole = Rows(rows.values, following, rows.series, rows.setting, rows.settings, rows.labels)
    return Screen(whole.where(same & steps))


_SCREENS: dict[str, Callable[[Rows], Screen]] = {IMPLICIT: _times, FLOW: _slopes, RECURSION: _next}
