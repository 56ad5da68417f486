"""Pathways that share outputs: one clock for all, against an integrator and against training of all weights."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from linmod import Aligned, Deep, Descent, Flow, Modular, Problem, SystematicityDataset, dynamics, theory


def _velocity(gains, target, layers):
    gains, layers = np.array(gains), np.array(layers)

    def velocity(_, pi):
        return layers * np.abs(pi) ** (2 - 2 / layers) * gains * (target - gains @ pi)

    return velocity


sizes = st.floats(1e-3, 3.0)
pathway = st.tuples(st.floats(0.1, 2.0), sizes, st.integers(1, 5))


@settings(max_examples=50, deadline=None)
@given(pathways=st.lists(pathway, min_size=1, max_size=4), target=st.floats(0.2, 2.0))
def test_against_an_integrator(pathways, target):
    gains, start, layers = (list(column) for column in zip(*pathways, strict=True))
    times = np.array([0.0, 0.2, 1.0, 8.0])
    velocity = _velocity(gains, target, layers)
    reference = solve_ivp(velocity, (0, 8), start, "DOP853", times, rtol=1e-11, atol=1e-14).y.T
    predicted = theory.race_flow(gains, target, start, times, layers)
    # A step errs by 1e-11; what is early amplifies by final / start < 2 / (0.1 * 1e-3), relative to strengths of O(20).
    np.testing.assert_allclose(predicted, reference, rtol=0, atol=1e-6 * np.max(np.abs(reference)))
    after = theory.race_final(gains, target, start, layers)
    np.testing.assert_allclose(theory.race_flow(gains, target, start, [np.inf], layers)[0], after, rtol=1e-13)
    assert np.dot(gains, after) == pytest.approx(target, rel=1e-11)


@pytest.mark.parametrize("layers", [2, 3, 4, [2, 3], [1, 2]])
def test_an_exact_flow(layers):
    gains, target, start = [1.0, 0.7], 1.2, [0.01, 0.05]
    times = np.linspace(0, 12, 7)
    depth = layers if isinstance(layers, list) else [layers] * 2
    reference = solve_ivp(_velocity(gains, target, depth), (0, 12), start, "DOP853", times, rtol=1e-12, atol=1e-15)
    predicted = theory.race_flow(gains, target, start, times, layers)
    # Fewer than 1000 steps, each of 1e-12, on a start that grows a hundredfold.
    np.testing.assert_allclose(predicted, reference.y.T, rtol=0, atol=1e-9)
    alone = theory.race_flow(gains[:1], target, start[:1], times, depth[:1])[:, 0]
    assert np.max(np.abs(alone - predicted[:, 0])) > 0.05


def _two_pathways(kappa, layers, start, times, **tolerances):
    dataset = SystematicityDataset(n_x=3, n_y=1, k_x=1, k_y=0, r=kappa * np.sqrt(8))
    network = Modular.race(Deep(hidden=3, layers=layers))
    return Problem(dataset, network, Aligned(list(start)), Flow(times, **tolerances))


@pytest.mark.parametrize("kappa", [0.5, 1.0, 1.4])
@pytest.mark.parametrize("layers", [2, 3, 4])
def test_the_invariant_holds_in_training_of_all_weights(kappa, layers):
    problem = _two_pathways(kappa, layers, (0.02, 0.03), np.linspace(0, 60, 13), rtol=1e-12, atol=1e-15)
    simulation = dynamics.solve(problem)
    alpha, beta = simulation.norms["omega_x", "omega_y"], simulation.norms["gamma_x", "omega_y"]
    if layers == 2:
        np.testing.assert_allclose(beta / 0.03, (alpha / 0.02) ** kappa, rtol=1e-8)
        assert np.max(np.abs(beta / 0.03 - alpha / 0.02)) > 0.5 or kappa == 1
    clocks = [
        theory.race_clock(pi, start, gain, layers) for pi, start, gain in ((alpha, 0.02, 1.0), (beta, 0.03, kappa))
    ]
    np.testing.assert_allclose(*clocks, rtol=1e-8, atol=1e-9)
    assert np.ptp(clocks[0]) > 0.5
    wrong = theory.race_clock(beta, 0.03, 1.1 * kappa, layers)
    assert np.max(np.abs(wrong - clocks[0])) > 0.04
    final = theory.race_final([1.0, kappa], 1.0, [0.02, 0.03], layers)
    np.testing.assert_allclose([alpha[-1], beta[-1]], final, atol=2e-6)


@pytest.mark.parametrize("kappa", [0.3, 0.8, 1.0, 1.5])
def test_the_final_state_is_the_root_of_one_equation(kappa):
    a, b = 1e-3, 4e-3
    root = brentq(lambda S: a * S + kappa * b * S**kappa - 1, 1.0, 1e6, xtol=1e-14, rtol=1e-14)
    np.testing.assert_allclose(theory.race_final([1.0, kappa], 1.0, [a, b], 2), [a * root, b * root**kappa], rtol=1e-11)


def test_the_winner_of_two_layers_is_the_larger_gain_whatever_the_ratio():
    for ratio in (0.1, 1.0, 10.0):
        scales = [1e-3, 1e-6, 1e-9, 1e-12]
        for kappa, loser in ((0.7, 1), (1.4, 0)):
            ends = [theory.race_final([1.0, kappa], 1.0, [scale, ratio * scale], 2)[loser] for scale in scales]
            # The loser ends at beta0 alpha0^-kappa, or at alpha0 (kappa beta0)^(-1/kappa).
            slope = np.polyfit(np.log(scales[1:]), np.log(ends[1:]), 1)[0]
            assert slope == pytest.approx(1 - min(kappa, 1 / kappa), abs=0.02)
        even = theory.race_final([1.0, 1.0], 1.0, [1e-9, ratio * 1e-9], 2)
        np.testing.assert_allclose(even, np.array([1, ratio]) / (1 + ratio), rtol=1e-9)


@pytest.mark.parametrize("layers", [3, 4])
def test_the_winner_of_more_layers_depends_on_the_ratio_at_any_scale(layers):
    kappa, power = 1.22, (layers - 2) / layers
    ties = kappa ** (-1 / power)
    for ratio in (0.5 * ties, 2 * ties):
        winner = 1 if ratio > ties else 0
        ends = [theory.race_final([1.0, kappa], 1.0, [s, ratio * s], layers) for s in (1e-4, 1e-8, 1e-12)]
        shares = [np.array([1.0, kappa])[winner] * end[winner] for end in ends]
        assert all(later > earlier for earlier, later in pairwise(shares))
        assert shares[-1] > 0.98


def test_a_shallow_race_has_no_winner():
    kappa, times = 1.3, np.array([0.0, 0.4, 3.0, np.inf])
    pi = theory.race_flow([1.0, kappa], 1.0, [0.0, 0.0], times, 1)
    alpha = -np.expm1(-(1 + kappa**2) * times) / (1 + kappa**2)
    np.testing.assert_allclose(pi, np.stack([alpha, kappa * alpha], axis=1), rtol=0, atol=1e-12)


@pytest.mark.parametrize("layers", [1, 2, 3, [2, 3]])
def test_a_pathway_at_zero_stays_there_unless_it_is_shallow(layers):
    pi = theory.race_flow([1.0, 1.0], 1.0, [0.0, 0.1], [0.0, 2.0, np.inf], layers)
    depth = layers if isinstance(layers, list) else [layers] * 2
    assert (pi[1:, 0] > 0).all() if depth[0] == 1 else not pi[:, 0].any()
    assert pi[-1].sum() == pytest.approx(1, rel=1e-12)
    still = theory.race_flow([1.0, 1.0], 1.0, [0.0, 0.0], [0.0, 2.0], 2)
    assert not still.any()


@pytest.mark.parametrize("start", [(0.5, 0.5), (2.0, 1.0), (0.9, 1e-5)])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_starts_at_and_above_the_solution(start, layers):
    times = np.array([0.0, 0.5, 4.0, 50.0])
    velocity = _velocity([1.0, 1.0], 1.0, [layers] * 2)
    reference = solve_ivp(velocity, (0, 50), start, "DOP853", times, rtol=1e-12, atol=1e-15).y.T
    predicted = theory.race_flow([1.0, 1.0], 1.0, start, times, layers)
    np.testing.assert_allclose(predicted, reference, rtol=0, atol=1e-8)


@pytest.mark.parametrize("layers", [1, 2, 3, [1, 3]])
def test_descent_tends_to_the_flow_in_first_order(layers):
    gains, target, start, end = [1.0, 0.6], 1.0, [0.1, 0.2], 2.0
    exact = theory.race_flow(gains, target, start, [end], layers)[0]
    errors = [
        np.max(np.abs(theory.race_descent(gains, target, start, end / n, [n], layers)[0] - exact))
        for n in (200, 400, 800)
    ]
    assert [np.log2(coarse / fine) for coarse, fine in pairwise(errors)] == pytest.approx([1, 1], abs=0.1)


WRONG = {
    "lengths": (lambda: theory.race_flow([1.0], 1.0, [0.1, 0.1], [1.0], 2), r"must have equal lengths, got 1, 2 and 1"),
    "negative gain": (lambda: theory.race_final([-1.0], 1.0, [0.1], 2), r"gains must not be negative, got \[-1\.0\]"),
    "target": (lambda: theory.race_final([1.0], 0.0, [0.1], 2), r"target must be positive, got 0\.0"),
    "negative start": (
        lambda: theory.race_final([1.0], 1.0, [-0.1], 2),
        r"pi0 must not be negative for pathways of several layers, got \[-0\.1\]",
    ),
    "layers": (lambda: theory.race_final([1.0], 1.0, [0.1], 0), r"layers entry must be at least 1, got 0"),
    "clock start": (lambda: theory.race_clock(0.1, 0.0, 1.0, 2), r"pi0 must be positive, got 0\.0"),
    "step": (lambda: theory.race_descent([1.0], 1.0, [0.1], -1.0, [1], 2), r"step_size must be positive, got -1\.0"),
    "depth": (lambda: theory.deep_flow(1.0, 1.0, 0.1, 1.0, 0), r"layers must be at least 1, got 0"),
    "half time": (
        lambda: theory.half_time_deep(1.0, 1.0, 0.7, 3),
        r"pi0 must be below half the final value 0\.5, got 0\.7",
    ),
    "half time of zero": (lambda: theory.half_time_deep(1.0, 1.0, 0.0, 3), r"pi0 must be positive"),
}


@pytest.mark.parametrize(("call", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_call(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_descent_of_a_race_that_diverges_is_reported():
    dataset = SystematicityDataset(n_x=2, n_y=1, k_x=1, k_y=0)
    problem = Problem(dataset, Modular.race(Deep(hidden=3)), Aligned(0.1), Descent(50.0, 60))
    for solve in (theory.solve, dynamics.solve):
        with pytest.raises(ArithmeticError, match=r"non-finite values by time [\d.]+; take a smaller step"):
            solve(problem)
