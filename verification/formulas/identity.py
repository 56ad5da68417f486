"""What a formula is: equal to an entry of the book, a limit of one, or different from it by how much."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import sympy
from sympy import Expr, Symbol

from ...theory.symbolic.book import Entry, book
from ...theory.symbolic.digits import of_any_precision
from ...theory.symbolic.equality import verify_equal
from ...theory.symbolic.formula import Formula
from ...theory.symbolic.formula.expressions import positive, positively, to_sympy
from ...theory.symbolic.formula.formula import EXPLICIT, FLOW, IMPLICIT, RECURSION
from ...theory.symbolic.formula.nodes import Node
from .sample import Family

KINDS = {EXPLICIT: "value", IMPLICIT: "time", FLOW: "flow", RECURSION: "recursion"}
EQUAL, LIMIT, DIFFERENT, UNKNOWN = "equal", "limit", "different", "unknown"
POINTS, DIGITS = 8, 60
SAME = 1e-40
SMALL = (mpmath.mpf(10) ** -6, mpmath.mpf(10) ** -9)
LIMITS = (
    ("pi0", "the initial strength pi0 -> 0", 0.2),
    ("alpha", "the step alpha -> 0", 0.2),
    ("r", "r -> 0", 0.2),
    ("t", "t -> 0", 1.8),
)
"""Symbols that may vanish, and the smallest order with which a formula must then approach the entry."""
LATE = "t -> oo"
LARGEST_DIFFERENCE = 60


@dataclass(frozen=True)
class Identity:
    """What a formula is.

    Attributes
    ----------
    kind : str
        "equal", "limit", "different" or "unknown".
    entry : str
        Name of the entry of the book; empty if there is none to compare with.
    statement : str
        In one sentence.
    """

    kind: str
    entry: str
    statement: str


def identity(formula: Formula, home: Family) -> Identity:
    """Compare a formula with the entries of the book for the same quantity, those of its own network first."""
    mine = plain(formula.tree)
    entries = sorted(_entries(formula), key=lambda entry: not _fits(entry, home))
    for entry in entries:
        if _equal(mine, plain_entry(entry)):
            return Identity(EQUAL, entry.name, f"it equals {entry.name}: {_how(mine, plain_entry(entry))}")
    fitting = [entry for entry in entries if _fits(entry, home)]
    for entry in [*fitting, *(entry for entry in entries if entry not in fitting)]:
        for where in _limits(mine, plain_entry(entry)):
            statement = f"it is the limit of {entry.name} as {where}; it differs{_by(mine, entry)}"
            return Identity(LIMIT, entry.name, statement)
    if not fitting:
        return Identity(UNKNOWN, "", "the book has no formula for this quantity and this network")
    return Identity(DIFFERENT, fitting[0].name, f"it differs from {fitting[0].name}{_by(mine, fitting[0])}")


def _by(mine: Expr, entry: Entry) -> str:
    """The difference from an entry, in its shortest form; empty if it is long."""
    difference = mine - plain_entry(entry)
    if difference.count_ops() > LARGEST_DIFFERENCE:
        return ""
    forms = (difference, sympy.expand(difference), sympy.factor(sympy.together(difference)))
    return f" by {min(forms, key=lambda form: form.count_ops())}"


def _entries(formula: Formula) -> Iterator[Entry]:
    for entry in book.values():
        named = formula.of != "norm" or formula.block == _BLOCKS.get(entry.name)
        if entry.of == formula.of and entry.kind == KINDS[formula.form] and named and "opposite" not in entry.name:
            yield entry


_BLOCKS = {
    "norm-signs-to-signs": ("omega_x", "omega_y"),
    "norm-identities-to-signs": ("gamma_x", "omega_y"),
    "norm-signs-to-identities": ("omega_x", "gamma_y"),
    "norm-identities-to-identities": ("gamma_x", "gamma_y"),
}


def _fits(entry: Entry, home: Family) -> bool:
    training = "descent" if home[1] else "flow"
    return entry.layers in (0, home[0]) and entry.training in ("", training) and "without" not in entry.name


def plain(tree: Node) -> Expr:
    """A formula in positive symbols, with derived symbols and tau written out."""
    return _written_out(to_sympy(tree))


def plain_entry(entry: Entry) -> Expr:
    """An entry in the same symbols."""
    return _written_out(positively(entry.expression))


def _written_out(expression: Expr) -> Expr:
    lam, delta = positive("lam"), positive("delta")
    written = expression.subs(
        {
            positive("pi_star"): lam / delta,
            positive("sigma"): lam**2 / delta,
            positive("rho"): positive("k_x") * positive("r") ** 2,
        }
    )
    if written.has(positive("tau")):
        written = written.subs(positive("t"), positive("t") * positive("tau"))
    return written


def _points(symbols: Sequence[Symbol]) -> list[dict[str, Any]]:
    generator, found = np.random.default_rng(3), []
    for _ in range(POINTS):
        point = {symbol.name: mpmath.mpf(float(generator.uniform(0.3, 1.6))) for symbol in symbols}
        final = point.get("lam", mpmath.mpf(1)) / point.get("delta", mpmath.mpf(1))
        point.update({name: final * share for name, share in (("pi0", 0.1), ("pi", 0.6)) if name in point})
        whole = {"L": 3 + int(generator.integers(3)), "n": int(generator.integers(2, 6)), "N": 16, "n_x": 4}
        whole |= {"n_y": int(generator.integers(1, 4)), "j": int(generator.integers(2, 9))}
        point.update({name: mpmath.mpf(value) for name, value in whole.items() if name in point})
        if "alpha" in point:
            point["alpha"] = mpmath.mpf(0.2) * point["alpha"]
        found.append(point)
    return found


def _evaluator(mine: Expr, other: Expr) -> tuple[list[Symbol], Callable[..., list[Any]]]:
    symbols = sorted(mine.free_symbols | other.free_symbols, key=str)
    return symbols, of_any_precision(symbols, [mine, other])


def _gap(evaluate: Callable[..., list[Any]], symbols: Sequence[Symbol], point: dict[str, Any]) -> Any:
    """Relative difference of two expressions; infinite where one has no real value."""
    with mpmath.workdps(DIGITS):
        try:
            one, other = evaluate(*(point[symbol.name] for symbol in symbols))
            gap = abs(one - other) / max(abs(one), abs(other), mpmath.mpf(10) ** -300)
        except (ValueError, ZeroDivisionError, TypeError, OverflowError):
            return mpmath.inf
        return gap if mpmath.isfinite(gap) else mpmath.inf


def _equal(mine: Expr, other: Expr) -> bool:
    symbols, evaluate = _evaluator(mine, other)
    return all(_gap(evaluate, symbols, point) < SAME for point in _points(symbols))


def _how(mine: Expr, other: Expr) -> str:
    if mine.has(sympy.hyper) or other.has(sympy.hyper):
        return f"to 40 digits at {POINTS} points"
    return verify_equal("the book", mine, other).settled


def _limits(mine: Expr, other: Expr) -> Iterator[str]:
    """In which limits two expressions agree, with the order of their relative difference."""
    symbols, evaluate = _evaluator(mine, other)
    names = {symbol.name for symbol in symbols}
    for name, words, least in LIMITS:
        if name in names:
            order = _order(evaluate, symbols, name)
            if order is not None and order >= least:
                yield f"{words}; the relative difference is of order {order:.2g}"
    if other.has(positive("t")) and not mine.has(positive("t")):
        late = [{**point, "t": mpmath.mpf(2000)} for point in _points(symbols)]
        if all(_gap(evaluate, symbols, point) < mpmath.mpf(10) ** -30 for point in late):
            yield LATE


def _order(evaluate: Callable[..., list[Any]], symbols: Sequence[Symbol], name: str) -> float | None:
    orders = []
    for point in _points(symbols):
        changed = [_scaled(point, name, small) for small in SMALL]
        gaps = [_gap(evaluate, symbols, one) for one in changed]
        if not all(0 < gap < mpmath.mpf("1e-3") for gap in gaps):
            return None
        orders.append(float(mpmath.log(gaps[0] / gaps[1]) / mpmath.log(SMALL[0] / SMALL[1])))
    return float(np.mean(orders)) if np.ptp(orders) < 0.2 else None


def _scaled(point: dict[str, Any], name: str, small: Any) -> dict[str, Any]:
    """The point with one symbol near zero; with the step, the time stays."""
    changed = {**point, name: point[name] * small}
    if name == "alpha" and "n" in point:
        time = point.get("t", mpmath.mpf(1.3))
        changed["n"] = time / changed["alpha"]
        if "t" in point:
            changed["t"] = time
    return changed
