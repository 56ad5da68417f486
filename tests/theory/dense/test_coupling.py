"""The coupled equations of all modes: training of all weights, and the measure of what a closed form neglects."""

from dataclasses import replace

import numpy as np
import pytest

from linmod import (
    Aligned,
    Deep,
    Descent,
    Divergence,
    Flow,
    Modular,
    Problem,
    Rule,
    SmallRandom,
    SystematicityDataset,
    dynamics,
    theory,
)
from linmod.theory.dense.coupling import coupled_maps

PAPER = SystematicityDataset(3, 1, 3, 1)
TIED = SystematicityDataset(1, 1, 1, 1, n_bits=2, input_signs=(0,), output_signs=(1,))
RULES = {
    "gradient": Rule(),
    "Hebbian": Rule(hebbian=0.2),
    "contrastive": Rule(contrastive=0.5),
    "mixture": Rule(contrastive=-0.3, hebbian=-0.05),
}


def _errors(prediction, simulation):
    """Error over range of each quantity."""
    pairs = zip(prediction.quantities.values(), simulation.quantities.values(), strict=True)
    return [np.max(np.abs(mine - true)) / np.ptp(true) for mine, true in pairs]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("dataset", [PAPER, TIED, SystematicityDataset(2, 1, 1, 3, 0.5)], ids=["paper", "tied", "wide"])
def test_coupled_equations_are_training_of_all_weights(dataset, rule):
    problem = Problem(dataset, Deep(12), SmallRandom(0.05, seed=2), Descent(0.1, 60, record_every=20, rule=rule))
    first, second = dynamics.solve(problem, coordinates="data").weights
    # 60 steps of products of at most 12 terms, each with a relative error of 1.1e-16.
    np.testing.assert_allclose(list(coupled_maps(problem)), second @ first, rtol=0, atol=1e-13)
    other = replace(problem, training=replace(problem.training, rule=Rule(hebbian=0.01 + rule.hebbian)))
    assert np.max(np.abs(list(coupled_maps(other)) - second @ first)) > 1e-6


def test_coupled_equations_under_flow_are_training_of_all_weights():
    problem = Problem(PAPER, Deep(12), SmallRandom(0.05), Flow([0.0, 2.0, 6.0], rtol=1e-11, atol=1e-13))
    first, second = dynamics.solve(problem, coordinates="data").weights
    np.testing.assert_allclose(list(coupled_maps(problem)), second @ first, rtol=0, atol=1e-8)


def test_at_time_zero_nothing_has_moved():
    problem = Problem(PAPER, Deep(12), SmallRandom(0.05), Flow([0.0]))
    first, second = problem.initial_weights
    np.testing.assert_allclose(next(coupled_maps(problem)), second @ first, rtol=0, atol=1e-15)


def test_exactly_tied_classes_are_said_to_be_neglected():
    training = Descent(0.2 / 0.559, 240)
    for std in (1e-3, 1e-5):
        problem = Problem(TIED, Deep(50), SmallRandom(std, seed=1), training)
        prediction = theory.solve(problem)
        error = max(_errors(prediction, dynamics.solve(problem)))
        assert error > 0.01
        assert error <= prediction.neglected * (1 + 1e-6)


@pytest.mark.parametrize("std", [1e-5, 1e-3, 1e-2])
@pytest.mark.parametrize("rule", [Rule(), Rule(hebbian=-0.3), Rule(contrastive=0.3)], ids=str)
def test_errors_are_those_neglected_and_a_wrong_start_is_not(std, rule):
    dataset = SystematicityDataset(2, 1, 2, 2, 0.7)
    problem = Problem(dataset, Deep(20), SmallRandom(std, seed=3), Descent(0.2, 300, record_every=5, rule=rule))
    prediction, simulation = theory.solve(problem), dynamics.solve(problem)
    errors = _errors(prediction, simulation)
    assert max(errors) <= prediction.neglected * (1 + 1e-6) + 1e-11
    assert prediction.neglected < 0.2
    wrong = theory.solve(problem, strength_factor=3.0)
    assert max(_errors(wrong, simulation)) > max(3 * prediction.neglected, 0.05)


