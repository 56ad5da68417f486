"""Formulas written a little shorter: numbers gathered, signs and fractions in front; no more."""

from __future__ import annotations

from fractions import Fraction

from .nodes import ADD, CALL, DIV, MUL, NEG, NUMBER, POW, SYMBOL, Node, add, call, div, mul, neg, number, power

LARGEST_DENOMINATOR = 12
"""Numbers with larger ones are decimals, which stay as they are."""


def tidy(node: Node) -> Node:
    """The same formula with numbers gathered in products and fractions.

    Examples
    --------
    >>> from .text import read_text
    >>> print(tidy(read_text("lam/2/(delta*2)*exp(2*(-lam*t))")))
    lam/(4*delta)*exp(-2*lam*t)
    """
    args = tuple(tidy(arg) for arg in node.args)
    if node.kind in (MUL, DIV, NEG):
        return _product(Node(node.kind, node.value, args))
    if node.kind == ADD:
        return _sum(args)
    if node.kind == POW:
        return _power(*args)
    if node.kind == CALL:
        return _call(str(node.value), args)
    return node


def _power(base: Node, exponent: Node) -> Node:
    if exponent == number(1) or base == number(1):
        return base
    if base.kind == CALL and base.value == "sqrt" and exponent == number(2):
        return base.args[0]
    if base.kind == CALL and base.value == "exp":
        return call("exp", tidy(mul(exponent, base.args[0])))
    return power(base, exponent)


def _call(name: str, args: tuple[Node, ...]) -> Node:
    if name == "sqrt":
        (inner,) = args
        if inner.kind == CALL and inner.value == "exp":
            return call("exp", tidy(div(inner.args[0], number(2))))
        if inner.kind == POW and inner.args[0].kind == SYMBOL and inner.args[1] == number(2):
            return inner.args[0]
    return Node(CALL, name, args)


def _sum(args: tuple[Node, ...]) -> Node:
    terms = [term for arg in args for term in (arg.args if arg.kind == ADD else (arg,))]
    numbers = [term for term in terms if term.kind == NUMBER]
    if len(numbers) < 2 and number(0) not in numbers:
        return add(*terms)
    total = sum((Fraction(term.value) for term in numbers), Fraction(0))
    rest = [term for term in terms if term.kind != NUMBER]
    return add(*rest, number(total)) if total else add(*rest) if rest else number(0)


def _product(node: Node) -> Node:
    factor, above, below = _gathered(node)
    if factor == 0:
        return number(0)
    sign, size = factor < 0, abs(factor)
    top = _times(size.numerator, above)
    whole = div(top, _times(size.denominator, below)) if below or size.denominator != 1 else top
    return neg(whole) if sign else whole


def _times(factor: int, parts: list[Node]) -> Node:
    if not parts:
        return number(factor)
    return mul(*parts) if factor == 1 else mul(number(factor), *parts)


def _gathered(node: Node) -> tuple[Fraction, list[Node], list[Node]]:
    """The number, the factors above and those below of a product, a quotient or a negative."""
    if node.kind == NUMBER and Fraction(node.value).denominator <= LARGEST_DENOMINATOR:
        return Fraction(node.value), [], []
    if node.kind == NEG:
        factor, above, below = _gathered(node.args[0])
        return -factor, above, below
    if node.kind == MUL:
        total, above, below = Fraction(1), list[Node](), list[Node]()
        for arg in node.args:
            factor, tops, bottoms = _gathered(arg) if arg.kind != DIV else (Fraction(1), [arg], [])
            total, above, below = total * factor, above + tops, below + bottoms
        return total, above, below
    if node.kind == DIV:
        first, above, below = _gathered(node.args[0])
        second, bottoms, tops = _gathered(node.args[1])
        if second == 0:
            return Fraction(1), [node], []
        return first / second, above + tops, below + bottoms
    return Fraction(1), [node], []
