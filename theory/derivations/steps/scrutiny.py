"""What a line must satisfy besides following: it says something, it is new, and its symbols allow it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import sympy
from sympy import Eq, Symbol
from sympy.core.function import AppliedUndef, UndefinedFunction

from .signs import contradicts_signs

if TYPE_CHECKING:
    from .statement import Statement


def contradiction(claim: Statement) -> str:
    """Return why a statement cannot hold under any premises; empty if no reason is found."""
    statement = claim.statement
    if not names_in(statement) and not statement.has(sympy.MatrixExpr) and not claim.equal(*statement.args).holds:
        return "is an equation between different numbers"
    if contradicts_signs(statement, claim.where):
        return "contradicts the signs that its symbols declare"
    return ""


def restated(statement: Eq, earlier: Mapping[str, Eq]) -> str:
    """Name of an earlier statement with the same two sides, if there is one.

    Examples
    --------
    >>> x, y = Symbol("x"), Symbol("y")
    >>> restated(Eq(y, x), {"definition": Eq(x, y)})
    'definition'
    """
    sides = set(statement.args)
    return next((name for name, other in earlier.items() if set(other.args) == sides), "")


def twice_declared(symbols: Iterable[Any]) -> list[str]:
    """Names that stand for two symbols, or two functions, which a reader could not tell apart.

    Examples
    --------
    >>> twice_declared([Symbol("x"), Symbol("x", positive=True), Symbol("y"), sympy.Function("y")])
    ['x']
    """
    bare = [symbol.func if isinstance(symbol, AppliedUndef) else symbol for symbol in symbols]
    names = [(str(symbol), isinstance(symbol, UndefinedFunction)) for symbol in bare]
    return sorted({name[0] for name in names if names.count(name) > 1})


def variables_of(statements: Iterable[Eq]) -> dict[Any, tuple[Symbol, ...]]:
    """For each function the variables that it is first written with.

    An equation for the function at these holds everywhere; at another symbol it is a value at one point.

    Examples
    --------
    >>> f, t, half = sympy.Function("f"), Symbol("t"), Symbol("t_half")
    >>> variables_of([Eq(f(0), 1), Eq(f(t).diff(t), -f(t)), Eq(f(half), sympy.Rational(1, 2))])
    {f: (t,)}
    """
    found: dict[Any, tuple[Symbol, ...]] = {}
    for statement in statements:
        for applied in sympy.preorder_traversal(statement):
            if isinstance(applied, AppliedUndef) and all(argument.is_Symbol for argument in applied.args):
                found.setdefault(applied.func, applied.args)
    return found


def names_in(statement: Eq) -> set[Any]:
    """Symbols and functions of a statement, without the variables that integrals, sums and limits bind."""
    matrices = statement.atoms(sympy.MatrixSymbol)
    sizes = {size for matrix in matrices for size in matrix.shape}
    functions = {type(applied) for applied in statement.atoms(AppliedUndef)}
    symbols: set[Any] = {symbol for symbol in statement.free_symbols if isinstance(symbol, Symbol)} - sizes
    return symbols.union(matrices, (function for function in functions if isinstance(function, UndefinedFunction)))
