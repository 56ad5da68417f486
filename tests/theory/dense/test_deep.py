"""Modes of networks of any depth: against 50 digits, an integrator, other formulas, and their limits.

An answer is the solution of B(w) = target in double precision: the rounding of the target, a few 1e-16 of it, changes
ln w by at most that times |target| / w^b, which is below 10 on the domain tested. Hence 1e-12 relative.
"""

from itertools import pairwise

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from linmod import theory
from linmod.theory.dense.incomplete import incomplete, invert_incomplete

EXACT = 1e-12
DEPTHS = (1, 2, 3, 4, 5, 8)


def _time_between(lam, delta, start, end, layers):
    """Time from one strength to another, as an integral to 50 digits."""
    with mpmath.workdps(50):
        lam, delta, a, b = (mpmath.mpf(value) for value in (lam, delta, start, end))

        def slowness(log_size):
            pi = mpmath.sign(a) * mpmath.exp(log_size)
            velocity = layers * mpmath.fabs(pi) ** (2 - mpmath.mpf(2) / layers) * (lam - delta * pi)
            return pi / velocity

        edges = mpmath.linspace(mpmath.log(mpmath.fabs(a)), mpmath.log(mpmath.fabs(b)), 9)
        return mpmath.quad(slowness, edges)


CASES = [
    (1.936, 2.5, 1e-4, 0.7),
    (1.936, 2.5, 1e-9, 0.77),
    (0.3, 0.2, 0.01, 1.4999),
    (0.3, 0.2, 8.0, 1.6),
    (2.0, 0.5, 300.0, 4.0001),
    (1.0, 1.0, -0.5, -1e-4),
    (0.7, 0.1, -40.0, -2.0),
]


@pytest.mark.parametrize("layers", [2, 3, 4, 5, 8])
@pytest.mark.parametrize(("lam", "delta", "start", "end"), CASES)
def test_against_an_integral_to_50_digits(lam, delta, start, end, layers):
    time = float(_time_between(lam, delta, start, end, layers))
    # The strength answers to a rounding of the time by velocity * time * 1e-16.
    velocity = layers * abs(end) ** (2 - 2 / layers) * abs(lam - delta * end)
    bound = EXACT * abs(end) + 1e-15 * velocity * time
    assert abs(theory.deep_flow(lam, delta, start, time, layers) - end) <= bound
    for wrong in (layers - 1, layers + 1):
        assert abs(theory.deep_flow(lam, delta, start, time, wrong) - end) > 100 * bound


@pytest.mark.parametrize("b", [-1 / 3, -0.5, -0.6, -0.75, -0.9, 0.5, 1.0, 4 / 3, 1.75])
def test_the_incomplete_integral_to_50_digits(b):
    for y in np.concatenate([np.linspace(-60, 35, 40), [-1e-9, 0.0, 1e-9]]):
        with mpmath.workdps(50):
            w, exponent = 1 / (1 + mpmath.exp(-mpmath.mpf(float(y)))), mpmath.mpf(b)
            exact = float(w**exponent / exponent * mpmath.hyp2f1(1, exponent, exponent + 1, w))
        # The sum of the parts rounds to 1e-16 of the largest; for b < 0 they may cancel.
        assert incomplete(b, np.array(y)) == pytest.approx(exact, rel=2e-14, abs=2e-15)
        back = invert_incomplete(b, np.array(exact))
        sensitivity = 4e-16 * max(abs(exact), 1.0) * np.exp(-b * min(y, 0.0)) if b > 0 else 4e-16 * max(abs(y), 1)
        assert abs(back - y) <= 10 * max(sensitivity, 4e-15)


positive = st.floats(0.05, 5.0)


@settings(max_examples=60, deadline=None)
@given(
    lam=positive, delta=positive, size=st.floats(1e-3, 10.0), sign=st.sampled_from([1, -1]), layers=st.integers(1, 8)
)
def test_against_an_integrator(lam, delta, size, sign, layers):
    start, times = sign * size, np.array([0.1, 1.0, 5.0])

    def velocity(_, pi):
        return layers * np.abs(pi) ** (2 - 2 / layers) * (lam - delta * pi)

    reference = solve_ivp(velocity, (0, 5), [start], "DOP853", times, rtol=1e-11, atol=1e-14)
    predicted = theory.deep_flow(lam, delta, start, times, layers)
    # A step errs by 1e-11 of the strength; growing strengths amplify that at most by final / start.
    growth = max(1.0, lam / delta / size) if sign > 0 else 1.0
    bound = 1e-11 * len(reference.t) * 100 * growth * np.max(np.abs(reference.y)) + 1e-12
    np.testing.assert_allclose(predicted, reference.y[0], rtol=0, atol=bound)


@pytest.mark.parametrize("layers", [3, 4, 5, 8])
@pytest.mark.parametrize("start", [1e-5, 0.3, 1.0, 7.0])
def test_the_quadrature_of_a_race_with_one_pathway_is_the_same(layers, start):
    times = np.array([0.0, 0.3, 2.0, 30.0, 1e6, np.inf])
    gain, target = 1.3, 0.9
    direct = theory.deep_flow(gain * target, gain**2, start, times, layers)
    raced = theory.race_flow([gain], target, [start], times, layers)[:, 0]
    np.testing.assert_allclose(direct, raced, rtol=1e-11)


