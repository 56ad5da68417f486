"""Formulas from plain text: through Python's grammar and a list of what is allowed; nothing is ever run."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from ..glossary import SPELLINGS, canonical
from .limits import ARITY, SAME, Clock, FormulaError, check_text, check_tree, read_number
from .nodes import Node, add, call, div, mul, neg, number, power, symbol

GREEK = frozenset(character for spelling in SPELLINGS for character in spelling if ord(character) > 127)
"""Letters beyond ASCII that stand for symbols; others are refused, since many look like letters that they are not."""
REPLACED = (("^", "**"), ("−", "-"), ("·", "*"), ("×", "*"))
CODE = re.compile(r"__|\blambda\s*[^\W\d_]*\s*:|[\[\]{};'\"\\#@!?`~$&|<>%:]")


def read_text(text: str) -> Node:
    """Read a formula as plain text.

    Parameters
    ----------
    text : str
        Sums, products, quotients, powers (``**`` or ``^``) and the usual functions of known symbols.

    Returns
    -------
    Node

    Raises
    ------
    FormulaError
        If it is anything else; the message says what.

    Examples
    --------
    >>> print(read_text("lambda/delta * (1 - exp(-delta*t))"))
    lam/delta*(1 - exp(-delta*t))
    """
    check_text(text)
    for old, new in REPLACED:
        text = text.replace(old, new)
    _refuse_characters(text)
    prepared = re.sub(r"\blambda\b", "lam", text.strip())
    try:
        tree = ast.parse(prepared, mode="eval")
    except SyntaxError as error:
        raise FormulaError(_syntax(prepared, error)) from None
    except (ValueError, MemoryError, RecursionError):
        raise FormulaError("the formula cannot be read") from None
    clock = Clock()
    return check_tree(_Reader(prepared, clock).node(tree.body, 0))


def _refuse_characters(text: str) -> None:
    strange = next((character for character in text if ord(character) > 127 and character not in GREEK), None)
    if strange:
        raise FormulaError(f"the character {strange!r} (U+{ord(strange):04X}) is not one that formulas are written in")
    found = CODE.search(text)
    if found:
        raise FormulaError(f"{found.group()!r} is not allowed in a formula")


def _syntax(text: str, error: SyntaxError) -> str:
    juxtaposed = re.search(r"(?:[\w)]\s+[\w(])|(?:\d[A-Za-z_(])|(?:\)\()", text)
    if juxtaposed:
        return f"products need a * between their factors, as at {juxtaposed.group()!r}"
    where = "" if error.offset is None else f" at {text[max(0, error.offset - 1) :][:12]!r}"
    return f"the formula cannot be read{where}"


class _Reader:
    """From Python's tree to ours; each kind of part that is not listed is refused."""

    def __init__(self, text: str, clock: Clock) -> None:
        self._text, self._clock = text, clock
        self._kinds: dict[type, Callable[..., Node]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.UnaryOp: self._unary,
            ast.BinOp: self._binary,
            ast.Call: self._call,
        }

    def node(self, part: ast.expr, depth: int) -> Node:
        self._clock.check()
        if depth > 2 * len(ARITY) + 50:
            raise FormulaError("the formula nests too many operations")
        reader = self._kinds.get(type(part))
        if reader is None:
            raise FormulaError(f"{type(part).__name__} is not allowed in a formula: {self._of(part)}")
        return reader(part, depth)

    def _of(self, part: ast.AST) -> str:
        return (ast.get_source_segment(self._text, part) or "")[:40]

    def _constant(self, part: ast.Constant, _: int) -> Node:
        if isinstance(part.value, bool) or not isinstance(part.value, int | float):
            raise FormulaError(f"{self._of(part)} is not a real number")
        try:
            return number(read_number(self._of(part)))
        except (ValueError, ArithmeticError) as error:
            raise FormulaError(str(error) if isinstance(error, FormulaError) else "a number cannot be read") from None

    def _name(self, part: ast.Name, _: int) -> Node:
        if part.id in ("e", "E"):
            return call("exp", number(1))
        if part.id in ARITY or part.id in SAME:
            raise FormulaError(f"{part.id} is a function and needs its argument in parentheses")
        try:
            return symbol(canonical(part.id))
        except ValueError as error:
            raise FormulaError(str(error)) from None

    def _unary(self, part: ast.UnaryOp, depth: int) -> Node:
        inner = self.node(part.operand, depth + 1)
        if isinstance(part.op, ast.USub):
            return neg(inner)
        if isinstance(part.op, ast.UAdd):
            return inner
        raise FormulaError(f"{type(part.op).__name__} is not allowed in a formula")

    def _binary(self, part: ast.BinOp, depth: int) -> Node:
        if type(part.op) not in _OPERATIONS:
            raise FormulaError(f"{type(part.op).__name__} is not allowed in a formula: {self._of(part)}")
        left, right = self.node(part.left, depth + 1), self.node(part.right, depth + 1)
        return _OPERATIONS[type(part.op)](left, right)

    def _call(self, part: ast.Call, depth: int) -> Node:
        if not isinstance(part.func, ast.Name):
            raise FormulaError(f"only functions with a name can be called: {self._of(part)}")
        name = SAME.get(part.func.id, part.func.id)
        if name not in ARITY:
            if part.func.id in SPELLINGS:
                raise FormulaError(f"{part.func.id} is a symbol, not a function; products need a *: {self._of(part)}")
            raise FormulaError(f"the function {part.func.id[:40]!r} is not known; there are {', '.join(ARITY)}")
        if part.keywords or len(part.args) != ARITY[name]:
            raise FormulaError(f"{name} takes {ARITY[name]} argument(s): {self._of(part)}")
        return call(name, *(self.node(argument, depth + 1) for argument in part.args))


def _sum(left: Node, right: Node) -> Node:
    return add(*(left.args if left.kind == "add" else (left,)), right)


def _product(left: Node, right: Node) -> Node:
    return mul(*(left.args if left.kind == "mul" else (left,)), right)


def _exponential(base: Node, exponent: Node) -> Node:
    if base == call("exp", number(1)):
        return call("exp", exponent)
    return power(base, exponent)


_OPERATIONS: dict[type, Callable[[Node, Node], Node]] = {
    ast.Add: _sum,
    ast.Sub: lambda left, right: _sum(left, neg(right)),
    ast.Mult: _product,
    ast.Div: div,
    ast.Pow: _exponential,
}
