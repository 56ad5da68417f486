"""Values of formulas at arrays of numbers, with parts that trees share computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.special import hyp2f1

from ....validation import FloatArray
from .nodes import ADD, CALL, DIV, MUL, NEG, NUMBER, SYMBOL, Node

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "coth": lambda x: 1 / np.tanh(x),
    "atanh": np.arctanh,
    "atan": np.arctan,
    "abs": np.abs,
    "expm1": np.expm1,
    "log1p": np.log1p,
    "sin": np.sin,
    "cos": np.cos,
    "hyp2f1": hyp2f1,
}
Value = FloatArray | float


class Evaluator:
    """Values of trees at given values of the symbols.

    Parameters
    ----------
    values : mapping of str to ndarray or float
        They broadcast against each other.
    """

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = dict(values)
        self._known: dict[Node, Value] = {}

    def __call__(self, node: Node) -> Value:
        """The value of a tree, not a number or infinite where it has none."""
        with np.errstate(all="ignore"):
            return self._value(node)

    def keep(self, node: Node) -> None:
        """Remember the values of all parts of a tree, for trees that differ from it in few parts."""
        with np.errstate(all="ignore"):
            self._remember(node)

    def _remember(self, node: Node) -> None:
        for arg in node.args:
            self._remember(arg)
        self._known[node] = self._value(node)

    def _value(self, node: Node) -> Value:
        known = self._known.get(node)
        if known is not None:
            return known
        if node.kind == NUMBER:
            return float(node.value) if isinstance(node.value, Fraction) else np.nan
        if node.kind == SYMBOL:
            return self._values[str(node.value)]
        args = [self._value(arg) for arg in node.args]
        if node.kind == CALL:
            return np.asarray(FUNCTIONS[str(node.value)](*args))
        result: Value = _OPERATIONS[node.kind](args)
        return result


def _total(args: list[Any]) -> Any:
    result = args[0]
    for arg in args[1:]:
        result = result + arg
    return result


def _product(args: list[Any]) -> Any:
    result = args[0]
    for arg in args[1:]:
        result = result * arg
    return result


_OPERATIONS: dict[str, Callable[[list[Any]], Any]] = {
    ADD: _total,
    MUL: _product,
    DIV: lambda args: np.divide(args[0], args[1]),
    NEG: lambda args: -args[0],
    "pow": lambda args: np.power(np.asarray(args[0], dtype=np.float64), args[1]),
}


def evaluated(node: Node, values: Mapping[str, Value], shape: tuple[int, ...]) -> FloatArray:
    """The value of a tree as an array of a shape.

    Examples
    --------
    >>> from .text import read_text
    >>> evaluated(read_text("2*t"), {"t": np.array([0.0, 1.0])}, (2,)).tolist()
    [0.0, 2.0]
    """
    return np.broadcast_to(np.asarray(Evaluator(values)(node), dtype=np.float64), shape).copy()
