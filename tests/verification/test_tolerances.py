"""The parts of a bound: rounding, integration, and what the closed form neglects of a quantity's own range."""

from dataclasses import replace

import numpy as np
import pytest

import linmod
from linmod.verification.tolerances import derived_bounds, with_further_integration, with_integration

DATASET = linmod.SystematicityDataset(3, 1, 3, 1)
EPSILON = np.finfo(float).eps
FLOW = linmod.Problem(DATASET, linmod.Deep(10), linmod.Aligned(1e-3), linmod.Flow(np.linspace(0, 40, 21)))
DESCENT = replace(FLOW, initial=linmod.SmallRandom(1e-3), training=linmod.Descent(0.16, 200, 10))


def test_a_flow_is_allowed_three_times_the_largest_estimate_of_its_error():
    fine = linmod.dynamics.solve(FLOW)
    others = {
        factor: linmod.dynamics.solve(
            replace(FLOW, training=linmod.Flow(FLOW.times, rtol=factor * 1e-8, atol=factor * 1e-10))
        ).quantities
        for factor in (10, 30, 100)
    }
    rounding = (fine.statistics.evaluations + 10) * 27 * EPSILON
    found = linmod.verify(FLOW).by_quantity
    for name, values in fine.quantities.items():
        changes = [9 / (factor - 1) * np.max(np.abs(values - other[name])) for factor, other in others.items()]
        assert found[name].bound == pytest.approx(3 * max(changes) + rounding * found[name].scale, rel=1e-9)
        assert found[name].bound < 1e-4 * found[name].range


def test_ten_times_what_is_neglected_of_the_own_range_is_allowed():
    neglected = linmod.theory.solve(DESCENT).neglected_shares
    rounding = (200 + 10) * 27 * EPSILON
    for name, quantity in linmod.verify(DESCENT).by_quantity.items():
        expected = 10 * neglected[name] * (quantity.range + rounding * quantity.scale) + rounding * quantity.scale
        if name != "strengths with signs":
            assert quantity.bound == pytest.approx(expected, rel=1e-9)
    altered = linmod.verify(DESCENT, predict=lambda p: linmod.theory.solve(p, strength_factor=3.0))
    assert altered.by_quantity["loss"].bound == pytest.approx(linmod.verify(DESCENT).by_quantity["loss"].bound)
    assert altered.verdict == "fails"


def test_a_saddle_that_rounding_errors_leave_is_undecided_under_flow_too():
    flow = replace(FLOW, initial=linmod.Aligned(-1e-3), training=linmod.Flow([140.0]))
    modules = replace(flow, network=linmod.Modular.output_split(linmod.Deep(13)))
    for problem in (flow, modules):
        agreement = linmod.verify(problem)
        assert agreement.verdict == "undecided"
        early = linmod.verify(replace(problem, training=linmod.Flow(np.linspace(0.0, 10.0, 11))))
        assert early.verdict == "holds"


def test_rounding_errors_that_are_rounded_away_in_one_draw_are_seen_in_another():
    dataset = linmod.SystematicityDataset(1, 1, 0, 0)
    training = linmod.Descent(0.7337956301899363, 42, rule=linmod.Rule(contrastive=0.9081493091773698))
    start = linmod.SmallRandom(2.5576980650246483e-05, seed=200362)
    problem = linmod.Problem(dataset, linmod.Deep(1), start, training)
    assert linmod.verify(problem).verdict == "holds"
    wrong = linmod.verify(problem, predict=lambda p: linmod.theory.solve(p, strength_factor=1.001))
    assert wrong.verdict == "fails"


def test_of_three_estimates_of_the_integrators_error_the_largest_counts():
    runs = {
        factor: linmod.dynamics.solve(
            replace(FLOW, training=linmod.Flow(FLOW.times, rtol=factor * 1e-8, atol=factor * 1e-10))
        )
        for factor in (1, 10, 30, 100)
    }
    true = runs[1].quantities
    exact = derived_bounds(FLOW, {}, runs[1], true)
    first = with_integration(exact, FLOW, linmod.dynamics.solve, true)
    further = with_further_integration(first, exact, FLOW, linmod.dynamics.solve, true)
    for name, values in true.items():
        allowed = [27 * np.max(np.abs(values - runs[f].quantities[name])) / (f - 1) for f in (10, 30, 100)]
        assert first.total[name] - exact.total[name] == pytest.approx(allowed[0], rel=1e-6)
        assert further.total[name] - exact.total[name] == pytest.approx(max(allowed), rel=1e-6)


def test_two_runs_with_the_same_error_by_chance_do_not_refuse_a_right_prediction():
    # At the first time after the start, the only one at which the loss is not yet flat, the errors of both runs are
    # within 13 % of each other.
    dataset = linmod.SystematicityDataset(3, 0, 0, 1, r=0.0, r_y=0.5)
    training = linmod.Flow(7.315734051394384 * np.arange(5), rtol=1e-6, atol=1e-9)
    problem = linmod.Problem(dataset, linmod.Shallow(), linmod.Aligned(-1e-3), training)
    assert linmod.verify(problem).verdict == "holds"
    late = linmod.verify(problem, predict=lambda p: linmod.theory.solve(p, strength_factor=1.001))
    assert late.verdict == "fails"


def test_signs_of_modes_have_their_own_bound():
    # A class of three modes changes little as a whole where single ones change their signs.
    dataset = linmod.SystematicityDataset(1, 0, 1, 1, r=0.1, r_y=3e-3, n_bits=2)
    training = linmod.Descent(12.162970460460055, 3000, 3000)
    problem = linmod.Problem(dataset, linmod.Deep(4), linmod.SmallRandom(1.2021918872312332e-05, seed=413), training)
    prediction = linmod.theory.solve(problem)
    shares = prediction.neglected_shares
    assert shares["strengths with signs"] > 30 * shares["mode identity_to_identity"]
    assert linmod.verify(problem).verdict == "holds"
    flipped = replace(prediction, make_strengths=lambda: -prediction.strengths)
    assert linmod.verify(problem, predict=lambda p: flipped).verdict == "fails"
