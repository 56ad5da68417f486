"""Where modes rest under a rule: fixed points, their stability, the slow line, and blow-up in finite time."""

import math
from itertools import product

import numpy as np
import pytest
import sympy
from scipy.integrate import quad, solve_ivp

from linmod import (
    Aligned,
    Dataset,
    Deep,
    Descent,
    Divergence,
    Explicit,
    Flow,
    NoClosedForm,
    Problem,
    Rule,
    dynamics,
    theory,
)
from linmod.theory.rules.fixed_points import jacobian

LAM, DELTA = 1.2, 0.8
PI = LAM / DELTA
MIXTURES = [Rule(g, n) for g, n in product((-3.0, -1.0, -0.3, 0.0, 0.5, 1.0), (-4.0, -0.5, 0.2, 1.0, 3.0))]


def _velocity(a, b, rule, lam=LAM, delta=DELTA):
    error = lam - delta * a * b
    h = 1 - a * a if rule.form == "oja" else 1 / (1 + a * a)
    sigma = lam**2 / delta
    return np.array(
        [b * error + rule.hebbian * delta * a * h, a * error + rule.contrastive * (sigma - delta * (a * b) ** 2) * b]
    )


def _rest(rule, start, time=4000.0):
    flow = solve_ivp(lambda _, s: _velocity(*s, rule), (0, time), start, method="LSODA", rtol=1e-10, atol=1e-12)
    return flow.y[:, -1]


def _one_mode():
    return Dataset([[np.sqrt(DELTA)]], [[LAM / np.sqrt(DELTA)]])


@pytest.mark.parametrize("rule", MIXTURES, ids=str)
def test_fixed_points_are_at_rest_with_the_right_rates(rule):
    for point in theory.fixed_points(LAM, DELTA, rule):
        assert np.max(np.abs(_velocity(point.a, point.b, rule))) < 1e-10
        h = 1e-6
        numeric = np.column_stack(
            [
                (_velocity(point.a + h, point.b, rule) - _velocity(point.a - h, point.b, rule)) / (2 * h),
                (_velocity(point.a, point.b + h, rule) - _velocity(point.a, point.b - h, rule)) / (2 * h),
            ]
        )
        np.testing.assert_allclose(jacobian(point.a, point.b, LAM, DELTA, rule), numeric, atol=1e-6)


@pytest.mark.parametrize("rule", MIXTURES, ids=str)
def test_no_fixed_point_is_missed(rule):
    """Newton's method from a grid finds no other zero of the velocity, outside the line of rest."""
    known = np.array([(s * p.a, s * p.b) for p in theory.fixed_points(LAM, DELTA, rule) for s in (1, -1)])
    for a, b in product(np.linspace(-3, 3, 9) + 0.05, repeat=2):
        state = np.array([a, b])
        for _ in range(60):
            matrix = jacobian(*state, LAM, DELTA, rule)
            if abs(np.linalg.det(matrix)) < 1e-12 or not np.all(np.isfinite(state)):
                break
            state = state - np.linalg.solve(matrix, _velocity(*state, rule))
        if (
            np.all(np.isfinite(state))
            and np.max(np.abs(_velocity(*state, rule))) < 1e-12
            and np.max(np.abs(state)) < 1e3
        ):
            assert np.min(np.linalg.norm(known - state, axis=1)) < 1e-5, state


def test_oja_determinant_and_trace():
    a, b, lam, delta, gamma, nabla = sympy.symbols("a b lambda delta gamma nabla", positive=True)
    error = lam - delta * a * b
    flow = sympy.Matrix(
        [
            b * error + nabla * delta * a * (1 - a**2),
            a * error + gamma * (lam**2 / delta - delta * a**2 * b**2) * b,
        ]
    )
    at = {a: 1, b: lam / delta}
    assert sympy.simplify(flow.subs(at)) == sympy.zeros(2, 1)
    linear = flow.jacobian([a, b]).subs(at)
    pi = lam / delta
    assert sympy.simplify(linear.det() - 2 * nabla * delta**2 * (1 + 2 * gamma * pi**2)) == 0
    assert sympy.simplify(linear.trace() + delta * (1 + 2 * nabla + pi**2 + 2 * gamma * pi**2)) == 0


