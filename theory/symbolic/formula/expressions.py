"""Formulas as sympy expressions, and sympy expressions as formulas."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy
from sympy import Expr, Rational, Symbol

from ..glossary import BY_NAME, canonical
from .limits import FormulaError, check_tree
from .nodes import ADD, CALL, DIV, MUL, NEG, NUMBER, POW, SYMBOL, Node, add, call, div, mul, neg, number, power, symbol

FUNCTIONS: dict[str, Callable[..., Expr]] = {
    "exp": sympy.exp,
    "log": sympy.log,
    "sqrt": sympy.sqrt,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "tanh": sympy.tanh,
    "coth": sympy.coth,
    "atanh": sympy.atanh,
    "atan": sympy.atan,
    "abs": sympy.Abs,
    "expm1": lambda x: sympy.exp(x) - 1,
    "log1p": lambda x: sympy.log(1 + x),
    "sin": sympy.sin,
    "cos": sympy.cos,
    "hyp2f1": lambda a, b, c, x: sympy.hyper((a, b), (c,), x),
}
OF_SYMPY = {"exp", "log", "sinh", "cosh", "tanh", "coth", "atanh", "atan", "Abs", "sin", "cos"}
MOST_OPERATIONS = 400


def positive(name: str) -> Symbol:
    """The positive symbol of a name, in which formulas are compared."""
    return Symbol(name, positive=True)


def positively(expression: Expr) -> Expr:
    """An expression with its symbols declared positive."""
    return expression.subs({found: positive(found.name) for found in expression.free_symbols}, simultaneous=True)


def to_sympy(node: Node) -> Expr:
    """A formula as a sympy expression in positive symbols.

    Examples
    --------
    >>> from .text import read_text
    >>> to_sympy(read_text("lam/delta*(1 - exp(-delta*t))"))
    lam*(1 - exp(-delta*t))/delta
    """
    if node.kind == NUMBER and isinstance(node.value, Fraction):
        return Rational(node.value.numerator, node.value.denominator)
    if node.kind == SYMBOL:
        return positive(str(node.value))
    args = [to_sympy(arg) for arg in node.args]
    if node.kind == CALL:
        return FUNCTIONS[str(node.value)](*args)
    return _BUILD[node.kind](args)


_BUILD: dict[str, Callable[[list[Any]], Expr]] = {
    ADD: lambda args: sympy.Add(*args),
    MUL: lambda args: sympy.Mul(*args),
    DIV: lambda args: args[0] / args[1],
    NEG: lambda args: -args[0],
    POW: lambda args: args[0] ** args[1],
}


def of_sympy(expression: Any) -> Node:
    """A sympy expression as a formula.

    Raises
    ------
    FormulaError
        If it has parts that formulas lack, or is too large.

    Examples
    --------
    >>> print(of_sympy(sympy.exp(-2 * Symbol("lam") * Symbol("t"))))
    exp(-2*lam*t)
    """
    if not isinstance(expression, Expr):
        raise FormulaError(f"formula must be a sympy expression, got {type(expression).__name__}")
    if sum(1 for _ in sympy.preorder_traversal(expression)) > MOST_OPERATIONS:
        raise FormulaError(f"the expression has more than {MOST_OPERATIONS} parts")
    return check_tree(_of(expression))


def _of(part: Expr) -> Node:
    if part.is_Number:
        return _number(part)
    if part.is_Symbol:
        return _symbol(part)
    if part is sympy.E:
        return call("exp", number(1))
    for kind, read in _READERS:
        if isinstance(part, kind):
            return read(part)
    name = type(part).__name__
    if name in OF_SYMPY:
        return call({"Abs": "abs"}.get(name, name), *map(_of, part.args))
    raise FormulaError(f"{name} is not allowed in a formula")


def _number(part: Expr) -> Node:
    if part.is_Rational:
        return number(Fraction(int(part.p), int(part.q)))
    if part.is_Float:
        return number(Fraction(str(part)))
    raise FormulaError(f"{part} is not a number that a formula may use")


def _symbol(part: Symbol) -> Node:
    try:
        return symbol(part.name if part.name in BY_NAME else canonical(part.name))
    except ValueError as error:
        raise FormulaError(str(error)) from None


def _hypergeometric(part: Expr) -> Node:
    if (len(part.ap), len(part.bq)) != (2, 1):
        raise FormulaError("of the hypergeometric functions, a formula may use 2F1")
    return call("hyp2f1", *map(_of, (*part.ap, *part.bq, part.argument)))


def _sign(node: Node) -> int:
    """Terms with a minus come last."""
    return int(node.kind == NEG or (node.kind == NUMBER and isinstance(node.value, Fraction) and node.value < 0))


def _product(part: Expr) -> Node:
    coefficient, rest = part.as_coeff_Mul()
    if coefficient.is_negative:
        return neg(_of(-coefficient * rest))
    above, below = sympy.fraction(part)
    if below != 1:
        return div(_of(above), _of(below))
    return mul(*map(_of, part.as_ordered_factors()))


def _power(part: Expr) -> Node:
    base, exponent = part.as_base_exp()
    if base is sympy.E:
        return call("exp", _of(exponent))
    if exponent == Rational(1, 2):
        return call("sqrt", _of(base))
    if exponent.could_extract_minus_sign():
        return div(number(1), _of(base**-exponent))
    return power(_of(base), _of(exponent))


_READERS: tuple[tuple[type, Callable[[Expr], Node]], ...] = (
    (sympy.Add, lambda part: add(*sorted(map(_of, part.args), key=_sign))),
    (sympy.Mul, _product),
    (sympy.Pow, _power),
    (sympy.exp, lambda part: call("exp", _of(part.args[0]))),
    (sympy.hyper, _hypergeometric),
)
