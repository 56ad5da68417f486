"""Ten kinds of wrong derivations, drawn at random with a fixed seed: none is accepted, and right counterparts are."""

from __future__ import annotations

import random

import pytest
from sympy import Eq, Function, Integer, Max, Min, Rational, Symbol, cos, exp, floor, sin, sqrt

from linmod.theory.derivations import Algebra, Derivation, Given, Solves, Step, Through

x = Symbol("x", real=True)
a, b, c = (Symbol(name, positive=True) for name in "abc")
n = Symbol("n", integer=True, positive=True)
t = Symbol("t", nonnegative=True)
f, g = Function("f"), Function("g")
MEANINGS = {symbol: f"the {symbol}" for symbol in (x, a, b, c, n, t, f, g)}
KINDS = (
    "too few conditions",
    "beyond a pole",
    "outside where",
    "double root",
    "close roots",
    "two values",
    "no common solution",
    "no uniqueness",
    "beyond a break",
    "small difference",
)
EACH, FAST = 50, 3


def equation(left, right):
    return Eq(left, right, evaluate=False)


def outcome(statement, check, *premises, where=()):
    givens = [Given(f"premise {index}", premise, "Given.") for index, premise in enumerate(premises)]
    lines = (*givens, Step("step", statement, "A step.", check(*(line.name for line in givens))))
    return Derivation("drawn", "Drawn", "a test", MEANINGS, lines, where).proof.holds


def drawn(kind, draw):
    """Whether a wrong derivation of a kind is accepted."""
    p, q = Rational(draw.randint(1, 9), draw.randint(1, 9)), draw.randint(2, 9)
    if kind == "too few conditions":
        motions = (Eq(f(t).diff(t), -p * f(t)), exp(-p * t)), (Eq(f(t).diff(t), -p * a * f(t)), b * exp(-p * a * t))
        motion, solution = draw.choice(motions)
        second = (Eq(f(t).diff(t, 2), -(p**2) * f(t)), draw.choice((sin(p * t), 3 * sin(p * t))))
        if draw.random() < 0.5:
            return outcome(Eq(f(t), second[1]), Solves, second[0], Eq(f(0), 0))
        return outcome(Eq(f(t), solution), Solves, motion)
    if kind == "beyond a pole":
        return outcome(Eq(f(t), p * a / (1 - p * q * a * t)), Solves, Eq(f(t).diff(t), q * f(t) ** 2), Eq(f(0), p * a))
    if kind == "outside where":
        return outcome(Eq(f(p + 1), 1 / (-p) + q), Algebra, Eq(f(a), 1 / (1 - a) + q), where=(a < 1,))
    if kind == "double root":
        return outcome(Eq(x, b), Solves, Eq((x - p * a) ** 2 * (x - b) ** draw.choice((1, 3)), 0))
    if kind == "close roots":
        return outcome(Eq(x, p * a), Solves, Eq((x - p * a) * (x - p * a - Rational(1, 10 ** (2 * q))), 0))
    if kind == "two values":
        quantity = draw.choice((f(0), c))
        first, second = draw.sample((a, b, a + b, p * a * b, q * a), 2)
        return outcome(equation(first, second), Through, Eq(quantity, first), Eq(quantity, second))
    return drawn_of_later_kinds(kind, draw, p, q)


def drawn_of_later_kinds(kind, draw, p, q):
    if kind == "no common solution":
        return outcome(equation(p, 0 * a), Through, Eq(a + p * b, 1), Eq(q * a + p * q * b, q + p))
    if kind == "no uniqueness":
        return outcome(Eq(f(t), (p * t) ** 2), Solves, Eq(f(t).diff(t), 2 * p * sqrt(f(t))), Eq(f(0), 0))
    if kind == "beyond a break":
        large = q * 10 ** draw.randint(3, 9)
        forms = (Max(a, large), Integer(large)), (Min(a, large), a), (sqrt((a - large) ** 2), large - a)
        form, value = draw.choice((*forms, (floor(n / large), Integer(0)), (floor(n / (q * 60)), Integer(0))))
        return outcome(Eq(g(q), q + value), Algebra, Eq(g(q), q + form))
    form = draw.choice((a, exp(a), a * b, cos(a)))
    return outcome(Eq(g(a), form + p * Rational(1, 10 ** draw.randint(55, 90))), Algebra, Eq(g(a), form))


def accepted(kind, number):
    draw = random.Random(f"{kind} 20")
    return [index for index in range(number) if drawn(kind, draw)]


@pytest.mark.parametrize("kind", KINDS)
def test_none_of_a_few_is_accepted(kind):
    assert accepted(kind, FAST) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_none_of_five_hundred_is_accepted(kind):
    assert accepted(kind, EACH) == []


def test_their_right_counterparts_are_accepted():
    decay, start = Eq(f(t).diff(t), -a * f(t)), Eq(f(0), b)
    assert outcome(Eq(f(t), b * exp(-a * t)), Solves, decay, start)
    growth = Eq(f(t).diff(t), f(t) ** 2)
    assert outcome(Eq(f(t), a / (1 - a * t)), Solves, growth, Eq(f(0), a), where=(a * t < 1,))
    assert outcome(Eq(f(t), -a / (1 + a * t)), Solves, growth, Eq(f(0), -a))
    assert outcome(Eq(f(c / 4), 1 / (1 - c / 4)), Algebra, Eq(f(a), 1 / (1 - a)), where=(a < 1, c < 2))
    assert outcome(Eq(x, b), Solves, Eq((x - b) ** 3, 0))
    assert outcome(Eq(f(t), (t + a) ** 2), Solves, Eq(f(t).diff(t), 2 * sqrt(f(t))), Eq(f(0), a**2))
    assert outcome(Eq(g(a), a + 100), Algebra, Eq(g(a), Max(a, 100) + Min(a, 100)))
