"""A generator of wrong formulas, independent of the engine that mends them: it changes expressions of the book."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import mpmath
import sympy
from sympy import Add, Expr, Integer, Pow, Rational, Symbol

from linmod import Formula, book
from linmod.theory.symbolic.book import Entry
from linmod.theory.symbolic.digits import of_any_precision
from linmod.theory.symbolic.formula.expressions import positively
from linmod.theory.symbolic.glossary import BY_NAME

LEFT = {"value": "", "time": "t = ", "flow": "dpi/dt = ", "recursion": "pi_next = "}
FAMILIES = (("lam", "delta", "pi0"), ("n_x", "n_y"), ("k_x", "k_y"))
BLOCKS = {
    "norm-signs-to-signs": ("omega_x", "omega_y"),
    "norm-identities-to-signs": ("gamma_x", "omega_y"),
    "norm-signs-to-identities": ("omega_x", "gamma_y"),
}
HOMES = {
    "shallow-flow": (1, False),
    "shallow-flow-equation": (1, False),
    "shallow-descent": (1, True),
    "two-layer-flow": (2, False),
    "two-layer-flow-equation": (2, False),
    "two-layer-flow-time": (2, False),
    "two-layer-descent-step": (2, True),
    "deep-flow-equation": (3, False),
    "deep-descent-step": (3, True),
    "four-layer-flow-time": (4, False),
    "half-time-shallow": (1, False),
    "half-time-two-layer": (2, False),
    "final-strength": (2, False),
    "systematicity-ratio": (2, False),
    "held-out-one": (1, False),
    "norm-signs-to-signs": (2, False),
    "norm-identities-to-signs": (2, False),
    "norm-signs-to-identities": (2, False),
}
"""Entries from which wrong formulas are drawn, with the depth and the training of their problems."""
POINTS = 100


@dataclass(frozen=True)
class Wrong:
    """A wrong formula: the entry it was made from, what was done, and in how many ways it differs."""

    entry: Entry
    formula: Formula
    done: tuple[str, ...]

    @property
    def home(self) -> tuple[int, bool]:
        return HOMES[self.entry.name]


def places(expression: Expr, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Expr]]:
    yield path, expression
    for index, part in enumerate(expression.args):
        yield from places(part, (*path, index))


def put(expression: Expr, path: Sequence[int], new: Expr) -> Expr:
    if not path:
        return new
    parts = list(expression.args)
    parts[path[0]] = put(parts[path[0]], path[1:], new)
    return expression.func(*parts, evaluate=False)


def sign(draw: random.Random, expression: Expr) -> tuple[str, Expr]:
    sums = [(path, part) for path, part in places(expression) if isinstance(part, Add)]
    path, part = draw.choice(sums or [((), expression)])
    term = draw.randrange(len(part.args)) if sums else 0
    changed = part.func(*(-arg if i == term else arg for i, arg in enumerate(part.args))) if sums else -part
    return f"sign in {part}", put(expression, path, changed)


def factor(draw: random.Random, expression: Expr) -> tuple[str, Expr]:
    path, part = draw.choice([(p, e) for p, e in places(expression) if not e.is_number])
    size = draw.choice([Integer(2), Rational(1, 2)])
    return f"{size} times {part}", put(expression, path, size * part)


def exponent(draw: random.Random, expression: Expr) -> tuple[str, Expr]:
    chosen = [
        (p, e) for p, e in places(expression) if isinstance(e, Symbol) or (isinstance(e, Pow) and e.exp.is_number)
    ]
    path, part = draw.choice(chosen)
    changed = part**2 if isinstance(part, Symbol) else part.base ** (part.exp + draw.choice([1, -1]))
    return f"{changed} for {part}", put(expression, path, changed)


def swap(draw: random.Random, expression: Expr) -> tuple[str, Expr]:
    names = {symbol.name: symbol for symbol in expression.free_symbols}
    chosen = []
    for path, part in places(expression):
        for family in FAMILIES:
            if isinstance(part, Symbol) and part.name in family:
                chosen += [(path, part, names[other]) for other in family if other != part.name and other in names]
    path, part, other = draw.choice(chosen)
    return f"{other} for {part}", put(expression, path, other)


def dropped(draw: random.Random, expression: Expr) -> tuple[str, Expr]:
    chosen = [(p, e) for p, e in places(expression) if isinstance(e, Symbol) and e.name not in ("t", "n", "pi")]
    path, part = draw.choice(chosen)
    return f"{part} left out", put(expression, path, Integer(1))


def root(draw: random.Random, expression: Expr) -> tuple[str, Expr]:
    chosen = [(p, e) for p, e in places(expression) if isinstance(e, Symbol) and e.name in ("N", "n_y", "k_x")]
    path, part = draw.choice(chosen)
    return f"root of {part}", put(expression, path, sympy.sqrt(part))


def by_one(draw: random.Random, expression: Expr) -> tuple[str, Expr]:
    chosen = [(p, e) for p, e in places(expression) if isinstance(e, Symbol) and e.name in ("L", "n")]
    path, part = draw.choice(chosen)
    return f"{part} off by one", put(expression, path, part + draw.choice([1, -1]))


KINDS: tuple[Callable[[random.Random, Expr], tuple[str, Expr]], ...] = (
    sign,
    factor,
    exponent,
    swap,
    dropped,
    root,
    by_one,
)


def points(symbols: Sequence[Symbol], number: int = POINTS) -> list[dict[str, float]]:
    draw, found = random.Random(99), []
    for _ in range(number):
        point = {symbol.name: draw.uniform(0.3, 1.7) for symbol in symbols}
        final = point.get("lam", 1.0) / point.get("delta", 1.0)
        point.update({name: final * share for name, share in (("pi0", 0.1), ("pi", 0.7)) if name in point})
        whole = {"N": 16, "n_x": 4, "n_y": draw.randint(1, 3), "L": draw.randint(3, 5), "n": draw.randint(1, 5)}
        point.update({name: value for name, value in whole.items() if name in point})
        found.append(point)
    return found


def same(one: Expr, other: Expr) -> bool:
    """Whether two expressions agree to 50 digits at 100 points."""
    rho, sigma = Symbol("rho", positive=True), Symbol("sigma", positive=True)
    lam, delta, k_x, r = (Symbol(name, positive=True) for name in ("lam", "delta", "k_x", "r"))
    known = {rho: k_x * r**2, sigma: lam**2 / delta, Symbol("pi_star", positive=True): lam / delta}
    first, second = (positively(expression).subs(known) for expression in (one, other))
    symbols = sorted(first.free_symbols | second.free_symbols, key=str)
    evaluate = of_any_precision(symbols, [first, second])
    with mpmath.workdps(60):
        for point in points(symbols):
            try:
                left, right = evaluate(*(mpmath.mpf(point[symbol.name]) for symbol in symbols))
            except (ValueError, ZeroDivisionError, TypeError):
                return False
            if not abs(left - right) <= mpmath.mpf(10) ** -50 * max(abs(left), abs(right)):
                return False
    return True


def spelled(draw: random.Random, entry: Entry, expression: Expr) -> Formula:
    """The expression as text, as LaTeX or as it is."""
    left, block = LEFT[entry.kind], BLOCKS.get(entry.name)
    if left or draw.random() < 0.4:
        return Formula(f"{left}{expression}".replace("Abs(", "abs("), of=entry.of, block=block)
    if draw.random() < 0.5:
        names = {s: BY_NAME[s.name].latex for s in expression.free_symbols}
        return Formula(sympy.latex(expression, symbol_names=names), of=entry.of, block=block)
    return Formula(expression, of=entry.of, block=block)


def wrong(seed: int, edits: int, names: Sequence[str] = tuple(HOMES)) -> Wrong:
    """A wrong formula drawn by a seed: an entry of the book with a number of edits."""
    draw = random.Random(seed)
    while True:
        entry = book[draw.choice(list(names))]
        original = positively(entry.expression)
        done, expression = [], original
        try:
            for _ in range(edits):
                words, expression = draw.choice(KINDS)(draw, expression)
                done.append(words)
            if expression.has(sympy.zoo, sympy.nan) or same(expression, original) or "t" in _lost(original, expression):
                continue
            return Wrong(entry, spelled(draw, entry, expression), tuple(done))
        except (IndexError, ValueError):
            continue


def _lost(original: Expr, expression: Expr) -> set[str]:
    """Symbols of time or state that no longer occur, so that it is no formula of its kind."""
    before, after = ({symbol.name for symbol in form.free_symbols} for form in (original, expression))
    return {name if name != "pi" else "t" for name in before - after if name in ("t", "pi")}


def is_mended(case: Wrong, expression: Expr) -> bool:
    """Whether an expression is the entry again."""
    return same(expression, positively(case.entry.expression))
