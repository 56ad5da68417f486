"""The modes of any data: none is lost, none is made up, and neither units nor orders decide."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from linmod import (
    Aligned,
    Dataset,
    Deep,
    Descent,
    Explicit,
    NoClosedForm,
    Problem,
    Rule,
    Shallow,
    SmallRandom,
    SystematicityDataset,
    dynamics,
    theory,
)

COUPLED = np.array([[1.0, -1, 1], [1, 1, 0]]), np.array([[2.0, -2, 1], [1, 1, 1]])


def _orthonormal(generator, rows, columns):
    return np.linalg.qr(generator.standard_normal((columns, rows)))[0].T


@pytest.mark.parametrize("small", [1e-5, 1e-9, 1e-12])
def test_a_small_mode_is_kept_and_learned_on_both_sides(small):
    data = Dataset(np.diag([1.0, small]), np.eye(2))
    np.testing.assert_allclose(theory.spectrum(data).per_mode("lam"), [0.5, small / 2], rtol=1e-12)
    problem = Problem(data, Shallow(), SmallRandom(0.0), Descent(0.5, 40))
    for trajectory in (theory.solve(problem), dynamics.solve(problem, coordinates="spectral")):
        learned = trajectory.modes["mode_2"][-1]
        # Far from its limit a mode grows by lambda in each step.
        assert learned == pytest.approx(40 * 0.5 * small / 2, rel=1e-3 if small == 1e-5 else 1e-6)
    assert theory.spectrum(Dataset(np.diag([1.0, small]), np.diag([1.0, 0.0]))).n_modes == 1


@pytest.mark.parametrize("args", [(2, 1, 1, 1), (3, 1, 3, 1), (3, 1, 1, 3)])
@pytest.mark.parametrize("r", [1.0, 1e-4, 1e-7])
def test_plain_matrices_have_the_modes_of_the_space(args, r):
    space = SystematicityDataset(*args, r=r)
    data = Dataset(space.X, space.Y)
    assert data.is_decoupled
    for name in ("lam", "delta"):
        expected = np.sort(theory.spectrum(space).per_mode(name))
        np.testing.assert_allclose(np.sort(theory.spectrum(data).per_mode(name)), expected, rtol=1e-8)


@pytest.mark.parametrize("unit", [1e-90, 1e-82, 1.0, 1e78, 1e90])
def test_units_do_not_decide_what_couples(unit):
    X, Y = COUPLED
    assert not Dataset(X * unit, Y).is_decoupled_by_gradient
    assert not Dataset(X, Y * unit).is_decoupled_by_gradient
    # The map learned from one output is one direction, an eigenvector of Sigma_x here; Y'Y does not commute with X'X.
    one = Dataset(X * unit, [[2.0, -2.0, 1.0]])
    assert (one.is_decoupled_by_gradient, one.is_decoupled) == (True, False)
    assert Dataset(np.diag([1.0, 2.0]) * unit, np.diag([3.0, 1.0])).is_decoupled


def test_no_coincidence_of_a_linear_combination_mixes_modes():
    golden = (1 + 5**0.5) / 2
    x = np.array([2.0, 1.0])
    y = np.array([1.0, 1.0 + (x[0] - x[1]) / x.sum() / golden * 2])
    for second in (y[1], 1.0, 3.0):
        data = Dataset(np.diag(np.sqrt(x)), np.diag(np.sqrt([1.0, second])))
        assert data.is_decoupled
        np.testing.assert_allclose(np.abs(data.mode_basis.V), np.eye(2)[:, np.argsort(-x * [1, second])], atol=1e-14)


def test_data_that_couple_have_no_modes_in_any_order_of_the_inputs():
    generator = np.random.default_rng(0)
    X, Y = np.diag([1.0, 2.0, 3.0]) @ _orthonormal(generator, 3, 8), generator.standard_normal((3, 8))
    for order in ([0, 1, 2], [2, 0, 1]):
        problem = Problem(Dataset(X[order], Y), Shallow(), Explicit([np.eye(3)[:, order]]), Descent(0.1, 5))
        simulated, predicted = dynamics.solve(problem), theory.solve(problem)
        assert simulated.modes == predicted.modes == {}
        np.testing.assert_allclose(predicted.loss, simulated.loss, rtol=1e-12)
        with pytest.raises(NoClosedForm, match="whiten the inputs"):
            theory.solve(replace(problem, network=Deep(hidden=5), initial=SmallRandom(1e-4)))
        with pytest.raises(ValueError, match="none to align with"):
            theory.solve(replace(problem, initial=Aligned(1e-3)))
        with pytest.raises(ValueError, match="do not couple"):
            dynamics.solve_modes(problem)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_white_inputs_have_modes_with_any_outputs(layers):
    generator = np.random.default_rng(3)
    data = Dataset(_orthonormal(generator, 3, 9) * 3, generator.standard_normal((4, 9)))
    assert data.is_decoupled_by_gradient
    assert not data.is_decoupled
    network = Deep(hidden=5, layers=layers) if layers > 1 else Shallow()
    problem = Problem(data, network, Aligned(1e-2), Descent(0.1, 200, record_every=20))
    predicted, simulated = theory.solve(problem), dynamics.solve(problem, coordinates="data")
    for name, values in simulated.quantities.items():
        np.testing.assert_allclose(predicted.quantities[name], values, rtol=0, atol=1e-11)
    # The loss that remains is that of the part no input explains.
    assert simulated.loss[-1] > 0.1
    wrong = theory.solve(problem, strength_factor=1.1)
    assert np.max(np.abs(wrong.loss - simulated.loss)) > (1e-5 if layers == 1 else 1e-4)


def test_a_rule_that_sees_outputs_needs_more_than_white_inputs():
    generator = np.random.default_rng(3)
    white = _orthonormal(generator, 3, 9) * 3
    problem = Problem(
        Dataset(white, generator.standard_normal((4, 9))), Deep(hidden=5), SmallRandom(1e-4), Descent(0.02, 5)
    )
    assert theory.closed_form(problem).exists
    hebbian = replace(problem, training=Descent(0.02, 5, rule=Rule(hebbian=0.1)))
    contrastive = replace(problem, training=Descent(0.02, 5, rule=Rule.contrastive_hebbian()))
    assert theory.closed_form(hebbian).exists
    assert "X'X and Y'Y" in theory.closed_form(contrastive).reason
    explained = Dataset(white, generator.standard_normal((3, 3)) @ white)
    assert theory.closed_form(replace(contrastive, dataset=explained)).exists


@pytest.mark.parametrize("initial", [SmallRandom(1e-3), Aligned(1e-3)])
@pytest.mark.parametrize("layers", [2, 3])
def test_nothing_to_learn_is_predicted(initial, layers):
    dataset = SystematicityDataset(1, 1, 0, 0, input_signs=[0], output_signs=[1])
    problem = Problem(dataset, Deep(4, layers=layers), initial, Descent(0.1, 3))
    assert theory.spectrum(dataset).n_modes == 0
    assert dynamics.solve(problem).modes == {}
    if layers == 3 and isinstance(initial, SmallRandom):
        assert not theory.closed_form(problem).exists
        return
    predicted, simulated = theory.solve(problem), dynamics.solve(problem)
    assert predicted.modes == {}
    assert predicted.strengths.shape == (4, 0)
    np.testing.assert_allclose(predicted.loss, simulated.loss, atol=1e-5)
    assert predicted.loss[0] == pytest.approx(0.5, abs=1e-5)


def test_inputs_that_no_output_uses_limit_the_step():
    X, Y = np.diag([1.0, 5.0]) * np.sqrt(2), np.array([[1.0, 0.0]]) * np.sqrt(2)
    problem = Problem(Dataset(X, Y), Shallow(), SmallRandom(0.1), Descent(0.01, 5))
    limit = theory.largest_stable_step(problem.network, problem.dataset)
    assert limit == pytest.approx(2 / 25, rel=1e-12)
    assert limit == pytest.approx(dynamics.largest_stable_step(problem.network, problem.dataset), rel=1e-12)


CHANGES = ("units", "features", "items", "repeated", "rotated", "outputs rotated")


def _changed(change, X, Y, generator, factor):
    """Data that are learned in the same course, and the time in which they are, relative to the first."""
    if change == "units":
        return X * factor, Y * factor, 1 / factor**2
    if change == "features":
        return X[generator.permutation(len(X))], Y[generator.permutation(len(Y))], 1.0
    if change == "items":
        order = generator.permutation(X.shape[1])
        return X[:, order], Y[:, order], 1.0
    if change == "repeated":
        return np.tile(X, 3), np.tile(Y, 3), 1.0
    if change == "rotated":
        return _orthonormal(generator, len(X), len(X)) @ X, Y, 1.0
    return X, _orthonormal(generator, len(Y), len(Y)) @ Y, 1.0


@given(
    seed=st.integers(0, 10**6),
    change=st.sampled_from(CHANGES),
    equal=st.booleans(),
    coupled=st.booleans(),
    factor=st.sampled_from([1e-40, 1e-6, 7.0, 1e40]),
)
@settings(max_examples=60, deadline=None)
def test_units_orders_and_rotations_leave_the_course_of_learning(seed, change, equal, coupled, factor):
    generator = np.random.default_rng(seed)
    sizes = np.array([3.0, 1.0, 1.0]) if equal else generator.uniform(0.5, 3.0, 3)
    right = _orthonormal(generator, 3, 7)
    X = _orthonormal(generator, 3, 3) @ (sizes[:, None] * right)
    Y = generator.standard_normal((4, 3)) @ right if coupled else np.diag(generator.uniform(0.5, 2, 3)) @ right
    assume(equal or np.min(np.abs(np.diff(np.sort(sizes)))) > 1e-3)
    turned = _changed(change, X, Y, generator, factor)
    seen = []
    for inputs, outputs, time in ((X, Y, 1.0), turned):
        problem = Problem(Dataset(inputs, outputs), Shallow(), SmallRandom(0.0), Descent(0.3 * time, 20))
        seen += [theory.solve(problem), dynamics.solve(problem)]
    unit = factor**2 if change == "units" else 1.0
    first = seen[0]
    assert bool(first.modes) != coupled
    for other in seen[1:]:
        scale = unit if other in seen[2:] else 1.0
        assert list(other.modes) == list(first.modes)
        np.testing.assert_allclose(other.loss / scale, first.loss, rtol=1e-9, atol=1e-12)
        for name in ("modes", "norms"):
            mine, theirs = getattr(first, name), getattr(other, name)
            for key, values in mine.items():
                np.testing.assert_allclose(theirs[key], values, rtol=1e-9, atol=1e-12)


def test_other_inputs_change_the_course_of_learning():
    generator = np.random.default_rng(0)
    X = _orthonormal(generator, 3, 7)
    losses = [
        theory.solve(Problem(Dataset(np.diag(sizes) @ X, X), Shallow(), SmallRandom(0.0), Descent(0.3, 20))).loss
        for sizes in ([1.0, 2.0, 3.0], [1.0, 2.0, 3.003])
    ]
    assert np.max(np.abs(losses[0] - losses[1])) > 1e-5


def test_messages_stay_short_for_any_number_of_items():
    huge = SystematicityDataset(2, 1, 1, 1, n_bits=100_000)
    problem = Problem(huge, Deep(4), SmallRandom(), Descent(0.1, 3))
    with pytest.raises(ValueError, match=r"weights of 4 x about 2\*\*100000 .* do not fit into memory"):
        dynamics.solve(problem)
    with pytest.raises(NoClosedForm, match=r"number of modes, about 2\*\*100000,"):
        theory.solve(problem)
    with pytest.raises(ValueError, match=r"initial strength, about 2\*\*100000, got 4"):
        theory.solve(replace(problem, initial=Aligned(0.1)))
    limits = (
        theory.largest_stable_step(problem.network, huge),
        dynamics.largest_stable_step(problem.network, problem.dataset),
    )
    assert limits[0] == pytest.approx(limits[1], rel=1e-12)
    assert limits[0] == pytest.approx(1.0)