@pytest.mark.parametrize("rule", [Rule(hebbian=0.5), Rule(0.5, 0.5), Rule(-0.1, 1.0)], ids=str)
def test_hebbian_learning_rests_at_gain_one(rule):
    stable = [p for p in theory.fixed_points(LAM, DELTA, rule) if p.stable]
    assert [(p.a, p.b) for p in stable] == [(1.0, PI)]
    np.testing.assert_allclose(_rest(rule, (1e-3, 2e-3)), [1.0, PI], atol=1e-6)
    assert np.max(np.abs(_rest(Rule.gradient(), (1e-3, 2e-3)) - [1.0, PI])) > 0.05


def test_a_mixture_with_predictive_coding_ends_off_the_least_squares_map():
    rule = Rule(contrastive=-1.0, hebbian=0.5)
    (stable,) = [p for p in theory.fixed_points(LAM, DELTA, rule) if p.stable]
    assert abs(stable.a * stable.b - PI) > 0.5
    np.testing.assert_allclose(_rest(rule, (1e-3, 2e-3)), [stable.a, stable.b], atol=1e-6)
    training = Descent(0.1, 4000, 4000, rule=rule)
    simulation = dynamics.solve(Problem(_one_mode(), Deep(3), Aligned(1e-4), training))
    assert simulation.modes["mode_1"][-1] == pytest.approx(stable.a * stable.b, abs=1e-8)
    assert simulation.loss[-1] > 0.1


def test_largest_step():
    rule = Rule(hebbian=0.5)
    (point,) = [p for p in theory.fixed_points(LAM, DELTA, rule) if p.stable]
    for factor, returns in ((0.98, True), (1.02, False)):
        a, b, _ = theory.rule_descent(
            [LAM], [DELTA], [LAM**2 / DELTA], [[1.0 + 1e-6]], [[PI]], rule, factor * point.largest_step, [0, 3000]
        )
        assert (abs(a[1].item() - 1) + abs(b[1].item() - PI) < 1e-7) == returns


@pytest.mark.parametrize("gamma", [-1.0, -3.0, 0.0, 1.0])
def test_transverse_rate_decides_stability(gamma):
    rule, seen = Rule(contrastive=gamma), set()
    for a in (0.3, 1.0, math.sqrt(PI), 2.5, 5.0):
        rate = theory.transverse_rate(a, LAM, DELTA, rule)
        rates = np.linalg.eigvals(jacobian(a, PI / a, LAM, DELTA, rule))
        assert sorted(np.abs(rates)) == pytest.approx([0, abs(rate)], abs=1e-9)
        end = _rest(rule, (a, PI / a + 1e-4), 300.0)
        assert (abs(end[0] - a) < 0.01) == (rate < 0)
        seen.add(rate < 0)
    assert seen == ({True} if gamma > -0.5 else {True, False})


@pytest.mark.parametrize("gamma", [-0.5, -1.0, -8.0])
@pytest.mark.parametrize("lam", [0.3, 2.0, 5.0])
def test_predictive_coding_from_a_small_start_is_always_stable_and_bounded(gamma, lam):
    flow = solve_ivp(
        lambda _, s: _velocity(*s, Rule(contrastive=gamma), lam),
        (0, 500),
        (1e-3, 1e-3),
        method="LSODA",
        rtol=1e-9,
        atol=1e-12,
    )
    a, b = flow.y[:, -1]
    assert np.max(flow.y[1]) <= 1 / math.sqrt(2 * abs(gamma)) + 1e-9
    assert a * b == pytest.approx(lam / DELTA, rel=1e-5)
    assert theory.transverse_rate(a, lam, DELTA, Rule(contrastive=gamma)) < 0


