"""Expressions as functions of numbers of any precision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy
from sympy import Expr, Integral, Sum, Symbol
from sympy.printing.pycode import MpmathPrinter

SETTINGS = {"fully_qualified_modules": False, "inline": True, "allow_unknown_functions": True}


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


class _Printer(MpmathPrinter):  # type: ignore[misc]
    """Sums whose index is a number like any other."""

    def _print_Sum(self, expression: Sum) -> str:
        loops = " ".join(
            f"for {self._print(index)} in map(mpf, range(int({self._print(low)}), int({self._print(high)}) + 1))"
            for index, low, high in reversed(expression.limits)
        )
        return f"sum({self._print(expression.function)} {loops})"