def test_inputs_without_data_enter_the_prediction_of_a_small_start():
    problem = Problem(SystematicityDataset(2, 1, 1, 0), Deep(20), SmallRandom(1e-4, seed=0), Descent(0.1, 400))
    prediction, simulation = theory.solve(problem), dynamics.solve(problem)
    first, second = (layer[-1] for layer in simulation.weights)
    idle = np.eye(problem.dataset.n_inputs) - problem.dataset.X @ np.linalg.pinv(problem.dataset.X)
    assert np.linalg.norm(second @ first @ idle) > 1e-5
    gaps = [np.max(np.abs(prediction.norms[pair] - norm)) for pair, norm in simulation.norms.items()]
    assert max(gaps) < 1e-6


def test_what_modules_neglect_is_measured_together():
    problem = Problem(PAPER, Modular.output_split(Deep(20)), SmallRandom(1e-3), Descent(0.1, 400, record_every=10))
    prediction, simulation = theory.solve(problem), dynamics.solve(problem)
    error = max(_errors(prediction, simulation))
    assert 0 < error <= prediction.neglected * (1 + 1e-6)
    assert prediction.neglected < 0.1


def test_an_exact_form_neglects_nothing():
    aligned = Problem(PAPER, Deep(20), Aligned(1e-4), Descent(0.1, 10))
    assert theory.solve(aligned).neglected == 0
    assert theory.solve(replace(aligned, network=Modular.output_split(Deep(20)))).neglected == 0


def test_a_course_that_diverges_is_neglected_without_bound():
    dataset = SystematicityDataset(2, 1, 2, 3, 2.0, n_bits=3, input_signs=(2, 1), output_signs=(1,))
    problem = Problem(
        dataset, Deep(60), SmallRandom(0.139, seed=10022), Descent(0.333, 39, rule=Rule(contrastive=-0.66))
    )
    with pytest.raises(Divergence):
        dynamics.solve(problem)
    assert theory.solve(problem).neglected == np.inf
    gentle = replace(problem, initial=SmallRandom(1e-3, seed=10022), training=replace(problem.training, step_size=0.05))
    assert theory.solve(gentle).neglected < np.inf


def test_a_course_that_rounding_errors_decide_is_neglected_without_bound():
    # Under this rule the step is too large for the solution that training comes close to and leaves again.
    dataset = SystematicityDataset(2, 3, 1, 0, 0.5, output_signs=(2, 1, 0))
    training = Descent(0.1983005462536422, 2177, 7, rule=Rule(contrastive=0.37656600531392426))
    problem = Problem(dataset, Deep(16), SmallRandom(5.0744653654160415e-05, seed=109488), training)
    assert theory.solve(problem).loss[-1] < 1e-20
    assert dynamics.solve(problem, coordinates="principal").loss[-1] < 1e-20
    with pytest.raises(Divergence):
        dynamics.solve(problem, coordinates="data")
    shares = theory.solve(problem).neglected_shares
    assert shares["loss"] == shares["mode identity_to_sign"] == np.inf
    assert shares["norm omega_x -> gamma_y"] == 0.0
    gentle = replace(problem, training=replace(training, step_size=0.05, steps=4000))
    assert theory.solve(gentle).neglected < 0.1
    tied = Problem(TIED, Deep(50), SmallRandom(1e-3, seed=1), Descent(0.36, 240))
    assert 0.5 < theory.solve(tied).neglected < np.inf


def test_courses_that_part_between_two_reports_are_seen_to_part():
    dataset = SystematicityDataset(1, 1, 2, 0, 0.3, output_signs=(1,), n_bits=3)
    training = Descent(0.24872328663862664, 2156, 2156, rule=Rule(hebbian=0.336296510296448))
    problem = Problem(dataset, Deep(16), SmallRandom(0.001007316640846314, seed=115698), training)
    assert theory.solve(problem).neglected == np.inf
    assert theory.solve(replace(problem, training=replace(training, step_size=0.1))).neglected < np.inf
