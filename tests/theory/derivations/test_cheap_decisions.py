"""Decisions at points are exact where that is cheap, and never take minutes where exact powers would be large."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager

import pytest
from sympy import Eq, Function, Integer, Max, Rational, Symbol, exp, sqrt

from linmod.theory.derivations import Algebra, Derivation, Given, Solves, Step
from linmod.theory.symbolic.digits import value_at
from linmod.theory.symbolic.equality import verify_equal

a, b, L = (Symbol(name, positive=True) for name in "abL")
t, x = Symbol("t", nonnegative=True), Symbol("x", real=True)
f, g = Function("f"), Function("g")
MEANINGS = {symbol: f"the {symbol}" for symbol in (a, b, L, t, x, f, g)}
LARGE = ((a**L - b ** (1 / L)) ** 2, a ** (L + 2 / L) + b ** (L**2))


@contextmanager
def within(seconds):
    def late(*_):
        raise TimeoutError(f"longer than {seconds} s")

    if threading.current_thread() is threading.main_thread() and hasattr(signal, "SIGALRM"):
        before = signal.signal(signal.SIGALRM, late)
        signal.alarm(seconds)
        try:
            yield
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)
    else:
        yield


def holds(statement, check, *premises, where=()):
    givens = [Given(f"premise {index}", premise, "Given.") for index, premise in enumerate(premises)]
    lines = (*givens, Step("step", statement, "A step.", check(*(line.name for line in givens))))
    with within(30):
        return Derivation("drawn", "Drawn", "a test", MEANINGS, lines, where).proof.holds


@pytest.mark.parametrize("form", [sqrt(LARGE[0]), Max(*LARGE), LARGE[1]])
def test_large_powers_are_compared_in_seconds(form):
    assert holds(Eq(2 * g(a), 2 * form), Algebra, Eq(g(a), form))
    assert not holds(Eq(2 * g(a), 2 * form + Rational(1, 10**70)), Algebra, Eq(g(a), form))


def test_a_start_with_large_powers_is_regular_or_singular():
    motion = Eq(f(t).diff(t), f(t) ** (2 - 2 / L))
    solution = (a ** ((2 / L - 1) / L) - (1 - 2 / L) * t) ** (L / (2 - L))
    assert holds(Eq(f(t), solution), Solves, motion, Eq(f(0), a ** (1 / L)), where=(L < 2,))
    steep, start = Eq(f(t).diff(t), 2 * sqrt(f(t) - a ** (L**2))), Eq(f(0), a ** (L**2))
    assert not holds(Eq(f(t), t**2 + a ** (L**2)), Solves, steep, start)


def test_an_argument_with_large_powers_stays_inside_the_domain_or_leaves_it():
    power = b ** (L / (L + 2))
    assert not holds(Eq(g(power), sqrt(1 - power)), Algebra, Eq(g(a), sqrt(1 - a)), where=(a < 1,))
    assert holds(Eq(g(power), sqrt(1 - power)), Algebra, Eq(g(a), sqrt(1 - a)), where=(a < 1, b < 1))


@pytest.mark.parametrize(("size", "inside"), [(b / (1 + L), True), (b * (1 + L), False)])
def test_what_later_steps_say_of_an_argument_decides_whether_it_is_inside_the_domain(size, inside):
    definition, length = Eq(g(a), 1 / (b - a)), Symbol("x", real=True)
    value = Eq(g(length), 1 / (b - size))
    assert holds(value, Algebra, definition, Eq(length, size), where=(a < b,)) is inside


def test_a_difference_below_all_digits_is_noticed_in_rational_functions():
    tiny = Rational(1, 10**3000)
    assert not verify_equal("wrong", a / (1 + b), a / (1 + b) + tiny).holds
    assert verify_equal("right", a / (1 + b) + tiny, tiny + (a + a * b) / (1 + b) ** 2).settled == "symbolically"


def test_a_pole_is_noticed_although_rounding_hides_it():
    root = {a: Rational(1, 4), b: Integer(3)}
    assert value_at(1 / (sqrt(a) - 2 * a), root).is_infinite
    assert value_at(sqrt(a) - 2 * a, root) == 0
    assert value_at(1 / (sqrt(a) - 3 * a), root).is_finite


def test_a_square_root_changes_its_form_where_an_exponential_passes_a_number():
    apart = exp(a) - b * 10**60
    assert not verify_equal("beyond the break", sqrt(apart**2), -apart).holds
    assert verify_equal("on both sides", sqrt(apart**2), abs(apart)).holds
