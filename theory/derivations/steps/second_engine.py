"""A second engine, where python-flint is installed: exact polynomials, and balls that enclose the values of a step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, reduce
from importlib.util import find_spec
from operator import add, mul
from typing import Any

import sympy
from sympy import Expr, Symbol

from ....extras import require
from ...symbolic.digits import has_exact_value
from ...symbolic.equality import ProofStep, numbers, random_points, without_functions

EXACT, ENCLOSED = "by exact polynomials", "by balls"
MOST_TERMS = 20_000
"""Terms of a product of polynomials above which balls are used instead."""
BITS, DEEP_BITS = 256, 8192
"""Precision of the balls at each point; and at the first, where even tiny differences are to be noticed."""
NARROW = 2.0**-64
"""Radius, relative to the larger side, up to which a ball that contains 0 confirms an equality."""
NAMES = (
    *("exp", "log", "sin", "cos", "tan", "cot", "sinh", "cosh", "tanh", "coth"),
    *("asin", "acos", "atan", "asinh", "acosh", "atanh", "erf", "erfc", "gamma", "digamma"),
)
FUNCTIONS = {
    **{getattr(sympy, name): name for name in NAMES},
    sympy.Abs: "__abs__",
    sympy.LambertW: "lambertw",
    sympy.loggamma: "lgamma",
    sympy.factorial: "fac",
}
CONSTANTS = {sympy.pi: "pi", sympy.E: "const_e", sympy.EulerGamma: "const_euler"}


class _NotCovered(Exception):  # noqa: N818
    """The engine does not know a function, or would take long."""


@dataclass(frozen=True)
class Opinion:
    """How the engine confirms an equality, empty if it does not; and a point where it refutes it."""

    agrees: str = ""
    differs: Mapping[Symbol, Expr] | None = None


@cache
def available() -> bool:
    """Whether python-flint is installed."""
    return find_spec("flint") is not None


def settled_again(outcome: ProofStep, left: Expr, right: Expr, where: Sequence[Expr] = ()) -> ProofStep:
    """Return the outcome of an equality that holds, with what the second engine says of it.

    Examples
    --------
    >>> x = Symbol("x", positive=True)
    >>> outcome = ProofStep("a step", x, "symbolically", True)
    >>> second = settled_again(outcome, (x**2 - 1) / (x - 1), x + 1)
    >>> second.again if available() else EXACT
    'by exact polynomials'
    """
    if not (outcome.holds and available()):
        return outcome
    if left == right:
        return replace(outcome, again=EXACT)
    (left, right), conditions = without_functions((sympy.sympify(left), sympy.sympify(right)), where)
    points = tuple(random_points(left.free_symbols | right.free_symbols, conditions, 0))
    opinion = second_opinion(left, right, points)
    if opinion.differs is not None:
        reason = f"differs at {numbers(opinion.differs)}, as balls around the two sides show"
        return ProofStep(outcome.statement, left - right, reason, False, (opinion.differs,))
    return replace(outcome, again=opinion.agrees)


def second_opinion(left: Expr, right: Expr, points: Sequence[Mapping[Symbol, Expr]]) -> Opinion:
    """Compare two expressions as polynomials, or in balls at points; without an opinion where neither is possible."""
    try:
        if has_exact_value(left, {}) and has_exact_value(right, {}) and _same_fraction(left, right):
            return Opinion(EXACT)
    except _NotCovered:
        pass
    confirmed = len(points) > 0
    try:
        for bits, chosen in ((BITS, points), (DEEP_BITS, points[:1])):
            with _precision(bits):
                for point in chosen:
                    verdict = _in_balls(left, right, point)
                    if verdict is False:
                        return Opinion(differs=point)
                    confirmed = confirmed and verdict is True
    except _NotCovered:
        return Opinion()
    return Opinion(ENCLOSED if confirmed else "")


def _same_fraction(left: Expr, right: Expr) -> bool:
    flint = require("flint", extra="rigorous")
    symbols = sorted(left.free_symbols | right.free_symbols, key=str)
    ring = flint.fmpq_mpoly_ctx.get([f"x{index}" for index in range(len(symbols))], flint.Ordering.lex)
    generators = dict(zip(symbols, ring.gens(), strict=True))

    def fraction(part: Expr) -> tuple[Any, Any]:
        if isinstance(part, Symbol):
            return generators[part], ring.constant(1)
        if isinstance(part, sympy.Rational):
            return ring.constant(flint.fmpq(int(part.p), int(part.q))), ring.constant(1)
        if isinstance(part, sympy.Pow):
            above, below = fraction(part.base)
            power = int(part.exp)
            above, below = (above, below) if power >= 0 else (below, above)
            return tuple(reduce(_product, [side] * abs(power), ring.constant(1)) for side in (above, below))
        return reduce(_sum if isinstance(part, sympy.Add) else _times, map(fraction, part.args))

    (above, below), (over, under) = fraction(left), fraction(right)
    if below == 0 or under == 0:
        raise _NotCovered
    return bool(_product(above, under) == _product(over, below))


def _sum(first: tuple[Any, Any], second: tuple[Any, Any]) -> tuple[Any, Any]:
    if first[1] == second[1]:
        return first[0] + second[0], first[1]
    return _product(first[0], second[1]) + _product(second[0], first[1]), _product(first[1], second[1])


def _times(first: tuple[Any, Any], second: tuple[Any, Any]) -> tuple[Any, Any]:
    return _product(first[0], second[0]), _product(first[1], second[1])


def _product(first: Any, second: Any) -> Any:
    if len(first) * len(second) > MOST_TERMS:
        raise _NotCovered
    return first * second


@contextmanager
def _precision(bits: int) -> Iterator[None]:
    context = require("flint", extra="rigorous").ctx
    before = context.prec
    context.prec = bits
    try:
        yield
    finally:
        context.prec = before


def _in_balls(left: Expr, right: Expr, point: Mapping[Symbol, Expr]) -> bool | None:
    """Whether the sides are equal at a point: False if the ball of the difference excludes 0, None if it is wide."""
    sides = [_ball(side, point) for side in (left, right)]
    difference = sides[0] - sides[1]
    if not difference.is_finite():
        return None
    if not difference.contains(0):
        return False
    largest = abs(sides[0]).max(abs(sides[1])).abs_upper()
    return True if difference.rad() <= largest * NARROW else None


def _ball(expression: Expr, point: Mapping[Symbol, Any]) -> Any:
    arb = require("flint", extra="rigorous").arb

    def ball(part: Expr, bound: Mapping[Symbol, Any]) -> Any:
        if isinstance(part, Symbol):
            return bound[part] if part in bound else ball(point[part], bound)
        if isinstance(part, sympy.Rational):
            return arb(int(part.p)) / int(part.q)
        if part in CONSTANTS:
            return getattr(arb, CONSTANTS[part])()
        if isinstance(part, sympy.Sum):
            return _sum_of_balls(part, bound, ball)
        if not part.args or not isinstance(part, sympy.Add | sympy.Mul | sympy.Pow | sympy.Max | sympy.Min):
            if part.func not in FUNCTIONS or len(part.args) != 1:
                raise _NotCovered
            return getattr(ball(part.args[0], bound), FUNCTIONS[part.func])()
        if isinstance(part, sympy.Pow):
            base = ball(part.base, bound)
            return base ** int(part.exp) if part.exp.is_Integer else base ** ball(part.exp, bound)
        return reduce(_JOINED[part.func](arb), (ball(argument, bound) for argument in part.args))

    return ball(expression, {})


_JOINED: Mapping[Any, Callable[[Any], Callable[[Any, Any], Any]]] = {
    sympy.Add: lambda arb: add,
    sympy.Mul: lambda arb: mul,
    sympy.Max: lambda arb: arb.max,
    sympy.Min: lambda arb: arb.min,
}


def _sum_of_balls(part: sympy.Sum, bound: Mapping[Symbol, Any], ball: Callable[..., Any]) -> Any:
    """Value of a sum over whole numbers."""
    if len(part.limits) != 1:
        raise _NotCovered
    index, *ends = part.limits[0]
    low, high = (_whole(ball(end, bound)) for end in ends)
    terms: Iterable[Any] = (
        ball(part.function, {**bound, index: ball(sympy.Integer(k), {})}) for k in range(low, high + 1)
    )
    return reduce(add, terms, ball(sympy.Integer(0), {}))


def _whole(value: Any) -> int:
    found = value.unique_fmpz()
    if found is None:
        raise _NotCovered
    return int(found)
