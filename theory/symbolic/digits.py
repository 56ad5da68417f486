"""Expressions as functions of numbers of any precision, and those that have exact values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mpmath
import sympy
from sympy import Expr, Integral, Sum, Symbol
from sympy.printing.pycode import MpmathPrinter

SETTINGS = {"fully_qualified_modules": False, "inline": True, "allow_unknown_functions": True}
PRECISIONS, SHOWN = (60, 120), 40
ROUNDING = mpmath.mpf(10) ** -40
LARGEST_POWER = 100
"""Exponent above which the exact value at a rational point may have too many digits."""


def of_any_precision(symbols: Sequence[Symbol], expressions: Sequence[Expr]) -> Callable[..., list[Any]]:
    """Return a function of mpmath numbers with the values of the expressions; sums run over integers of any size.

    Examples
    --------
    >>> import mpmath
    >>> n, k = sympy.symbols("n k", integer=True)
    >>> harmonic = of_any_precision([n], [Sum(1 / k, (k, 1, n))])
    >>> with mpmath.workdps(30):
    ...     print(harmonic(mpmath.mpf(3))[0])
    1.83333333333333333333333333333
    """
    binds = any(expression.has(Sum, Integral) for expression in expressions)
    function: Callable[..., list[Any]] = sympy.lambdify(
        symbols, expressions, "mpmath", printer=_Printer(SETTINGS), cse=not binds
    )
    return function


def has_exact_value(expression: Expr, point: Mapping[Symbol, Expr], largest: int = LARGEST_POWER) -> bool:
    """Whether an expression is rational, with whole exponents that are not large, once numbers are put into them.

    Examples
    --------
    >>> x, n = sympy.symbols("x n")
    >>> [has_exact_value(x**n + 1, {n: sympy.Rational(value)}) for value in ("3", "3000", "1/2")]
    [True, False, False]
    """
    if isinstance(expression, sympy.Pow):
        if not has_exact_value(expression.exp, point, largest):
            return False
        power = expression.exp.xreplace(point)
        if not power.is_Integer or abs(power) > largest:
            return False
        return has_exact_value(expression.base, point, largest // max(abs(int(power)), 1))
    if isinstance(expression, sympy.Add | sympy.Mul):
        return all(has_exact_value(part, point, largest) for part in expression.args)
    return isinstance(expression, sympy.Rational | Symbol)


def value_at(expression: Expr, point: Mapping[Symbol, Expr]) -> Expr | None:
    """Value at rational numbers: exact where that is cheap, else to 40 digits; infinite at a pole; None if unknown.

    A pole is noticed where the division by 0 cancels only up to rounding: the value then changes with the digits.

    Examples
    --------
    >>> x = Symbol("x", positive=True)
    >>> [value_at(form, {x: sympy.Rational(1, 4)}) for form in (x + 1, sympy.sqrt(x), 1 / (sympy.sqrt(x) - 2 * x))]
    [5/4, 0.5000000000000000000000000000000000000000, zoo]
    """
    if has_exact_value(expression, point):
        return expression.xreplace(dict(point))
    if expression.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
        return sympy.zoo
    evaluate, values = of_any_precision(list(point), [expression]), []
    for digits in PRECISIONS:
        with mpmath.workdps(digits):
            try:
                (value,) = evaluate(*(mpmath.mpf(number.p) / number.q for number in point.values()))
                value = mpmath.mpmathify(value)
            except ZeroDivisionError:
                return sympy.zoo
            except (ValueError, TypeError, OverflowError, NameError):
                return None
            if not mpmath.isfinite(value):
                return sympy.zoo
            values.append(value)
    few, many = values
    if abs(few) < ROUNDING and abs(many) < ROUNDING:
        return sympy.Integer(0)
    if abs(few - many) > abs(many) / 1000:
        return sympy.zoo
    return sympy.sympify(many).n(SHOWN)


def holds_at(condition: Any, point: Mapping[Symbol, Expr]) -> bool | None:
    """Whether a relation holds at rational numbers; None where its sides have no real values that are known.

    Examples
    --------
    >>> x = Symbol("x", positive=True)
    >>> [holds_at(sympy.sqrt(x) < 1, {x: sympy.Integer(number)}) for number in (0, 1, 2)]
    [True, False, False]
    """
    condition = sympy.sympify(condition)
    if condition in (sympy.true, sympy.false):
        return bool(condition)
    if not isinstance(condition, sympy.core.relational.Relational):
        return bool(condition.xreplace(dict(point)))
    difference = value_at(condition.lhs - condition.rhs, point)
    if difference is None or not difference.is_real:
        return None
    return bool(condition.func(difference, 0))


class _Printer(MpmathPrinter):  # type: ignore[misc]
    """Sums whose index is a number like any other."""

    def _print_Sum(self, expression: Sum) -> str:
        loops = " ".join(
            f"for {self._print(index)} in map(mpf, range(int({self._print(low)}), int({self._print(high)}) + 1))"
            for index, low, high in reversed(expression.limits)
        )
        return f"sum({self._print(expression.function)} {loops})"
