"""Training by the gradient and terms of one's own, against the rules that linmod has."""

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
    Shallow,
    SmallRandom,
    SystematicityDataset,
    dynamics,
    theory,
)

DATASET = SystematicityDataset(2, 1, 1, 1)
TRAININGS = {
    "descent": Descent(0.05, 200, record_every=20),
    "flow": Flow(np.linspace(0, 10, 6), rtol=1e-11, atol=1e-13),
}


def oja(weights, dataset, strength=0.1):
    first, second = weights
    gram = first @ dataset.sigma_x
    return [strength * (gram - gram @ first.T @ first), np.zeros(second.shape)]


def _problem(training, network=None, **rule):
    own = TRAININGS[training]
    if rule:
        own = type(own)(**{**_fields(own), "rule": Rule(**rule)})
    return Problem(DATASET, network or Deep(hidden=6), SmallRandom(0.1, seed=1), own)


def _fields(training):
    names = ("step_size", "steps", "record_every") if training.is_descent else ("times", "rtol", "atol")
    return {name: getattr(training, name) for name in names}


def _difference(one, other):
    return max(np.max(np.abs(values - other.quantities[name])) for name, values in one.quantities.items())


@pytest.mark.parametrize("training", TRAININGS)
def test_the_term_of_oja_is_that_of_the_rule(training):
    added = dynamics.solve_added(_problem(training), oja)
    ruled = dynamics.solve(_problem(training, hebbian=0.1), coordinates="data")
    assert _difference(added, ruled) < 1e-10
    assert _difference(dynamics.solve_added(_problem(training), lambda w, d: oja(w, d, 0.11)), ruled) > 1e-4
    for ours, theirs in zip(added.weights, ruled.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-10)


@pytest.mark.parametrize("network", [Shallow(), Deep(hidden=5), Deep(hidden=5, layers=3)])
def test_nothing_added_is_the_gradient(network):
    problem = _problem("descent", network)
    nothing = dynamics.solve_added(problem, lambda weights, dataset: [np.zeros(W.shape) for W in weights])
    plain = dynamics.solve(problem, coordinates="data")
    assert all(np.array_equal(values, plain.quantities[name]) for name, values in nothing.quantities.items())
    assert nothing.origin == "all weights with added terms, descent"


def test_weights_cannot_be_changed_in_place():
    def wrong(weights, dataset):
        weights[0][:] = 0
        return weights

    with pytest.raises(ValueError, match="read-only"):
        dynamics.solve_added(_problem("descent"), wrong)


def test_a_term_that_grows_without_bound_diverges():
    with pytest.raises(Divergence, match="non-finite values"):
        dynamics.solve_added(_problem("descent"), lambda weights, dataset: [100.0 * W**3 for W in weights])


WRONG = {
    "modules": (_problem("descent", Modular.output_split(Shallow())), oja, ValueError, "a single chain"),
    "rule": (_problem("descent", hebbian=0.1), oja, ValueError, "added to the gradient, got rule"),
    "shapes": (_problem("descent", Shallow()), lambda w, d: [np.zeros((1, 1))], ValueError, r"of shapes \[\("),
    "number": (_problem("descent", Shallow()), lambda w, d: [], ValueError, "must return arrays of shapes"),
    "no function": (_problem("descent"), 3, TypeError, "added must be callable, got int"),
    "no problem": (3, oja, TypeError, "problem must be Problem"),
}


@pytest.mark.parametrize(("problem", "added", "error", "message"), WRONG.values(), ids=WRONG)
def test_wrong_calls(problem, added, error, message):
    with pytest.raises(error, match=message):
        dynamics.solve_added(problem, added)


def test_an_aligned_start_decays_mode_by_mode():
    """At rest a = b, and lambda - delta a^2 is the decay."""
    problem = Problem(DATASET, Deep(hidden=6), Aligned(0.1), Descent(0.05, 4000, record_every=4000))
    run = dynamics.solve_added(problem, lambda weights, dataset: [-0.1 * W for W in weights])
    for mode in theory.spectrum(DATASET).learnable:
        assert run.modes[mode.name][-1] == pytest.approx((mode.lam - 0.1) / mode.delta, abs=1e-10)
        assert abs(run.modes[mode.name][-1] - mode.pi_star) > 0.01
