"""Whether a function that satisfies equations is the only one: conditions, poles on the way, singular starts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import mpmath
import sympy
from sympy import Derivative, Dummy, Eq, Expr, Integral, Limit, MatrixExpr, Subs, Sum, Symbol
from sympy.core.function import AppliedUndef

from ...symbolic.digits import holds_at, value_at
from ...symbolic.equality import random_points

OPAQUE = (AppliedUndef, Derivative, Integral, Limit, MatrixExpr, Sum, Subs)
TRIED, PARTS = 12, 100
LARGE = 1e6
"""Growth between neighbours of a grid, when it is refined about a change of sign, that shows a pole."""


def too_few_conditions(equations: Sequence[Eq], unknown: AppliedUndef) -> str:
    """Why equations leave a function open; empty if there are as many conditions as the order asks for.

    Examples
    --------
    >>> f, t, a = sympy.Function("f"), Symbol("t"), Symbol("a")
    >>> too_few_conditions([Eq(f(t).diff(t), -a * f(t))], f(t))
    'needs 1 condition on f, and 0 are cited'
    >>> too_few_conditions([Eq(f(t).diff(t), -a * f(t)), Eq(f(0), 1)], f(t))
    ''
    """
    variables = [argument for argument in unknown.args if isinstance(argument, Symbol)]
    if len(variables) != 1 or len(unknown.args) != 1:
        return ""
    (variable,) = variables
    moving = [equation for equation in equations if _runs(equation, unknown.func, variable)]
    if not moving:
        return ""
    order = min(_order(equation, unknown.func, variable) for equation in moving)
    points = {part for equation in equations if equation not in moving for part in _values(equation, unknown.func)}
    if len(points) >= order:
        return ""
    return f"needs {order} condition{'s' if order > 1 else ''} on {unknown.func}, and {len(points)} are cited"


def _runs(equation: Eq, function: Any, variable: Symbol) -> bool:
    """Whether an equation holds at all values of the variable, not at one point."""
    return any(part.func == function and part.has(variable) for part in equation.atoms(AppliedUndef)) and not all(
        isinstance(part, Subs) for part in equation.args
    )


def _order(equation: Eq, function: Any, variable: Symbol) -> int:
    derivatives = [part for part in equation.atoms(Derivative) if part.expr.func == function]
    if derivatives:
        return max(int(part.derivative_count) for part in derivatives)
    shifts = [sympy.expand(part.args[0] - variable) for part in equation.atoms(AppliedUndef) if part.func == function]
    whole = [int(shift) for shift in shifts if shift.is_Integer]
    return max(whole) - min(whole) if whole else 0


def _values(equation: Eq, function: Any) -> set[Expr]:
    derivatives = {part for part in equation.atoms(Subs) if part.has(function)}
    return derivatives | {part for part in equation.atoms(AppliedUndef) if part.func == function and not derivatives}


def leaves_its_interval(equations: Sequence[Eq], solution: Eq, where: Sequence[Expr] = ()) -> str:
    """Why a solution cannot be continued from its condition to all times: a pole, or values that are not real.

    Examples
    --------
    >>> f, t, a = sympy.Function("f"), Symbol("t", nonnegative=True), Symbol("a", positive=True)
    >>> start = [Eq(f(0), 1 / a)]
    >>> leaves_its_interval(start, Eq(f(t), 1 / (a - t)))[:15]
    'has a pole at t'
    >>> leaves_its_interval(start, Eq(f(t), 1 / (a + t))), leaves_its_interval(start, Eq(f(t), 1 / (a - t)), (t < a,))
    ('', '')
    """
    unknown, right = solution.args
    variable, starts = unknown.args[0], _starts(equations, unknown)
    if not starts or right.has(*OPAQUE) or not right.has(variable) or variable.is_integer:
        return ""
    symbols = sorted(right.free_symbols | starts[0].free_symbols | {variable}, key=str)
    value = sympy.lambdify(symbols, right, "mpmath")
    for point in islice(random_points(set(symbols), where, 0), TRIED):
        begin, end = (mpmath.mpmathify(sympy.N(number.xreplace(point), 30)) for number in (starts[0], variable))
        found = _pole(lambda at, point=point: _real(value, symbols, point, variable, at), begin, end)
        if found is not None:
            return f"has a pole at {variable} = {float(found):.5g}, on the way from {starts[0]} to the times of its use"
    return ""


def _pole(value: Any, begin: Any, end: Any) -> Any:
    """Where a function of one number leaves the real numbers between two ends; None if it does not."""
    grid = [begin + (end - begin) * k / PARTS for k in range(1, PARTS + 1)]
    values = [value(at) for at in grid]
    for low, high, first, second in zip(grid, grid[1:], values, values[1:], strict=False):
        if first is None or second is None:
            return high
        if first * second < 0:
            for _ in range(60):
                middle = (low + high) / 2
                between = value(middle)
                if between is None:
                    return middle
                low, high = (middle, high) if between * first > 0 else (low, middle)
            ends = [value(low), value(high)]
            if None in ends or min(map(abs, ends)) > LARGE * max(abs(first), abs(second), mpmath.mpf(10) ** -20):
                return low
    return None


def _real(value: Any, symbols: Sequence[Symbol], point: dict[Symbol, Expr], variable: Symbol, at: Any) -> Any:
    numbers = [at if symbol == variable else mpmath.mpf(point[symbol].p) / point[symbol].q for symbol in symbols]
    try:
        result = mpmath.mpmathify(value(*numbers))
    except (ZeroDivisionError, ValueError):
        return None
    except OverflowError:
        return mpmath.mpf(1)
    if not mpmath.isfinite(result) or abs(mpmath.im(result)) > abs(result) / 1000:
        return None
    return mpmath.re(result)


def _starts(equations: Sequence[Eq], unknown: AppliedUndef) -> list[Expr]:
    """Points at which the function is given."""
    found = {
        part.args[0] for equation in equations for part in equation.atoms(AppliedUndef) if part.func == unknown.func
    }
    return sorted((at for at in found if not at.has(unknown.args[0])), key=str)


def singular_start(equations: Sequence[Eq], unknown: AppliedUndef, where: Sequence[Expr] = ()) -> str:
    """Why an equation of first order may have other solutions from the same start; empty if it is regular there.

    Examples
    --------
    >>> f, t = sympy.Function("f"), Symbol("t", nonnegative=True)
    >>> motion = Eq(f(t).diff(t), 2 * sympy.sqrt(f(t)))
    >>> singular_start([motion, Eq(f(0), 0)], f(t))
    'may be one of several solutions: the equation of f is singular where f(0) = 0'
    >>> singular_start([motion, Eq(f(0), 1)], f(t))
    ''
    """
    variable, slope, level = unknown.args[0], Dummy(real=True), Dummy(real=True)
    motions = [equation for equation in equations if equation.has(Derivative(unknown, variable))]
    conditions = [
        equation for equation in equations if isinstance(equation.lhs, AppliedUndef) and equation not in motions
    ]
    if len(motions) != 1 or not conditions or conditions[0].lhs.func != unknown.func:
        return ""
    residual = (
        (motions[0].lhs - motions[0].rhs).xreplace({Derivative(unknown, variable): slope}).xreplace({unknown: level})
    )
    start, value = conditions[0].lhs.args[0], conditions[0].rhs
    if residual.has(*OPAQUE) or value.has(*OPAQUE) or residual.diff(slope).has(slope):
        return ""
    rate = -residual.diff(level) / residual.diff(slope)
    at = rate.xreplace({level: value, variable: start})
    others = at.free_symbols
    for point in islice(random_points(others, where, 0), TRIED) if others else ({},):
        number = value_at(at, point)
        if number is not None and number.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
            where_singular = f"{conditions[0].lhs} = {value}"
            return f"may be one of several solutions: the equation of {unknown.func} is singular where {where_singular}"
    return ""


def outside_domain(sides: Sequence[Expr], premise: Eq, where: Sequence[Expr], variables: Any = None) -> str:
    """Where an equation for a function is put in at an argument outside the domain of its variable.

    Examples
    --------
    >>> f, x = sympy.Function("f"), Symbol("x", positive=True)
    >>> outside_domain([f(sympy.Integer(2))], Eq(f(x), 1 / (1 - x)), (x < 1,))
    'uses f(x) at x = 2, outside its domain'
    >>> outside_domain([f(x / 2)], Eq(f(x), 1 / (1 - x)), (x < 1,))
    ''
    """
    old = premise.lhs
    if not isinstance(old, AppliedUndef) or not all(argument.is_Symbol for argument in old.args):
        return ""
    if (variables or {}).get(old.func, old.args) != old.args:
        return ""
    for part in set().union(*(side.atoms(AppliedUndef) for side in sides)):
        if part.func != old.func or part.args == old.args:
            continue
        for variable, at in zip(old.args, part.args, strict=True):
            if at.has(*OPAQUE) or at == variable:
                continue
            bounds = [condition for condition in where if condition.free_symbols and variable in condition.free_symbols]
            signs = ((variable.is_nonnegative, at >= 0), (variable.is_nonpositive, at <= 0))
            wanted = [condition.xreplace({variable: at}) for condition in bounds] + [
                c for declared, c in signs if declared
            ]
            symbols = at.free_symbols.union(*(condition.free_symbols for condition in wanted))
            for point in islice(random_points(symbols, where, 0), 12) if symbols else ({},):
                if any(holds_at(condition, point) is False for condition in wanted):
                    return f"uses {old} at {variable} = {at}, outside its domain"
    return ""
