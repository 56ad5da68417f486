"""Mutation testing of derivations: small changes of single steps, each of which the checks must reject."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sympy import Add, Derivative, Eq, Expr, Integer, Limit, MatrixSymbol, Mul, Pow, Symbol, Tuple, ZeroMatrix
from sympy.core.function import AppliedUndef

from ..symbolic.equality import verify_equal
from .derivation import Derivation
from .steps.lines import Given, Line, Rejected
from .steps.statement import rewrite


@dataclass(frozen=True)
class Mutant:
    """One step of a derivation with one change, and what became of it."""

    step: str
    change: str
    statement: Eq
    caught_by: str
    """Name of the line that does not hold; empty for a survivor."""
    equivalent: bool
    """Of a survivor, whether it says the same as the original."""

    @property
    def rejected(self) -> bool:
        """Whether the mutant was caught."""
        return bool(self.caught_by)


def changes(statement: Eq) -> Iterator[tuple[str, Eq]]:
    """All single changes of a statement, each with a description.

    A side, or a term of a sum, changes its sign; an exponent grows by 1; a symbol, a function or a number is doubled;
    a symbol is swapped for the next one of its kind in the statement. What integrals, limits and derivatives refer
    to is left alone.

    Examples
    --------
    >>> x, y = Symbol("x"), Symbol("y")
    >>> [f"{mutant.lhs} = {mutant.rhs}" for _, mutant in changes(Eq(x, y - 1))]  # doctest: +NORMALIZE_WHITESPACE
    ['-x = y - 1', '2*x = y - 1', 'y = y - 1', 'x = 1 - y', 'x = y + 1', 'x = -y - 1', 'x = y - 2',
     'x = 2*y - 1', 'x = x - 1']
    """
    seen = {(statement.lhs, statement.rhs)}
    for side in (0, 1):
        whole = (f"sign of {statement.args[side]}", -statement.args[side])
        for description, changed in (whole, *_changed(statement.args[side], _next_of_kind(statement))):
            sides = (changed, statement.rhs) if side == 0 else (statement.lhs, changed)
            if sides not in seen:
                seen.add(sides)
                yield description, Eq(*sides, evaluate=False)


def mutants(derivation: Derivation, at_most: int | None = None) -> Iterator[Mutant]:
    """Every change of every line but the rejected forms, and which line catches it.

    Parameters
    ----------
    derivation : Derivation
    at_most : int, optional
        Changes of each line; of a line that has more, this many are drawn, the same ones at each call.

    Examples
    --------
    >>> from linmod.theory.derivations import Algebra, Given, Step
    >>> x, y = Symbol("x"), Symbol("y")
    >>> start = Given("start", Eq(x, 2), "Given.")
    >>> lines = (start, Step("cube", Eq(y * x**3, 8 * y), "Put it in.", Algebra("start")))
    >>> found = list(mutants(Derivation("cube", "Cube", "mine", {x: "a number", y: "a number"}, lines)))
    >>> len(found), all(mutant.rejected or mutant.equivalent for mutant in found)
    (13, True)
    """
    for index, line in enumerate(derivation.lines):
        if isinstance(line, Rejected):
            continue
        for description, statement in _drawn(list(changes(line.statement)), at_most):
            lines = (*derivation.lines[:index], replace(line, statement=statement), *derivation.lines[index + 1 :])
            caught_by = _caught_by(derivation, lines, index)
            equivalent = not caught_by and _same(line, statement, derivation)
            yield Mutant(line.name, description, statement, caught_by, equivalent)


def _drawn(found: list[tuple[str, Eq]], at_most: int | None) -> list[tuple[str, Eq]]:
    return found if at_most is None or len(found) <= at_most else random.Random(0).sample(found, at_most)


def _caught_by(derivation: Derivation, lines: tuple[object, ...], index: int) -> str:
    mutated = _unchecked(derivation, lines)
    name = derivation.lines[index].name
    for line in mutated.lines[index:]:
        if (line.name == name or name in line.uses) and not line.settle(mutated.claim(line)).holds:
            return line.name
    return ""


def _unchecked(derivation: Derivation, lines: tuple[object, ...]) -> Derivation:
    """A copy with other lines, which do connect: only a statement has changed."""
    copy = object.__new__(Derivation)
    copy.__dict__.update(derivation.__dict__ | {"lines": lines})
    return copy


def _same(line: Line, mutant: Eq, derivation: Derivation) -> bool:
    """Whether left minus right is that of the original up to a factor, once the definitions of symbols are put in."""
    limits = line.statement.atoms(Limit) | mutant.atoms(Limit)
    opaque = {limit: _named(limit) for limit in limits}
    sides = [(equation.lhs - equation.rhs).xreplace(opaque) for equation in (line.statement, mutant)]
    definitions = {
        other.name: other.statement
        for other in derivation.lines
        if isinstance(other, Given) and other is not line and isinstance(other.statement.lhs, Symbol)
    }
    (before, after), _ = rewrite(sides, definitions)
    factors = (Integer(1), -Integer(1), Integer(2), -Integer(2), Integer(1) / 2)
    if after.has(MatrixSymbol) or before.has(MatrixSymbol):
        return any(_vanishes(after - factor * before) for factor in factors)
    return any(verify_equal("same", after, factor * before, where=derivation.where).holds for factor in factors)


def _named(limit: Limit) -> Expr:
    """A symbol for a limit, with constant factors in front."""
    factor, rest = limit.args[0].as_coeff_Mul()
    return factor * Symbol(str(rest), real=True)


def _next_of_kind(statement: Eq) -> dict[Expr, Expr]:
    """For each symbol another of the same kind (shape, for matrices) in the statement."""
    following: dict[Expr, Expr] = {}
    symbols = sorted(_free(statement, Symbol) | _free(statement, MatrixSymbol), key=str)
    for symbol in symbols:
        shape = getattr(symbol, "shape", None)
        others = [other for other in symbols if getattr(other, "shape", None) == shape and other != symbol]
        after = [other for other in others if str(other) > str(symbol)]
        if others:
            following[symbol] = (after or others)[0]
    return following


def _free(expression: Expr, kind: type) -> set[Expr]:
    if isinstance(expression, kind):
        return {expression}
    return {found for part in _open_parts(expression) for found in _free(part, kind)}


def _open_parts(expression: Expr) -> tuple[Expr, ...]:
    """The arguments that may be changed."""
    if isinstance(expression, Derivative | AppliedUndef | Tuple | MatrixSymbol) or not expression.args:
        return ()
    if type(expression).__name__ in ("Limit", "Integral", "Sum", "Inverse"):
        return (expression.args[0],)
    return tuple(expression.args)


def _changed(expression: Expr, following: dict[Expr, Expr]) -> Iterator[tuple[str, Expr]]:
    if _is_leaf(expression):
        yield f"twice {expression}", 2 * expression
        if expression in following:
            yield f"{following[expression]} for {expression}", following[expression]
        return
    if isinstance(expression, Add) or expression.func.__name__ == "MatAdd":
        for term in expression.args:
            yield f"sign of {term}", expression.func(*(-part if part == term else part for part in expression.args))
    for index, part in enumerate(_open_parts(expression)):
        if part == -1 and isinstance(expression, Mul):
            continue  # a sign, which is changed with its term
        if isinstance(expression, Pow) and index == 1:
            yield f"exponent of {expression.base}", expression.base ** (part + 1)
            if part.is_Number:
                continue
        for description, changed in _changed(part, following):
            arguments = [*expression.args[:index], changed, *expression.args[index + 1 :]]
            yield description, expression.func(*arguments)


def _is_leaf(expression: Expr) -> bool:
    if expression.is_Number:
        return bool(expression != 0)
    return isinstance(expression, Symbol | MatrixSymbol | Derivative | AppliedUndef)


def _vanishes(difference: Expr) -> bool:
    """Whether a matrix expression is the zero matrix."""
    return bool(difference.is_Matrix and isinstance(difference.doit().expand().doit(), ZeroMatrix))
