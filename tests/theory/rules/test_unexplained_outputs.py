"""Contrastive rules on data of which no input explains all outputs: predicted where Sigma_y leaves modes apart."""

from dataclasses import replace

import numpy as np
import pytest

from linmod import Dataset, Deep, Descent, NoClosedForm, Problem, Rule, SmallRandom, dynamics, theory

LAM, SINGULAR, ITEMS = np.array([1.4, 1.0, 0.6]), np.array([1.2, 0.9, 0.7]), 20


def data(unexplained, lam=LAM, delta=SINGULAR**2, turn=0.0):
    """Return a dataset with given modes, and unexplained outputs along them, turned by an angle out of the modes."""
    generator = np.random.default_rng(3)
    items = np.linalg.qr(generator.standard_normal((ITEMS, 6)))[0].T * ITEMS**0.5
    U, V = (np.linalg.qr(generator.standard_normal((4, 4)))[0][:, :3] for _ in range(2))
    X = V * np.sqrt(delta) @ items[:3]
    plane = np.eye(3)
    plane[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    Y = U @ ((lam / np.sqrt(delta))[:, None] * items[:3] + plane @ (np.sqrt(unexplained)[:, None] * items[3:]))
    return Dataset(X, Y)


UNEXPLAINED = np.array([0.5, 0.1, 0.3])
RULES = [Rule.predictive_coding(), Rule.contrastive_hebbian(0.3), Rule(contrastive=-0.4, hebbian=0.2)]


def problem(dataset, rule, std=1e-5):
    return Problem(
        dataset, Deep(12), SmallRandom(std, 2), Descent(0.05, 400 if rule.contrastive > 0 else 800, 20, rule=rule)
    )


def error(dataset, simulated_on, rule):
    mine, reference = theory.solve(problem(dataset, rule)), dynamics.solve(problem(simulated_on, rule))
    return max(float(np.max(np.abs(mine.modes[name] - reference.modes[name]))) for name in reference.modes)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_variances_that_no_input_explains_are_part_of_the_prediction(rule):
    noisy = data(UNEXPLAINED)
    assert noisy.is_decoupled_by_gradient
    assert not noisy.is_decoupled
    assert error(noisy, noisy, rule) < 2e-3
    assert error(data(0 * UNEXPLAINED), noisy, rule) > 0.02
    assert theory.solve(problem(noisy, rule)).neglected < 5e-3


@pytest.mark.parametrize(
    "coupled",
    [
        data(UNEXPLAINED, turn=0.5),
        data(np.array([0.5, 0.1, 0.3]), lam=np.ones(3), delta=np.ones(3)),
        data(UNEXPLAINED, turn=1e-4),
    ],
    ids=["turned", "equal modes, unequal outputs", "slightly turned"],
)
def test_outputs_that_couple_modes_are_refused_with_the_reason(coupled):
    with pytest.raises(
        NoClosedForm, match=r"not eigenvectors of Sigma_y of one eigenvalue.*couples modes; train by the gradient"
    ):
        theory.solve(problem(coupled, RULES[0]))
    plain = replace(problem(coupled, RULES[0]), training=Descent(0.05, 100))
    assert theory.closed_form(plain).exists


def test_equal_modes_with_equal_unexplained_outputs_are_predicted():
    same = data(np.full(3, 0.4), lam=np.ones(3), delta=np.ones(3), turn=0.7)
    assert not same.is_decoupled
    assert error(same, same, RULES[0]) < 2e-3
