"""Where expressions change their form: points on both sides of each break of a piecewise function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import sympy
from sympy import Abs, Expr, Heaviside, Integer, Max, Min, Piecewise, Pow, Rational, Symbol, ceiling, floor, sign

from .digits import LARGEST_POWER, has_exact_value, holds_at, value_at

PIECEWISE = (Max, Min, Abs, floor, ceiling, Piecewise, sign, Heaviside, sympy.Mod, sympy.frac)
BASES = 2
"""Points from which a break is looked for."""


def points_beside_breaks(
    expressions: Sequence[Expr], points: Sequence[Mapping[Symbol, Expr]], where: Sequence[Expr] = ()
) -> list[dict[Symbol, Expr]]:
    """Points of the domain just before, just after and far from each break of the expressions.

    Examples
    --------
    >>> a = Symbol("a", positive=True)
    >>> [int(point[a]) for point in points_beside_breaks([Max(a, 100)], [{a: Integer(1)}])]
    [50, 99, 99, 100, 101, 1000]
    """
    found: list[dict[Symbol, Expr]] = []
    for border in dict.fromkeys(border for expression in expressions for border in _borders(expression)):
        for point in points[:BASES]:
            for symbol in sorted(border.free_symbols & set(point), key=str):
                others = {other: value for other, value in point.items() if other != symbol}
                near = {number for root in _roots(border, symbol, others) for number in _around(root, symbol)}
                candidates = (dict(point) | {symbol: number} for number in sorted(near))
                found += [candidate for candidate in candidates if _inside(candidate, symbol, where)]
    return found


def _borders(expression: Expr) -> Iterator[Expr]:
    """Expressions that are 0 where one of the piecewise functions in an expression changes its form."""
    for part in expression.atoms(*PIECEWISE):
        if isinstance(part, Max | Min):
            yield from (first - second for first, second in _pairs(part.args))
        elif isinstance(part, Piecewise):
            relations = set().union(*(condition.atoms(sympy.core.relational.Relational) for _, condition in part.args))
            yield from (relation.lhs - relation.rhs for relation in relations)
        elif isinstance(part, Abs | sign | Heaviside):
            yield part.args[0]
        else:
            inner = part.args[0] / part.args[1] if isinstance(part, sympy.Mod) else part.args[0]
            yield from (inner - whole for whole in (-1, 0, 1, 2))
    for power in expression.atoms(Pow):
        if power.exp.is_Rational and power.exp.q == 2:
            base = sympy.factor(power.base) if has_exact_value(power.base, {}) else power.base
            yield from (border for factor in sympy.Mul.make_args(base) for border in _squared(factor))


def _pairs(items: Sequence[Expr]) -> Iterator[tuple[Expr, Expr]]:
    return ((first, second) for index, first in enumerate(items) for second in items[index + 1 :])


def _squared(factor: Expr) -> Iterator[Expr]:
    if isinstance(factor, Pow) and factor.exp.is_Integer and factor.exp % 2 == 0:
        yield factor.base


def _roots(border: Expr, symbol: Symbol, others: Mapping[Symbol, Expr]) -> list[Expr]:
    """Where a border is 0 as a function of one symbol, if it is a polynomial in it."""
    exact = has_exact_value(border, others)
    numerator = sympy.fraction(sympy.together(border.xreplace(others) if exact else border))[0]
    if not numerator.is_polynomial(symbol) or not numerator.has(symbol):
        return []
    values = [value_at(part, others) for part in sympy.Poly(numerator, symbol).all_coeffs()]
    if not all(value is not None and value.is_real for value in values):
        return []
    coefficients = [sympy.nsimplify(value, rational=True) for value in values]
    if len(coefficients) > LARGEST_POWER or not any(coefficients[:-1]):
        return []
    return [_rational(root) for root in sympy.Poly(coefficients, symbol).real_roots()]


def _rational(root: Expr) -> Expr:
    return sympy.nsimplify(sympy.N(root, 30), rational=True)


def _around(root: Expr, symbol: Symbol) -> Iterator[Expr]:
    for number in (root / 2, root - 1, root - Rational(1, 10**6), root + Rational(1, 10**6), root + 1, root * 10):
        if number != root:
            yield Integer(sympy.floor(number)) if symbol.is_integer else number


def _inside(point: Mapping[Symbol, Expr], symbol: Symbol, where: Sequence[Expr]) -> bool:
    value = point[symbol]
    declared = ("positive", "negative", "nonnegative", "nonpositive", "nonzero")
    signs = all(getattr(value, f"is_{word}") for word in declared if getattr(symbol, f"is_{word}"))
    return signs and all(holds_at(condition, point) is not False for condition in where)
