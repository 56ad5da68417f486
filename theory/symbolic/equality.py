"""Equality of expressions, settled by the machine, with the way in which it was settled.

Two expressions are equal "symbolically" when their difference, with every exponential and root replaced by a free
generator, reduces to exactly 0; failing that "to 50 digits" at random points of the domain that the symbols
declare. Expressions that differ come with a point where they do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import mpmath
import numpy as np
import sympy
from sympy import Derivative, Eq, Expr, Integer, Rational, Subs, Symbol, expand, expand_power_exp, factor, sympify
from sympy.core.function import AppliedUndef
from sympy.functions.elementary.hyperbolic import HyperbolicFunction

from .breaks import points_beside_breaks
from .digits import has_exact_value, of_any_precision

POINTS = 20
FIRST = 3
CANCELLED = (600, 12000)
"""Digits to which a point is looked at again if not all of the first points differ: small terms may have cancelled."""
ATTEMPTS = 200
DIGITS = 50
LARGEST_INTEGER = 60
POWERS = (0, 0, 0, 0, 1, -1)
"""Powers of 10 between which the random points are spread."""
LARGEST_NUMERATOR = 400
"""Operations in a numerator above which expanding it may take minutes; such a step is settled by digits."""


@dataclass(frozen=True)
class ProofStep:
    """One equality: its `residual` (left minus right), how it was `settled`, and whether it `holds`.

    `points` are those where the residual was evaluated when no symbolic argument settled it; of a step that does
    not hold, the one where the two sides differ. `again` says how a second engine settled it, empty if none did.
    """

    statement: str
    residual: Expr
    settled: str
    holds: bool
    points: tuple[Mapping[Symbol, Expr], ...] = ()
    again: str = ""


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


def verify_equal(
    statement: str, left: Expr, right: Expr = 0, *, where: Sequence[Expr] = (), seed: int = 0
) -> ProofStep:
    """Settle whether two expressions are equal on the domain that their symbols' assumptions declare.

    Functions that stand for themselves, such as ``y(t)``, count as symbols, real unless they declare otherwise.

    Parameters
    ----------
    statement : str
        What the equality says, for the record.
    left, right : Expr
    where : sequence of relations
        Conditions on the symbols, such as ``x < 1``, beyond their assumptions.
    seed : int
        Of the generator of the random points.

    Raises
    ------
    ValueError
        If no point that satisfies the conditions is found.

    Examples
    --------
    >>> from sympy import Symbol, cosh, exp
    >>> x = Symbol("x", positive=True)
    >>> verify_equal("definition of cosh", cosh(x), (exp(x) + exp(-x)) / 2).settled
    'symbolically'
    >>> verify_equal("not cosh", cosh(x), exp(x)).settled
    'differs at x = 1.2634'
    """
    (left, right), where = without_functions((sympify(left), sympify(right)), where)
    if left == right:
        return ProofStep(statement, Integer(0), "symbolically", True)
    residual = left - right
    if residual.has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo):
        return ProofStep(statement, residual, "is not finite", False)
    points = tuple(random_points(left.free_symbols | right.free_symbols, where, seed))
    terms = (*sympy.Add.make_args(left), *sympy.Add.make_args(-right))
    witness = _first_difference(terms, points)
    if witness is None:
        beside = points_beside_breaks((left, right), points, where)
        witness = _first_difference(terms, beside) if beside else None
    if witness is not None:
        return ProofStep(statement, residual, f"differs at {numbers(witness)}", False, (witness,))
    if _reduces_to_zero(residual):
        return ProofStep(statement, Integer(0), "symbolically", True)
    hidden = _small_difference(residual, terms, points)
    if hidden is not None:
        return ProofStep(statement, residual, f"differs at {numbers(hidden)}, by less than 50 digits", False, (hidden,))
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
    >>> from linmod.theory.symbolic.symbols import lam, pi, t
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


def without_functions(sides: Sequence[Expr], where: Sequence[Expr]) -> tuple[list[Expr], list[Expr]]:
    """Put a symbol of the same name and sign in the place of each undefined function and of its derivatives."""
    replaced: dict[Expr, Symbol] = {}
    for kind in (Subs, Derivative, AppliedUndef):
        for side in sides:
            for atom in side.xreplace(replaced).atoms(kind):
                signs = {sign: True for sign in ("positive", "negative", "nonnegative") if getattr(atom, f"is_{sign}")}
                replaced[atom] = Symbol(str(atom), **(signs or {"real": True}))
    return [side.xreplace(replaced) for side in sides], [condition.xreplace(replaced) for condition in where]


def random_points(symbols: set[Symbol], where: Sequence[Expr], seed: int) -> Iterator[dict[Symbol, Expr]]:
    """Return random rational points of the domain of the symbols, integers where they must be."""
    generator = np.random.default_rng(seed)
    active = [condition for condition in where if condition.free_symbols & symbols and not condition.has(AppliedUndef)]
    named = sorted(symbols.union(*(condition.free_symbols for condition in active)), key=str)
    satisfied = sympy.lambdify([named], active, "mpmath")
    for _ in range(POINTS):
        for _ in range(ATTEMPTS):
            point = {symbol: _coordinate(symbol, generator) for symbol in named}
            if all(satisfied([mpmath.mpf(value.p) / value.q for value in point.values()])):
                break
        else:
            raise ValueError(f"no point found where {', '.join(str(condition) for condition in active)}")
        yield point


def _coordinate(symbol: Symbol, generator: np.random.Generator) -> Expr:
    """Return a number on either side of 1 with its own denominator: no interval and no period contains all of them."""
    if symbol.is_integer:
        size = Integer(int(generator.integers(1, 9 if generator.random() < 0.5 else LARGEST_INTEGER)))
    else:
        size = Rational(int(generator.integers(1, 10**5)), int(generator.integers(10**4, 10**5)))
        size *= Integer(10) ** int(generator.choice(POWERS))
    negative = symbol.is_negative or (symbol.is_nonnegative is None and generator.random() < 0.5)
    return -size if negative else size


def _first_difference(terms: Sequence[Expr], points: Sequence[dict[Symbol, Expr]]) -> dict[Symbol, Expr] | None:
    """Return a point where the terms do not sum to 0, to 50 digits of the largest of them; None if all do."""
    symbols = list(points[0])
    evaluate = of_any_precision(symbols, terms)
    if all(_differs(evaluate, point, DIGITS + 30) for point in points[:FIRST]):
        return points[0]
    for point in points:
        if all(_differs(evaluate, point, digits) for digits in (DIGITS + 30, *CANCELLED)):
            return point
    return None


def numbers(point: Mapping[Symbol, Expr]) -> str:
    """Write a point for a reader."""
    return ", ".join(f"{symbol} = {float(value):.5g}" for symbol, value in point.items()) or "all points"


def _small_difference(
    residual: Expr, terms: Sequence[Expr], points: Sequence[dict[Symbol, Expr]]
) -> dict[Symbol, Expr] | None:
    """Return a point where a difference below 50 digits is not 0: exact for rational functions, else to more digits."""
    if all(has_exact_value(residual, point) for point in points[:FIRST]):
        return next((point for point in points[:FIRST] if residual.xreplace(point) != 0), None)
    if residual.has(sympy.Integral, sympy.Float):
        return None
    evaluate, digits = of_any_precision(list(points[0]), terms), CANCELLED[0]
    return points[0] if _differs(evaluate, points[0], digits, digits - 2 * DIGITS) else None


def _differs(
    evaluate: Callable[..., Sequence[mpmath.mpf]], point: dict[Symbol, Expr], digits: int, agreeing: int = DIGITS
) -> bool:
    with mpmath.workdps(digits):
        try:
            values = evaluate(*(mpmath.mpf(value.p) / value.q for value in point.values()))
        except (ValueError, ZeroDivisionError):
            return True
        largest = max(abs(value) for value in values)
        return not abs(mpmath.fsum(values)) <= largest * mpmath.mpf(10) ** -agreeing


def _reduces_to_zero(residual: Expr) -> bool:
    """Return whether the residual is 0 as a rational function of its symbols, exponentials and roots."""
    rewritten = _with_factored_roots(residual.rewrite(HyperbolicFunction, sympy.exp))
    expression = expand_power_exp(sympy.expand_power_base(rewritten))
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
            if not numerator.is_polynomial(generator):
                return False
            numerator = sympy.prem(numerator, sympy.numer(sympy.together(relation.xreplace(rules))), generator)
    return bool(expand(numerator) == 0)


def _with_factored_roots(expression: Expr) -> Expr:
    """Factor what stands under roots, so that the root of a square is seen."""
    roots = {power for power in expression.atoms(sympy.Pow) if power.exp.is_Rational and not power.exp.is_Integer}
    sums = {power: factor(power.base) ** power.exp for power in roots if power.base.is_Add}
    return expression.xreplace(sums)
