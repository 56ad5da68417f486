"""Premises that cannot hold together: two values of one quantity, and equations without a common solution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy
from sympy import Derivative, Dummy, Eq, Expr, Symbol
from sympy.core.function import AppliedUndef

NAMES = (Symbol, AppliedUndef, Derivative)
MOST_EQUATIONS, MOST_SYMBOLS, MOST_OPERATIONS = 4, 6, 60
"""Above which a Groebner basis may take minutes."""


def second_value(statement: Eq, earlier: Mapping[str, Eq]) -> str:
    """Name of an earlier premise that gives the same quantity another value; empty if none does.

    Examples
    --------
    >>> f, a, b = sympy.Function("f"), Symbol("a"), Symbol("b")
    >>> second_value(Eq(f(0), b), {"start": Eq(f(0), a)})
    'start'
    """
    quantity, value = statement.args
    for name, other in earlier.items():
        if (
            isinstance(quantity, NAMES)
            and quantity == other.lhs
            and value != other.rhs
            and not _gives(value, other.rhs)
        ):
            return name
    return ""


def _gives(value: Expr, another: Expr) -> bool:
    """Whether the two values say something of another unknown: a derivative, an integral or a matrix expression."""
    return any(
        side.is_Matrix
        or side.atoms(sympy.MatrixSymbol)
        or side.has(Derivative, sympy.Integral, sympy.Sum, sympy.Trace, AppliedUndef)
        for side in (value, another)
    )


def no_common_solution(premises: Sequence[Eq]) -> bool:
    """Whether polynomial equations have no solution at all, real or complex.

    Examples
    --------
    >>> x, y = Symbol("x"), Symbol("y")
    >>> no_common_solution([Eq(x + y, 1), Eq(2 * x + 2 * y, 3)]), no_common_solution([Eq(x + y, 1), Eq(x, y)])
    (True, False)
    """
    if not 2 <= len(premises) <= MOST_EQUATIONS or any(side.is_Matrix for e in premises for side in e.args):
        return False
    residuals = [_with_symbols(equation.lhs - equation.rhs) for equation in premises]
    numerators = [sympy.fraction(sympy.together(residual))[0] for residual in residuals]
    symbols = sorted(set().union(*(part.free_symbols for part in numerators)), key=str)
    if not 0 < len(symbols) <= MOST_SYMBOLS or sum(part.count_ops() for part in numerators) > MOST_OPERATIONS:
        return False
    if not all(part.is_polynomial(*symbols) for part in numerators):
        return False
    return bool(sympy.groebner(numerators, *symbols).exprs == [1])


def _with_symbols(residual: Expr) -> Expr:
    atoms = residual.atoms(Derivative) or set()
    opened = residual.xreplace({atom: Dummy(str(atom)) for atom in atoms})
    return opened.xreplace({atom: Symbol(f"{atom}", real=True) for atom in opened.atoms(AppliedUndef)})
