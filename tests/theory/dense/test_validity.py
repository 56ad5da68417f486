"""Starts, rules and steps outside the domain of the closed forms are not predicted as if they were inside."""

from dataclasses import replace

import numpy as np
import pytest

from linmod import (
    Aligned,
    Deep,
    Descent,
    Divergence,
    Explicit,
    NoClosedForm,
    Problem,
    Rule,
    SmallRandom,
    SystematicityDataset,
    dynamics,
    theory,
)


def _opposed(scale):
    """One hidden unit with b close to -a, and a trace of weights outside the mode."""
    dataset = SystematicityDataset(2, 1, 1, 0)
    U, V = theory.singular_vectors(dataset)
    generator = np.random.default_rng(0)
    first = scale * 0.5 * V[:, :1].T + scale * 1e-9 * generator.standard_normal((1, len(V)))
    return Problem(dataset, Deep(hidden=1), Explicit([first, -scale * 0.499 * U[:, :1]]), Descent(0.05, 20))


def test_a_start_with_opposed_layers_is_not_small():
    problem = _opposed(1.0)
    prediction, simulation = theory.solve(problem), dynamics.solve(problem)
    assert prediction.strengths[0, 0] == pytest.approx(-0.2495, rel=1e-6)
    np.testing.assert_allclose(prediction.strengths, simulation.strengths, atol=1e-6)
    assert 0 < prediction.neglected < 1e-6
    assert "small start" in theory.solve(_opposed(1e-3)).origin


def test_a_start_with_opposed_layers_is_not_small_under_a_rule():
    rule = Rule(hebbian=0.01)
    problem = replace(_opposed(1.0), training=Descent(0.05, 20, rule=rule))
    prediction, simulation = theory.solve(problem), dynamics.solve(problem)
    np.testing.assert_allclose(prediction.strengths, simulation.strengths, atol=1e-6)
    assert 0 < prediction.neglected < 1e-6


CONTRASTIVE = Descent(0.05, 1000, rule=Rule.contrastive_hebbian())
UNEXPLAINED = Problem(SystematicityDataset(1, 1, 0, 1), Deep(50), SmallRandom(1e-3, seed=0), CONTRASTIVE)


def test_outputs_without_inputs_are_refused_under_the_contrastive_rule():
    with pytest.raises(NoClosedForm, match=r"no input that explains them.*use an Aligned start"):
        theory.solve(UNEXPLAINED)
    with pytest.raises(Divergence):
        dynamics.solve(UNEXPLAINED)


def test_outputs_without_inputs_are_harmless_where_nothing_drives_them():
    explained = replace(UNEXPLAINED, dataset=SystematicityDataset(1, 1, 1, 1))
    by_gradient = replace(UNEXPLAINED, training=Descent(0.05, 1000))
    aligned = replace(UNEXPLAINED, initial=Aligned(1e-3))
    for problem in (explained, by_gradient, aligned):
        assert theory.closed_form(problem).exists


def test_a_step_above_the_stable_limit_is_refused_with_the_limit():
    dataset, network = SystematicityDataset(3, 0, 2, 3, r=0.1, r_y=1.0), Deep(hidden=28)
    limit = theory.largest_stable_step(network, dataset)
    problem = Problem(dataset, network, SmallRandom(1e-3, seed=0), Descent(1.2 * limit, 600, record_every=100))
    with pytest.raises(NoClosedForm, match=rf"largest stable step for this dataset, {limit:.6g}"):
        theory.solve(problem)
    below = replace(problem, training=Descent(0.98 * limit, 600, record_every=100))
    assert np.all(np.isfinite(theory.solve(below).loss))
