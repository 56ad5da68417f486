"""Numerical functions against derived expressions: what an entry of a table says, and how it is checked."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import mpmath
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from linmod import SystematicityDataset
from linmod.theory.derivations import derive
from linmod.theory.symbolic.digits import of_any_precision

UNIT = sys.float_info.epsilon / 2
WORKING_DIGITS = 150
STEP = mpmath.mpf(10) ** -40
# Each rounding acts like a relative change by u of a parameter, of an intermediate result or of the result (to first
# order; see test_symbolic). The longest path through one of these functions has fewer than 60 of them.
ROUNDINGS = 60
# Of functions that solve an equation: `brentq` stops within 4 machine epsilon of a logarithm, at most ln(1e12) = 28,
# so that the result is off by 8 u ln(1e12) = 230 u.
SOLVED = 300
# Declared by deep_flow and race_flow: relative errors of series and quadratures.
SERIES, QUADRATURE = 1e-12 / UNIT, 1e-11 / UNIT


def powers(low: float, high: float) -> st.SearchStrategy[float]:
    """The ends of the range, and numbers of every order of magnitude between."""
    spread = st.floats(math.log10(low), math.log10(high)).map(lambda exponent: min(max(10.0**exponent, low), high))
    return st.one_of(st.sampled_from([low, high]), spread)


def signed(low: float, high: float) -> st.SearchStrategy[float]:
    return st.tuples(powers(low, high), st.sampled_from([-1.0, 1.0])).map(math.prod)


WIDE, NARROW = powers(1e-9, 1e9), powers(1e-3, 1e3)
BITS, COPIES = st.integers(1, 60), st.integers(1, 50)
MODE = {"lam": NARROW, "delta": NARROW}


@dataclass(frozen=True)
class Entry:
    """A derived expression, the function that computes it, and its domain; `put_in` replaces symbols beforehand."""

    derivation: str
    step: str
    numerical: Callable[..., Any]
    domain: Mapping[str, st.SearchStrategy[Any]]
    example: Mapping[str, Any]
    put_in: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    where: Callable[..., bool] = lambda **_: True
    roundings: float = ROUNDINGS
    cancels: Callable[..., float] = lambda **_: 0.0
    state: Callable[[sympy.Eq], Any] = lambda equation: equation.rhs

    @property
    def expression(self) -> sympy.Expr:
        return self.state(derive(self.derivation)[self.step])

    def __str__(self) -> str:
        return f"{self.derivation}, {self.step}"

    @cached_property
    def compiled(self) -> tuple[list[str], Callable[..., Any]]:
        expression = self.expression
        symbols = sorted(expression.free_symbols, key=str)
        return [str(symbol) for symbol in symbols], of_any_precision(symbols, [expression])


def value_of(entry: Entry, values: Mapping[str, Any]) -> Any:
    names, evaluate = entry.compiled
    known = dict(values)
    for name, function in entry.put_in.items():
        known[name] = function(**known)
    return evaluate(*(known[name] for name in names))[0]


def rejected(entry: Entry, values: Mapping[str, Any], change: Callable[[Any], Any] = lambda value: value) -> str:
    """Why the numerical function is not the derived expression at a point; empty where it is."""
    computed = mpmath.mpf(float(entry.numerical(**values)))
    with mpmath.workdps(WORKING_DIGITS):
        point = {name: mpmath.mpf(value) for name, value in values.items()}
        exact = change(value_of(entry, point))
        scale = abs(exact) + entry.cancels(**values)
        for name, value in point.items():
            moved = {**point, name: value * (1 + STEP)}
            scale += abs(change(value_of(entry, moved)) - exact) / STEP
        error, allowed = abs(computed - exact), entry.roundings * UNIT * scale + sys.float_info.min
        return "" if error <= allowed else f"{computed} for {mpmath.nstr(exact, 17)}, {float(error / allowed):.3g} x"


def assert_is_derived(entry: Entry) -> None:
    @settings(max_examples=40, deadline=None, derandomize=True)
    @given(st.fixed_dictionaries(dict(entry.domain)))
    def check(values):
        assume(entry.where(**values))
        assert not rejected(entry, values), values

    check()
    assert derive(entry.derivation).proof.holds


def assert_another_is_rejected(entry: Entry, change: Callable[[Any], Any]) -> None:
    assert not rejected(entry, entry.example)
    assert rejected(entry, entry.example, change)


CHANGES = {"sign": lambda value: -value, "factor 2": lambda value: 2 * value, "1e-9": lambda value: value * (1 + 1e-9)}


def dataset(bits: int, k_x: int = 1, r_x: float = 1.0, k_y: int = 1, r_y: float = 1.0) -> SystematicityDataset:
    return SystematicityDataset(n_x=bits, n_y=1, k_x=k_x, k_y=k_y, r=r_x, r_y=r_y)
