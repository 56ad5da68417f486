"""Limits on formulas, so that no text can cost much time or memory, before anything computes with it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from fractions import Fraction

from .nodes import CALL, NUMBER, POW, Node

LONGEST = 2000
"""Characters."""
DEEPEST = 40
"""Parentheses, or operations, within each other."""
LARGEST_EXPONENT = 40
LONGEST_NUMBER = 25
"""Characters of a number."""
MOST_NODES = 600
NESTED_POWERS = 3
SECONDS = 0.5
ARITY = {
    "exp": 1,
    "log": 1,
    "sqrt": 1,
    "sinh": 1,
    "cosh": 1,
    "tanh": 1,
    "coth": 1,
    "atanh": 1,
    "atan": 1,
    "abs": 1,
    "expm1": 1,
    "log1p": 1,
    "sin": 1,
    "cos": 1,
    "hyp2f1": 4,
}
"""The functions that a formula may use, with the number of their arguments."""
SAME = {"ln": "log", "arctanh": "atanh", "artanh": "atanh", "arctan": "atan", "Abs": "abs"}


class FormulaError(ValueError):
    """A text that is refused as a formula, with the reason."""


class Clock:
    """The time that reading a formula may take."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._end = time.perf_counter() + seconds

    def check(self) -> None:
        """Raise if the time is over."""
        if time.perf_counter() > self._end:
            raise FormulaError(f"the formula takes more than {SECONDS:g} s to read; a shorter one is needed")


def check_text(text: str) -> None:
    """Raise unless a text is short and its parentheses are not deep."""
    if not isinstance(text, str):
        raise TypeError(f"formula must be a text or a sympy expression, got {type(text).__name__}")
    if not text.strip():
        raise FormulaError("the formula is empty")
    if len(text) > LONGEST:
        raise FormulaError(f"the formula has {len(text)} characters; at most {LONGEST} are read")
    depth = deepest = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
        if depth < 0:
            raise FormulaError("the formula closes a parenthesis that it has not opened")
    if depth:
        raise FormulaError("the formula opens a parenthesis that it does not close")
    if deepest > DEEPEST:
        raise FormulaError(f"the formula nests {deepest} parentheses; at most {DEEPEST} are read")


def read_number(text: str) -> Fraction:
    """A number of few digits."""
    if len(text) > LONGEST_NUMBER:
        raise FormulaError(f"the number {text[:12]}... has {len(text)} characters; at most {LONGEST_NUMBER} are read")
    mantissa, _, exponent = text.lower().partition("e")
    if exponent and abs(int(exponent)) > LARGEST_EXPONENT:
        raise FormulaError(f"the number {text} has an exponent above {LARGEST_EXPONENT}")
    return Fraction(mantissa) * Fraction(10) ** int(exponent or 0)


def check_tree(node: Node) -> Node:
    """Return a tree, or raise if it is large or deep, or has numbers or powers that are."""
    count = _count(node, 0)
    if count > MOST_NODES:
        raise FormulaError(f"the formula has {count} parts; at most {MOST_NODES} are read")
    _check_powers(node, 0)
    _constant(node)
    return node


def _count(node: Node, depth: int) -> int:
    if depth > DEEPEST:
        raise FormulaError(f"the formula nests more than {DEEPEST} operations")
    return 1 + sum(_count(arg, depth + 1) for arg in node.args)


def _check_powers(node: Node, above: int) -> None:
    """Powers are not nested deeply, and numbers in exponents are small, those of nested powers multiplied."""
    if node.kind == POW:
        above += 1
        if above > NESTED_POWERS:
            raise FormulaError(f"the formula nests more than {NESTED_POWERS} powers")
    for arg in node.args:
        _check_powers(arg, above)


def _constant(node: Node) -> float | None:
    """The value of a tree without symbols, which must be moderate at every step; None with symbols."""
    if node.kind == NUMBER and isinstance(node.value, Fraction):
        return float(node.value)
    values = [_constant(arg) for arg in node.args]
    if node.kind == POW and values[1] is not None and abs(values[1]) > LARGEST_EXPONENT:
        raise FormulaError(f"the exponent {node.args[1]} is larger than {LARGEST_EXPONENT}")
    if not values or any(value is None for value in values):
        return None
    value = _value(node, [value for value in values if value is not None])
    if not math.isfinite(value) or abs(value) > 10.0**LARGEST_EXPONENT:
        raise FormulaError(f"the number {str(node)[:40]} is not moderate, or not real")
    return value


def _value(node: Node, values: list[float]) -> float:
    if node.kind == CALL and node.value == "hyp2f1":
        return 0.0
    try:
        if node.kind == POW:
            result = values[0] ** values[1]
            return result if isinstance(result, float) else math.nan
        if node.kind == CALL:
            return _FUNCTIONS[str(node.value)](values[0])
        return _ARITHMETIC[node.kind](values)
    except (ArithmeticError, ValueError):
        return math.nan


_ARITHMETIC: dict[str, Callable[[Sequence[float]], float]] = {
    "add": math.fsum,
    "mul": math.prod,
    "div": lambda values: values[0] / values[1],
    "neg": lambda values: -values[0],
}
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "abs": abs,
    "coth": lambda x: 1 / math.tanh(x),
    **{
        name: getattr(math, name)
        for name in ("exp", "log", "sqrt", "sinh", "cosh", "tanh", "atanh", "atan", "expm1", "log1p", "sin", "cos")
    },
}
