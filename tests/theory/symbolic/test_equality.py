"""Equality settled by the machine: wrong expressions are rejected, and each answer says how it was found."""

from __future__ import annotations

import pytest
import sympy
from sympy import Abs, Eq, Expr, Integer, Symbol, cosh, sinh, sqrt

from linmod.theory.symbolic import modes as symbolic
from linmod.theory.symbolic import symbols as s
from linmod.theory.symbolic.equality import verify_equal, verify_solution

UP, DOWN = Symbol("pi0", positive=True), Symbol("pi0", negative=True)
SHALLOW = symbolic.shallow_flow()
DESCENT = symbolic.shallow_descent()
BALANCED = symbolic.two_layer_flow(pi0=UP)
OPPOSITE = symbolic.two_layer_flow(pi0=DOWN)
Y, Z = symbolic.two_layer_vector_squares()
PI = (Y - Z) / 4
FOR_PI, FOR_Y, FOR_Z = symbolic.two_layer_vector_equations()
OF_SHALLOW = symbolic.shallow_flow_equation()
OF_DESCENT = symbolic.shallow_descent_equation()
OF_BALANCED = symbolic.two_layer_flow_equation(pi0=UP)
OF_OPPOSITE = symbolic.two_layer_flow_equation(pi0=DOWN)


def swapped(form: Expr) -> Expr:
    return form.subs({s.lam: s.delta, s.delta: s.lam}, simultaneous=True)


