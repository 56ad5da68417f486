"""Small changes of a formula: of a sign, a factor, an exponent, a symbol, and what may be missing or too much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from ...theory.symbolic.formula.nodes import (
    ADD,
    CALL,
    DIV,
    MUL,
    NUMBER,
    POW,
    SYMBOL,
    Node,
    Path,
    add,
    call,
    div,
    mul,
    names,
    neg,
    number,
    power,
    replaced_everywhere,
    size,
    symbol,
    walk,
)

SWAPS = (
    ("lam", "delta", "pi0", "sigma", "pi_star"),
    ("n_x", "n_y"),
    ("k_x", "k_y"),
    ("N", "n_x"),
    ("t", "n"),
    *(tuple(f"{name}_{i}" for i in (1, 2, 3, 4)) for name in ("pi", "lam", "delta", "count")),
)
"""Symbols that are taken for each other."""
COUNTED = ("L", "n", "N")
"""Symbols of which a formula may be off by one."""
TWO, ONE = number(2), number(1)
MISSING = 1.5
"""Cost from which on a change adds or removes something."""
Change = Callable[[Node], Node]


@dataclass(frozen=True, eq=False)
class Edit:
    """One change of a tree.

    Attributes
    ----------
    path : tuple of int
        Where; of a change of all equal parts, of the first of them.
    change : callable
        From the part to what takes its place.
    cost : float
        Near 1 for a change of what is there; from 1.5 on for what is missing or too much.
    everywhere : Node or None
        The part that is changed wherever it occurs.
    """

    path: Path
    change: Change
    cost: float
    everywhere: Node | None = None

    def __call__(self, tree: Node) -> Node | None:
        """The changed tree; None if the part is no longer there."""
        if self.everywhere is not None:
            changed = replaced_everywhere(tree, self.everywhere, self.change(self.everywhere))
            return None if changed == tree else changed
        return _changed_at(tree, self.path, self.change)


def _changed_at(node: Node, path: Path, change: Change) -> Node | None:
    if not path:
        return change(node)
    if path[0] >= len(node.args):
        return None
    inner = _changed_at(node.args[path[0]], path[1:], change)
    if inner is None:
        return None
    return Node(node.kind, node.value, (*node.args[: path[0]], inner, *node.args[path[0] + 1 :]))


def edits(tree: Node, available: frozenset[str]) -> list[Edit]:
    """All single changes of a tree.

    Parameters
    ----------
    tree : Node
    available : frozenset of str
        Symbols that may take the place of others, or be missing.

    Returns
    -------
    list of Edit

    Examples
    --------
    >>> from linmod.theory.symbolic.formula.text import read_text
    >>> tree = read_text("exp(-lam*t)")
    >>> changed = [str(edit(tree)) for edit in edits(tree, frozenset({"lam", "delta"}))]
    >>> changed[:3], "exp(-delta*t)" in changed
    (['-exp(-lam*t)', '2*exp(-lam*t)', 'exp(-lam*t)/2'], True)
    """
    parts = list(walk(tree))
    found = [edit for path, node in parts for edit in _of_part(path, node, available)]
    repeated = [node for node, times in Counter(node for _, node in parts).items() if times > 1 and node.kind != NUMBER]
    for node in repeated:
        path = next(path for path, other in parts if other == node)
        found += [Edit(path, edit.change, edit.cost, everywhere=node) for edit in _of_part(path, node, available)]
    return found


def _of_part(path: Path, node: Node, available: frozenset[str]) -> Iterator[Edit]:
    for cost, change in _core(node, available):
        yield Edit(path, change, cost)
    for change in _missing(node, available):
        yield Edit(path, change, MISSING)


def _core(node: Node, available: frozenset[str]) -> Iterator[tuple[float, Change]]:
    if node.kind == NUMBER:
        yield from _of_number(node, available)
        return
    yield 1.0, neg
    yield 1.1, lambda part: mul(TWO, part)
    yield 1.1, lambda part: div(part, TWO)
    yield 1.2, lambda part: power(part, TWO)
    yield 1.2, lambda part: call("sqrt", part)
    yield 1.2, lambda part: div(ONE, part)
    if node.kind == SYMBOL:
        yield from _of_symbol(str(node.value), available)
        return
    for change in _of_operation(node):
        yield 1.3, change
    for one, other in _EXCHANGED:
        if {one, other} <= names(node):
            yield 1.15, _exchange(one, other)
    if node.kind == ADD:
        for pair in _EXCHANGED:
            for one, other in (pair, pair[::-1]):
                if one in names(node) and other in available:
                    yield 1.4, _halfway(one, other)


def _of_number(node: Node, available: frozenset[str]) -> Iterator[tuple[float, Change]]:
    value = Fraction(node.value)
    others = [2 * value, value / 2, -value, value + 1, value - 1, value + Fraction(1, 2), value - Fraction(1, 2)]
    others += [1 / value, value * value] if value else []
    if value == 1:
        for name in sorted(available):
            yield 1.4, _always(symbol(name))
    for other in dict.fromkeys(others):
        if other != value:
            yield 1.0 if other in (2 * value, value / 2, -value) else 1.05, _always(number(other))


def _of_symbol(name: str, available: frozenset[str]) -> Iterator[tuple[float, Change]]:
    for group in SWAPS:
        if name in group:
            for other in group:
                if other != name and other in available:
                    yield 1.0, _always(symbol(other))
    if name in COUNTED:
        for step in (-2, -1, 1, 2):
            yield 1.05, _always(add(symbol(name), number(step)))


def _exchange(one: str, other: str) -> Change:
    held = symbol(f"{one} and {other}")

    def change(part: Node) -> Node:
        moved = replaced_everywhere(part, symbol(one), held)
        return replaced_everywhere(replaced_everywhere(moved, symbol(other), symbol(one)), held, symbol(other))

    return change


def _halfway(one: str, other: str) -> Change:
    """The root of the product with the part in which another symbol stands: one of two equal roots was wrong."""
    return lambda part: call("sqrt", mul(part, replaced_everywhere(part, symbol(one), symbol(other))))


_EXCHANGED = (("lam", "delta"), ("lam", "pi0"), ("delta", "pi0"), ("n_x", "n_y"), ("k_x", "k_y"))


def _of_operation(node: Node) -> Iterator[Change]:
    """Another operation of the same parts."""
    if node.kind == DIV:
        yield lambda part: mul(*part.args) if part.kind == DIV else part
        yield lambda part: div(part.args[1], part.args[0]) if part.kind == DIV else part
    elif node.kind == ADD and len(node.args) == 2:
        yield lambda part: mul(*part.args) if part.kind == ADD else part
    elif node.kind == MUL and len(node.args) == 2:
        yield lambda part: add(*part.args) if part.kind == MUL else part
        yield lambda part: div(*part.args[:2]) if part.kind == MUL else part
    elif node.kind == CALL:
        for name in _SIBLINGS.get(str(node.value), ()):
            yield _renamed(name)


_SIBLINGS = {
    "tanh": ("coth",),
    "coth": ("tanh",),
    "sinh": ("cosh",),
    "cosh": ("sinh",),
    "log": ("log1p",),
    "exp": ("expm1",),
}


def _renamed(name: str) -> Change:
    return lambda part: call(name, *part.args) if part.kind == CALL else part


def _always(node: Node) -> Change:
    return lambda _: node


def _missing(node: Node, available: frozenset[str]) -> Iterator[Change]:
    yield from _left_out(node)
    if node.kind == NUMBER:
        return
    yield lambda part: add(part, ONE)
    yield lambda part: add(part, number(-1))
    yield lambda part: add(ONE, neg(part))
    factors = [symbol(name) for name in sorted(available)]
    if {"lam", "delta"} <= available:
        factors.append(div(symbol("lam"), symbol("delta")))
    for factor in factors:
        yield _times(factor)
        yield _over(factor)
        if node.kind == ADD and len(node.args) == 3:
            for index in range(3):
                yield _all_but(index, _times(factor))
                yield _all_but(index, _over(factor))


def _left_out(node: Node) -> Iterator[Change]:
    """Changes that leave a part out."""
    if node.kind in (ADD, MUL):
        for index in range(len(node.args)):
            yield _without(index)
    if node.kind == DIV:
        yield lambda part: part.args[0] if part.kind == DIV else part
        yield lambda part: div(ONE, part.args[1]) if part.kind == DIV else part
    if node.kind == POW:
        yield lambda part: part.args[0] if part.kind == POW else part
    if node.kind == CALL and len(node.args) == 1:
        yield lambda part: part.args[0] if part.kind == CALL else part


def _without(index: int) -> Change:
    def change(part: Node) -> Node:
        if index >= len(part.args) or part.kind not in (ADD, MUL):
            return part
        rest = (*part.args[:index], *part.args[index + 1 :])
        return rest[0] if len(rest) == 1 else Node(part.kind, part.value, rest)

    return change


def _all_but(index: int, change: Change) -> Change:
    """A change of the sum of all terms but one."""

    def changed(part: Node) -> Node:
        if part.kind != ADD or index >= len(part.args) or len(part.args) < 3:
            return part
        return add(part.args[index], change(add(*part.args[:index], *part.args[index + 1 :])))

    return changed


def _times(factor: Node) -> Change:
    return lambda part: mul(part, factor)


def _over(factor: Node) -> Change:
    return lambda part: div(part, factor)


def described(before: Node, after: Node) -> str:
    """What was replaced by what, in the smallest parts of the formula that show it.

    Examples
    --------
    >>> from linmod.theory.symbolic.formula.text import read_text
    >>> described(read_text("lam*exp(-lam*t)"), read_text("lam*exp(-2*lam*t)"))
    'replace exp(-lam*t) by exp(-2*lam*t)'
    """
    pairs = sorted(_different(before, after), key=lambda pair: size(pair[0]), reverse=True)
    return "; ".join(dict.fromkeys(f"replace {one} by {other}" for one, other in pairs))


def _different(before: Node, after: Node) -> list[tuple[Node, Node]]:
    """Parts that differ, each as small as can be read."""
    if (before.kind, before.value, len(before.args)) != (after.kind, after.value, len(after.args)):
        return [(before, after)]
    inner = [pair for pair in zip(before.args, after.args, strict=True) if pair[0] != pair[1]]
    parts = [part for pair in inner for part in _different(*pair)]
    small = sum(size(one) for one, _ in parts) <= SHOWN
    return [(before, after)] if small and size(before) <= READABLE else parts


SHOWN, READABLE = 4, 9
"""Nodes of changed parts below which what is around them is shown too, if that has few nodes."""
