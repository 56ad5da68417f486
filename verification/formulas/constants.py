"""Constants with which a formula would fit, where no change of it is right: numbers with intervals, never an answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from ...theory.symbolic.formula import Formula
from ...theory.symbolic.formula.nodes import CALL, NUMBER, Node, mul, replaced, symbol, walk
from ...theory.symbolic.formula.values import Evaluator
from ...validation import FloatArray
from .predict import screening
from .rows import Rows

NAME = "c"
FITS = 1e-2
"""Largest relative error, in both halves of the design, of a fit that is reported."""
MOST, SHOWN = 40, 3
TWO_SIDED = 1.96


@dataclass(frozen=True)
class Constant:
    """A constant in a formula that fits.

    Attributes
    ----------
    formula : str
        The formula with c in it.
    value, half_width : float
        The fitted value, and half of its 95 % interval.
    error : float
        Largest relative error that is left in the settings kept aside.
    """

    formula: str
    value: float
    half_width: float
    error: float

    def __str__(self) -> str:
        return f"{self.formula} with c = {self.value:.6g} ± {self.half_width:.1g} is off by {self.error:.1e} at most"


def fitted_constants(formula: Formula, explored: Rows, confirmed: Rows) -> list[Constant]:
    """Single constants, in place of a number or as a factor of a part, with which a formula nearly holds.

    Returns
    -------
    list of Constant
        Those with the smallest errors; none if no constant brings the error to one percent.
    """
    here = screening(formula.form, explored).rows
    aside = screening(formula.form, confirmed).rows
    found = [constant for tree in _with_constant(formula.tree) if (constant := _fitted(tree, here, aside))]
    by_value = {f"{constant.value:.4g} {constant.error:.2g}": constant for constant in reversed(found)}
    return sorted(by_value.values(), key=lambda constant: constant.error)[:SHOWN]


def _with_constant(tree: Node) -> Iterator[Node]:
    constant = symbol(NAME)
    for path, node in list(walk(tree))[:MOST]:
        if node.kind == NUMBER:
            yield replaced(tree, path, constant)
        elif node.kind != CALL or not path:
            yield replaced(tree, path, mul(constant, node))


def _fitted(tree: Node, explored: Rows, confirmed: Rows) -> Constant | None:
    def residuals(rows: Rows, value: float) -> FloatArray:
        names = frozenset(str(node.value) for _, node in walk(tree) if node.kind == "symbol") - {NAME}
        with np.errstate(all="ignore"):
            said = np.asarray(Evaluator({**rows.bind(names), NAME: value})(tree), dtype=np.float64)
            return np.clip(np.nan_to_num((said - rows.truth) / rows.largest(np.abs(rows.truth)), nan=1e3), -1e3, 1e3)

    def at(given: FloatArray) -> FloatArray:
        return residuals(explored, float(given[0]))

    try:
        fit = least_squares(at, np.ones(1), max_nfev=60)
    except (KeyError, ValueError):
        return None
    value = float(fit.x[0])
    worst = max(float(np.max(np.abs(residuals(rows, value)))) for rows in (explored, confirmed))
    slope = float(np.sum(np.asarray(fit.jac) ** 2))
    if worst > FITS or slope <= 0:
        return None
    spread = float(np.sqrt(2 * fit.cost / max(len(explored) - 1, 1) / slope))
    return Constant(str(tree), value, TWO_SIDED * spread, worst)