WRONG = {
    "shallow, sign of the rate": (SHALLOW.subs(s.t, -s.t), OF_SHALLOW, s.pi0),
    "shallow, factor 2": (2 * SHALLOW, OF_SHALLOW, s.pi0),
    "shallow, missing delta": (SHALLOW.subs(s.delta, 1), OF_SHALLOW, s.pi0),
    "shallow, swapped": (swapped(SHALLOW), OF_SHALLOW, s.pi0),
    "shallow, other start": (SHALLOW, OF_SHALLOW, 2 * s.pi0),
    "shallow, equation of two layers": (SHALLOW, symbolic.two_layer_flow_equation(pi0=UP), s.pi0),
    "descent, one step late": (DESCENT.subs(s.n, s.n + 1), OF_DESCENT, s.pi0),
    "descent, the flow": (SHALLOW.subs(s.t, s.alpha * s.n), OF_DESCENT, s.pi0),
    "descent, sign of the step": (DESCENT.subs(s.alpha, -s.alpha), OF_DESCENT, s.pi0),
    "balanced, factor 2 of the time": (BALANCED.subs(s.t, 2 * s.t), OF_BALANCED, UP),
    "balanced, missing delta": (BALANCED.subs(s.delta, 1), OF_BALANCED, UP),
    "balanced, swapped": (swapped(BALANCED), OF_BALANCED, UP),
    "balanced, branch of negative starts": (OPPOSITE.subs(DOWN, UP), OF_BALANCED, UP),
    "negative, branch of positive starts": (BALANCED.subs(UP, DOWN), OF_OPPOSITE, DOWN),
    "vector, z for y": (Z.subs({s.y0: s.z0, s.z0: s.y0}, simultaneous=True), FOR_Y, s.y0),
    "vector, y for z": (Y.subs({s.y0: s.z0, s.z0: s.y0}, simultaneous=True), FOR_Z, s.z0),
    "vector, y without K": (Y.subs(s.z0, 0), FOR_Y, s.y0),
    "vector, pi twice": (2 * PI, FOR_PI, (s.y0 - s.z0) / 4),
    "vector, pi with the sign of the sum": ((Y + Z) / 4, FOR_PI, (s.y0 - s.z0) / 4),
    "vector, slightly too fast": (PI.subs(s.t, s.t * (1 + sympy.Rational(1, 10**45))), FOR_PI, (s.y0 - s.z0) / 4),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_solution_is_rejected(name: str) -> None:
    expression, equation, initial = WRONG[name]
    proof = verify_solution(expression, equation, initial)
    assert not proof.holds
    assert "DOES NOT HOLD" in str(proof)
    failed = next(step for step in proof.steps if not step.holds)
    assert failed.settled.startswith("differs at ")
    assert len(failed.points) == 1
    left_over = failed.residual.subs(failed.points[0]).evalf(60, maxn=500)
    assert abs(left_over) > sympy.Float(10) ** -50


def test_the_point_of_a_rejection_is_in_the_domain() -> None:
    step = verify_equal("modulus", Abs(s.pi0), s.pi0)
    assert not step.holds
    assert step.points[0][s.pi0] < 0
    assert verify_equal("modulus on the domain", Abs(s.lam), s.lam).settled == "symbolically"


def test_wrong_spectra_and_norms_are_rejected() -> None:
    c = symbolic.spectrum()["sign_to_identity"]
    coefficient_x, coefficient_y = s.N + s.k_x * s.r**2, s.k_y * s.r**2
    assert verify_equal("lambda", s.N**2 * c.lam**2, coefficient_x * coefficient_y).holds
    assert not verify_equal("lambda with delta for sigma", s.N**2 * c.lam**2, coefficient_x**2).holds
    assert not verify_equal("twice lambda", 4 * s.N**2 * c.lam**2, coefficient_x * coefficient_y).holds
    assert not verify_equal("N lambda^2", s.N * c.lam**2, coefficient_x * coefficient_y).holds
    blocks = symbolic.block_norms_squared(n_shared=s.n_shared)
    signs, identities = blocks["omega_x", "omega_y"], blocks["gamma_x", "omega_y"]
    ratio = signs / (signs + identities)
    assert not verify_equal("ratio without an input for each output", ratio, symbolic.systematicity_ratio()).holds
    shared = ratio.subs(s.n_shared, s.n_y)
    assert verify_equal("ratio", shared, symbolic.systematicity_ratio()).settled == "symbolically"
    assert not verify_equal("ratio of norms", sqrt(shared), symbolic.systematicity_ratio()).holds


def test_published_three_classes() -> None:
    classes = symbolic.spectrum()
    c_x, c_y = s.k_x * s.r**2, s.k_y * s.r**2
    published = {
        "sign_to_sign": (s.n_y, sqrt((s.N + c_x) * (s.N + c_y)) / s.N),
        "sign_to_identity": (s.n_x - s.n_y, sqrt((s.N + c_x) * c_y) / s.N),
        "identity_to_identity": (s.N - s.n_x, sqrt(c_x * c_y) / s.N),
        "identity_to_sign": (Integer(0), sqrt(c_x * (s.N + c_y)) / s.N),
    }
    for name, (count, lam) in published.items():
        assert verify_equal("count", classes[name].count, count).settled == "symbolically"
        assert verify_equal("lambda", classes[name].lam, lam).settled == "symbolically"


def test_form_without_cancellation() -> None:
    """The form that the numerical two-layer flow evaluates: c = lambda/w and s = delta K/2w by the half angle h."""
    a, b, h, decay = sympy.symbols("a b h E", positive=True)
    c, sine = (1 - h**2) / (1 + h**2), 2 * h / (1 + h**2)
    g = c / (1 + sine)
    u = 1 + c + sine * h * decay + sine * b / a * (1 - decay)
    d = sine * h + (1 + c) * decay + sine * a / b * (1 - decay)
    outer, inner = (1 + c + sine) / 4, a * (g + h * decay) + b * (g * h - decay)
    pi = (a**2 * u / d - b**2 * d / u) / 4
    assert verify_equal("h", h, sine / (1 + c)).settled == "symbolically"
    assert verify_equal("pi", outer * inner * (a / d + b / u), pi).settled == "symbolically"
    assert not verify_equal("pi with a sign", outer * inner * (a / d - b / u), pi).holds


def test_own_equations() -> None:
    x, y = Symbol("x"), sympy.Function("y")
    oscillator = Eq(y(x).diff(x, 2), -4 * y(x))
    assert verify_solution(sympy.sin(2 * x), oscillator).holds
    assert not verify_solution(sympy.sin(x), oscillator).holds
    growth = Eq(y(x).diff(x, 2), y(x))
    assert verify_solution(cosh(x) + 3 * sinh(x), growth, 1).steps[0].settled == "symbolically"
    fibonacci = Eq(y(s.n + 2), y(s.n + 1) + y(s.n))
    golden = (1 + sqrt(5)) / 2
    assert verify_solution((golden**s.n - (1 - golden) ** s.n) / sqrt(5), fibonacci, 0).holds
    assert not verify_solution(golden**s.n / sqrt(5), fibonacci, 0).holds


@pytest.mark.parametrize("equation", [Eq(s.lam, s.t), Eq(s.y(s.t), s.z(s.t)), Eq(s.y(s.t), s.y(s.n))])
def test_an_equation_without_one_unknown_is_refused(equation: Eq) -> None:
    with pytest.raises(ValueError, match="one unknown function of one variable"):
        verify_solution(s.lam, equation)


def test_the_points_follow_the_seed() -> None:
    settled = {verify_equal("wrong", s.lam, s.t, seed=seed).settled for seed in (1, 1, 2)}
    assert len(settled) == 2
