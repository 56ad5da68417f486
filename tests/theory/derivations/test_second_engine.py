"""The second engine confirms right steps, refutes wrong ones on its own, and says nothing of what it does not know."""

from __future__ import annotations

import pytest
import sympy
from sympy import Eq, Function, Integral, Rational, Sum, Symbol, cos, exp, log, sin, sqrt

from linmod.theory.derivations import Algebra, Derivation, Given, Step, derive
from linmod.theory.derivations.steps.second_engine import ENCLOSED, EXACT, Opinion, second_opinion
from linmod.theory.symbolic.equality import random_points, verify_equal

pytest.importorskip("flint")
x, y = Symbol("x", positive=True), Symbol("y", positive=True)
n, k = Symbol("n", integer=True, positive=True), Symbol("k", integer=True)
f = Function("f")
TINY = Rational(1, 10**700)


def opinion(left, right):
    symbols = sympy.sympify(left).free_symbols | sympy.sympify(right).free_symbols
    return second_opinion(left, right, list(random_points(symbols, (), 0)))


@pytest.mark.parametrize(
    ("left", "right", "how"),
    [
        ((x**2 - y**2) / (x - y), x + y, EXACT),
        (1 / x + 1 / y, (x + y) / (x * y), EXACT),
        (sin(x) ** 2 + cos(x) ** 2, sympy.Integer(1), ENCLOSED),
        (sqrt(x) * sqrt(y), sqrt(x * y), ENCLOSED),
        (Sum(k, (k, 1, n)), n * (n + 1) / 2, ENCLOSED),
        (log(exp(x) * x**y), x + y * log(x), ENCLOSED),
    ],
)
def test_right_identities_are_confirmed_and_wrong_ones_refuted(left, right, how):
    assert opinion(left, right).agrees == how
    for wrong in (right + TINY, right * (1 + TINY), -right, right + x * TINY):
        assert opinion(left, wrong).differs is not None
        assert not opinion(left, wrong).agrees


def test_what_it_does_not_know_it_says_nothing_of():
    integral = Integral(exp(-(y**2)), (y, 0, x))
    assert opinion(integral, integral + 1) == opinion(integral, integral) == Opinion()
    assert second_opinion(exp(x), exp(x), []) == Opinion()


def derivation(statement, premise):
    lines = (Given("premise", premise, "Given."), Step("step", statement, "A step.", Algebra("premise")))
    return Derivation("drawn", "Drawn", "a test", {x: "a number", f: "a function"}, lines)


def test_it_alone_refutes_a_difference_below_all_digits_of_the_first():
    squares = sin(x) ** 2 + cos(x) ** 2
    assert verify_equal("wrong", squares, 1 + TINY).settled == "to 50 digits at 20 points"
    assert not derivation(Eq(f(x), 1 + TINY), Eq(f(x), squares)).proof.holds
    outcome = derivation(Eq(f(x), 1), Eq(f(x), squares)).proof.steps[-1]
    assert outcome.holds
    assert outcome.again == ENCLOSED


def test_steps_of_a_derivation_are_settled_twice():
    steps = derive("two-layer-opposite").proof.steps
    assert all(outcome.again for outcome in steps if outcome.settled in ("symbolically", "to 50 digits at 20 points"))
