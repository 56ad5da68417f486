"""The Hebbian term over one minus the squared norm of each hidden unit: prediction, domain and its edge."""

from dataclasses import replace

import numpy as np
import pytest

from linmod import (
    Aligned,
    Deep,
    Descent,
    Divergence,
    Explicit,
    Flow,
    NoClosedForm,
    Problem,
    Rule,
    SmallRandom,
    SystematicityDataset,
    dynamics,
    theory,
)
from linmod.theory.rules.fixed_points import jacobian

SPACE = SystematicityDataset(3, 1, 3, 1)
RULE = Rule.inverse_complement_anti_hebbian(-0.1)
TRAINING = Descent(0.05, 200, record_every=20, rule=RULE)


def _gap(first, second):
    return max(float(np.max(np.abs(first.quantities[name] - second.quantities[name]))) for name in first.quantities)


@pytest.mark.parametrize("strength", [0.01, -0.02, 0.3])
def test_an_aligned_start_is_predicted_to_rounding_and_other_forms_are_not(strength):
    problem = Problem(SPACE, Deep(10), Aligned(strength), TRAINING)
    simulation = dynamics.solve(problem)
    assert _gap(theory.solve(problem), simulation) < 1e-12
    assert _gap(dynamics.solve_modes(problem), simulation) < 1e-12
    for form in ("oja", "inverse_norm"):
        other = replace(problem, training=replace(TRAINING, rule=Rule(hebbian=-0.1, form=form)))
        assert _gap(theory.solve(other), simulation) > 1e-3


def test_the_weights_are_predicted_too():
    problem = Problem(SPACE, Deep(10), Aligned(0.01), TRAINING)
    for mine, reference in zip(theory.solve(problem).weights, dynamics.solve(problem).weights, strict=True):
        np.testing.assert_allclose(mine, reference, rtol=0, atol=1e-12)


@pytest.mark.parametrize("solve", [theory.solve, dynamics.solve, dynamics.solve_modes])
def test_descent_that_leaves_the_domain_says_so(solve):
    # Hebbian learning drives every gain to 1, the edge, from below; the anti-Hebbian sign stays inside.
    rule = Rule(hebbian=0.5, form="inverse_complement")
    problem = Problem(SPACE, Deep(10), Aligned(0.5), replace(TRAINING, rule=rule))
    with pytest.raises(Divergence, match="form='inverse_complement' is defined only while"):
        solve(problem)
    inside = replace(problem, initial=Aligned(0.01), training=TRAINING)
    assert np.all(np.isfinite(solve(inside).loss))


@pytest.mark.parametrize("integrator", ["RK45", "DOP853"])
@pytest.mark.parametrize("norm", [0.5, 1.0, 1.5])
def test_flow_stops_at_the_edge_of_the_domain(norm, integrator):
    first = np.zeros((4, SPACE.n_inputs))
    first[:, 0] = norm
    rule = Rule(hebbian=0.5, form="inverse_complement")
    start = Explicit([first, np.zeros((SPACE.n_outputs, 4))])
    problem = Problem(SPACE, Deep(4), start, Flow([0.0, 0.1, 50.0], rule=rule))
    with pytest.raises(Divergence, match="form='inverse_complement' is defined only while"):
        dynamics.solve(problem, integrator=integrator)


def test_a_start_that_is_neither_aligned_nor_small_has_no_closed_form():
    with pytest.raises(NoClosedForm, match=r"treats each hidden unit separately.*an Aligned or a smaller start"):
        theory.solve(Problem(SPACE, Deep(10), SmallRandom(0.1), TRAINING))
    assert theory.closed_form(Problem(SPACE, Deep(10), SmallRandom(1e-4), TRAINING)).exists


def test_slow_motion_is_that_of_the_flow_and_keeps_to_the_domain():
    rule, lam, delta, a = Rule(hebbian=-1e-3, form="inverse_complement"), 1.5, 0.5, 0.6
    velocity = theory.slow_velocity(a, lam, delta, rule)
    assert velocity == pytest.approx(-1e-3 * delta * a / (1 - a**2) * a**2 / (a**2 + (lam / delta / a) ** 2), rel=1e-12)
    with pytest.raises(ValueError, match="below 1"):
        theory.slow_velocity(1.2, lam, delta, rule)


def test_linearised_flow_is_the_derivative_of_the_flow():
    rule, lam, delta, point, h = Rule(hebbian=-0.4, form="inverse_complement"), 1.5, 0.5, np.array([0.6, 0.9]), 1e-6

    def flow(a, b):
        error = lam - delta * a * b
        return np.array([b * error - 0.4 * delta * a / (1 - a**2), a * error])

    columns = [(flow(*(point + step)) - flow(*(point - step))) / (2 * h) for step in h * np.eye(2)]
    np.testing.assert_allclose(jacobian(*point, lam, delta, rule), np.transpose(columns), rtol=1e-8)
