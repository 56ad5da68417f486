"""The numerical functions of learning rules against the results of the derivations."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy

from linmod import Rule, theory
from linmod.theory.derivations import derive
from linmod.theory.rules.fixed_points import jacobian

from .derived import (
    CHANGES,
    MODE,
    NARROW,
    Entry,
    assert_another_is_rejected,
    assert_is_derived,
    powers,
    signed,
    value_of,
)


def rule(gamma: float = 0.0, nabla: float = 0.0) -> Rule:
    return Rule(contrastive=gamma, hebbian=nabla)


def slow_time(equation: sympy.Eq) -> sympy.Expr:
    """The derived time with its primitive, and a symbol for the gain at the end."""
    made = derive("rule-slow-time")
    primitive, gain = made["primitive"], made["slow motion"].lhs.expr
    time = equation.rhs.replace(primitive.lhs.func, lambda at: primitive.rhs.subs(primitive.lhs.args[0], at))
    return time.subs(gain, sympy.Symbol("a_1", positive=True))


GROWTH = Entry(
    "learning-rules",
    "growth rate",
    lambda lam, delta, sigma, **weights: theory.growth_rate(lam, delta, sigma, rule(**weights)),
    {**MODE, "sigma": NARROW, "gamma": signed(1e-3, 1e3), "nabla": signed(1e-3, 1e3)},
    {"lam": 1.5, "delta": 0.5, "sigma": 2.0, "gamma": -0.5, "nabla": 0.3},
)
ENTRIES = (
    GROWTH,
    Entry(
        "learning-rules",
        "ratio",
        lambda lam, delta, sigma, **weights: math.prod(
            part**power
            for part, power in zip(theory.growth_direction(lam, delta, sigma, rule(**weights)), (-1, 1), strict=True)
        ),
        {**MODE, "sigma": NARROW, "gamma": signed(1e-2, 1e2), "nabla": signed(1e-2, 1e2)},
        {"lam": 1.5, "delta": 0.5, "sigma": 2.0, "gamma": -0.5, "nabla": 0.3},
        {"mu": lambda **values: value_of(GROWTH, values)},
    ),
    Entry(
        "rule-transverse",
        "transverse rate",
        lambda a, pi_star, delta, gamma: theory.transverse_rate(a, delta * pi_star, delta, rule(gamma)),
        {"a": NARROW, "pi_star": NARROW, "delta": NARROW, "gamma": signed(1e-3, 1e3)},
        {"a": 0.7, "pi_star": 1.2, "delta": 0.5, "gamma": -0.3},
    ),
    Entry(
        "rule-mixtures",
        "slow motion",
        lambda a_s, pi_star, delta, gamma, nabla: theory.slow_velocity(a_s, delta * pi_star, delta, rule(gamma, nabla)),
        {"a_s": NARROW, "pi_star": NARROW, "delta": NARROW, "gamma": signed(1e-3, 1e3), "nabla": signed(1e-3, 1e3)},
        {"a_s": 0.7, "pi_star": 1.2, "delta": 0.5, "gamma": 0.3, "nabla": 0.1},
    ),
    Entry(
        "rule-fixed-points",
        "slow motion",
        lambda a_s, pi_star, delta, nabla: theory.slow_velocity(a_s, delta * pi_star, delta, rule(0.0, nabla)),
        {"a_s": NARROW, "pi_star": NARROW, "delta": NARROW, "nabla": signed(1e-3, 1e3)},
        {"a_s": 0.7, "pi_star": 1.2, "delta": 0.5, "nabla": 0.1},
    ),
    Entry(
        "rule-mixtures",
        "determinant at the fixed point",
        lambda pi_star, delta, gamma, nabla: np.linalg.det(
            jacobian(1.0, pi_star, delta * pi_star, delta, rule(gamma, nabla))
        ),
        {"pi_star": NARROW, "delta": NARROW, "gamma": signed(1e-3, 1e3), "nabla": signed(1e-3, 1e3)},
        {"pi_star": 1.2, "delta": 0.5, "gamma": 0.3, "nabla": 0.1},
        cancels=lambda pi_star, delta, gamma, nabla: (
            4 * delta**2 * (pi_star**2 + 2 * abs(nabla)) * (1 + 4 * abs(gamma) * pi_star**2)
            + 4 * delta**2 * pi_star**2 * (2 + 2 * abs(gamma) * pi_star**2)
        ),
    ),
    Entry(
        "rule-mixtures",
        "trace at the fixed point",
        lambda pi_star, delta, gamma, nabla: np.trace(
            jacobian(1.0, pi_star, delta * pi_star, delta, rule(gamma, nabla))
        ),
        {"pi_star": NARROW, "delta": NARROW, "gamma": signed(1e-3, 1e3), "nabla": signed(1e-3, 1e3)},
        {"pi_star": 1.2, "delta": 0.5, "gamma": 0.3, "nabla": 0.1},
        cancels=lambda pi_star, delta, gamma, nabla: 4 * delta * (abs(nabla) + abs(gamma) * pi_star**2),
    ),
    Entry(
        "rule-slow-time",
        "time",
        lambda a_0, a_1, pi_star, delta, nabla: (
            2 * nabla * delta * theory.slow_time(a_0, a_1, delta * pi_star, delta, rule(0.0, nabla))
        ),
        {
            "a_0": powers(1.01, 1e3),
            "a_1": powers(1.01, 1e3),
            "pi_star": NARROW,
            "delta": NARROW,
            "nabla": signed(1e-3, 1e3),
        },
        {"a_0": 1.7, "a_1": 1.2, "pi_star": 1.2, "delta": 0.5, "nabla": 0.1},
        state=slow_time,
    ),
)

TABLE = {str(entry): entry for entry in ENTRIES}


@pytest.mark.parametrize("name", TABLE)
def test_the_function_is_what_is_derived(name):
    assert_is_derived(TABLE[name])


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", TABLE)
def test_another_formula_is_rejected(name, change):
    assert_another_is_rejected(TABLE[name], CHANGES[change])