@pytest.mark.parametrize("rule", [Rule(0.0, 1e-3), Rule(0.7, -1e-3), Rule(0.0, -1e-3, form="inverse_norm")], ids=str)
@pytest.mark.parametrize("a", [0.5, 1.5])
def test_slow_velocity(rule, a):
    settled = solve_ivp(lambda _, s: _velocity(*s, rule), (0, 40), (a, PI / a), rtol=1e-11, atol=1e-13).y[:, -1]
    measured, predicted = _velocity(*settled, rule)[0], theory.slow_velocity(settled[0], LAM, DELTA, rule)
    assert predicted == pytest.approx(measured, rel=1e-2)
    flipped = theory.slow_velocity(settled[0], LAM, DELTA, Rule(rule.contrastive, -rule.hebbian, rule.form))
    assert abs(flipped / measured - 1) > 1


@pytest.mark.parametrize(
    ("nabla", "a0", "a1"), [(-0.2, 1.2, math.inf), (-0.2, 0.8, 0.1), (0.3, 0.1, 0.9), (0.3, 3.0, 1.1)]
)
def test_slow_time_is_the_integral_of_the_slow_velocity(nabla, a0, a1):
    rule = Rule(hebbian=nabla)
    expected = quad(lambda a: 1 / theory.slow_velocity(a, LAM, DELTA, rule), a0, a1)[0]
    assert theory.slow_time(a0, a1, LAM, DELTA, rule) == pytest.approx(expected, rel=1e-6)
    assert expected > 0


def test_blow_up_time_of_all_weights():
    nabla, a0 = -0.01, 1.3
    predicted = theory.slow_time(a0, math.inf, LAM, DELTA, Rule(hebbian=nabla))
    basis = _one_mode().mode_basis
    start = Explicit([a0 * basis.V.T, basis.U * (PI / a0)])
    problem = Problem(_one_mode(), Deep(1), start, Flow([0.0, 1000.0], rule=Rule(hebbian=nabla)))
    with pytest.raises(Divergence, match=r"stopped at time ([\d.]+)") as caught:
        dynamics.solve(problem)
    measured = float(str(caught.value).split("time ")[1].split(":")[0])
    assert measured == pytest.approx(predicted, rel=0.03)


def test_anti_hebbian_from_below_one_never_converges():
    nabla = -0.5
    a, b = _rest(Rule(hebbian=nabla), (0.5, PI / 0.5), 2e4)
    assert b == pytest.approx((4 * abs(nabla) * DELTA * PI**2 * 2e4) ** 0.25, rel=0.01)
    assert a * b == pytest.approx(PI, rel=3e-3)


WRONG = {
    "lam": (lambda: theory.fixed_points(0.0, 1.0, Rule()), ValueError, r"lam must be positive"),
    "delta": (lambda: theory.fixed_points(1.0, 0.0, Rule(hebbian=1)), ValueError, r"delta must be positive"),
    "rule": (lambda: theory.fixed_points(1.0, 1.0, 0.1), TypeError, r"rule must be Rule"),
    "inverse mixture": (
        lambda: theory.fixed_points(1.0, 1.0, Rule(1.0, -1.0, form="inverse_norm")),
        NoClosedForm,
        r"use form='oja'",
    ),
    "transverse": (
        lambda: theory.transverse_rate(1.0, 1.0, 1.0, Rule(hebbian=1)),
        ValueError,
        r"rule must have hebbian=0",
    ),
    "gain": (lambda: theory.transverse_rate(0.0, 1.0, 1.0, Rule()), ValueError, r"a must not be 0"),
    "slow contrastive": (lambda: theory.slow_time(0.5, 0.6, 1.0, 1.0, Rule(1.0, 1.0)), NoClosedForm, r"contrastive=0"),
    "slow sides": (
        lambda: theory.slow_time(0.5, 1.6, 1.0, 1.0, Rule(hebbian=1)),
        ValueError,
        r"both below or both above 1",
    ),
    "slow nan": (lambda: theory.slow_time(0.5, math.nan, 1.0, 1.0, Rule(hebbian=1)), ValueError, r"a0 and a1 must be"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_calls(name):
    call, kind, message = WRONG[name]
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.parametrize("form", ["inverse_norm", "inverse_complement"])
def test_the_inverse_forms_rest_at_the_origin_alone(form):
    (origin,) = theory.fixed_points(LAM, DELTA, Rule(hebbian=-0.5, form=form))
    assert (origin.a, origin.b, origin.stable, origin.largest_step) == (0.0, 0.0, False, 0.0)
