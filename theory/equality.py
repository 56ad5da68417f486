"""Equality of expressions, settled by the machine, with the way in which it was settled.

Two expressions are equal "symbolically" when their difference, with every exponential and root replaced by a free
generator, reduces to exactly 0; failing that "to 50 digits" at random points of the domain that the symbols
declare. Expressions that differ come with a point where they do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import mpmath
import numpy as np
import sympy
from sympy import Eq, Expr, Integer, Rational, Symbol, expand, expand_power_exp, sympify
from sympy.core.function import AppliedUndef
from sympy.functions.elementary.hyperbolic import HyperbolicFunction

POINTS = 20
DIGITS = 50
LARGEST_NUMERATOR = 400
"""Operations in a numerator above which expanding it may take minutes; such a step is settled by digits."""


@dataclass(frozen=True)
class ProofStep:
    """One equality: its `residual` (left minus right), how it was `settled`, and whether it `holds`.

    `points` are those where the residual was evaluated when no symbolic argument settled it; of a step that does
    not hold, the one where the two sides differ.
    """

    statement: str
    residual: Expr
    settled: str
    holds: bool
    points: tuple[Mapping[Symbol, Expr], ...] = ()


@dataclass(frozen=True)
class Proof:
    """A statement and the steps that prove it."""

    statement: str
    steps: tuple[ProofStep, ...]

    @property
    def holds(self) -> bool:
        """Whether every step holds."""
        return all(step.holds for step in self.steps)

    def __str__(self) -> str:
        lines = (f"  {'ok' if step.holds else 'NO':4}{step.statement}: {step.settled}" for step in self.steps)
        return "\n".join((f"{self.statement}: {'holds' if self.holds else 'DOES NOT HOLD'}", *lines))


def verify_equal(statement: str, left: Expr, right: Expr = 0, *, seed: int = 0) -> ProofStep:
    """Settle whether two expressions are equal on the domain that their symbols' assumptions declare.

    Parameters
    ----------
    statement : str
        What the equality says, for the record.
    left, right : Expr
    seed : int
        Of the generator of the random points.

    Examples
    --------
    >>> from sympy import Symbol, cosh, exp
    >>> x = Symbol("x", positive=True)
    >>> verify_equal("definition of cosh", cosh(x), (exp(x) + exp(-x)) / 2).settled
    'symbolically'
    >>> verify_equal("not cosh", cosh(x), exp(x)).settled
    'differs at x = 2.8354'
    """
    left, right = sympify(left), sympify(right)
    residual = left - right
    points = tuple(_points(left.free_symbols | right.free_symbols, seed))
    witness = _first_difference((*sympy.Add.make_args(left), *sympy.Add.make_args(-right)), points)
    if witness is not None:
        where = ", ".join(f"{symbol} = {float(value):.5g}" for symbol, value in witness.items()) or "all points"
        return ProofStep(statement, residual, f"differs at {where}", False, (witness,))
    if _reduces_to_zero(residual):
        return ProofStep(statement, Integer(0), "symbolically", True)
    return ProofStep(statement, residual, f"to {DIGITS} digits at {POINTS} points", True, points)


def verify_solution(
    expression: Expr, equation: Eq, initial: Expr | None = None, *, statement: str = "", seed: int = 0
) -> Proof:
    """Prove or reject that an expression solves a differential equation or a recursion.

    Parameters
    ----------
    expression : Expr
        The supposed solution, in the variable of the equation.
    equation : Eq
        With one unknown function of one variable, such as ``pi(t)`` and its derivative, or ``pi(n)`` and ``pi(n + 1)``.
    initial : Expr, optional
        Value that the solution must have where the variable is 0.
    statement : str, optional
        Heading of the proof.
    seed : int
        Of the generator of random points.

    Raises
    ------
    ValueError
        If the equation does not have exactly one unknown function of one variable.

    Examples
    --------
    >>> from linmod.theory.symbols import lam, pi, t
    >>> print(verify_solution(lam * t, Eq(pi(t).diff(t), lam), initial=0))
    lam*t solves Eq(Derivative(pi(t), t), lam): holds
      ok  equation: symbolically
      ok  initial value: symbolically
    >>> verify_solution(2 * lam * t, Eq(pi(t).diff(t), lam), initial=0).holds
    False
    """
    function, variable = _unknown(equation)

    def solution(argument: Expr) -> Expr:
        return expression.subs(variable, argument)

    left, right = (side.replace(function, solution).doit() for side in equation.args)
    steps = [verify_equal("equation", left, right, seed=seed)]
    if initial is not None:
        steps.append(verify_equal("initial value", solution(Integer(0)), initial, seed=seed))
    return Proof(statement or f"{expression} solves {equation}", tuple(steps))


def _unknown(equation: Eq) -> tuple[Expr, Symbol]:
    unknowns = equation.atoms(AppliedUndef)
    functions = {unknown.func for unknown in unknowns}
    variables = {variable for unknown in unknowns for variable in unknown.free_symbols}
    if len(functions) != 1 or len(variables) != 1:
        raise ValueError(f"equation must have one unknown function of one variable, got {equation}")
    return functions.pop(), variables.pop()


def _points(symbols: set[Symbol], seed: int) -> Iterator[dict[Symbol, Expr]]:
    """Random rational points of the domain of the symbols, integers where they must be."""
    generator = np.random.default_rng(seed)
    for _ in range(POINTS):
        point = {}
        for symbol in sorted(symbols, key=str):
            size = generator.integers(1, 9) if symbol.is_integer else Rational(int(generator.integers(1, 10**5)), 30000)
            negative = symbol.is_negative or (symbol.is_nonnegative is None and generator.random() < 0.5)
            point[symbol] = -Integer(size) if negative and symbol.is_integer else (-size if negative else sympify(size))
        yield point


def _first_difference(terms: Sequence[Expr], points: Sequence[dict[Symbol, Expr]]) -> dict[Symbol, Expr] | None:
    """Return a point where the terms do not sum to 0, to 50 digits of the largest of them; None if all do."""
    symbols = list(points[0])
    evaluate = sympy.lambdify(symbols, terms, "mpmath", cse=True)
    with mpmath.workdps(DIGITS + 30):
        for point in points:
            values = evaluate(*(mpmath.mpf(point[symbol].p) / point[symbol].q for symbol in symbols))
            largest = max(abs(value) for value in values)
            if not abs(mpmath.fsum(values)) <= largest * mpmath.mpf(10) ** -DIGITS:
                return point
    return None


def _reduces_to_zero(residual: Expr) -> bool:
    """Whether the residual is 0 as a rational function of its symbols, exponentials and roots."""
    expression = expand_power_exp(residual.rewrite(HyperbolicFunction, sympy.exp))
    families: dict[tuple[Expr, Expr], dict[Expr, tuple[Expr, Expr]]] = {}
    for power in expression.atoms(sympy.exp, sympy.Pow):
        base, exponent = power.as_base_exp()
        if not exponent.is_Integer and power.free_symbols:
            whole, rest = expand(exponent).as_coeff_Add() if exponent.free_symbols else (Integer(0), exponent)
            factor, rest = rest.as_coeff_Mul()
            families.setdefault((base, rest), {})[power] = (factor, base**whole)
    rules, relations = {}, {}
    for (base, rest), members in families.items():
        generator = sympy.Dummy(positive=True)
        roots = sympy.ilcm(1, *(factor.q for factor, _ in members.values()))
        rules.update({power: generator ** (factor * roots) * rest_of for power, (factor, rest_of) in members.items()})
        if rest == 1 and not base.has(*rules):
            relations[generator] = generator**roots - base
    numerator = sympy.fraction(sympy.together(expression.xreplace(rules)))[0]
    if numerator.count_ops() > LARGEST_NUMERATOR:
        return False
    numerator = expand(numerator)
    for generator, relation in relations.items():
        if numerator != 0:
            numerator = sympy.prem(numerator, sympy.numer(sympy.together(relation.xreplace(rules))), generator)
    return bool(expand(numerator) == 0)
