"""Formulas as trees of a few kinds of nodes, as they were written, with nothing simplified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

NUMBER, SYMBOL, ADD, MUL, DIV, NEG, POW, CALL = "number", "symbol", "add", "mul", "div", "neg", "pow", "call"
Path = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A number, a symbol, or an operation on other nodes.

    Attributes
    ----------
    kind : str
    value : Fraction or str
        Of a number its value, of a symbol or a call its name; else empty.
    args : tuple of Node
    """

    kind: str
    value: Fraction | str = ""
    args: tuple[Node, ...] = ()
    _hash: int = field(init=False, repr=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.kind, self.value, self.args)))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Node) or self._hash != other._hash:
            return False
        return (self.kind, self.value, self.args) == (other.kind, other.value, other.args)

    def __str__(self) -> str:
        return _written(self, 0)


def number(value: int | Fraction) -> Node:
    """A number."""
    return Node(NUMBER, Fraction(value))


def symbol(name: str) -> Node:
    """A symbol."""
    return Node(SYMBOL, name)


def call(name: str, *args: Node) -> Node:
    """A function of nodes."""
    return Node(CALL, name, args)


def add(*args: Node) -> Node:
    """A sum."""
    return Node(ADD, "", args) if len(args) != 1 else args[0]


def mul(*args: Node) -> Node:
    """A product."""
    return Node(MUL, "", args) if len(args) != 1 else args[0]


def div(above: Node, below: Node) -> Node:
    """A quotient."""
    return Node(DIV, "", (above, below))


def power(base: Node, exponent: Node) -> Node:
    """A power."""
    return Node(POW, "", (base, exponent))


def neg(arg: Node) -> Node:
    """Minus a node: of a number the number, of minus a node the node."""
    if arg.kind == NUMBER and isinstance(arg.value, Fraction):
        return number(-arg.value)
    return arg.args[0] if arg.kind == NEG else Node(NEG, "", (arg,))


def walk(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Every node of a tree with the path to it, from the root on."""
    yield path, node
    for index, arg in enumerate(node.args):
        yield from walk(arg, (*path, index))


def replaced(node: Node, path: Path, new: Node) -> Node:
    """The tree with the node at a path replaced."""
    if not path:
        return new
    args = list(node.args)
    args[path[0]] = replaced(args[path[0]], path[1:], new)
    return Node(node.kind, node.value, tuple(args))


def replaced_everywhere(node: Node, old: Node, new: Node) -> Node:
    """The tree with every node that is equal to one replaced."""
    if node == old:
        return new
    if not node.args:
        return node
    return Node(node.kind, node.value, tuple(replaced_everywhere(arg, old, new) for arg in node.args))


def names(node: Node) -> frozenset[str]:
    """The names of the symbols in a tree."""
    return frozenset(str(part.value) for _, part in walk(node) if part.kind == SYMBOL)


def size(node: Node) -> int:
    """Number of nodes in a tree."""
    return 1 + sum(size(arg) for arg in node.args)


_STRENGTH = {ADD: 1, NEG: 2, MUL: 3, DIV: 3, POW: 5, NUMBER: 6, SYMBOL: 6, CALL: 6}


def _written(node: Node, outside: int) -> str:
    text, strength = _text(node), _STRENGTH[node.kind]
    if _leads_with_minus(node):
        strength = min(strength, _STRENGTH[NEG])
    elif node.kind == NUMBER and "/" in text:
        strength = _STRENGTH[DIV]
    return f"({text})" if strength < outside else text


def _leads_with_minus(node: Node) -> bool:
    if node.kind == NUMBER and isinstance(node.value, Fraction):
        return node.value < 0
    return node.kind == NEG or (node.kind in (MUL, DIV) and _leads_with_minus(node.args[0]))


def _without_minus(node: Node) -> Node:
    if node.kind in (MUL, DIV):
        return Node(node.kind, node.value, (_without_minus(node.args[0]), *node.args[1:]))
    return neg(node)


def _number(value: Fraction) -> str:
    """A number, with decimals where it was probably written with them."""
    places = next((places for places in range(DECIMALS) if (value * 10**places).denominator == 1), None)
    return str(value) if value.denominator <= 8 or places is None else f"{float(value):.{places}f}"


DECIMALS = 13


def _text(node: Node) -> str:
    if node.kind == NUMBER and isinstance(node.value, Fraction):
        return _number(node.value)
    if node.kind == SYMBOL:
        return str(node.value)
    if node.kind == CALL:
        return f"{node.value}({', '.join(map(str, node.args))})"
    if node.kind == NEG:
        return f"-{_written(node.args[0], 3)}"
    if node.kind == POW:
        return f"{_written(node.args[0], 6)}**{_written(node.args[1], 6)}"
    if node.kind == DIV:
        return f"{_written(node.args[0], 2)}/{_written(node.args[1], 4)}"
    if node.kind == MUL:
        return "*".join(_written(arg, 2 if index == 0 else 4) for index, arg in enumerate(node.args))
    first, *others = node.args
    text = _written(first, 1)
    for term in others:
        minus = _leads_with_minus(term)
        text += f" - {_written(_without_minus(term), 3)}" if minus else f" + {_written(term, 2)}"
    return text