@pytest.mark.parametrize("layers", DEPTHS)
@pytest.mark.parametrize("start", [1e-3, 5.0, -0.4])
def test_limits(layers, start):
    lam, delta = 1.5, 0.5
    assert theory.deep_flow(lam, delta, start, 0.0, layers) == pytest.approx(start, rel=1e-13)
    ended = 0.0 if start < 0 and layers > 1 else lam / delta
    assert theory.deep_flow(lam, delta, start, np.inf, layers) == pytest.approx(ended, abs=1e-12)
    halfway = theory.deep_flow(lam, delta, start, 1.5, layers)
    restarted = theory.deep_flow(lam, delta, halfway, 2.5, layers)
    assert restarted == pytest.approx(float(theory.deep_flow(lam, delta, start, 4.0, layers)), rel=1e-11)
    assert theory.deep_flow(lam, delta, lam / delta, 3.0, layers) == pytest.approx(lam / delta, rel=1e-14)
    resting = theory.deep_flow(lam, delta, 0.0, 3.0, layers)
    assert resting == 0 if layers > 1 else resting > 0


@pytest.mark.parametrize("layers", DEPTHS)
@pytest.mark.parametrize("start", [0.3, -0.3])
def test_vanishing_correlations_are_limits_of_small_ones(layers, start):
    times = np.array([0.0, 0.5, 2.0])
    # Correlations of 1e-9 move a strength of O(1) by at most 2 * 8 * 1e-9 in this time.
    for lam, delta in ((0.0, 0.7), (0.7, 0.0), (0.0, 0.0)):
        near = theory.deep_flow(lam or 1e-9, delta or 1e-9, start, times, layers)
        limit = theory.deep_flow(lam, delta, start, times, layers)
        finite = np.isfinite(limit) & (limit < 100)
        np.testing.assert_allclose(limit[finite], near[finite], rtol=1e-5)
        assert np.ptp(near) > 0.05 or (lam, delta) == (0.0, 0.0)


@pytest.mark.parametrize("layers", [3, 4, 5])
def test_without_input_correlation_it_is_infinite_from_a_finite_time(layers):
    lam, start = 0.7, 0.3
    burst = start ** (2 / layers - 1) / ((layers - 2) * lam)
    before, after = theory.deep_flow(lam, 0.0, start, [0.999 * burst, 1.001 * burst], layers)
    assert 10 < before < np.inf
    assert after == np.inf
    assert np.isfinite(theory.deep_flow(lam, 0.0, start, 1.001 * burst, 2))


@pytest.mark.parametrize("layers", DEPTHS)
@pytest.mark.parametrize(("lam", "delta", "start"), [(1.936, 2.5, 1e-4), (0.4, 0.1, 1.0), (3.0, 1.0, 1e-8)])
def test_half_time(layers, lam, delta, start):
    time = theory.half_time_deep(lam, delta, start, layers)
    half = lam / delta / 2
    # The time rounds to 1e-15 of itself, and the strength moves by velocity times that.
    bound = half * EXACT + 4e-15 * time * layers * half ** (2 - 2 / layers) * lam / 2
    assert abs(theory.deep_flow(lam, delta, start, time, layers) - half) <= bound
    assert abs(theory.deep_flow(lam, delta, start, 1.01 * time, layers) - half) > 100 * bound


def test_half_times_grow_as_a_power_of_the_start_from_three_layers_on():
    starts = np.array([1e-8, 1e-9, 1e-10])
    for layers in (3, 4, 5):
        times = [theory.half_time_deep(1.0, 1.0, start, layers) for start in starts]
        slope = np.polyfit(np.log(starts), np.log(times), 1)[0]
        # The next term is smaller by start^(1 - 2/L): 2e-3 for three layers.
        assert slope == pytest.approx(-(1 - 2 / layers), abs=5e-3)
    logarithmic = [theory.half_time_deep(1.0, 1.0, start, 2) for start in starts]
    assert abs(np.polyfit(np.log(starts), np.log(logarithmic), 1)[0]) < 0.06


@pytest.mark.parametrize("layers", DEPTHS)
def test_descent_tends_to_the_flow_in_first_order(layers):
    lam, delta, start = 1.2, 0.6, 0.2
    end = theory.half_time_deep(lam, delta, start, layers)
    exact = theory.deep_flow(lam, delta, start, end, layers)
    counts = [200, 400, 800]
    errors = [abs(theory.deep_descent(lam, delta, start, end / n, [n], layers)[0] - exact) for n in counts]
    orders = [np.log2(coarse / fine) for coarse, fine in pairwise(errors)]
    # The next term is smaller by the step times the curvature, 0.005 * 8.
    assert orders == pytest.approx([1, 1], abs=0.1)


@pytest.mark.parametrize("layers", [1, 2])
def test_few_layers_are_the_forms_of_few_layers(layers):
    for start in (0.1, -0.1, 0.0):
        step = theory.deep_descent([1.0, 0.4], 0.5, start, 0.1, [0, 3, 40], layers)
        if layers == 1:
            other = theory.shallow_descent([1.0, 0.4], 0.5, start, 0.1, np.array([0, 3, 40])[:, None])
        else:
            y0, z0 = 4 * max(start, 0), 4 * max(-start, 0)
            other = theory.two_layer_descent([1.0, 0.4], 0.5, y0, z0, 0.1, [0, 3, 40])
        np.testing.assert_allclose(step, other, rtol=1e-12, atol=1e-15)


def test_arguments_broadcast():
    shape = theory.deep_flow(np.ones((2, 1)), [0.5, 1.0, 2.0], 0.1, np.zeros((4, 1, 1)), 3).shape
    assert shape == (4, 2, 3)
    assert theory.deep_flow(1.0, 1.0, 0.1, 1.0, 3).shape == ()
